"""Databricks Asset Bundles: a file of resources to include in a bundle."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from planner.model.export import Asked, ExportedFile
from planner.model.resource import DesiredState
from planner_databricks.exports.references import notes, referenced

KINDS = {"endpoint": "model_serving_endpoints", "alert": "alerts"}


def resources(asked: Sequence[Asked]) -> tuple[ExportedFile, ...]:
    """One file per workspace: a bundle deploys to one."""
    states = sorted((one.state for one in asked), key=_workspace)
    return tuple(
        _file(workspace, tuple(group)) for workspace, group in groupby(states, key=_workspace)
    )


def _workspace(state: DesiredState) -> str:
    return state.place.get("profile", "")


def _file(workspace: str, states: Sequence[DesiredState]) -> ExportedFile:
    variables: dict[str, str] = {}
    resources: dict[str, dict[str, Any]] = {}
    for state in states:
        for one in state.resources:
            body, found = referenced(
                one.body, one.name, refer=lambda name: f"${{var.{name}}}", literal=str
            )
            resources.setdefault(KINDS[one.kind], {})[one.name] = body
            variables.update(found)
    described = {name: {"description": text} for name, text in sorted(variables.items())}
    return ExportedFile(
        name=f"{workspace or 'databricks'}.bundle.yaml",
        syntax="yaml",
        content={
            **({"variables": described} if described else {}),
            "resources": resources,
        },
        notes=_notes(states, variables),
    )


def _notes(states: Sequence[DesiredState], variables: dict[str, str]) -> tuple[str, ...]:
    said = notes(variables, "the bundle")
    read_otherwise = tuple(
        f"{state.endpoint}: a bundle reads ${{...}} in a value as a reference of its own"
        for state in states
        if any("${" in str(one.body) for one in state.resources)
    )
    # docs.databricks.com dev-tools/bundles/deployment-modes
    prefixed = (
        "mode: development puts a prefix before names, and what is called by another name is "
        "another endpoint; deploy with mode: production"
    )
    return (*said, *read_otherwise, prefixed)
