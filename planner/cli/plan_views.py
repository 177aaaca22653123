"""The ways to show a plan, made from its document, so that a saved one looks the same."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING, Any

from planner.cli.report import Views

if TYPE_CHECKING:
    from planner.diagnostics import Location
    from planner.model.plan import Plan
    from planner.spec import Spec
    from planner.views.findings import Places


def plan_views(plan: Plan, *, tag: str, places: Places) -> Views:
    """Views of a plan; `places` are those of its specs, which a document does not hold.

    Only the text is of the plan itself, whose numbers are not rounded yet.
    """
    from planner.plans import document, document_pieces
    from planner.views.plan_text import render_plan

    @cache
    def whole() -> dict[str, Any]:
        return document(plan)

    @cache
    def read() -> Plan:
        from planner.plans.reading import plan_of

        return plan_of(whole())

    def markdown(limit: int) -> str:
        from planner.views.plan_markdown import plan_markdown

        return plan_markdown(read(), tag=tag, limit=limit)

    def outputs() -> str:
        from planner.views.github import outputs

        return outputs(read())

    def gitlab() -> dict[str, int]:
        from planner.views.gitlab import gitlab

        return gitlab(read())

    def report() -> Any:
        from planner.views.findings import plan_report

        return plan_report(read(), places)

    return Views(
        document=whole,
        text=lambda out, style: render_plan(plan, out=out, style=style, places=places),
        markdown=markdown,
        report=report,
        outputs=outputs,
        gitlab=gitlab,
        json=lambda: document_pieces(plan),
    )


def places_in(specs: Iterable[Spec]) -> Places:
    """Where paths stand in the files of these specs."""
    by_name = {spec.workload.name: spec for spec in specs}

    def place(workload: str, path: str) -> Location | None:
        spec = by_name.get(workload)
        return None if spec is None else spec.locate(path)

    return place
