"""planner: from traffic and latency goals to the cheapest serving configuration that meets them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from planner.workflow import compare, explain, export, load, plan, render, simulate

__version__ = "0.1.0"

__all__ = ["compare", "explain", "export", "load", "plan", "render", "simulate"]
"""Functions of `planner.workflow` that stand here too; it documents them."""


def __getattr__(name: str) -> Any:
    """Fetch a function of the Python API, importing the stages only now."""
    if name not in __all__:
        raise AttributeError(f"module 'planner' has no attribute {name!r}")
    from planner import workflow  # noqa: PLC0415

    return getattr(workflow, name)
