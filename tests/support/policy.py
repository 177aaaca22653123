"""What an autoscaling policy does minute by minute: the judge of the bounds, by trying all."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable

from planner.capacity.load import Load

STEP = 60.0
Needed = Callable[[float], int]


class Policy:
    """Minute by minute, what a target-tracking policy does over a repeating cycle.

    It acts on the rate of any moment of the last `lag_up`; it lets go of a level `lag_down` later.
    """

    def __init__(self, load: Load, *, lag_up_s: float, lag_down_s: float) -> None:
        minutes_of = [(s.rate, round(s.seconds / STEP)) for s in load.segments]
        if len(minutes_of) == 1:
            minutes_of = [(minutes_of[0][0], 1)]
        self.rates = [rate for rate, minutes in minutes_of for _ in range(minutes)]
        first = [i for _, minutes in minutes_of for i in range(minutes)]
        up, down = round(lag_up_s / STEP), round((lag_up_s + lag_down_s) / STEP)
        minutes = range(len(self.rates))
        seen = [min(self.window(t, up)) for t in minutes]
        # As long as a segment may hold what came before, all of it does: its first minute's hold.
        held = [max(self.window(t, down + first[t] if first[t] < down else 0)) for t in minutes]
        self.needs = set(zip(self.rates, seen, strict=True))
        self.held = Counter(held)

    def window(self, t: int, length: int) -> list[float]:
        n = len(self.rates)
        return [self.rates[(t - back) % n] for back in range(min(length, n) + 1)]

    def keeps_up(self, minimum: int, target: float, most: int, needed: Needed) -> bool:
        return all(
            min(most, max(minimum, count(seen, target))) >= needed(rate)
            for rate, seen in self.needs
        )

    def cheapest(self, needed: Needed, *, floor: int) -> float:
        """Least average over every minimum and every target that keeps up."""
        most = max(floor, *(needed(rate) for rate in set(self.rates)))
        return min(
            self.average(minimum, target, most)
            for minimum in range(floor, most + 1)
            for target in self._targets(most)
            if self.keeps_up(minimum, target, most, needed)
        )

    def _targets(self, most: int) -> list[float]:
        """Every target at which some count changes, from just below."""
        return [r / k * 0.999 for r in set(self.rates) if r for k in range(1, most + 1)] + [
            math.inf
        ]

    def average(self, minimum: int, target: float, most: int) -> float:
        total = sum(
            minutes * min(most, max(minimum, count(rate, target)))
            for rate, minutes in self.held.items()
        )
        return total / len(self.rates)


def count(rate: float, target: float) -> int:
    return 0 if math.isinf(target) else math.ceil(rate / target - 1e-9)
