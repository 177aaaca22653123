"""Preflight checks of SageMaker for tests: planned endpoints, and what is found out about them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import lru_cache
from typing import Any

import pytest
from planner_sagemaker.gateway import SageMakerGateway
from planner_sagemaker.live import SageMakerLive
from planner_sagemaker.sandbox.serve import running

import planner
from planner.engine import Link
from planner.model.change import ChangeSet
from planner.model.check import Check, Verdict
from planner.model.live import Operation
from planner.model.resource import DesiredState, Resource
from planner.plans import desired_changes
from planner.provider.lifecycle import read_lifecycle
from tests.support.code import ROOT
from tests.support.sandbox import Sandbox

PASSED, FAILED, DENIED, UNKNOWN = Verdict.PASSED, Verdict.FAILED, Verdict.DENIED, Verdict.UNKNOWN


@contextmanager
def serving() -> Iterator[Sandbox]:
    """A sandbox whose time stands still, and that is asked with its own keys."""
    with pytest.MonkeyPatch.context() as environment, running(":memory:", frozen=True) as url:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
            environment.delenv(name, raising=False)
        yield Sandbox(url=url)


def planned(example: str, *sets: str) -> DesiredState:
    """What an example asks for."""
    specs = planner.load([str(ROOT / "examples" / example)], sets=sets)
    return planner.plan(specs, verify=False).desired[0]


def of_kind(state: DesiredState, kind: str) -> Resource:
    """The one object of a kind."""
    (found,) = [one for one in state.resources if one.kind == kind]
    return found


def variant(state: DesiredState) -> dict[str, Any]:
    """The one variant of its config."""
    (found,) = of_kind(state, "endpoint-config").body["ProductionVariants"]
    return dict(found)


def edited(state: DesiredState, kind: str, **body: Any) -> DesiredState:
    """The state with members of one kind of objects in place of others."""
    resources = tuple(
        replace(one, body={**one.body, **body}) if one.kind == kind else one
        for one in state.resources
    )
    return replace(state, resources=resources)


def renamed(state: DesiredState, name: str) -> DesiredState:
    """The same endpoint under another name."""
    old = state.endpoint

    def written(given: Any) -> Any:
        if isinstance(given, dict):
            return {key: written(item) for key, item in given.items()}
        if isinstance(given, list):
            return [written(item) for item in given]
        return given.replace(old, name) if isinstance(given, str) else given

    resources = tuple(
        replace(
            one,
            address=written(one.address),
            name=written(one.name),
            body=written(one.body),
            after=tuple(map(written, one.after)),
        )
        for one in state.resources
    )
    return replace(state, endpoint=name, resources=resources)


def many(state: DesiredState, number: int) -> list[DesiredState]:
    """The same endpoint under many names."""
    return [renamed(state, f"fraud-{index}") for index in range(number)]


def link_to(sandbox: Sandbox) -> Link:
    """A connection to the sandbox that knows nothing yet."""
    return Link(
        provider="sagemaker",
        gateway=SageMakerGateway("us-east-1", sandbox.url),
        lifecycle=read_lifecycle("planner_sagemaker"),
        rules=SageMakerLive(),
    )


def checked(sandbox: Sandbox, *states: DesiredState) -> tuple[Check, ...]:
    """What is found out before all of these are created, by one who has read none of them."""
    return _unread(sandbox.url).checks(
        [(state, desired_changes(state, reason="new")) for state in states]
    )


@lru_cache(maxsize=2)
def _unread(url: str) -> SageMakerGateway:
    """Never used to read, so that what it remembers is never of another test."""
    return SageMakerGateway("us-east-1", url)


def changed(sandbox: Sandbox, *states: DesiredState, **account: Any) -> tuple[Check, ...]:
    """What is found out before these are made of what lives; `account` is put in between."""
    link = link_to(sandbox)
    work: list[tuple[DesiredState, ChangeSet]] = []
    for state in states:
        now = link.needed(state, owner_of(state))
        assert now.changes.acting
        work.append((now.desired, now.changes))
    if account:
        sandbox.post("account", account)
    return link.gateway.checks(work)


def owner_of(state: DesiredState) -> str:
    """Whose endpoint it is, by its tags."""
    tags = of_kind(state, "endpoint").body["Tags"]
    return next(str(tag["Value"]) for tag in tags if tag["Key"] == "planner:owner")


def applied(sandbox: Sandbox, state: DesiredState) -> None:
    """Create everything, and let it serve."""
    link = link_to(sandbox)
    for change in link.needed(state, owner_of(state)).changes.acting:
        resource = next(one for one in state.resources if one.address == change.address)
        link.gateway.write(
            Operation(
                address=resource.address,
                kind=resource.kind,
                name=resource.name,
                action=change.action,
                body=resource.body,
            )
        )
    sandbox.advance(60)


def of(checks: Sequence[Check], name: str) -> Check:
    """The one check of this name."""
    (found,) = [one for one in checks if one.name == name]
    return found


def about(checks: Sequence[Check], subject: str) -> Check:
    """The one check about this subject."""
    (found,) = [one for one in checks if one.subject == subject]
    return found


def bad(checks: Sequence[Check]) -> list[Check]:
    """Those that did not pass."""
    return [one for one in checks if one.verdict is not PASSED]


def operations(sandbox: Sandbox, since: int = 0) -> list[str]:
    """Names of the calls so far, but for the first ones."""
    return [one["operation"] for one in sandbox.get("calls")][since:]
