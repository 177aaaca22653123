"""Whole percents that sum to 100."""

from __future__ import annotations

from math import floor


def percents(weights: tuple[float, ...]) -> tuple[int, ...]:
    """Shares of 100 by largest remainder; ties go to the earlier one, no weight at all is even."""
    total = sum(weights)
    exact = [100 * w / total if total > 0 else 100 / len(weights) for w in weights]
    shares = [floor(share) for share in exact]
    rest = sorted(range(len(exact)), key=lambda i: (shares[i] - exact[i], i))
    for index in rest[: 100 - sum(shares)]:
        shares[index] += 1
    return tuple(shares)
