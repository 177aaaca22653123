"""Which of the work starts instances or functions, with everything that these need."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from planner.model.change import Action, Change, ChangeSet
from planner.model.resource import DesiredState, Resource
from planner.model.value import value

Work = Sequence[tuple[DesiredState, ChangeSet]]
_STARTS = {Action.CREATE, Action.REPLACE}


@value
class Launch:
    """A config that is put in place: of a new endpoint, or of one that `updates`."""

    endpoint: Resource
    config: Resource
    models: tuple[Resource, ...]
    updates: bool

    @property
    def deployment(self) -> dict[str, Any]:
        """How the endpoint is updated, as far as that is asked for."""
        found: dict[str, Any] = self.endpoint.body.get("DeploymentConfig") or {}
        return found

    @property
    def containers(self) -> Iterator[dict[str, Any]]:
        """Every container of its models."""
        for model in self.models:
            yield from model.body.get("Containers") or (model.body["PrimaryContainer"],)


def launches(work: Work) -> list[Launch]:
    """Everything that starts; changes of tags, alarms or scaling alone start nothing."""
    return [found for desired, changes in work for found in _launches(desired, changes)]


def _launches(desired: DesiredState, changes: ChangeSet) -> Iterator[Launch]:
    acting = {change.address: change for change in changes.acting}
    for endpoint in desired.resources:
        change = acting.get(endpoint.address)
        if endpoint.kind != "endpoint" or change is None or not _starts(change):
            continue
        config = _named(desired, "endpoint-config", endpoint.body["EndpointConfigName"])
        if config is None:
            continue
        served = {one.get("ModelName") for one in variants(config)}
        yield Launch(
            endpoint=endpoint,
            config=config,
            models=tuple(r for r in desired.resources if r.kind == "model" and r.name in served),
            updates=change.action is Action.UPDATE,
        )


def variants(config: Resource) -> list[dict[str, Any]]:
    """Production and shadow variants of a config."""
    body = config.body
    return [*body["ProductionVariants"], *(body.get("ShadowProductionVariants") or ())]


def _switches(change: Change) -> bool:
    """Whether an endpoint gets another config."""
    return any(
        field.path == "EndpointConfigName" and field.action is not Action.NONE
        for field in change.fields
    )


def _starts(change: Change) -> bool:
    return change.action in _STARTS or (change.action is Action.UPDATE and _switches(change))


def _named(desired: DesiredState, kind: str, name: str) -> Resource | None:
    return next((r for r in desired.resources if (r.kind, r.name) == (kind, name)), None)
