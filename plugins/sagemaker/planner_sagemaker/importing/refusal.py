"""What of a live endpoint no spec can say."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from planner.errors import ProviderError


def unsayable(address: str, what: str) -> ProviderError:
    """The refusal of something that no spec says."""
    return ProviderError("not-importable", f"{address}: {what}")


def only(address: str, body: Mapping[str, Any], known: Collection[str]) -> None:
    """Refuse a body that has more than the known members."""
    rest = sorted(body.keys() - set(known))
    if rest:
        raise unsayable(address, f"a spec cannot say {', '.join(rest)}")
