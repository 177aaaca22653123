"""Documents as text; the same value gives the same bytes everywhere."""

from __future__ import annotations

from typing import Any


def to_bytes(value: Any) -> bytes:
    """Any JSON value as UTF-8 text, two spaces deep, keys in their order, with a final newline."""
    # Ten times json.dumps(indent=2), which decides how long a plan of 1,000 endpoints takes.
    from pydantic_core import to_json  # noqa: PLC0415

    return to_json(value, indent=2, inf_nan_mode="null") + b"\n"
