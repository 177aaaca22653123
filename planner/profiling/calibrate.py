"""What a running endpoint shows, held against what its profile predicts: by how much it is off.

The profile's service time is taken at the concurrency that a request meets there, its own included,
then one line in front of all slots (M/G/c as in `planner.capacity`), and the service time is
multiplied until the observed latency comes out. A second percentile says how much service times
vary; any further one is a check. Nothing is concluded outside the region where the formula was held
against simulations: that error would be taken for one of the profile.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from statistics import median

from planner.capacity.latency import VALID_SCV, VALID_UTILIZATION, Pool, quantile_of
from planner.capacity.load import Bin, Load, Segment
from planner.capacity.service_time import ServiceTime, fit
from planner.model.units import format_duration, format_number, format_rate
from planner.model.value import value
from planner.model.workload import LatencyTarget, ServicePoint
from planner.profiling.observation import MeasurementError

SMALLEST, LARGEST = 0.05, 20.0
"""Factors that are looked for: beyond, the profile is of something else."""
AGREE = 0.25
"""Part by which a further percentile may be off before they contradict each other."""
STEADY = 1.5
"""Largest over smallest factor of windows that still speak of one service time."""
_HALVINGS = 60
_CENTRES = ("mean", "p50")


@value
class Seen:
    """One window of a running endpoint: latencies by name, less the overhead already taken off."""

    latency: Mapping[str, float]
    rate_per_s: float
    replicas: int
    concurrency: int


@value
class Calibrated:
    """The factor on measured service times, the spread where it could be told, and both sides."""

    factor: float
    scv: float | None
    seen: Seen
    predicted: Mapping[str, float]
    utilization: float


def calibrated(points: Sequence[ServicePoint], windows: Sequence[Seen]) -> Calibrated:
    """What brings the prediction to the observation; the median of several windows.

    MeasurementError where a window lies outside the model's region, contradicts itself, or
    contradicts another.
    """
    return middle([_window(points, seen) for seen in windows])


def middle(windows: Sequence[Calibrated]) -> Calibrated:
    """The median of several windows; MeasurementError where they contradict each other."""
    found = sorted(windows, key=lambda one: one.factor)
    if found[-1].factor > STEADY * found[0].factor:
        raise MeasurementError(
            "windows-contradict",
            f"the windows ask for factors from {found[0].factor:.2f} to {found[-1].factor:.2f}: "
            "they do not speak of one service time",
            hint="calibrate on windows of one version and one kind of traffic",
        )
    wanted = median(one.factor for one in found)
    return min(found, key=lambda one: abs(one.factor - wanted))


def _window(points: Sequence[ServicePoint], seen: Seen) -> Calibrated:
    ordered = _ordered(seen)
    centre = next((name for name in _CENTRES if name in seen.latency), ordered[0])
    tails = [name for name in ordered if name not in _CENTRES and name != centre]
    model = _Model(points, seen)
    scv = None
    if tails and centre in _CENTRES:
        scv = _spread(model, centre, tails[-1])
    factor = _factor(model, centre, scv)
    _check_region(model, factor, scv)
    _check_rest(model, factor, scv)
    return Calibrated(
        factor=factor,
        scv=scv,
        seen=seen,
        predicted={name: model.latency(name, 1.0, None) for name in seen.latency},
        utilization=model.utilization(factor),
    )


def _ordered(seen: Seen) -> list[str]:
    """Percentiles by rising quantile; MeasurementError where they fall."""
    if not seen.latency:
        raise MeasurementError(
            "nothing-observed", "no latency was observed", hint="--observed p50=12ms,p99=30ms,..."
        )
    ordered = sorted(
        (name for name in seen.latency if name != "mean"),
        key=lambda name: _target(name).quantile or 0,
    )
    for low, high in pairwise(ordered):
        if seen.latency[high] < seen.latency[low]:
            raise MeasurementError(
                "observation-contradicts",
                f"{high} of {format_duration(seen.latency[high])} is below {low} of "
                f"{format_duration(seen.latency[low])}",
                hint="check units and columns",
            )
    return ordered or ["mean"]


def _target(name: str) -> LatencyTarget:
    quantile = None if name == "mean" else float(f"{name[1:]}e-2")
    return LatencyTarget(label=name, quantile=quantile, seconds=0.0)


class _Model:
    """Latency of the endpoint for a factor on the service time."""

    def __init__(self, points: Sequence[ServicePoint], seen: Seen) -> None:
        self.points, self.seen = points, seen

    def service(self, factor: float, scv: float | None) -> ServiceTime:
        """Service time at the concurrency that requests meet there."""
        point = self._met(factor)
        if scv is None:
            return fit(point.mean_s, point.p99_s).times(factor)
        return ServiceTime(point.mean_s * factor, math.sqrt(math.log1p(scv)))

    def _met(self, factor: float) -> ServicePoint:
        """The curve where it meets its own load: a request, and what is in service beside it."""
        share = self.seen.rate_per_s / self.seen.replicas
        most = float(self.seen.concurrency)
        low, high = 1.0, max(most, 1.0)
        for _ in range(_HALVINGS):
            middle = (low + high) / 2.0
            if 1.0 + share * factor * _between(self.points, middle).mean_s > middle:
                low = middle
            else:
                high = middle
        return _between(self.points, low)

    def utilization(self, factor: float) -> float:
        """Part of the slots that are busy, each at the service time of a full replica."""
        full = _between(self.points, float(self.seen.concurrency)).mean_s * factor
        return self.seen.rate_per_s * full / self._slots

    @property
    def _slots(self) -> int:
        return self.seen.replicas * self.seen.concurrency

    def latency(self, name: str, factor: float, scv: float | None) -> float:
        """Seconds, infinite where the endpoint could not keep up."""
        service = self.service(factor, scv)
        rate = self.seen.rate_per_s
        if rate * service.mean_s >= self._slots:
            return math.inf
        load = Load(
            segments=(Segment(3600.0, rate),),
            bins=(Bin(rate, 1.0, 1.0),),
            mean=rate,
            peak=rate,
            beyond=0.0,
            arrival_scv=1.0,
        )
        pool = Pool(load, service, overhead_s=0.0)
        target = _target(name)
        if target.quantile is None:
            return pool.mean((self._slots,))
        return pool.quantile((self._slots,), quantile_of(target))


def _between(points: Sequence[ServicePoint], count: float) -> ServicePoint:
    """Straight between the points; what lies outside takes the nearest."""
    if count <= points[0].concurrency:
        return points[0]
    for low, high in pairwise(points):
        if count <= high.concurrency:
            part = (count - low.concurrency) / (high.concurrency - low.concurrency)
            p99 = None
            if low.p99_s is not None and high.p99_s is not None:
                p99 = low.p99_s + part * (high.p99_s - low.p99_s)
            mean = low.mean_s + part * (high.mean_s - low.mean_s)
            return ServicePoint(concurrency=high.concurrency, mean_s=mean, p99_s=p99)
    return points[-1]


def _factor(model: _Model, name: str, scv: float | None) -> float:
    """The factor that brings one latency to what was observed."""
    wanted = model.seen.latency[name]
    found = _solve(lambda factor: model.latency(name, factor, scv), wanted, SMALLEST, LARGEST)
    if found is None:
        raise MeasurementError(
            "out-of-reach",
            f"{name} of {format_duration(wanted)} is not {SMALLEST:g} to {LARGEST:g} times what "
            f"the profile says ({format_duration(model.latency(name, 1.0, scv))})",
            hint="is it the profile of this model and instance type?",
        )
    return found


def _spread(model: _Model, centre: str, tail: str) -> float:
    """The spread of the service time that explains the tail, with the centre explained too."""
    wanted = model.seen.latency[tail]

    def at(scv: float) -> float:
        return model.latency(tail, _factor(model, centre, scv), scv)

    if at(0.0) > wanted * (1.0 + AGREE):
        raise MeasurementError(
            "observation-contradicts",
            f"{tail} of {format_duration(wanted)} is nearer to {centre} than waiting alone allows "
            f"at {format_rate(model.seen.rate_per_s)} on {model.seen.replicas} replicas",
            hint="check the rate, the replicas and the concurrency, and that all are of one window",
        )
    if at(0.0) >= wanted:
        return 0.0
    if at(VALID_SCV) < wanted:
        raise MeasurementError(
            "outside-the-model",
            f"{tail} of {format_duration(wanted)} beside {centre} of "
            f"{format_duration(model.seen.latency[centre])}: service times vary more than the "
            f"formula holds for (SCV {VALID_SCV:g}), or the tail is no service time at all",
            hint="look for cold starts, time-outs and a second kind of request; or calibrate on "
            f"{centre} alone",
        )
    return _solve(at, wanted, 0.0, VALID_SCV) or 0.0


def _solve(
    function: Callable[[float], float], wanted: float, low: float, high: float
) -> float | None:
    """Where a rising function takes a value, None outside the bounds."""
    if not function(low) <= wanted <= function(high):
        return None
    for _ in range(_HALVINGS):
        middle = (low + high) / 2.0
        if function(middle) < wanted:
            low = middle
        else:
            high = middle
        if high - low < 1e-5 * high:
            break
    return (low + high) / 2.0


def _check_region(model: _Model, factor: float, scv: float | None) -> None:
    busy = model.utilization(factor)
    if busy > VALID_UTILIZATION:
        seen = model.seen
        raise MeasurementError(
            "outside-the-model",
            f"{format_rate(seen.rate_per_s)} keeps {busy:.0%} of {model.seen.replicas} x "
            f"{seen.concurrency} slots busy at this service time; the formula was held against "
            f"simulations up to {VALID_UTILIZATION:.0%}",
            hint="calibrate on a quieter window; concurrency=N if a replica serves more at a time",
        )
    if scv is None and model.service(factor, scv).scv > VALID_SCV:
        raise MeasurementError(
            "outside-the-model",
            f"the profile's service times vary too much for the formula (SCV over {VALID_SCV:g})",
            hint="observe p50 and p99 both",
        )


def _check_rest(model: _Model, factor: float, scv: float | None) -> None:
    """Every observed latency has to come out; those that were solved for do."""
    for name, seconds in model.seen.latency.items():
        predicted = model.latency(name, factor, scv)
        if abs(predicted / seconds - 1.0) > AGREE:
            raise MeasurementError(
                "observation-contradicts",
                f"no one service time explains all of it: at x {factor:.2f} {name} would be "
                f"{format_duration(predicted)}, not {format_duration(seconds)}",
                hint="check that all are of one window; two kinds of requests need two endpoints",
            )


def reason_of(found: Calibrated, capacity: str = "replicas") -> str:
    """Why the service time is corrected, in one line, with the word for its replicas."""
    name = next(one for one in (*_CENTRES, *found.seen.latency) if one in found.seen.latency)
    return (
        f"{name} of {format_duration(found.seen.latency[name])} where "
        f"{format_duration(found.predicted[name])} was predicted, at "
        f"{format_rate(found.seen.rate_per_s)} on {format_number(found.seen.replicas)} {capacity}"
    )
