"""What became of the locks of a plan, in sentences; and lock files as text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TextIO

from planner.model.plan import Locking, LockState, Plan
from planner.model.units import format_fraction, format_usd
from planner.views.style import Style
from planner.views.wording import counted
from planner.views.yaml_view import render_document

HEAD = """\
# Written by `planner lock`: commit it beside the specs, and edit those, not this file.
# As long as a spec asks what it asked when its `input` was taken, its endpoints stay as they are
# here, whatever prices and catalogs say since. `planner plan` names a better offer,
# `planner plan --upgrade` takes it. A conflict is resolved by either side and `planner lock`.
"""


def lock_texts(plan: Plan) -> list[str]:
    """How many specs their locks decided for, and everything that is not as it was locked."""
    if not plan.locks:
        return []
    held = sum(lock.state is LockState.HELD for lock in plan.locks)
    texts = [f"{held:,} of {counted(len(plan.locks), 'spec')} as locked"]
    return texts + [text for lock in plan.locks if (text := lock_text(lock))]


def lock_text(lock: Locking) -> str:
    """What there is to say of one lock; nothing where it is held and nothing better is there."""
    match lock.state:
        case LockState.OUTDATED:
            return (
                f"{lock.workload} is out of date, decided anew: {lock.reason};"
                " `planner lock` writes it"
            )
        case LockState.UPGRADED:
            return f"{lock.workload} upgraded: {_offered(lock) or lock.reason}"
        case _ if lock.offer is not None:
            return f"{lock.workload}: {_offered(lock)}: `planner plan --upgrade` takes it"
        case _:
            return ""


def _offered(lock: Locking) -> str:
    offer = lock.offer
    if offer is None:
        return ""
    available = "available" if lock.state is LockState.HELD else "saved"
    return (
        f"{format_fraction(offer.saving)} {available} ({offer.configuration}, "
        f"{format_usd(offer.locked_monthly_usd)} -> {format_usd(offer.monthly_usd)}/month)"
    )


def render_lock(document: Mapping[str, Any], *, out: TextIO, style: Style) -> None:
    """Write a lock file; `style` changes nothing."""
    out.write(HEAD)
    render_document(document, out=out, style=style)
