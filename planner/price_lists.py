"""Price lists that were read from clouds, kept in the user's cache as one file for each region.

    <cache>/price-lists/<provider>/<region>.json

The cache is `PLANNER_CACHE`, else the place that the platform has for such files. What is there
goes before the tables that a provider brings along; without files nothing is different.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from planner.errors import PlannerError, UsageError
from planner.model.price_list import ListPrice, ListQuota, PriceList

FORMAT = {"apiVersion": "planner/v1alpha1", "kind": "PriceList"}
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*\Z")


def cache(env: Mapping[str, str]) -> Path:
    """The directory that the planner may keep files in between runs."""
    if env.get("PLANNER_CACHE"):
        return Path(env["PLANNER_CACHE"])
    home = Path(env.get("HOME") or env.get("USERPROFILE") or ".")
    if env.get("XDG_CACHE_HOME"):
        base = Path(env["XDG_CACHE_HOME"])
    elif sys.platform == "win32":
        base = Path(env.get("LOCALAPPDATA") or home / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = home / "Library" / "Caches"
    else:
        base = home / ".cache"
    return base / "endpoint-planner"


def place_of(provider: str, region: str, env: Mapping[str, str]) -> Path:
    """The file of a region; UsageError for what is no name of one."""
    if not _NAME.match(region):
        raise UsageError("unknown-region", f"{region} is no name of a region")
    return _folder(provider, env) / f"{region}.json"


def known(providers: Iterable[str], env: Mapping[str, str]) -> tuple[PriceList, ...]:
    """Every list of these providers, by provider and region.

    Raises PlannerError `unreadable-price-list` for a file that is not as it was written.
    """
    found: list[PriceList] = []
    for provider in sorted(set(providers)):
        folder = _folder(provider, env)
        files = sorted(folder.glob("*.json")) if folder.is_dir() else []
        found.extend(_read(file) for file in files)
    return tuple(found)


def document(one: PriceList) -> dict[str, Any]:
    """A list as a JSON value."""
    return {**FORMAT, **asdict(one)}


def _folder(provider: str, env: Mapping[str, str]) -> Path:
    return cache(env) / "price-lists" / provider


def _read(file: Path) -> PriceList:
    try:
        parts = json.loads(file.read_bytes())
        if {key: parts.pop(key) for key in FORMAT} != FORMAT:
            raise ValueError(f"it is no {FORMAT['kind']} of {FORMAT['apiVersion']}")
        return _made(parts)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        provider, region = file.parent.name, file.stem
        raise PlannerError(
            "unreadable-price-list",
            f"{file}: {type(error).__name__}: {error}",
            hint=f"planner catalog refresh --provider {provider} --region {region}, "
            "or PLANNER_CATALOG=bundled",
        ) from error


def _made(parts: dict[str, Any]) -> PriceList:
    prices = [{**one, "usd": _amount(one["usd"])} for one in parts.pop("prices")]
    quotas = [{**one, "amount": _amount(one["amount"])} for one in parts.pop("quotas")]
    given: dict[str, Any] = {
        name: tuple(map(str, part)) if isinstance(part, list) else str(part)
        for name, part in parts.items()
    }
    return PriceList(
        **given,
        prices=tuple(ListPrice(**one) for one in prices),
        quotas=tuple(ListQuota(**one) for one in quotas),
    )


def _amount(given: Any) -> float:
    amount = float(given)
    if not 0.0 <= amount < float("inf"):
        raise ValueError(f"{given} is no amount")
    return amount
