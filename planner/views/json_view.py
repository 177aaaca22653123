"""Results as JSON."""

from __future__ import annotations

from typing import Any, TextIO

from planner.model.plan import Plan
from planner.plans.document import document
from planner.plans.text import to_bytes
from planner.views.style import Style


def render_plan(plan: Plan, *, out: TextIO, style: Style) -> None:
    """Write the plan document; `style` does not change a byte of it."""
    render_document(document(plan), out=out, style=style)


def render_document(value: Any, *, out: TextIO, style: Style) -> None:  # noqa: ARG001
    """Write any JSON value with its final newline."""
    out.write(to_bytes(value).decode())
