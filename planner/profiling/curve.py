"""A service-time curve through measured points, its limit, and the spread of the service time.

Three shapes are held against each other, all of them straight in their coefficients, none of which
may be negative, because company speeds nobody up:

    one line     S + a (n - 1)                    a server that is shared
    two lines    S + a (n - 1) + b max(0, n - k)  free slots up to k, then shared
    universal    S + a (n - 1) + c n (n - 1)      contention and coherency
    scalability law                               (Gunther, Guerrilla Capacity Planning, 2007)

Relative errors are squared, so that every point counts alike. The shape is taken that is least off
where a point between the ends is left out; with fewer than four points that says nothing, and the
line is taken.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from itertools import combinations
from statistics import NormalDist

from planner.model.units import format_duration
from planner.model.value import value
from planner.model.workload import ServicePoint
from planner.profiling.linear import normal_equations, solution
from planner.profiling.observation import Observation

ENOUGH = 4
"""Points from which a shape can be told from another."""
ALONE = 0.1
"""Others in service, on average, up to which a request is as good as alone."""
_SAMPLES = 10
_KNEES = 48
_NORMAL = NormalDist()
_TAILS = ("p99", "p95", "p90")

Basis = Callable[[float], float]


@value
class Shape:
    """Functions of the concurrency whose weighted sum is the service time."""

    name: str
    basis: tuple[Basis, ...]
    knee: float | None = None


@value
class Fit:
    """A curve of one instance type.

    `limit_per_s` is the throughput that no concurrency exceeds, infinite where the points show
    none. `off` is the largest relative error at a point, `left_out` that at one between the ends
    that is left out.
    """

    instance_type: str
    shape: Shape
    weights: tuple[float, ...]
    limit_per_s: float
    off: float
    left_out: float | None
    measured: tuple[ServicePoint, ...]
    fitted: tuple[ServicePoint, ...]

    def at(self, concurrency: float) -> float:
        """Seconds of service with so many requests in service."""
        return _sum(self.shape, self.weights, concurrency)


@value
class Spread:
    """Squared coefficient of variation of the service time of requests that were alone."""

    scv: float
    source: str
    requests: int


def fitted(instance_type: str, points: Sequence[ServicePoint]) -> Fit:
    """The curve through points by rising concurrency; within what was measured, never beyond."""
    shape, left_out = _chosen(points)
    weights = _weights(shape, points)
    means = [_sum(shape, weights, point.concurrency) for point in points]
    off = max(abs(mean / point.mean_s - 1.0) for mean, point in zip(means, points, strict=True))
    return Fit(
        instance_type=instance_type,
        shape=shape,
        weights=weights,
        limit_per_s=_limit(shape, weights),
        off=off,
        left_out=left_out,
        measured=tuple(points),
        fitted=tuple(
            ServicePoint(
                concurrency=count,
                mean_s=(mean := _sum(shape, weights, count)),
                p99_s=_p99(points, count, mean),
            )
            for count in _counts(points)
        ),
    )


def spread_of(observations: Sequence[Observation]) -> Spread | None:
    """How much service times vary, from requests that nobody else was served beside.

    That is a single user, or an open loop far below the limit: no queue hides in either, so that
    this is a spread of the service time and no percentile of a latency. None without such requests.
    """
    alone = [one for one in observations if _is_alone(one) and (one.requests or 0) >= _SAMPLES]
    found = [(one, scv) for one in alone if (scv := _scv(one)) is not None]
    if not found:
        return None
    one, scv = max(found, key=lambda pair: pair[0].requests or 0)
    how = "one user" if one.loop == "closed" else "an almost idle replica"
    return Spread(scv=scv, source=f"{how}, {one.requests:,} requests", requests=one.requests or 0)


def tail_off(one: Observation, scv: float) -> float | None:
    """The measured p99 over that of the log-normal with this spread; None without a p99."""
    p99 = one.percentile("p99")
    if p99 is None:
        return None
    sigma = math.sqrt(math.log1p(scv))
    return p99 / (one.mean_s * math.exp(sigma * (_NORMAL.inv_cdf(0.99) - sigma / 2.0)))


def _is_alone(one: Observation) -> bool:
    if one.loop == "closed":
        return one.users is not None and one.users <= 1.0
    if one.throughput_per_s is None:
        return False
    return one.throughput_per_s * one.mean_s <= (1.0 if one.queue == "apart" else ALONE)


def _scv(one: Observation) -> float | None:
    """By the standard deviation, else by the median and the farthest percentile."""
    if one.std_s is not None:
        return (one.std_s / one.mean_s) ** 2
    median = one.percentile("p50")
    for name in _TAILS:
        tail = one.percentile(name)
        if median and tail and tail >= median:
            sigma = math.log(tail / median) / _NORMAL.inv_cdf(float(name[1:]) / 100.0)
            return math.expm1(sigma * sigma)
    return None


def _shapes(points: Sequence[ServicePoint]) -> Iterator[Shape]:
    """Simplest first: of equals it is kept."""
    yield _LINE
    first, last = points[0].concurrency, points[-1].concurrency
    for step in range(1, _KNEES):
        knee = first * (last / first) ** (step / _KNEES)
        yield Shape(name="two lines", basis=(_one, _others, _over(knee)), knee=knee)
    yield Shape(name="universal scalability law", basis=(_one, _others, _pairs))


def _one(_: float) -> float:
    return 1.0


def _others(count: float) -> float:
    return count - 1.0


def _pairs(count: float) -> float:
    return count * (count - 1.0)


def _over(knee: float) -> Basis:
    return lambda count: max(0.0, count - knee)


_LINE = Shape(name="one line", basis=(_one, _others))


def _chosen(points: Sequence[ServicePoint]) -> tuple[Shape, float | None]:
    if len(points) < ENOUGH:
        return _LINE, None
    found: tuple[float, Shape] | None = None
    for shape in _shapes(points):
        off = max(_off_without(shape, points, index) for index in range(1, len(points) - 1))
        if found is None or off < found[0] * 0.95:
            found = (off, shape)
    assert found is not None
    return found[1], found[0]


def _off_without(shape: Shape, points: Sequence[ServicePoint], index: int) -> float:
    rest = [*points[:index], *points[index + 1 :]]
    mean = _sum(shape, _weights(shape, rest), points[index].concurrency)
    return abs(mean / points[index].mean_s - 1.0)


def _sum(shape: Shape, weights: Sequence[float], count: float) -> float:
    return sum(weight * one(count) for weight, one in zip(weights, shape.basis, strict=True))


def _weights(shape: Shape, points: Sequence[ServicePoint]) -> tuple[float, ...]:
    """Least squares of relative errors without negative weights: the best set of those above 0."""
    rows = [[one(float(p.concurrency)) / p.mean_s for one in shape.basis] for p in points]
    size = len(shape.basis)
    best: tuple[float, tuple[float, ...]] | None = None
    for used in range(1, size + 1):
        for chosen in combinations(range(size), used):
            columns = [[row[index] for index in chosen] for row in rows]
            part = solution(*normal_equations(columns, [1.0] * len(rows)))
            if part is None or min(part) < 0.0 or 0 not in chosen:
                continue
            weights = [0.0] * size
            for index, weight in zip(chosen, part, strict=True):
                weights[index] = weight
            off = sum((math.fsum(map(_product, row, weights)) - 1.0) ** 2 for row in rows)
            if best is None or off < best[0] - 1e-12:
                best = (off, tuple(weights))
    assert best is not None, "a level line always fits somehow"
    return best[1]


def _product(left: float, right: float) -> float:
    return left * right


def _limit(shape: Shape, weights: Sequence[float]) -> float:
    """The most of n / L(n): what the last slope allows, or the summit of a curve that turns."""
    slope = sum(weights[1:])
    if shape.basis[-1] is _pairs and weights[-1] > 0.0:
        summit = math.sqrt(max((weights[0] - weights[1]) / weights[-1], 1.0))
        return summit / _sum(shape, weights, summit)
    return 1.0 / slope if slope > 0.0 else math.inf


def _counts(points: Sequence[ServicePoint]) -> list[int]:
    """What was measured, and doublings between."""
    first, last = points[0].concurrency, points[-1].concurrency
    found = {point.concurrency for point in points}
    count = first
    while count < last:
        found.add(count)
        count *= 2
    return sorted(found)


def _p99(points: Sequence[ServicePoint], count: int, mean_s: float) -> float | None:
    """As far above the mean as at the nearest measured point."""
    near = min(points, key=lambda point: abs(math.log(point.concurrency / count)))
    return None if near.p99_s is None else mean_s * near.p99_s / near.mean_s


def said(fit: Fit, before: str = "") -> str:
    """How the points came about, in a few words; `before` is what was done to get those fitted."""
    knee = f", knee at {fit.shape.knee:.2g}" if fit.shape.knee is not None else ""
    how = f"fitted by {fit.shape.name}{knee}, at most {fit.off:.1%} off"
    return f"{before}; {how}" if before else how


def formula(fit: Fit) -> str:
    """The curve as people read it: `44.8 ms + 2.1 ms (n - 1) + 38 ms max(0, n - 2)`."""
    terms = ["", " (n - 1)"]
    if fit.shape.knee is not None:
        terms.append(f" max(0, n - {fit.shape.knee:.2g})")
    elif len(fit.shape.basis) > len(terms):
        terms.append(" n (n - 1)")
    shown = [
        f"{format_duration(weight)}{term}"
        for weight, term in zip(fit.weights, terms, strict=True)
        if weight > 0.0
    ]
    return " + ".join(shown)
