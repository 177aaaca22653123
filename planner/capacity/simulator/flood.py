"""Overloads of more requests than can be replayed, as a fluid and the chance that adds to it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from operator import itemgetter

from planner.capacity.simulator.response import merged
from planner.capacity.simulator.steps import STABLE, Capacity, Step


def flood(
    runs: Iterable[Sequence[Step]], capacity: Capacity
) -> tuple[list[tuple[float, float]], float]:
    """Overloads as a fluid: everybody waits for the backlog before them (Newell 1982, ch. 2).

    The chance that adds to it falls with the square root of their number, which is large here. It
    is all there is where capacity is just enough: without it nobody would ever wait there.
    """
    cells: list[tuple[float, float]] = []
    lost = 0.0
    for run in runs:
        backlog = requests = 0.0
        for step in run:
            slots = step.replicas * capacity.slots
            served = slots / capacity.service_s
            room = math.inf if capacity.queue_limit is None else capacity.queue_limit * slots
            pieces = max(1, min(20, math.ceil(step.seconds / 5.0)))
            seconds = step.seconds / pieces
            for _ in range(pieces):
                before = backlog
                wanted = max(0.0, before + (step.rate - served) * seconds)
                backlog = min(wanted, room)
                lost += wanted - backlog
                kept = max(step.rate * seconds - (wanted - backlog), 0.0)
                requests += kept
                chance = _chance(requests, step, capacity)
                for share, times in _EXPONENTIAL if chance > 0.0 else ((1.0, 0.0),):
                    waiting = min((before + backlog) / 2.0 + chance * times, room)
                    cells.append((kept * share, waiting / served))
    cells.sort(key=itemgetter(1))
    return merged(cells, FLOODED), lost


FLOODED = 200
"""Cells that stand for all."""
_KEPT = 0.75
_WIDTH = -math.log(_KEPT)
_STRATA = 24
_EXPONENTIAL = (
    *(
        (_KEPT**k * (1.0 - _KEPT), k * _WIDTH + 1.0 - _WIDTH * _KEPT / (1.0 - _KEPT))
        for k in range(_STRATA)
    ),
    (_KEPT**_STRATA, _STRATA * _WIDTH + 1.0),
)
"""(share, mean) of an exponential variable with mean 1, each a quarter of what is left."""


def _chance(requests: float, step: Step, capacity: Capacity) -> float:
    """Mean number waiting that chance alone leaves after so many requests in full swing.

    A reflected Brownian motion: the way there, or what it settles at below 1 and what the line
    has gained from never being negative above (Whitt 2002, ch. 5.7).
    """
    busy = capacity.utilization(step)
    if busy < STABLE:
        return 0.0
    spread = capacity.arrival_scv + capacity.service_scv
    grown = math.sqrt(2.0 / math.pi * spread * requests)
    return min(grown, spread * busy / max(2.0 * abs(1.0 - busy), 1e-12))
