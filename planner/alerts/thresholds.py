"""The table of thresholds: what counts as too much, who says so, and where it is used."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

import yaml

from planner.model.value import value


@value
class Threshold:
    """One row of `thresholds.yml`; `row` is that of the vendor documents."""

    id: str
    value: float
    unit: str
    meaning: str
    row: str
    source: str


@lru_cache(maxsize=1)
def thresholds() -> Mapping[str, Threshold]:
    """Every threshold by its id, in the order of the file."""
    text = Path(__file__).with_name("thresholds.yml").read_text(encoding="utf-8")
    rows = [Threshold(**row) for row in yaml.safe_load(text)]
    return {one.id: one for one in rows}
