"""Endpoints in sandboxes under simulated traffic, with what their metrics show and doctor says."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace

import planner
from planner import live
from planner.checkup import Planned
from planner.checkup.examine import case_of
from planner.checkup.running import Running, running
from planner.doctor import Case, diagnosed
from planner.engine import Connections, Manner, Outcome, connected
from planner.model.checkup import Finding
from planner.model.effort import Effort
from planner.model.minute import Minute
from planner.model.simulation import Simulation
from planner.model.vitals import Vitals, Window
from planner.model.workload import Workload
from planner.solver.minutes import Passing, minutes
from planner.solver.simulate import Question, simulate
from planner.spec import Spec

MINUTE_S, WEEK_S = 60.0, 7 * 86_400.0
MONDAY_14H_UTC = 4 * 86_400.0 + 14 * 3600.0
"""A moment of the first week of the epoch, which began on a Thursday."""

EFFORT = Effort(requests=40_000)
Change = Callable[[int, Minute], Minute]
"""What a minute was really like, by its number."""


def as_simulated(number: int, minute: Minute) -> Minute:
    return minute


@dataclass(frozen=True, kw_only=True)
class Traffic:
    """How an endpoint fares: with a workload's traffic and models, in places changed by hand."""

    workload: Workload | None = None
    change: Change = as_simulated
    minutes_long: int = 60
    seed: str = "0"
    on_monday: bool = False


@dataclass(frozen=True, kw_only=True)
class Patient:
    """An endpoint that was applied, with what it is predicted to do."""

    connections: Connections
    running: Running

    @property
    def workload(self) -> Workload:
        return self.running.spec.workload

    def under(self, workload: Workload | None = None, **more: object) -> tuple[Finding, ...]:
        """What doctor finds after so many minutes of traffic."""
        return diagnosed(self.case(Traffic(workload=workload, **more)))  # type: ignore[arg-type]

    def case(self, traffic: Traffic) -> Case:
        """What doctor judges after it."""
        stand_in = self.connections.stand_in(self.running.decision.provider)
        assert stand_in is not None
        now_s = stand_in.now_s()
        since_s = -(-now_s // MINUTE_S) * MINUTE_S
        if traffic.on_monday:
            since_s += (MONDAY_14H_UTC - since_s) % WEEK_S
        seconds = traffic.minutes_long * MINUTE_S
        flowing = Passing(since_s=since_s, seconds=seconds + 5 * MINUTE_S, seed=traffic.seed)
        rows = minutes(traffic.workload or self.workload, self._simulated(traffic), flowing)
        stand_in.load(
            {
                "endpoint": self.running.standing.live.endpoint,
                "region": self.running.standing.desired.region,
                "minutes": [asdict(traffic.change(number, one)) for number, one in enumerate(rows)],
            }
        )
        stand_in.advance(since_s + seconds - now_s)
        window = Window(since_s=since_s, until_s=since_s + seconds)
        return case_of(self.running, self.vitals(window))

    def vitals(self, window: Window) -> Vitals:
        desired = self.running.standing.desired
        gateway = self.connections.link(desired.provider, desired.place).gateway
        return gateway.vitals(self.running.standing.live, window)

    def _simulated(self, traffic: Traffic) -> Simulation:
        """What runs, under another workload where there is one."""
        if traffic.workload is None:
            return self.running.simulation
        desired = self.running.standing.desired
        link = self.connections.link(desired.provider, desired.place)
        pins = link.rules.pins(self.running.standing.live)
        question = Question(pins=pins, effort=EFFORT, detailed=True)
        (found,) = simulate(traffic.workload, self.running.offers, question)
        return replace(found, endpoint=self.running.decision.endpoint)


@contextmanager
def ward() -> Iterator[Connections]:
    """Sandboxes in memory."""
    with connected(sandbox=":memory:") as connections:
        yield connections


def admitted(
    connections: Connections, specs: Sequence[Spec], *, verify: bool = False
) -> list[Patient]:
    """The endpoints of a spec, applied."""
    run = planner.plan(specs, verify=verify, effort=EFFORT, connections=connections)
    for provider in {state.provider for state in run.desired}:
        stand_in = connections.stand_in(provider)
        assert stand_in is not None
        stand_in._asked("pace", {"create_s": 0.05, "update_s": 0.05})
    manner = Manner(tell=lambda event: None, halt=threading.Event(), timeout_s=30.0)
    done = live.carry_out(run.plan.pending, connections, manner)
    assert {one.outcome for one in done} == {Outcome.APPLIED}, done
    standing = {
        state.endpoint: connections.link(state.provider, state.place).needed(state, owner)
        for owner, state in run.desired_by_owner
    }
    planned = Planned(spec=run.specs[0], outcome=run.outcomes[0], standing=standing)
    return [
        Patient(connections=connections, running=one)
        for one in running([planned], connections, effort=EFFORT)
    ]
