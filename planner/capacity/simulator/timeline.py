"""What requests meet over time: a cycle in windows, each with its own percentiles."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from random import Random

from planner.capacity.simulator.experiment import (
    Estimate,
    Replication,
    Scene,
    estimated,
)
from planner.capacity.simulator.response import Cell, Response, cells_of
from planner.capacity.simulator.steps import Step
from planner.capacity.simulator.tally import Tally
from planner.capacity.simulator.windows import Stretch
from planner.model.effort import Effort
from planner.model.simulation import SimulatedWindow, Times
from planner.model.value import value
from planner.model.workload import LatencyTarget

PASSES = 5
"""Times that the cycle is simulated at least, and at most where it is short."""
MOST_PASSES = 40
MOST_WINDOWS = 200
_WARM = (*(n / 20 for n in range(1, 20)), 0.97, 0.98, 0.985, 0.99, 0.995, 0.999, 1.0)
_COLD = (0.25, 0.5, 0.75, 0.9, 1.0)
_LAST = 0.9999
"""Ends of the stretches of a distribution: of warm requests, of cold ones; and of the last."""

_WIDTHS = (1, 5, 10, 15, 30, 60, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400)

Progress = Callable[[int, int], None]
"""Told how many requests of how many are done."""


def window_width(cycle_s: float) -> float:
    """A round width that cuts a cycle into at most MOST_WINDOWS."""
    for width in _WIDTHS:
        if cycle_s / width <= MOST_WINDOWS:
            return float(width)
    return cycle_s / MOST_WINDOWS


@value
class Frame:
    """How time is cut: windows of `width_s` over these steps of `slots` a replica.

    `strict` is the objective that a late request misses. `detailed` windows tell how long answers
    and waits took, which takes long to compute.
    """

    width_s: float
    steps: tuple[Step, ...]
    slots: int
    strict: LatencyTarget | None
    detailed: bool = False


class _Window:
    __slots__ = ("busy_s", "cells", "cold", "refused", "weight")

    def __init__(self) -> None:
        self.cells: list[Cell] = []
        self.busy_s = self.cold = self.refused = self.weight = 0.0


class Timeline:
    """Collects what became of the requests, window by window."""

    def __init__(self, scene: Scene, frame: Frame, progress: Progress | None, total: int) -> None:
        self._scene = scene
        self._frame = frame
        self._progress = progress
        self._total = total
        self._done = 0
        self._windows: dict[int, _Window] = {}

    def window(self, stretch: Stretch) -> int:
        """The window that a stretch belongs to."""
        return int(stretch.start_s / self._frame.width_s + 1e-9)

    def saw(self, stretch: Stretch, tally: Tally) -> None:
        """Take notice of the requests of a window."""
        self._done += tally.served + tally.refused
        if self._progress is not None:
            self._progress(min(self._done, self._total), self._total)
        if stretch.weight <= 0.0:
            return
        found = self._windows.setdefault(self.window(stretch), _Window())
        found.cells += cells_of(stretch.weight, tally, self._scene.services)
        found.busy_s += stretch.weight * tally.busy_s
        found.cold += stretch.weight * tally.cold
        found.refused += stretch.weight * tally.refused
        found.weight += stretch.weight * (tally.served + tally.refused)

    def windows(self) -> tuple[SimulatedWindow, ...]:
        """All windows of the cycle that were looked at, in order of time."""
        found: list[SimulatedWindow] = []
        at, width = 0.0, self._frame.width_s
        inside: dict[int, list[Step]] = {}
        for step in self._frame.steps:
            inside.setdefault(int((at + 1e-6) / width), []).append(step)
            at += step.seconds
        for index, steps in sorted(inside.items()):
            seen = self._windows.get(index)
            expected = sum(s.seconds * s.rate for s in steps)
            if seen is None and expected > 0.0:
                continue
            found.append(self._one(index * width, steps, seen or _Window()))
        return tuple(found)

    def _one(self, start_s: float, steps: Sequence[Step], seen: _Window) -> SimulatedWindow:
        seconds = sum(s.seconds for s in steps)
        requests = sum(s.seconds * s.rate for s in steps)
        capacity = sum(s.seconds * s.replicas for s in steps) / seconds
        # A window may have been looked at in part: its requests stand for all that come in it.
        part = seen.weight / requests if requests > 0.0 else 1.0
        busy = seen.busy_s / part / seconds if part > 0.0 else 0.0
        response = Response(seen.cells, overhead_s=self._scene.overhead_s)
        strict = self._frame.strict
        weight = seen.weight or 1.0
        return SimulatedWindow(
            start_s=start_s,
            seconds=seconds,
            rate_per_s=requests / seconds,
            capacity=capacity if capacity > 0.0 else busy,
            utilization=min(1.0, busy / (capacity * self._frame.slots)) if capacity > 0.0 else 1.0,
            late=response.exceeds(strict.seconds) if strict else 0.0,
            refused=seen.refused / weight,
            cold=seen.cold / weight,
            p50_s=response.quantile(0.50) if seen.cells else None,
            p99_s=response.quantile(0.99) if seen.cells else None,
            **(_detail(response, seen.cold / weight) if self._frame.detailed else {}),
        )


def _detail(response: Response, cold: float) -> dict[str, Times]:
    """Answers and waits as a window keeps them.

    A stretch of the distribution stands at its upper end, so that the usual percentiles are exact.
    """
    if not response.cells:
        return {}
    warm = 1.0 - cold
    ends = [(warm * upto, warm * part) for upto, part in _parts(_WARM)] if warm > 0.0 else []
    if cold > 0.0:
        ends += [(warm + cold * upto, cold * part) for upto, part in _parts(_COLD)]
    waits = [(delay, weight / response.total) for weight, delay, _ in response.cells]
    return {
        "answers": tuple((response.quantile(min(upto, _LAST)), part) for upto, part in ends),
        "waits": tuple(sorted(waits)),
    }


def _parts(ends: Sequence[float]) -> list[tuple[float, float]]:
    return [(end, end - start) for start, end in pairwise((0.0, *ends))]


def watched(
    scene: Scene,
    frame: Frame,
    *,
    targets: Sequence[LatencyTarget],
    effort: Effort,
    refusable: float,
    progress: Progress | None,
) -> tuple[Estimate, tuple[SimulatedWindow, ...]]:
    """Simulate the cycle again and again, and tell what was met in all and in each window."""
    once = max(_length(scene), 1.0)
    count = max(PASSES, min(MOST_PASSES, int(effort.requests / once)))
    timeline = Timeline(scene, frame, progress, round(count * once))
    passes = []
    for index in range(count):
        windows = scene.windows[index % len(scene.windows)]
        rng = Random(f"{effort.seed}/{index}")
        passes.append(Replication(scene, windows, rng, targets, watch=timeline))
    return estimated(scene, passes, targets, refusable), timeline.windows()


def _length(scene: Scene) -> float:
    """Requests of one pass."""
    windows = scene.windows[0]
    return sum(stretch.rate * stretch.seconds for run in windows.runs for stretch in run)
