"""Replications until the percentiles are known well enough: estimates with confidence intervals."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from random import Random
from typing import Protocol

from planner.capacity.latency import quantile_of
from planner.capacity.service_time import ServiceTime
from planner.capacity.simulator.draws import renewal_times, spread_times
from planner.capacity.simulator.response import Cell, Response, cells_of
from planner.capacity.simulator.tally import Station, Tally
from planner.capacity.simulator.windows import Run, Stretch, Windows
from planner.model.candidate import Interval, Latency
from planner.model.effort import CONFIDENCE
from planner.model.value import value
from planner.model.workload import LatencyTarget

QUANTILES = (("p50", 0.50), ("p90", 0.90), ("p95", 0.95), ("p99", 0.99))
FEWEST = 5
"""Replications from which an interval is taken."""
MOST = 160
UNDECIDED = 4
"""Times the budget that may be spent on a target that is neither met nor missed for sure."""
SURE = 2.576 / 1.960
"""Width of a verdict's interval over that of CONFIDENCE: 99 %, because it is looked at often."""
PRECISION = 0.02
"""Half width of a percentile's interval, relative, at which a decided question is closed."""

assert CONFIDENCE == 0.95
# Student's t at 97.5 % for 1, 2, ... degrees of freedom (any table); 1.96 + 2.5 / n beyond.
_STUDENT = (12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228)


@value
class Scene:
    """What is simulated: windows of a cycle, and how the servers of one run are made.

    Passes take the `windows` in turn. `counted` loads hold the requests that came, each anywhere in
    its stretch. `services` by concurrency on a replica, the last for requests
    that waited.
    """

    windows: tuple[Windows, ...]
    station: Callable[[Random, Run], Station]
    services: tuple[ServiceTime, ...]
    overhead_s: float
    arrival_scv: float = 1.0
    counted: bool = False


@value
class Share:
    """A mean over passes, the half width of its confidence interval, and what it may be."""

    mean: float
    half: float
    allowed: float = 1.0

    @property
    def met(self) -> bool:
        """True when it is within what is allowed, with confidence."""
        return self.mean + SURE * self.half <= self.allowed + 1e-12

    @property
    def hopeful(self) -> bool:
        """True when it is within what is allowed, sure or not."""
        return self.mean <= self.allowed

    @property
    def decided(self) -> bool:
        """True when it is within, or beyond, with confidence."""
        return abs(self.mean - self.allowed) >= SURE * self.half


@value
class Estimate:
    """What a cycle's requests meet.

    `late` answers each target: the share of requests beyond it; of a mean target, seconds. `at` is
    the latency to hold against each. `waited` is the share that found no free slot, `held_s` the
    mean seconds that a request kept one.
    """

    latency: Latency
    intervals: tuple[Interval, ...]
    late: tuple[Share, ...]
    at: tuple[float, ...]
    refused: Share
    cold: Share
    waited: float
    held_s: float
    simulated: int

    @property
    def met(self) -> bool:
        """True when every target and the bound on refusals hold with confidence."""
        return self.refused.met and all(share.met for share in self.late)

    @property
    def decided(self) -> bool:
        """True when each of them has an answer with confidence."""
        return self.refused.decided and all(share.decided for share in self.late)


class Watch(Protocol):
    """Whoever wants to know what became of the requests of each window of time."""

    def window(self, stretch: Stretch) -> int:
        """The window that a stretch belongs to."""
        ...

    def saw(self, stretch: Stretch, tally: Tally) -> None:
        """Take notice of the requests of a window, in order of time."""
        ...


