"""A plan document read back: what was reviewed, to be applied as it stands."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from planner.errors import UsageError
from planner.model.plan import Mode, Pending
from planner.model.policy import Judgement
from planner.model.value import value
from planner.plans.changes import HIDDEN
from planner.plans.document import FORMAT_VERSION, seal
from planner.plans.judgement_document import judgement_of
from planner.plans.reading import pending_of

_AGAIN = "planner plan SPEC --out FILE"


@value
class SavedPlan:
    """A plan that may be applied: against what it was made, and every endpoint's changes."""

    mode: Mode
    fingerprint: str
    pending: tuple[Pending, ...]
    summary: dict[str, Any]
    policy: Judgement | None = None


def is_plan(text: str) -> bool:
    """Whether a text is meant as a plan document and not as a spec."""
    if not text.lstrip().startswith("{"):
        return False
    # Half a plan has lost its version, while every spec has its own.
    return '"format_version"' in text or "apiVersion" not in text


def read_plan(text: str, name: str) -> SavedPlan:
    """The plan in a document; UsageError for one that is edited, offline, newer or incomplete."""
    document = read_document(text, name)
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
    read = [pending_of(part) for part in (*document["endpoints"], *document["removals"])]
    pending = tuple(one for one in read if _whole(one, name))
    return SavedPlan(
        mode=mode,
        fingerprint=document["fingerprint"],
        pending=pending,
        summary=document["summary"],
        policy=judgement_of(document.get("policy")),
    )


def read_document(text: str, name: str) -> dict[str, Any]:
    """A plan document as it was written; UsageError for one that is edited, newer or none."""
    document = _parsed(text, name)
    _readable(document, name)
    if document.get("seal") != seal(document):
        raise UsageError(
            "plan-edited",
            f"{name} is not as it was written: its seal does not fit its content",
            hint=_AGAIN,
        )
    return document


def _parsed(text: str, name: str) -> dict[str, Any]:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UsageError("plan-unreadable", f"{name} is not JSON: {error}", hint=_AGAIN) from error
    if not isinstance(document, dict):
        raise UsageError("plan-unreadable", f"{name} is not a plan document", hint=_AGAIN)
    return document


def _readable(document: dict[str, Any], name: str) -> None:
    version = document.get("format_version")
    if version != FORMAT_VERSION:
        raise UsageError(
            "plan-version",
            f"{name} has the format {version}; this version reads {FORMAT_VERSION}",
            hint=_AGAIN,
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
    warming = pending.to_warm
    if warming is not None and warming.warm_up.sample.body is None:
        raise UsageError(
            "plan-holds-no-sample",
            f"{name} does not hold the sample request of {pending.desired.endpoint}: it was "
            "printed, and no output shows what is sent",
            hint=_AGAIN,
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
