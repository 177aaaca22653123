"""Endpoints in the formats of other tools: those of their providers, and those of everybody."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from difflib import get_close_matches
from itertools import groupby
from typing import Any

from planner.errors import UsageError
from planner.exports.k6 import script
from planner.exports.locust import locustfiles
from planner.exports.openslo import objectives
from planner.exports.prometheus import rules
from planner.model.export import Asked, ExportedFile
from planner.model.resource import ApiCall, DesiredState
from planner.provider import registry
from planner.provider.interface import FileExport

__all__ = ["exported", "files"]


def files(asked: Sequence[Asked], to: str) -> tuple[ExportedFile, ...]:
    """The files of a format for these endpoints, each provider's by itself.

    Raises UsageError for a format that one of the providers does not have, with the nearest.
    """
    by_provider = sorted(asked, key=lambda one: one.state.provider)
    groups = [
        (provider, tuple(group))
        for provider, group in groupby(by_provider, key=lambda one: one.state.provider)
    ]
    exports = [_file_exports(provider).get(to) for provider, _ in groups]
    for (provider, _), export in zip(groups, exports, strict=True):
        if export is None:
            raise _unknown(provider, to)
    return tuple(
        file
        for (_, group), export in zip(groups, exports, strict=True)
        if export is not None
        for file in export(group)
    )


def exported(state: DesiredState, to: str) -> Any:
    """A state as one of its provider's JSON values; UsageError with the nearest for an unknown."""
    export = registry.get(state.provider).exports().get(to)
    if export is None:
        raise _unknown(state.provider, to)
    exported = export(state)
    return [_call(call) for call in exported] if to == "api" else exported


def is_file(providers: Sequence[str], to: str) -> bool:
    """Whether a format is one of files for any of these providers."""
    return any(to in _file_exports(provider) for provider in providers)


def _file_exports(provider: str) -> Mapping[str, FileExport]:
    """Everybody's formats, and the provider's own."""
    loaded = registry.get(provider)
    shared: dict[str, FileExport] = {"k6": script, "locust": locustfiles}
    if not hasattr(loaded, "exporting"):
        return shared
    exporting: Any = loaded.exporting()
    if hasattr(exporting, "series"):
        shared["prometheus-rules"] = rules
    return {**shared, "openslo": objectives, **exporting.files()}


def _unknown(provider: str, to: str) -> UsageError:
    known = sorted({*registry.get(provider).exports(), *_file_exports(provider)})
    near = get_close_matches(to, known, n=1, cutoff=0.5) or known
    return UsageError(
        "unknown-format",
        f"{provider} renders to {', '.join(known)}, not to `{to}`",
        hint=f"planner render --to {near[0]}",
    )


def _call(call: ApiCall) -> dict[str, Any]:
    return {name: given for name, given in asdict(call).items() if given != ""}
