"""What may stop a write to a workspace, looked at before the first one."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from math import ceil
from typing import Any

from planner.errors import AuthError, PlannerError
from planner.model.change import Action, ChangeSet
from planner.model.check import Check, Verdict
from planner.model.resource import DesiredState
from planner_databricks import tables
from planner_databricks.pacing import WINDOW_S, WRITES
from planner_databricks.reading import ENDPOINTS, KIND, MISSING, SIZES, Ask, RefusedError, path_of

Work = Sequence[tuple[DesiredState, ChangeSet]]
Cloud = Callable[[], str]
"""The cloud of the workspace, "" where it does not say."""

_REFERENCE = re.compile(r"\{\{secrets/([^/\s{}]+)/([^/\s{}]+)\}\}\Z")
_WINDOW_MIN = round(WINDOW_S / 60)
_PARTS = ("config", "ai_gateway", "email_notifications", "tags")
_OTHERS = 50
"""Of so many endpoints of others the concurrency is looked up; of more it is not known."""

_AT_ONCE = 8


def checks(ask: Ask, cloud: Cloud, work: Work) -> Iterator[Check]:
    """Every check over all of the work, in a fixed order; what cannot be read is said."""
    if not work:
        return
    who = _identity(ask)
    yield who
    if who.verdict is Verdict.DENIED:
        return
    bodies = {state.endpoint: _body(state) for state, _ in work}
    for endpoint, body in bodies.items():
        yield from _models(ask, endpoint, body)
        yield from _secrets(ask, endpoint, body)
        yield from _types(cloud(), endpoint, body)
    yield from _quotas(ask, work, bodies)
    yield _writes(work)


def _identity(ask: Ask) -> Check:
    try:
        who = ask("GET", "/api/2.0/preview/scim/v2/Me")
    except AuthError as error:
        return Check(
            name="credentials",
            subject="workspace",
            verdict=Verdict.DENIED,
            detail=str(error),
            hint=error.hint,
        )
    except PlannerError as error:
        return _unknown("credentials", "workspace", error)
    return Check(
        name="credentials",
        subject="workspace",
        verdict=Verdict.PASSED,
        detail=str(who.get("userName", "")),
    )


def _models(ask: Ask, endpoint: str, body: Mapping[str, Any]) -> Iterator[Check]:
    """Whether every version that is to be served is registered and ready."""
    for name, version in sorted(
        {(str(e["entity_name"]), str(e["entity_version"])) for e in _entities(body)}
    ):
        title = f"version {version} of {name}"
        try:
            shown = ask("GET", f"/api/2.1/unity-catalog/models/{name}/versions/{version}")
        except RefusedError as refusal:
            if refusal.cloud_code != MISSING:
                yield _unknown("model", endpoint, refusal)
                continue
            yield _failed("model", endpoint, refusal.text, f"register {title} first")
        except PlannerError as error:
            yield _unknown("model", endpoint, error)
        else:
            status = str(shown.get("status", ""))
            if status == "READY":
                yield _passed("model", endpoint, f"{title} is ready")
            else:
                yield _failed("model", endpoint, f"{title} is {status}", "wait until it is READY")


def _secrets(ask: Ask, endpoint: str, body: Mapping[str, Any]) -> Iterator[Check]:
    """Whether references to secrets resolve, one check for each."""
    found = {
        match.groups()
        for entity in _entities(body)
        for text in (entity.get("environment_vars") or {}).values()
        if (match := _REFERENCE.match(str(text)))
    }
    for scope, key in sorted(found):
        title = f"{scope}/{key}"
        try:
            there = _there(ask, scope, key)
        except PlannerError as error:
            yield _unknown("secret", endpoint, error)
            continue
        if there:
            yield _passed("secret", endpoint, f"secret {title} is there")
        else:
            hint = f"databricks secrets put-secret {scope} {key}"
            yield _failed("secret", endpoint, f"there is no secret {title}", hint)


def _there(ask: Ask, scope: str, key: str) -> bool:
    """By the list of its scope, which shows no values; what is not listed is asked for."""
    try:
        shown = ask("GET", "/api/2.0/secrets/list", query={"scope": scope})
        if any(one.get("key") == key for one in shown.get("secrets") or ()):
            return True
        ask("GET", "/api/2.0/secrets/get", query={"scope": scope, "key": key})
    except RefusedError:
        return False
    return True


def _types(cloud: str, endpoint: str, body: Mapping[str, Any]) -> Iterator[Check]:
    """Whether the workspace's cloud has the workload types."""
    kinds = sorted({str(one.get("workload_type", "CPU")) for one in _entities(body)})
    if not cloud:
        yield Check(
            name="workload-type",
            subject=endpoint,
            verdict=Verdict.UNKNOWN,
            detail="the workspace does not say which cloud it is on",
        )
        return
    offered = {kind.name for kind in tables.types_of(cloud) if kind.offered}
    for kind in kinds:
        if kind in offered:
            yield _passed("workload-type", endpoint, f"{cloud} has {kind}")
        else:
            hint = f"providers.databricks.cloud: {cloud}"
            yield _failed("workload-type", endpoint, f"{cloud} has no {kind}", hint)


