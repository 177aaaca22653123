"""Desired state, and the changes that would make it real."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from planner.model.change import Action, Change, ChangeSet, FieldChange, Risk
from planner.model.resource import DesiredState, Resource

HIDDEN = "(hidden)"
"""Stands in a plan where a value looks like a secret."""

_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_SECRET_WORDS = frozenset({"password", "passwd", "secret", "secrets", "token", "credential"})
_SECRET_PAIRS = frozenset({("api", "key"), ("access", "key"), ("private", "key")})


def desired_changes(desired: DesiredState, *, reason: str) -> ChangeSet:
    """Every object as a create, in order of creation: what is needed when nothing lives yet.

    Values under names that end like a secret's (`HF_TOKEN`, `db_password`, `apiKey`) are hidden;
    references such as `{{secrets/scope/key}}` are not secret and stay.
    """
    return ChangeSet(
        endpoint=desired.endpoint,
        action=Action.CREATE,
        changes=tuple(_creation(resource, reason) for resource in desired.resources),
    )


def _creation(resource: Resource, reason: str) -> Change:
    fields = (
        FieldChange(
            path=path, desired=shown(path, value), live=None, action=Action.CREATE, reason=reason
        )
        for path, value in leaves(resource.body)
    )
    return Change(
        address=resource.address,
        action=Action.CREATE,
        reason=reason,
        risk=Risk.NONE,
        fields=tuple(sorted(fields, key=lambda field: field.path)),
    )


def hidden(changes: ChangeSet) -> ChangeSet:
    """The same changes with the values hidden that look like secrets."""
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


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every leaf of a JSON value with its path (`Tags[0].Key`); empty containers are leaves."""
    if isinstance(value, dict) and value:
        for key, item in value.items():
            yield from leaves(item, f"{path}.{key}" if path else key)
    elif isinstance(value, list | tuple) and value:
        for index, item in enumerate(value):
            yield from leaves(item, f"{path}[{index}]")
    else:
        yield path, value


def shown(path: str, value: Any) -> Any:
    """`value`, or HIDDEN where the last name of `path` says that it is a secret."""
    if not isinstance(value, str) or value.startswith("{{"):
        return value
    return HIDDEN if _names_secret(path.rpartition(".")[2]) else value


def _names_secret(name: str) -> bool:
    words = [word.lower() for word in _WORDS.findall(name)]
    return bool(words) and (words[-1] in _SECRET_WORDS or tuple(words[-2:]) in _SECRET_PAIRS)