class Replication:
    """One pass through the windows; `late` answers each target."""

    __slots__ = ("busy_s", "cold", "late", "refused", "response", "simulated", "waited", "weight")

    def __init__(
        self,
        scene: Scene,
        windows: Windows,
        rng: Random,
        targets: Sequence[LatencyTarget],
        *,
        watch: Watch | None = None,
    ) -> None:
        self.busy_s = self.cold = self.waited = 0.0
        self.refused = windows.lost
        self.weight = windows.quiet + windows.lost + sum(n for n, _ in windows.flood)
        self.simulated = 0
        last = scene.services[-1]
        cells: list[Cell] = [(n, delay_s, last) for n, delay_s in windows.flood]
        if windows.quiet:
            cells.append((windows.quiet, 0.0, scene.services[0]))
        self.busy_s = sum(n * service.mean_s for n, _, service in cells)
        for run in windows.runs:
            for stretch, tally in play(scene, run, rng, apart=watch.window if watch else None):
                self._count(stretch.weight, tally)
                cells += cells_of(stretch.weight, tally, scene.services)
                if watch is not None:
                    watch.saw(stretch, tally)
        self.response = Response(cells, overhead_s=scene.overhead_s)
        self.late = [_late(target, self.response) for target in targets]

    def _count(self, weight: float, tally: Tally) -> None:
        self.simulated += tally.served + tally.refused
        self.weight += weight * (tally.served + tally.refused)
        self.refused += weight * tally.refused
        self.cold += weight * tally.cold
        self.waited += weight * len(tally.delays)
        self.busy_s += weight * tally.busy_s


def play(
    scene: Scene, run: Run, rng: Random, *, apart: Callable[[Stretch], object] | None = None
) -> Iterator[tuple[Stretch, Tally]]:
    """What became of the requests of one run, stretches of equal weight and capacity together.

    With `apart`, those for which it differs are told apart.
    """
    station = scene.station(rng, run)
    now, replicas = 0.0, run[0].replicas
    together: list[float] = []
    first = run[0]
    kind: object = None
    for stretch in run:
        following = (stretch.weight, stretch.replicas, apart(stretch) if apart else None)
        if following != kind:
            if together:
                yield first, station.serve(together)
                together = []
            first, kind = stretch, following
        if stretch.replicas != replicas:
            replicas = stretch.replicas
            station.resize(now, replicas)
        together += arrivals(stretch, now, scene, rng)
        now += stretch.seconds
    if together:
        yield first, station.serve(together)


def arrivals(stretch: Stretch, now_s: float, scene: Scene, rng: Random) -> Sequence[float]:
    """Arrival times of a stretch that begins at `now_s`: recorded, counted, or drawn."""
    if stretch.times_s is not None:
        return [now_s + t for t in stretch.times_s]
    if stretch.rate <= 0.0:
        return ()
    if scene.counted:
        expected = stretch.rate * stretch.seconds
        count = int(expected + rng.random())
        return spread_times(rng, start_s=now_s, seconds=stretch.seconds, count=count)
    return renewal_times(
        rng, start_s=now_s, seconds=stretch.seconds, rate=stretch.rate, scv=scene.arrival_scv
    )


