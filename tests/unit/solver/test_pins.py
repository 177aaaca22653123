"""Capacity that a person set, ranges and warm instances, is kept, held against goals and priced."""

from __future__ import annotations

from typing import Any

import pytest

from planner.model.catalog import Catalog, Offering
from planner.model.effort import Effort
from planner.model.traffic import Diurnal
from planner.model.workload import Constraints, Pin, PinnedScaling, ScheduledAction, Workload
from planner.solver import solve
from tests.support.asks import (
    ALLOW,
    acme,
    curve,
    infeasible,
    latency,
    machine,
    market,
    model,
    on_acme,
    on_demand,
    solved,
    workload,
)

SCALED = machine("small", 2, 0.10, scaled=True)
DAY = Diurnal(base=5.0, peak=120.0, peak_at_s=12 * 3600.0, width_s=5 * 3600.0)


def _asked(pattern: Any, **changed: Any) -> Workload:
    changed.setdefault("goals", latency(p99=1.0))
    return on_acme(workload(pattern, model(curves=(curve(0.1, on="small"),)), **changed))


@pytest.mark.parametrize("effort", [None, Effort(requests=20_000)])
def test_a_pinned_autoscaler_is_kept_as_it_is(effort: Effort | None) -> None:
    action = ScheduledAction(name="noon", cron="0 12 * * fri", min=9, max=20)
    pin = Pin(scaling=PinnedScaling(minimum=4, maximum=20, target=321.0, schedule=(action,)))
    (decision,) = solved(solve(_asked(DAY, pin=pin), acme(SCALED), effort)).decisions
    assert decision.replicas is not None
    assert (decision.replicas.min, decision.replicas.max) == (4, 20)
    assert decision.autoscaling is not None
    assert decision.autoscaling.target == 321.0
    assert decision.autoscaling.scheduled == (action,)
    assert 4 <= decision.autoscaling.average <= 20
    assert any(one.subject == "spec.pin.schedule" for one in decision.assumptions)


def test_a_pinned_autoscaler_that_sees_it_too_late_is_refused() -> None:
    late = Pin(scaling=PinnedScaling(minimum=1, maximum=20, target=60_000.0))
    (miss,) = infeasible(solve(_asked(DAY, pin=late), acme(SCALED))).misses
    assert miss.rejection is not None
    assert (miss.rejection.code, miss.rejection.path) == ("pin-too-small", "spec.pin.replicas")
    capped = Pin(scaling=PinnedScaling(minimum=1, maximum=2, target=60.0))
    assert infeasible(solve(_asked(DAY, pin=capped), acme(SCALED))).misses


@pytest.mark.parametrize("effort", [None, Effort(requests=20_000)])
def test_pinned_capacity_from_zero_is_kept_as_it_is(effort: Effort | None) -> None:
    free = Constraints(scale_to_zero=True, replicas_min=0)
    pin = Pin(concurrency=9, prewarm=2)
    one = _asked(1.0, pin=pin, constraints=free, cold=ALLOW, goals=latency(p99=30.0))
    (decision,) = solved(solve(one, acme(on_demand(1.0, 1.0)), effort)).decisions
    assert decision.concurrency.max == 9
    assert decision.option("prewarm") == "2"


@pytest.mark.parametrize(
    ("pin", "offering", "path"),
    [
        (Pin(scaling=PinnedScaling(minimum=1, maximum=9)), machine("small", 2, 0.1), "replicas"),
        (Pin(scaling=PinnedScaling(minimum=1, maximum=9)), on_demand(1.0, 1.0), "replicas"),
        (Pin(prewarm=1), SCALED, "prewarm"),
        (Pin(scaling=PinnedScaling(minimum=4, maximum=8, units=True)), SCALED, "concurrency"),
    ],
)
def test_capacity_that_an_offering_does_not_have_rules_it_out(
    pin: Pin, offering: Offering, path: str
) -> None:
    outcome = infeasible(solve(_asked(20.0, pin=pin), acme(offering)))
    (excluded,) = outcome.excluded
    assert (excluded.rejection.code, excluded.rejection.path) == ("pinned", f"spec.pin.{path}")


def _units(pattern: Any, **changed: Any) -> Workload:
    return workload(
        pattern,
        model(curves=(curve(0.1, on="CPU"),)),
        goals=latency(p99=1.0),
        providers=(market("databricks", ("route_optimized", True))[0],),
        **changed,
    )


def _of_units() -> dict[str, Catalog]:
    return {"databricks": market("databricks", ("route_optimized", True))[1]}


@pytest.mark.parametrize("effort", [None, Effort(requests=20_000)])
def test_a_pinned_range_of_units_is_kept_as_it_is(effort: Effort | None) -> None:
    pin = Pin(instance="CPU", scaling=PinnedScaling(minimum=12, maximum=40, units=True))
    (decision,) = solved(solve(_units(DAY, pin=pin), _of_units(), effort)).decisions
    assert decision.hosting == "single-model"
    assert decision.units is not None
    assert (decision.units.min, decision.units.max) == (12, 40)
    assert decision.autoscaling is not None
    # The platform picks its target: the spec's utilisation is what it is taken for.
    assert decision.autoscaling.target == 0.7
    assert 12 <= decision.autoscaling.average <= 40


def test_a_pinned_range_of_units_that_is_too_small_says_how_many_are_needed() -> None:
    pin = Pin(instance="CPU", scaling=PinnedScaling(minimum=4, maximum=8, units=True))
    outcome = infeasible(solve(_units(120.0, pin=pin), _of_units()))
    misses = [one.rejection for one in outcome.misses if one.hosting == "single-model"]
    assert [(one.code, one.path, one.allowed) for one in misses if one is not None] == [
        ("pin-too-small", "spec.pin.concurrency", "4 to 8 pinned")
    ]


@pytest.mark.parametrize(
    ("pin", "path"),
    [
        (Pin(replicas=2), "replicas"),
        (Pin(scaling=PinnedScaling(minimum=1, maximum=3)), "replicas"),
        (Pin(concurrency=6), "concurrency"),
        (Pin(scaling=PinnedScaling(minimum=4, maximum=9, units=True)), "concurrency"),
        (Pin(prewarm=4), "prewarm"),
    ],
)
def test_units_come_in_steps_and_are_no_replicas(pin: Pin, path: str) -> None:
    outcome = infeasible(solve(_units(20.0, pin=pin), _of_units()))
    found = {
        (group.rejection.code, group.rejection.path)
        for group in outcome.excluded
        if group.hosting == "dedicated"
    }
    assert ("pinned", f"spec.pin.{path}") in found
