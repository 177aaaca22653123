"""Replications until the percentiles are known well enough: estimates with confidence intervals."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from random import Random

from planner.capacity.latency import quantile_of
from planner.capacity.service_time import ServiceTime
from planner.capacity.simulator.draws import renewal_times
from planner.capacity.simulator.response import Cell, Response, cells_of
from planner.capacity.simulator.tally import Station, Tally
from planner.capacity.simulator.windows import Run, Stretch, Windows
from planner.model.candidate import Interval, Latency
from planner.model.value import value
from planner.model.workload import LatencyTarget

CONFIDENCE = 0.95
QUANTILES = (("p50", 0.50), ("p90", 0.90), ("p95", 0.95), ("p99", 0.99))
FEWEST = 5
"""Replications from which an interval is taken."""
MOST = 40
PRECISION = 0.02
"""Half width of a percentile's interval, relative, at which a decided question is closed."""

# Student's t at 97.5 % for 1, 2, ... degrees of freedom (any table); 1.96 + 2.5 / n beyond.
_STUDENT = (12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228)


@value
class Scene:
    """What is simulated: windows of a cycle, and how the servers of one run are made.

    `services` by concurrency on a replica, the last for requests that waited.
    """

    windows: Windows
    station: Callable[[Random, Run], Station]
    services: tuple[ServiceTime, ...]
    overhead_s: float
    arrival_scv: float = 1.0


@value
class Share:
    """A share of the requests and the half width of its confidence interval."""

    mean: float
    half: float


@value
class Estimate:
    """What a cycle's requests meet.

    `late` answers each target: the share of requests beyond it; of a mean target, seconds.
    `decided` tells whether every question has an answer at the stated confidence.
    """

    latency: Latency
    intervals: tuple[Interval, ...]
    late: tuple[Share, ...]
    refused: float
    cold: Share
    busy_s: float
    simulated: int
    met: bool
    decided: bool


class Replication:
    """One pass through the windows."""

    __slots__ = ("busy_s", "cold", "refused", "response", "simulated", "weight")

    def __init__(self, scene: Scene, rng: Random) -> None:
        self.busy_s = self.cold = self.refused = 0.0
        self.weight = scene.windows.quiet
        self.simulated = 0
        cells: list[Cell] = []
        if scene.windows.quiet:
            cells.append((scene.windows.quiet, 0.0, scene.services[0]))
            self.busy_s += scene.windows.quiet * scene.services[0].mean_s
        for run in scene.windows.runs:
            for stretch, tally in play(scene, run, rng):
                self._count(stretch.weight, tally)
                cells += cells_of(stretch.weight, tally, scene.services)
        self.response = Response(cells, overhead_s=scene.overhead_s)

    def _count(self, weight: float, tally: Tally) -> None:
        self.simulated += tally.served + tally.refused
        self.weight += weight * (tally.served + tally.refused)
        self.refused += weight * tally.refused
        self.cold += weight * tally.cold
        self.busy_s += weight * tally.busy_s


def play(scene: Scene, run: Run, rng: Random) -> list[tuple[Stretch, Tally]]:
    """The stretches of one run with what became of their requests."""
    station = scene.station(rng, run)
    now, found = 0.0, []
    replicas = run[0].replicas
    for stretch in run:
        if stretch.replicas != replicas:
            replicas = stretch.replicas
            station.resize(now, replicas)
        found.append((stretch, station.serve(arrivals(stretch, now, scene.arrival_scv, rng))))
        now += stretch.seconds
    return found


def arrivals(stretch: Stretch, now_s: float, scv: float, rng: Random) -> Sequence[float]:
    """Arrival times of a stretch that begins at `now_s`: recorded, or drawn."""
    if stretch.times_s is not None:
        return [now_s + t for t in stretch.times_s]
    return renewal_times(rng, start_s=now_s, seconds=stretch.seconds, rate=stretch.rate, scv=scv)


