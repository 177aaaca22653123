"""Documents as text; the same value gives the same bytes everywhere."""

from __future__ import annotations

from typing import Any

from planner.model.plan import Plan
from planner.plans.document import document


def to_json(plan: Plan) -> bytes:
    """The plan document as JSON, two spaces deep, with a final newline."""
    return to_bytes(document(plan))


def to_bytes(value: Any) -> bytes:
    """Any JSON value as UTF-8 text, keys in the order they stand in."""
    # Ten times json.dumps(indent=2), which decides how long a plan of 1,000 endpoints takes.
    from pydantic_core import to_json as dump  # noqa: PLC0415

    return dump(value, indent=2, inf_nan_mode="null") + b"\n"
