"""Hand-made simulations of the endpoint of `tests.support.decisions`."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from planner.model.candidate import Interval, Latency, Margin
from planner.model.simulation import SimulatedWindow, Simulation
from tests.support import decisions

HOUR_S = 3600.0
DAY_S = 24 * HOUR_S
WEEK_S = 7 * DAY_S


def window(start_s: float, **changed: Any) -> SimulatedWindow:
    """An hour of 400 requests a second on five replicas, all in time."""
    made = SimulatedWindow(
        start_s=start_s,
        seconds=HOUR_S,
        rate_per_s=400.0,
        capacity=5.0,
        utilization=0.48,
        late=0.0,
        refused=0.0,
        cold=0.0,
        p50_s=0.008,
        p99_s=0.022,
    )
    return replace(made, **changed)


def day(index: int = 0) -> tuple[SimulatedWindow, ...]:
    """A day: silent until six, a noon that is late for an hour while capacity follows."""
    start_s = index * DAY_S
    made = [window(start_s + hour * HOUR_S) for hour in range(24)]
    for hour in range(6):
        made[hour] = replace(made[hour], rate_per_s=0.0, utilization=0.0, p50_s=None, p99_s=None)
    made[12] = replace(
        made[12],
        rate_per_s=1200.0,
        utilization=0.97,
        late=0.084,
        refused=0.002,
        cold=0.01,
        p50_s=0.021,
        p99_s=0.19,
    )
    for hour in (13, 14, 15):
        made[hour] = replace(made[hour], rate_per_s=1200.0, capacity=9.0, p99_s=0.041)
    return tuple(made)


def week() -> tuple[SimulatedWindow, ...]:
    return tuple(each for index in range(7) for each in day(index))


def margin(objective: str, target: float, predicted: float, unit: str = "s") -> Margin:
    met = predicted >= target if objective == "availability" else predicted <= target
    return Margin(objective=objective, target=target, predicted=predicted, unit=unit, met=met)


def intervals(latency: Latency) -> tuple[Interval, ...]:
    """Three per cent either side."""
    named = {name: getattr(latency, f"{name}_s") for name in ("p50", "p90", "p95", "p99")}
    return tuple(
        Interval(name=name, low_s=value * 0.97, high_s=value * 1.03)
        for name, value in named.items()
    )


def simulation(**changed: Any) -> Simulation:
    """A day of the endpoint, repeated: its p99 is met, one window of 24 is late."""
    latency = changed.get("latency", decisions.latency())
    made = Simulation(
        endpoint="fraud-scorer",
        decision=decisions.decision(),
        seed=7,
        confidence=0.95,
        simulated=2_000_000,
        requests=37_440_000.0,
        cycle_s=DAY_S,
        latency=latency,
        intervals=intervals(latency),
        margins=(
            margin("latency p99", 0.05, latency.p99_s),
            margin("latency p50", 0.015, latency.p50_s),
            margin("cold starts", 0.05, 0.0004, "fraction"),
        ),
        refused=0.0001,
        cold=0.0004,
        utilization=0.52,
        capacity=5.5,
        windows=day(),
        late_windows=1,
        notes=("requests within a bucket come at random",),
    )
    return replace(made, **changed)


def missed(**changed: Any) -> Simulation:
    """The same where the p99 is missed."""
    return simulation(latency=decisions.latency(0.063), **changed)


def empty(**changed: Any) -> Simulation:
    """A cycle without a request or a window, whose numbers have no finite value."""
    nan = float("nan")
    nothing = Latency(p50_s=nan, p90_s=nan, p95_s=nan, p99_s=float("inf"), mean_s=nan)
    return simulation(
        latency=nothing,
        intervals=(),
        margins=(),
        simulated=0,
        requests=0.0,
        refused=0.0,
        cold=nan,
        utilization=0.0,
        capacity=0.0,
        windows=(),
        late_windows=0,
        notes=(),
        **changed,
    )
