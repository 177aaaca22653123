"""From the text of a spec to a complete workload.

`load` and what it needs are imported at their first use: a plugin that only wants the field types
of `planner.spec.quantities` pays for nothing else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from planner.spec.value import Reader, Source, Spec

if TYPE_CHECKING:
    from planner.spec.loading import load
    from planner.spec.schema import endpoint_schema

__all__ = ["Reader", "Source", "Spec", "endpoint_schema", "load"]

_LAZY = {"load": "planner.spec.loading", "endpoint_schema": "planner.spec.schema"}


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module  # noqa: PLC0415  lazy by purpose

    return getattr(import_module(_LAZY[name]), name)
