"""The endpoints of specs for commands that do not plan, and a word on where nobody could look."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from planner.cli.options import Manners

if TYPE_CHECKING:
    from planner.engine import Connections
    from planner.live import Owned
    from planner.model.check import Check
    from planner.spec import Spec


def endpoints_of(
    specs: Sequence[Spec], connections: Connections, manners: Manners
) -> tuple[Owned, ...]:
    """Everything that carries the specs' tags; what could not be looked up is said."""
    from planner import live

    unseen: list[Check] = []
    found = tuple(live.owned(specs, connections, unseen=unseen))
    for one in unseen:
        manners.note(f"not looked up: {one.detail}", level=-1)
    return found
