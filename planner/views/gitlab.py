"""What a plan changes as GitLab's report of a Terraform plan, for the widget of a merge request."""

from __future__ import annotations

from planner.model.change import Action
from planner.model.plan import Plan


def gitlab(plan: Plan) -> dict[str, int]:
    """Endpoints by what happens to them; a replacement is a deletion and a creation."""
    actions = [endpoint.action for endpoint in plan.endpoints]
    replaced = actions.count(Action.REPLACE)
    return {
        "create": actions.count(Action.CREATE) + replaced,
        "delete": actions.count(Action.DELETE) + replaced + len(plan.removals),
        "update": actions.count(Action.UPDATE),
    }
