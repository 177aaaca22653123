"""Endpoints looked at, one by one."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from functools import partial

from planner.checkup.running import Planned, Running, running, saving
from planner.doctor import Case, diagnosed, forecast, unmeasured
from planner.engine import PARALLEL, Connections, at_once
from planner.model.checkup import Checkup, Condition, Finding, Severity
from planner.model.live import Health
from planner.model.value import value
from planner.model.vitals import Vitals, Window

MINUTE_S = 60.0
_SILENT = "a cloud's metrics come some minutes late; a sandbox's come by planner sandbox load"


@value
class Looking:
    """How far back is looked; `looks` where a cloud shows only what is now."""

    seconds: float
    looks: int = 1
    parallel: int = PARALLEL


def examined(
    planned: Iterable[Planned], connections: Connections, looking: Looking
) -> tuple[Checkup, ...]:
    """A checkup of every endpoint of these specs, by name; what does not exist is said to be so."""
    every = list(planned)
    absent = [_absent(one, name) for one in every for name in _missing(one)]
    present = list(running(every, connections))
    windows = {one.decision.provider: window_of(one, connections, looking) for one in present}
    seen = at_once(
        lambda one: vitals_of(one, connections, windows[one.decision.provider]),
        present,
        parallel=looking.parallel,
    )
    checkups = [_checkup(one, vitals) for one, vitals in zip(present, seen, strict=True)]
    return tuple(sorted((*absent, *checkups), key=lambda one: one.endpoint))


def _missing(one: Planned) -> Iterator[str]:
    for name, standing in one.standing.items():
        if standing.live.health is Health.ABSENT:
            yield name


def _absent(one: Planned, name: str) -> Checkup:
    desired = one.standing[name].desired
    return Checkup(
        endpoint=name,
        workload=one.spec.workload.name,
        provider=desired.provider,
        region=desired.region,
        since_s=0.0,
        until_s=0.0,
        condition=Condition.ABSENT,
        notes=("planner apply makes it, if region and account are right",),
    )


def window_of(one: Running, connections: Connections, looking: Looking) -> Window:
    """Up to now, which is the sandbox's where there is one."""
    stand_in = connections.stand_in(one.decision.provider)
    now_s = time.time() if stand_in is None else stand_in.now_s()
    return Window(
        since_s=now_s - looking.seconds,
        until_s=now_s,
        looks=looking.looks,
        pause=time.sleep if stand_in is None else stand_in.advance,
    )


def vitals_of(one: Running, connections: Connections, window: Window) -> Vitals:
    """What its cloud shows of it in a window."""
    desired = one.standing.desired
    gateway = connections.link(desired.provider, desired.place).gateway
    return gateway.vitals(one.standing.live, window)


def case_of(one: Running, vitals: Vitals) -> Case:
    """Everything that an endpoint is judged by."""
    workload, seconds = one.spec.workload, max(vitals.seconds, MINUTE_S)
    return Case(
        workload=workload,
        simulation=one.simulation,
        vitals=vitals,
        forecast=forecast(workload, one.simulation, vitals.since_s, seconds),
        saving=partial(saving, one),
    )


def _checkup(one: Running, vitals: Vitals) -> Checkup:
    workload = one.spec.workload
    case = case_of(one, vitals)
    findings = diagnosed(case)
    return Checkup(
        endpoint=one.decision.endpoint,
        workload=workload.name,
        provider=one.decision.provider,
        region=one.decision.region,
        since_s=vitals.since_s,
        until_s=vitals.until_s,
        condition=_condition(vitals, findings),
        requests=vitals.requests,
        monthly_usd=one.simulation.decision.cost.monthly_usd,
        findings=findings,
        unmeasured=unmeasured(case),
        notes=(
            *vitals.notes,
            *((one.note,) if one.note else ()),
            *(() if vitals.measured else (_SILENT,)),
        ),
    )


def _condition(vitals: Vitals, findings: Iterable[Finding]) -> Condition:
    if not vitals.measured:
        return Condition.UNMEASURED
    severities = {one.severity for one in findings}
    if severities - {Severity.NOTE}:
        return Condition.AILING
    return Condition.NOTED if severities else Condition.HEALTHY
