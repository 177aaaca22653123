"""Where a block's endpoints are: what a connection needs to know of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from planner_databricks.settings import Settings


def place_of(settings: Settings) -> dict[str, str]:
    """The profile of the connection, if the block names one."""
    return {"profile": settings.profile} if settings.profile else {}
