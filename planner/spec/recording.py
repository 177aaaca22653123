"""Stamps and counts as they stream in: what is kept of them, and on which grid."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise
from math import gcd
from operator import sub

from planner.model.value import record

EXACT = 1_000_000
"""Requests whose stamps are kept; beyond, counts on the finest grid that fits."""

MAX_BUCKETS = 2_000_000
TICKS = 1000
"""Stamps are compared on a grid of so many ticks a second."""

_SHARED = ((500, 0.0), (9, 0.01), (0, 0.5))
"""Share of the stamps that must coincide on a grid of more than so many ticks to become counts.

Of exact arrivals some coincide by chance, and on a grid finer than a service time it is no matter.
"""
_ON_GRID = 0.99  # of the stamps: a late flush or a clock correction may be off
_SLACK = 0.005  # of a step, at most _LATEST ticks: what a timer is late or early
_LATEST = 20
_SAMPLE = 20_000
_SOME = 20  # stamps from which on neither a fine grid nor a silence is chance
_GRIDS = (
    *(86_400_000, 43_200_000, 21_600_000, 10_800_000, 7_200_000, 3_600_000),
    *(1_800_000, 1_200_000, 900_000, 600_000, 300_000, 120_000, 60_000),
    *(30_000, 20_000, 15_000, 10_000, 6_000, 5_000, 4_000, 3_000, 2_000, 1_000),
    *(500, 250, 200, 100, 50, 40, 30, 25, 20, 16, 10, 8, 5, 4, 3, 2, 1),
)
_WIDTHS = (10, 50, 100, 500, 1_000, 5_000, 10_000, 60_000, 300_000, 600_000, 3_600_000)


@record
class Recording:
    """Stamps or counts as in planner.model.traffic.Trace, and what was made of the file.

    `grid_s` is the grid that the stamps of the file are rounded to, `requests` how many there were
    where they were too many to keep each, `silence_s` the start and the length of a silence that is
    far longer than the others, `missing` how many buckets of the file had no row, `unit_s` the unit
    that the name of the column gives the stamps.
    """

    stamps_s: tuple[float, ...]
    counts: tuple[float, ...]
    bucket_s: float
    length_s: float
    grid_s: float | None = None
    requests: int = 0
    inferred_bucket: bool = False
    missing: int = 0
    silence_s: tuple[float, float] | None = None
    unit_s: float = 1.0


class Arrivals:
    """Rising stamps in batches; each is kept up to EXACT of them, then they are counted."""

    def __init__(self) -> None:
        self._stamps = array("d")
        self._counts = array("d")
        self._width = 0
        self._start = 0.0
        self._silence = (0.0, 0.0)
        self.number = 0
        self.last = 0.0

    def add(self, stamps: Sequence[float]) -> None:
        """Take the next stamps, none below the last one."""
        if self.number == 0:
            self._start = self.last = stamps[0]
        start = self._start
        shifted = [stamp - start for stamp in stamps]
        self._note_silence(shifted)
        self.number += len(shifted)
        self.last = stamps[-1]
        if self._width:
            self._count(shifted)
            return
        self._stamps.extend(shifted)
        if self.number > EXACT:
            self._fold()

    @property
    def span_s(self) -> float:
        """Time from the first stamp to the last one."""
        return self.last - self._start

    def recording(self, bucket_s: float | None) -> Recording:
        """Return what is kept; stamps that coincide on a grid are counts, their order is lost."""
        if self._width:
            return self._made(self._counts, self._width / TICKS, requests=self.number)
        grid = grid_of(self._stamps)
        if grid is not None:
            counts, width = _on_grid(self._stamps, grid)
            return self._made(counts, width / TICKS, grid_s=grid.step / TICKS)
        return Recording(
            tuple(self._stamps), (), bucket_s or 60.0, self.span_s, silence_s=self._long_silence()
        )

    def _made(
        self,
        counts: array[float],
        width_s: float,
        *,
        grid_s: float | None = None,
        requests: int = 0,
    ) -> Recording:
        return Recording(
            (),
            shared(counts),
            width_s,
            len(counts) * width_s,
            grid_s=grid_s,
            requests=requests,
            silence_s=self._long_silence(),
        )

    def _note_silence(self, shifted: Sequence[float]) -> None:
        before = self.last - self._start
        longest = max(map(sub, shifted, (before, *shifted[:-1])))
        if longest > self._silence[1]:
            ends = next(b for a, b in pairwise((before, *shifted)) if b - a == longest)
            self._silence = (ends - longest, longest)

    def _long_silence(self) -> tuple[float, float] | None:
        """Return the longest silence where chance does not explain it: e^-100 for Poisson."""
        _, length = self._silence
        if self.number < _SOME:
            return None
        others = (self.span_s - length) / (self.number - 2)
        return self._silence if length >= max(60.0, 100.0 * others) else None

    def _fold(self) -> None:
        """From now on only count, on the grid of the stamps or on one of ten milliseconds."""
        grid = grid_of(self._stamps)
        self._width = max(_WIDTHS[0], 0 if grid is None else grid.step)
        stamps, self._stamps = self._stamps, array("d")
        for start in range(0, len(stamps), EXACT // 16):
            self._count(stamps[start : start + EXACT // 16])

    def _count(self, shifted: Sequence[float]) -> None:
        """Count stamps, on a coarser grid once they would fill more than MAX_BUCKETS."""
        while shifted[-1] * TICKS / self._width >= MAX_BUCKETS:
            coarser = next((w for w in _WIDTHS if w > self._width and w % self._width == 0), None)
            factor = 10 if coarser is None else coarser // self._width
            self._counts = merged(self._counts, factor)
            self._width *= factor
        # A thousandth of a tick keeps a stamp of 0.3 s, read as 0.29999..., in its own bucket.
        per_s = TICKS / self._width
        counted = Counter([int(stamp * per_s + 1e-6) for stamp in shifted])
        missing = max(counted) + 1 - len(self._counts)
        self._counts.extend([0.0] * missing)
        for index, number in counted.items():
            self._counts[index] += number


@record
class Grid:
    """Multiples of `step` from `offset` on, each give or take `slack`; all in ticks."""

    step: int
    offset: int
    slack: int

    def index(self, tick: int, factor: int = 1) -> int:
        """Return the step, or the `factor` steps, that a stamp belongs to."""
        return (tick - self.offset + self.slack) // (self.step * factor)


def grid_of(stamps: Sequence[float]) -> Grid | None:
    """Return the grid that stamps are rounded to; None for real arrivals.

    Only where stamps coincide as _SHARED says, for otherwise no order is lost.
    """
    ticks = [round(stamp * TICKS) for stamp in stamps]
    off = sum(abs(stamp * TICKS - tick) > 0.01 for stamp, tick in zip(stamps, ticks, strict=True))
    if off > (1 - _ON_GRID) * len(ticks):
        return None
    distinct = sorted(set(ticks))
    if len(distinct) == len(ticks):
        return None
    grid = _widest(ticks[:: max(1, len(ticks) // _SAMPLE)], distinct)
    numbers = Counter(map(grid.index, ticks)).values()
    coincide = 1 - sum(number == 1 for number in numbers) / len(ticks)
    is_fine = grid.step <= _SHARED[0][0]
    if is_fine and len(numbers) < _SOME:
        return None
    too_many = (ticks[-1] - ticks[0]) / grid.step > MAX_BUCKETS
    enough = _SHARED[1][1] if too_many and not is_fine else _enough(grid.step)
    return grid if coincide >= enough else None


def _enough(step: int) -> float:
    return next(share for least, share in _SHARED if step > least)


def _widest(sample: Sequence[int], distinct: Sequence[int]) -> Grid:
    """Return the widest grid that all but a few stamps are on; at worst the one of single ticks."""
    gaps = map(sub, distinct[1:], distinct)
    usual = Counter([gap for gap in gaps if gap > 2 * _LATEST]).most_common(5)
    steps = {*_GRIDS, max(1, gcd(*distinct)), *(gap for gap, _ in usual)}
    span = distinct[-1] - distinct[0]
    for step in sorted((step for step in steps if step <= span), reverse=True):
        offset, _ = Counter(map(step.__rmod__, sample)).most_common(1)[0]
        slack = min(_LATEST, int(step * _SLACK))
        on = sum((tick - offset + slack) % step <= 2 * slack for tick in sample)
        if on >= _ON_GRID * len(sample):
            return Grid(step, offset, slack)
    return Grid(1, 0, 0)


def _on_grid(stamps: Iterable[float], grid: Grid) -> tuple[array[float], int]:
    """Count stamps per step of the grid, or per the round number of steps that MAX_BUCKETS asks."""
    ticks = [round(stamp * TICKS) for stamp in stamps]
    factor = _round((ticks[-1] - ticks[0]) // grid.step / MAX_BUCKETS)
    numbers = Counter([grid.index(tick, factor) for tick in ticks])
    first = min(numbers)
    counts = array("d", bytes(8 * (max(numbers) - first + 1)))
    for index, number in numbers.items():
        counts[index - first] = number
    return counts, grid.step * factor


def _round(least: float) -> int:
    """Return the first of 1, 2, 5, 10, 20, 50, ... that is not below `least`."""
    power = 1
    while 5 * power < least:
        power *= 10
    return next(digit * power for digit in (1, 2, 5) if digit * power >= least)


def merged(counts: array[float], factor: int) -> array[float]:
    """Return the sums of so many neighbouring buckets."""
    return array("d", [sum(counts[i : i + factor]) for i in range(0, len(counts), factor)])


def shared(counts: Iterable[float]) -> tuple[float, ...]:
    """Return counts as a tuple in which equal ones are one object, for there are few different."""
    known: dict[float, float] = {}
    return tuple([known.setdefault(number, number) for number in counts])
