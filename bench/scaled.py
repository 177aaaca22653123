"""Autoscaled plans against the best target tracking that there is: part of the quality table.

The oracle tries every type, minimum and target (and every fixed count) with a policy loop of the
benchmark's own; what a policy did is replayed request by request.
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import product
from pathlib import Path
from typing import Any

from oracle import LATE, Grader
from rules import Policy, per_minute, rates_of, schedule, tracking
from scenarios import (
    TYPES,
    Planned,
    Scenario,
    bursty,
    counted,
    decide,
    diurnal,
    elb_counts,
)

TARGETS = (0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.9)
"""Shares of what a replica can serve."""


@dataclass(frozen=True, kw_only=True)
class Tried:
    """One configuration: a policy, or a fixed count where `policy` is None; USD an hour."""

    instance_type: str
    minimum: int
    utilization: float
    policy: Policy | None
    usd_per_hour: float


def scaled_grid(directory: Path) -> list[Scenario]:
    """Slow swings that autoscaling can follow, bursts that it cannot, and a recorded fortnight."""
    traffics = (
        diurnal(1.0, 10.0),
        diurnal(0.5, 8.0, width_h=4.0),
        bursty(10.0, 4.0, 2),
        counted(elb_counts(directory), 300.0, "elb-14d"),
    )
    return [
        Scenario(traffic=traffic, service_name="2.3s", multiple=multiple, hosting="single-model")
        for traffic in traffics
        for multiple in (2, 5)
    ]


def study_scaled(scenario: Scenario, *, seeds: int, verify: bool) -> dict[str, Any]:
    """Plan one autoscaled scenario, grade it, and set it against the oracle."""
    with tempfile.TemporaryDirectory() as directory:
        planned = decide(scenario, Path(directory), verify=verify)
    grader = Grader(scenario, seeds=seeds)
    guess = math.ceil(rates_of(grader.arrivals).peak * scenario.service.mean_s)
    fixed = grader.best(guess)
    best = _best(scenario, grader, fixed_type=fixed.instance_type, fixed=fixed.replicas)
    row: dict[str, Any] = {
        "name": scenario.name,
        "seeds": grader.seeds,
        "requests": grader.requests,
        "slo_s": scenario.slo_s,
        "fixed_usd_per_hour": fixed.usd_per_hour,
        "oracle": asdict(best) | {"servers": fixed.servers},
    }
    if isinstance(planned, str):
        return row | {"plan": {"feasible": False, "why": planned}}
    return row | {"plan": _graded(planned, grader, best)}


def _graded(planned: Planned, grader: Grader, best: Tried) -> dict[str, Any]:
    """The planned policy replayed; what it pays comes from the replay, not from the plan."""
    slots, price = TYPES[planned.instance_type]
    least, most = planned.replicas
    if math.isinf(planned.target):
        grade, average = grader.grade(most, slots), float(most)
    else:
        policy = Policy(minimum=least, maximum=most, per_minute=planned.target)
        grade = grader.grade(lambda arrivals: schedule(arrivals, policy)[0], slots)
        average = schedule(grader.arrivals, policy)[1]
    return asdict(planned) | {
        "feasible": grade.feasible,
        "strict": grade.strict,
        "late": grade.late,
        "graded_s": {"p50": grade.p50, "p90": grade.p90, "p99": grade.p99},
        "graded_average": average,
        "error": {
            name: planned.predicted_s[name] / graded - 1.0
            for name, graded in (("p50", grade.p50), ("p90", grade.p90), ("p99", grade.p99))
        },
        "ratio": average * price / best.usd_per_hour,
    }


def _best(scenario: Scenario, grader: Grader, *, fixed_type: str, fixed: int) -> Tried:
    """The cheapest that holds, tried from the cheapest on; the fixed count ends the search."""
    ceiling = fixed * TYPES[fixed_type][1]
    servers = fixed * TYPES[fixed_type][0]
    found = sorted(
        _policies(scenario, grader.arrivals, servers, ceiling), key=lambda one: one.usd_per_hour
    )
    for tried in found:
        policy = tried.policy
        assert policy is not None
        if grader.holds_with(
            lambda arrivals, policy=policy: schedule(arrivals, policy)[0],
            TYPES[tried.instance_type][0],
        ):
            return tried
    return Tried(
        instance_type=fixed_type, minimum=fixed, utilization=1.0, policy=None, usd_per_hour=ceiling
    )


def _policies(
    scenario: Scenario, arrivals: Sequence[float], servers: int, ceiling: float
) -> Iterator[Tried]:
    """Every policy cheaper than the ceiling that is not swamped for more requests than may be late.

    A minute with more work than all slots can do makes most of its requests wait for the next.
    """
    minutes = per_minute(arrivals)
    cheapest = {slots: _cheapest_of(slots) for slots, _ in TYPES.values()}
    for slots, name in cheapest.items():
        price = TYPES[name][1]
        seen: set[tuple[tuple[float, int], ...]] = set()
        for minimum, share in product(range(1, math.ceil(servers / slots) + 1), TARGETS):
            policy = tracking(scenario, slots, minimum=minimum, maximum=1000, utilization=share)
            steps, average = schedule(arrivals, policy)
            known, usd = tuple(steps) in seen, average * price
            seen.add(tuple(steps))
            if known or usd >= ceiling or _swamped(scenario, minutes, steps, slots=slots):
                continue
            yield Tried(
                instance_type=name,
                minimum=minimum,
                utilization=share,
                policy=policy,
                usd_per_hour=usd,
            )


def _cheapest_of(slots: int) -> str:
    return min((name for name in TYPES if TYPES[name][0] == slots), key=lambda n: TYPES[n][1])


def _swamped(
    scenario: Scenario,
    minutes: Sequence[int],
    steps: Sequence[tuple[float, int]],
    *,
    slots: int,
) -> bool:
    """Whether the backlog alone makes too many late, requests taken as a steady flow."""
    backlog, late, index = 0.0, 0.0, 0
    for minute, count in enumerate(minutes):
        while index + 1 < len(steps) and steps[index + 1][0] <= minute * 60.0:
            index += 1
        capacity = steps[index][1] * slots * 60.0
        backlog = max(0.0, backlog + count * scenario.service.mean_s - capacity)
        # Work that is still there after a whole minute waits longer than the objective.
        if backlog > scenario.slo_s * steps[index][1] * slots:
            late += count
    return late > 2.0 * LATE * sum(minutes)