def experiment(
    scene: Scene, *, targets: Sequence[LatencyTarget], seed: int, budget: int, refusable: float = 0.0
) -> Estimate:
    """Replicate until every target is decided and the percentiles are known to 2 %.

    `budget` is how many requests may be simulated in all; at least FEWEST passes are made. No more
    than `refusable` of the requests may be answered 429.
    """
    passes: list[Replication] = []
    while True:
        passes.append(Replication(scene, Random(f"{seed}/{len(passes)}")))
        if len(passes) < FEWEST and scene.windows.runs:
            continue
        found = _estimate(scene, passes, targets, refusable)
        spent = sum(one.simulated for one in passes)
        if not scene.windows.runs or len(passes) >= MOST or spent * (1 + 1 / len(passes)) > budget:
            return found
        if found.decided and _precise(found):
            return found


def _precise(found: Estimate) -> bool:
    return all(
        interval.high_s - interval.low_s <= 2.0 * PRECISION * interval.high_s
        for interval in found.intervals
    )


def _estimate(
    scene: Scene,
    passes: Sequence[Replication],
    targets: Sequence[LatencyTarget],
    refusable: float,
) -> Estimate:
    response = pooled(passes, scene.overhead_s)
    late = tuple(_late(target, passes) for target in targets)
    allowed = [_allowed(target) for target in targets]
    refused = _share([one.refused / max(one.weight, 1e-9) for one in passes])
    tests = [*zip(late, allowed, strict=True), (refused, refusable)]
    points = [(name, q, response.quantile(q)) for name, q in QUANTILES]
    weight = sum(one.weight for one in passes) or 1.0
    return Estimate(
        latency=Latency(
            mean_s=response.mean(), **{f"{name}_s": seconds for name, _, seconds in points}
        ),
        intervals=tuple(_interval(response, passes, *point) for point in points),
        late=late,
        refused=refused.mean,
        cold=_share([one.cold / max(one.weight, 1e-9) for one in passes]),
        busy_s=sum(one.busy_s for one in passes) / len(passes),
        simulated=sum(one.simulated for one in passes),
        met=all(share.mean + share.half <= most + 1e-12 for share, most in tests),
        decided=all(abs(share.mean - most) >= share.half for share, most in tests),
    )


def pooled(passes: Sequence[Replication], overhead_s: float) -> Response:
    """All passes as one distribution."""
    if len(passes) == 1:
        return passes[0].response
    cells = [cell for one in passes for cell in one.response.cells]
    return Response(cells, overhead_s=overhead_s)


def _allowed(target: LatencyTarget) -> float:
    return target.seconds if target.quantile is None else 1.0 - quantile_of(target)


def _late(target: LatencyTarget, passes: Sequence[Replication]) -> Share:
    if target.quantile is None:
        return _share([one.response.mean() for one in passes])
    return _share([one.response.exceeds(target.seconds) for one in passes])


def _share(values: Sequence[float]) -> Share:
    """Mean and half width at CONFIDENCE of independent passes."""
    n = len(values)
    mean = sum(values) / n
    if n < 2:
        return Share(mean=mean, half=0.0)
    variance = sum((x - mean) ** 2 for x in values) / (n - 1)
    student = _STUDENT[n - 2] if n - 2 < len(_STUDENT) else 1.96 + 2.5 / (n - 1)
    return Share(mean=mean, half=student * math.sqrt(variance / n))


def _interval(
    response: Response, passes: Sequence[Replication], name: str, q: float, seconds: float
) -> Interval:
    """Where the percentile lies: the shares at its two ends differ by what passes differ."""
    half = _share([one.response.exceeds(seconds) for one in passes]).half
    if half <= 1e-9:
        return Interval(name=name, low_s=seconds, high_s=seconds)
    return Interval(
        name=name,
        low_s=min(seconds, response.quantile(max(q - half, 1e-9))),
        high_s=max(seconds, response.quantile(min(q + half, 1.0 - 1e-9))),
    )

