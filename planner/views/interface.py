"""What a view of a plan is, and where each stands."""

from __future__ import annotations

from importlib import import_module
from typing import Protocol, TextIO, cast

from planner.model.plan import Plan
from planner.views.style import Style


class PlanView(Protocol):
    """Writes a plan to `out`; must not decide, reorder or leave out a change."""

    def __call__(self, plan: Plan, *, out: TextIO, style: Style) -> None:
        """Write the whole view; the stream stays open."""
        ...


_PLAN_VIEWS = {
    "table": "planner.views.plan_text",
    "json": "planner.views.json_view",
    "yaml": "planner.views.yaml_view",
}
PLAN_FORMATS: tuple[str, ...] = tuple(_PLAN_VIEWS)
"""Formats that a plan can be shown in; the first is the default."""


def plan_view(name: str) -> PlanView:
    """The view of one of PLAN_FORMATS, imported only now."""
    return cast("PlanView", import_module(_PLAN_VIEWS[name]).render_plan)
