"""How numbers stand in documents: a fixed count of decimals, and never NaN or infinity."""

from __future__ import annotations

import math
from typing import Any


def rounded(value: float | None, decimals: int) -> float | None:
    """`value` to `decimals` places; None for None, NaN and infinity, which JSON has no word for."""
    if value is None or not math.isfinite(value):
        return None
    return round(value, decimals) + 0.0  # adding zero turns -0.0 into 0.0


def milliseconds(seconds: float | None) -> float | None:
    """Seconds as milliseconds with three decimals."""
    return None if seconds is None else rounded(seconds * 1000.0, 3)


def money(usd: float | None) -> float | None:
    """US dollars with two decimals."""
    return rounded(usd, 2)


def total(usd: float) -> float:
    """US dollars with two decimals, for sums, which are finite."""
    return round(usd, 2) + 0.0


def canonical(value: Any) -> Any:
    """A JSON value with keys sorted at every level, tuples as lists, NaN and infinity as None."""
    if isinstance(value, dict):
        return {key: canonical(value[key]) for key in sorted(value)}
    if isinstance(value, list | tuple):
        return [canonical(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
