"""A plan document read back: what was reviewed, to be applied as it stands."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from planner.errors import UsageError
from planner.model.change import Action, Change, ChangeSet, FieldChange, Risk
from planner.model.plan import Mode, Pending
from planner.model.resource import DesiredState, Resource
from planner.model.value import value
from planner.plans.changes import HIDDEN
from planner.plans.document import FORMAT_VERSION, seal

_AGAIN = "planner plan SPEC --out FILE"


@value
class SavedPlan:
    """A plan that may be applied: against what it was made, and every endpoint's changes."""

    mode: Mode
    fingerprint: str
    pending: tuple[Pending, ...]


def is_plan(text: str) -> bool:
    """Whether a text is meant as a plan document and not as a spec."""
    return text.lstrip().startswith("{") and '"format_version"' in text


def read_plan(text: str, name: str) -> SavedPlan:
    """The plan in a document; UsageError for one that is edited, offline, newer or incomplete."""
    document = _parsed(text, name)
    _readable(document, name)
    if document.get("seal") != seal(document):
        raise UsageError(
            "plan-edited",
            f"{name} is not as it was written: its seal does not fit its content",
            hint=_AGAIN,
        )
    mode = Mode(document["mode"])
    if mode is Mode.OFFLINE:
        raise UsageError(
            "plan-offline",
            f"{name} was made offline, held against nothing that lives",
            hint=_AGAIN,
        )
    if document["infeasible"] or document["limits_exceeded"]:
        raise UsageError(
            "plan-incomplete",
            f"{name} leaves specs without a plan, so nothing of it is applied",
            hint=_AGAIN,
        )
    read = [_pending(part) for part in (*document["endpoints"], *document["removals"])]
    pending = tuple(one for one in read if _whole(one, name))
    return SavedPlan(mode=mode, fingerprint=document["fingerprint"], pending=pending)


def _parsed(text: str, name: str) -> dict[str, Any]:
    try:
        document = json.loads(text)
    except ValueError as error:
        raise UsageError("plan-unreadable", f"{name} is not JSON: {error}", hint=_AGAIN) from error
    if not isinstance(document, dict):
        raise UsageError("plan-unreadable", f"{name} is not a plan document", hint=_AGAIN)
    return document


def _readable(document: dict[str, Any], name: str) -> None:
    version = document.get("format_version")
    if version != FORMAT_VERSION:
        raise UsageError(
            "plan-version",
            f"{name} has the format {version}; this version applies {FORMAT_VERSION}",
            hint=_AGAIN,
        )


def _pending(part: dict[str, Any]) -> Pending:
    desired = part["desired"]
    return Pending(
        owner=part["workload"],
        desired=DesiredState(
            endpoint=part["name"],
            provider=desired["provider"],
            region=desired["region"],
            resources=tuple(_resource(one) for one in desired["resources"]),
            place=desired["place"],
            digest=desired["digest"],
        ),
        changes=ChangeSet(
            endpoint=part["name"],
            action=Action(part["action"]),
            changes=tuple(_change(one) for one in part["changes"]),
            notes=tuple(part["notes"]),
        ),
    )


def _resource(part: dict[str, Any]) -> Resource:
    return Resource(
        address=part["address"],
        kind=part["kind"],
        name=part["name"],
        body=part["body"],
        after=tuple(part["after"]),
    )


def _change(part: dict[str, Any]) -> Change:
    return Change(
        address=part["address"],
        action=Action(part["action"]),
        reason=part["reason"],
        risk=Risk(part["risk"]),
        fields=tuple(
            FieldChange(
                path=one["path"],
                desired=one["desired"],
                live=one["live"],
                action=Action(one["action"]),
                reason=one["reason"],
            )
            for one in part["fields"]
        ),
    )


def _whole(pending: Pending, name: str) -> bool:
    """Whether an endpoint can be applied, and compared, without what a plan never holds."""
    secrets = [
        path
        for resource in pending.desired.resources
        for path in _hidden(resource.body, resource.address)
    ]
    if secrets and pending.changes.acting:
        raise UsageError(
            "plan-holds-no-secrets",
            f"{name} does not hold the secret {secrets[0]}, which {pending.desired.endpoint} needs",
            hint="planner apply SPEC, or a reference instead of the secret",
        )
    return not secrets


def _hidden(item: Any, path: str) -> Iterator[str]:
    if item == HIDDEN:
        yield path
    elif isinstance(item, dict):
        for key, below in item.items():
            yield from _hidden(below, f"{path}.{key}")
    elif isinstance(item, list):
        for below in item:
            yield from _hidden(below, path)
