"""Desired state, and the changes that would make it real."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from planner.diff import created
from planner.model.change import ChangeSet
from planner.model.resource import DesiredState
from planner.model.secret import names_secret

HIDDEN = "(hidden)"
"""Stands in a plan where a value looks like a secret."""

_INDEX = re.compile(r"(\[\d+\])+\Z")


def desired_changes(desired: DesiredState, *, reason: str) -> ChangeSet:
    """Every object as a create, in order of creation, secrets hidden."""
    return hidden(created(desired, reason=reason))


def hidden(changes: ChangeSet) -> ChangeSet:
    """The same changes with the values hidden that look like secrets.

    Values under names that end like a secret's (`HF_TOKEN`, `db_password`, `apiKey`) are hidden;
    references such as `{{secrets/scope/key}}` are not secret and stay.
    """
    return replace(
        changes,
        changes=tuple(
            replace(
                change,
                fields=tuple(
                    replace(
                        field,
                        desired=shown(field.path, field.desired),
                        live=shown(field.path, field.live),
                    )
                    for field in change.fields
                ),
            )
            for change in changes.changes
        ),
    )


def concealed(value: Any, name: str = "") -> Any:
    """A body with the values hidden that look like secrets, by the names they stand under."""
    if isinstance(value, dict):
        return {key: concealed(item, _called(key, value)) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [concealed(item, name) for item in value]
    return shown(name, value)


def _called(key: str, body: dict[str, Any]) -> str:
    """The name that a value stands under: its key, or that of the tag whose value it is."""
    if key.lower() != "value" or len(body) != 2:
        return key
    return str({name.lower(): item for name, item in body.items()}.get("key", key))


def shown(path: str, value: Any) -> Any:
    """`value`, or HIDDEN where the last name of `path` says that it is a secret."""
    if not isinstance(value, str) or value.startswith("{{"):
        return value
    # An item of a list stands under the list's name.
    return HIDDEN if names_secret(_INDEX.sub("", path).rpartition(".")[2]) else value