class Experiment:
    """Passes through one scene, more of them where a question is still open.

    No more than `refusable` of the requests may be answered 429.
    """

    def __init__(
        self, scene: Scene, targets: Sequence[LatencyTarget], *, seed: int, refusable: float = 0.0
    ) -> None:
        self._scene = scene
        self._targets = targets
        self._seed = seed
        self._refusable = refusable
        self._passes: list[Replication] = []

    def run(self, budget: int, *, precise: bool = True) -> Estimate:
        """Replicate until every target is decided and, if `precise`, the percentiles are known.

        `budget` is how many requests are simulated for that, about. Where a target that seems to
        hold is not decided by then, UNDECIDED times as many are; at least FEWEST passes are made.
        """
        look = max(FEWEST, len(self._passes))
        while True:
            self._until(look)
            if not self._scene.windows[0].runs:
                return self._estimated()
            look += max(1, look // 3)
            decided = self._decided()
            hopeful = not decided and all(share.hopeful for share in self._shares())
            if self._spent(look) > (UNDECIDED * budget if hopeful else budget):
                return self._estimated()
            if decided:
                found = self._estimated()
                if not precise or _precise(found):
                    return found

    def _until(self, count: int) -> None:
        windows = self._scene.windows
        for index in range(len(self._passes), min(count, MOST) if windows[0].runs else 1):
            rng = Random(f"{self._seed}/{index}")
            chosen = windows[index % len(windows)]
            self._passes.append(Replication(self._scene, chosen, rng, self._targets))

    def _spent(self, look: int) -> float:
        """Requests that so many passes take; infinite beyond MOST."""
        if look > MOST:
            return math.inf
        return look * sum(one.simulated for one in self._passes) / len(self._passes)

    def _decided(self) -> bool:
        return all(share.decided for share in self._shares())

    def _shares(self) -> list[Share]:
        return [*_lates(self._passes, self._targets), _refused(self._passes, self._refusable)]

    def _estimated(self) -> Estimate:
        return estimated(self._scene, self._passes, self._targets, self._refusable)


def experiment(
    scene: Scene,
    *,
    targets: Sequence[LatencyTarget],
    seed: int,
    budget: int,
    refusable: float = 0.0,
) -> Estimate:
    """Run one experiment until it is decided and precise, or its budget is spent."""
    return Experiment(scene, targets, seed=seed, refusable=refusable).run(budget)


def _precise(found: Estimate) -> bool:
    return all(
        interval.high_s - interval.low_s <= 2.0 * PRECISION * interval.high_s
        for interval in found.intervals
    )


def estimated(
    scene: Scene,
    passes: Sequence[Replication],
    targets: Sequence[LatencyTarget],
    refusable: float,
) -> Estimate:
    """What passes through one scene say together."""
    response = pooled(passes, scene.overhead_s)
    points = [(name, q, response.quantile(q)) for name, q in QUANTILES]
    mean = response.mean()
    known = {q: seconds for _, q, seconds in points}
    weight = max(sum(one.weight for one in passes), 1e-9)
    return Estimate(
        latency=Latency(mean_s=mean, **{f"{name}_s": seconds for name, _, seconds in points}),
        intervals=tuple(_interval(response, passes, *point) for point in points),
        late=tuple(_lates(passes, targets)),
        at=tuple(
            mean if q is None else known.get(q) or response.quantile(quantile_of(target))
            for target in targets
            for q in (target.quantile,)
        ),
        refused=_refused(passes, refusable),
        cold=_share([one.cold / max(one.weight, 1e-9) for one in passes]),
        waited=sum(one.waited for one in passes) / weight,
        held_s=sum(one.busy_s for one in passes) / weight,
        simulated=sum(one.simulated for one in passes),
    )


def pooled(passes: Sequence[Replication], overhead_s: float) -> Response:
    """All passes as one distribution."""
    if len(passes) == 1:
        return passes[0].response
    cells = [cell for one in passes for cell in one.response.cells]
    return Response(cells, overhead_s=overhead_s)


def _late(target: LatencyTarget, response: Response) -> float:
    return response.mean() if target.quantile is None else response.exceeds(target.seconds)


def _lates(passes: Sequence[Replication], targets: Sequence[LatencyTarget]) -> list[Share]:
    return [
        _share(
            [one.late[index] for one in passes],
            target.seconds if target.quantile is None else 1.0 - quantile_of(target),
        )
        for index, target in enumerate(targets)
    ]


def _refused(passes: Sequence[Replication], refusable: float) -> Share:
    # The mean decides: the size comes from Erlang's loss formula, which is exact for Poisson.
    mean = sum(one.refused / max(one.weight, 1e-9) for one in passes) / len(passes)
    return Share(mean=mean, half=0.0, allowed=refusable)


def _share(values: Sequence[float], allowed: float = 1.0) -> Share:
    """Mean and half width at CONFIDENCE of independent passes."""
    n = len(values)
    mean = sum(values) / n
    if n < 2:
        return Share(mean=mean, half=0.0, allowed=allowed)
    variance = sum((x - mean) ** 2 for x in values) / (n - 1)
    student = _STUDENT[n - 2] if n - 2 < len(_STUDENT) else 1.96 + 2.5 / (n - 1)
    return Share(mean=mean, half=student * math.sqrt(variance / n), allowed=allowed)


def _interval(
    response: Response, passes: Sequence[Replication], name: str, q: float, seconds: float
) -> Interval:
    """Where the percentile lies: the shares at its two ends differ by what passes differ."""
    half = _share([one.response.exceeds(seconds) for one in passes]).half
    if half <= 1e-9:
        return Interval(name=name, low_s=seconds, high_s=seconds)
    return Interval(
        name=name,
        low_s=min(seconds, response.quantile(max(q - half, 1e-9), near_s=seconds)),
        high_s=max(seconds, response.quantile(min(q + half, 1.0 - 1e-9), near_s=seconds)),
    )
