"""What metrics of a running endpoint tell of its model's service time.

Where waiting is measured apart, or there is no queue, the time in the model is the service time.
Else the queue is taken off by the formula (`calibrate`). Where the slots are too full for it, the
work that keeps them busy at that rate is what the service time is at least (utilization law).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import accumulate

from planner.capacity.latency import VALID_UTILIZATION
from planner.model.simulation import Simulation
from planner.model.units import format_fraction, format_rate
from planner.model.value import value
from planner.model.vitals import Vitals
from planner.model.workload import ServicePoint
from planner.profiling.calibrate import Calibrated, Seen, calibrated, middle, reason_of
from planner.profiling.observation import MeasurementError
from planner.profiling.serving import FEWEST, LONGER, TAIL


@value
class Witnessed:
    """The correction, from `used` of `windows`; `least` where it is at least so much."""

    found: Calibrated
    used: int
    windows: int
    least: bool = False


def witnessed(
    points: Sequence[ServicePoint], simulation: Simulation, windows: Sequence[Vitals]
) -> Witnessed:
    """The factor on these points that explains the windows, the median of those that can be used.

    MeasurementError where none can.
    """
    found, full, refused = [], [], []
    for vitals in windows:
        if vitals.requests < FEWEST:
            refused.append(_too_few(vitals))
            continue
        try:
            found.append(_window(points, simulation, vitals))
        except MeasurementError as error:
            refused.append(error)
            bound = _full(points, simulation, vitals)
            full += [bound] if bound is not None else []
    if found:
        return Witnessed(found=middle(found), used=len(found), windows=len(windows))
    if full:
        return Witnessed(found=middle(full), used=len(full), windows=len(windows), least=True)
    raise refused[-1] if refused else _too_few(None)


def _too_few(vitals: Vitals | None) -> MeasurementError:
    requests = 0.0 if vitals is None else vitals.requests
    return MeasurementError(
        "too-few-requests",
        f"{requests:,.0f} requests say nothing about a service time; it takes {FEWEST}",
        hint=LONGER,
    )


def _window(points: Sequence[ServicePoint], simulation: Simulation, vitals: Vitals) -> Calibrated:
    direct = _direct(points, simulation, vitals)
    if direct is not None:
        return direct
    seen = _seen(simulation, vitals)
    try:
        return calibrated(points, [seen])
    except MeasurementError:
        # A tail has more causes than the service time: bursts, for one. The median has fewer.
        centre = {name: took for name, took in seen.latency.items() if name != "p99"}
        if centre == dict(seen.latency):
            raise
        return calibrated(points, [replace(seen, latency=centre)])


def _direct(
    points: Sequence[ServicePoint], simulation: Simulation, vitals: Vitals
) -> Calibrated | None:
    """From the mean, where no wait is in it: on demand none waits, elsewhere it may be apart."""
    decision = simulation.decision
    on_demand = decision.replicas is None and decision.units is None
    if vitals.model is None or not (on_demand or vitals.queue is not None):
        return None
    seen = replace(_seen(simulation, vitals), latency={"mean": vitals.model.mean_s})
    predicted_s = points[-1].mean_s
    return Calibrated(
        factor=vitals.model.mean_s / predicted_s,
        scv=None,
        seen=seen,
        predicted={"mean": predicted_s},
        utilization=min(1.0, seen.rate_per_s * vitals.model.mean_s / _slots(seen)),
    )


def _seen(simulation: Simulation, vitals: Vitals) -> Seen:
    """The latency of the model alone; MeasurementError where it is not measured."""
    conditions = simulation.conditions
    assert conditions is not None
    spread, outside_s = vitals.model, 0.0
    if spread is None:
        spread, outside_s = vitals.total, conditions.overhead_s
    if spread is None or spread.mean_s <= outside_s:
        raise MeasurementError(
            "nothing-observed",
            "the metrics have no latency of the model",
            hint="planner profile import of a load test",
        )
    latency = {"mean": spread.mean_s}
    if spread.p50_s is not None and not spread.buckets:
        latency = {"p50": spread.p50_s}
        if spread.p99_s is not None and vitals.requests >= TAIL:
            latency["p99"] = spread.p99_s
    return Seen(
        latency={name: took - outside_s for name, took in latency.items() if took > outside_s},
        rate_per_s=vitals.rate_per_s,
        replicas=_replicas(simulation, vitals),
        concurrency=conditions.slots,
    )


def _replicas(simulation: Simulation, vitals: Vitals) -> int:
    """What was up when the median request came."""
    counted = sorted(
        ((one.replicas, one.requests) for one in vitals.periods if one.replicas is not None),
    )
    if not counted:
        return max(1, round(simulation.capacity))
    passed = list(accumulate(requests for _, requests in counted))
    index = next(i for i, upto in enumerate(passed) if upto >= passed[-1] / 2.0)
    return max(1, round(counted[index][0]))


def _slots(seen: Seen) -> int:
    return seen.replicas * seen.concurrency


def _full(
    points: Sequence[ServicePoint], simulation: Simulation, vitals: Vitals
) -> Calibrated | None:
    """What keeps the processors so busy at this rate, where slots are full by them too."""
    conditions, cpu = simulation.conditions, vitals.mean("cpu")
    assert conditions is not None
    whole = min(1.0, conditions.cpu * conditions.slots)
    if cpu is None or cpu < VALID_UTILIZATION * whole:
        return None
    try:
        seen = _seen(simulation, vitals)
    except MeasurementError:  # no latency at all, which is why there was no other way either
        return None
    mean_s = points[-1].mean_s
    busy = min(1.0, cpu / whole)
    service_s = busy * _slots(seen) / seen.rate_per_s
    if service_s <= mean_s:
        return None
    return Calibrated(
        factor=service_s / mean_s,
        scv=None,
        seen=replace(seen, latency={"mean": service_s}),
        predicted={"mean": mean_s},
        utilization=busy,
    )


def told(found: Witnessed) -> str:
    """How much of what was looked at the correction rests on, in words."""
    windows = "1 window" if found.windows == 1 else f"{found.used} of {found.windows} windows"
    return f"{windows}, {format_fraction(found.found.utilization)} of the slots busy"


def why(found: Witnessed, simulation: Simulation) -> str:
    """The reason to keep beside the factor."""
    if not found.least:
        units = simulation.decision.units is not None
        return reason_of(found.found, "units" if units else "replicas")
    seen = found.found.seen
    return (
        f"at least: {format_fraction(found.found.utilization)} of {_slots(seen)} slots busy at "
        f"{format_rate(seen.rate_per_s)}; calibrate again where they are not"
    )
