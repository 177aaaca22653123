"""What the SKU of a price says: tier, and the region by a name of its own."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

FAMILY = "SERVERLESS_REAL_TIME_INFERENCE"
_SKU = re.compile(rf"(?P<tier>[A-Z]+)_{FAMILY}(?P<launch>_LAUNCH)?_(?P<region>[A-Z0-9_]+)\Z")


@cache
def sku_regions() -> Mapping[tuple[str, str], str]:
    """Names of regions in SKUs by cloud and region; those that no public list has are not there."""
    file = Path(__file__).with_name("sku_regions.csv")
    rows = csv.DictReader(file.read_text(encoding="utf-8").splitlines())
    return {(row["cloud"], row["region"]): row["sku_region"] for row in rows}


def sku_of(tier: str, region: str, *, launch: bool = False) -> str:
    """The SKU of a tier in a region, which is called as in SKUs."""
    return f"{tier.upper()}_{FAMILY}{'_LAUNCH' if launch else ''}_{region}"


def read_sku(sku: str) -> tuple[str, str] | None:
    """What is priced (`premium`, or `premium/launch` for a start) and the region; None for others.

    The region is called as in SKUs.
    """
    found = _SKU.match(sku)
    if found is None:
        return None
    return found["tier"].lower() + ("/launch" if found["launch"] else ""), found["region"]
