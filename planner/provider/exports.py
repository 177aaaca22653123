"""Desired state in a provider's formats, as JSON values."""

from __future__ import annotations

from dataclasses import asdict
from difflib import get_close_matches
from typing import Any

from planner.errors import UsageError
from planner.model.resource import ApiCall, DesiredState
from planner.provider import registry


def exported(state: DesiredState, to: str) -> Any:
    """A state in one of its provider's formats; UsageError with the nearest for an unknown one."""
    exports = registry.get(state.provider).exports()
    export = exports.get(to)
    if export is None:
        near = get_close_matches(to, exports, n=1) or sorted(exports)
        raise UsageError(
            "unknown-format",
            f"{state.provider} renders to {', '.join(sorted(exports))}, not to `{to}`",
            hint=f"planner render --to {near[0]}",
        )
    exported = export(state)
    return [_call(call) for call in exported] if to == "api" else exported


def _call(call: ApiCall) -> dict[str, Any]:
    return {name: given for name, given in asdict(call).items() if given != ""}