def _quotas(ask: Ask, work: Work, bodies: Mapping[str, Mapping[str, Any]]) -> Iterator[Check]:
    """Endpoints and concurrency of the whole workspace, with those of others."""
    try:
        rows = ask("GET", ENDPOINTS).get("endpoints") or []
    except PlannerError as error:
        yield _unknown("quota", "workspace", error)
        return
    names = {str(row["name"]) for row in rows}
    more = sum(state.endpoint not in names for state, _ in work)
    yield _within("endpoints", len(names) + more)
    own = sum(_most(entity) for body in bodies.values() for entity in _entities(body))
    others = sorted(names - set(bodies))
    if len(others) > _OTHERS:
        yield Check(
            name="quota",
            subject="workspace",
            verdict=Verdict.UNKNOWN,
            detail=f"{own} units of concurrency are planned; those of {len(others)} other "
            "endpoints were not looked up",
        )
        return
    try:
        with ThreadPoolExecutor(max_workers=_AT_ONCE) as pool:
            used = sum(pool.map(lambda name: _concurrency(ask, name), others))
    except PlannerError as error:
        yield _unknown("quota", "workspace", error)
        return
    yield _within("provisioned-concurrency", own + used)


def _within(name: str, amount: int) -> Check:
    row = next(one for one in tables.limit_rows() if one.name == name and one.status == "current")
    text = f"{amount} of {row.value} {name.replace('-', ' ')} of the workspace"
    if amount <= float(row.value):
        return _passed("quota", "workspace", text)
    return _failed("quota", "workspace", text, "have the quota raised, or plan for less")


def _concurrency(ask: Ask, name: str) -> int:
    try:
        shown = ask("GET", path_of(name))
    except RefusedError:
        return 0  # it has gone since the list was made
    config = shown.get("pending_config") or shown.get("config") or {}
    return sum(_most(entity) for entity in config.get("served_entities") or ())


def _writes(work: Work) -> Check:
    """How many requests create or update, and what that means for the time."""
    count = sum(_requests(changes) for _, changes in work)
    text = f"{count} of {WRITES} creations and updates in {_WINDOW_MIN} minutes"
    if count > WRITES:
        rounds = ceil(count / WRITES) - 1
        text = f"{count} creations and updates, of which the workspace takes {WRITES} in "
        text += f"{_WINDOW_MIN} minutes: at least {rounds * _WINDOW_MIN} minutes are waited"
        hint = "planner apply SPEC --only NAME makes a part of them"
        return replace(_passed("write-rate", "workspace", text), hint=hint)
    return _passed("write-rate", "workspace", text)


def _requests(changes: ChangeSet) -> int:
    """Requests of an endpoint that count; a deletion does not."""
    count = 0
    for change in changes.acting:
        if change.action in {Action.CREATE, Action.REPLACE}:
            count += 1
        elif change.action is Action.UPDATE:
            paths = [f.path for f in change.fields if f.action is not Action.NONE]
            count += sum(any(path.startswith(part) for path in paths) for part in _PARTS)
    return count


def _most(entity: Mapping[str, Any]) -> int:
    size = SIZES.get(str(entity.get("workload_size", "")))
    return size[1] if size else int(entity.get("max_provisioned_concurrency") or 0)


def _body(state: DesiredState) -> Mapping[str, Any]:
    return next((one.body for one in state.resources if one.kind == KIND), {})


def _entities(body: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    found: Sequence[Mapping[str, Any]] = (body.get("config") or {}).get("served_entities") or ()
    return found


def _passed(name: str, subject: str, detail: str) -> Check:
    return Check(name=name, subject=subject, verdict=Verdict.PASSED, detail=detail)


def _failed(name: str, subject: str, detail: str, hint: str) -> Check:
    return Check(name=name, subject=subject, verdict=Verdict.FAILED, detail=detail, hint=hint)


def _unknown(name: str, subject: str, error: PlannerError) -> Check:
    return Check(name=name, subject=subject, verdict=Verdict.UNKNOWN, detail=str(error))
