"""Terraform in its JSON syntax, for the provider databricks/databricks."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from planner.model.export import Asked, ExportedFile
from planner.model.resource import DesiredState
from planner_databricks.exports.references import notes, referenced

TYPES = {"endpoint": "databricks_model_serving", "alert": "databricks_alert_v2"}


def configuration(asked: Sequence[Asked]) -> tuple[ExportedFile, ...]:
    """One file with everything; each workspace has a provider configuration of its own."""
    states = [one.state for one in asked]
    variables: dict[str, str] = {}
    resources: dict[str, dict[str, Any]] = {}
    for state in states:
        for one in state.resources:
            body, found = referenced(
                one.body, one.name, refer=lambda name: f"${{var.{name}}}", literal=_literal
            )
            needed = [f"{TYPES['endpoint']}.{_label(state.endpoint)}"] if one.after else []
            resources.setdefault(TYPES[one.kind], {})[_label(one.name)] = {
                **_of_provider(state),
                **({"depends_on": needed} if needed else {}),
                **body,
            }
            variables.update(found)
    said = notes(variables, "Terraform")
    described = {
        name: {"type": "string", "description": text} for name, text in sorted(variables.items())
    }
    profiles = sorted({state.place["profile"] for state in states if "profile" in state.place})
    content = {
        "//": list(said),
        "terraform": {"required_providers": {"databricks": {"source": "databricks/databricks"}}},
        **({"provider": {"databricks": _configured(profiles)}} if profiles else {}),
        **({"variable": described} if described else {}),
        "resource": resources,
    }
    name = "databricks.tf.json"
    return (ExportedFile(name=name, syntax="json", content=content, notes=said, annotated=True),)


def _configured(profiles: Sequence[str]) -> list[dict[str, str]]:
    return [{"alias": _label(profile), "profile": profile} for profile in profiles]


def _of_provider(state: DesiredState) -> dict[str, str]:
    """Nothing where the block names no connection: whoever includes the file configures one."""
    profile = state.place.get("profile")
    return {"provider": f"databricks.{_label(profile)}"} if profile else {}


def _label(name: str) -> str:
    """A name as an identifier, which starts with no digit."""
    clean = re.sub(r"[^a-zA-Z0-9_-]", "_", name)
    return clean if clean[:1].isalpha() else f"_{clean}"


def _literal(text: str) -> str:
    """Text in which Terraform finds no template."""
    return text.replace("${", "$${").replace("%{", "%%{")
