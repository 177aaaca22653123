"""Databricks as it runs: the connection, and what its changes take beside the rules of fields."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from types import ModuleType
from typing import Any

from planner.errors import ProviderError
from planner.model.change import Action, Change, ChangeSet, Risk
from planner.model.live import LiveState
from planner.model.resource import DesiredState, Resource
from planner.provider.gateway import Gateway, Records
from planner_databricks.reading import KIND, looked_up
from planner_databricks.resources.place import place_of
from planner_databricks.resources.tags import MARKS


def _sdk() -> ModuleType:
    try:
        from planner_databricks import gateway  # noqa: PLC0415 - the SDK
    except ImportError as error:
        raise ProviderError(
            "gateway-missing",
            f"talking to Databricks needs {error.name}, which is not installed",
            hint="pip install 'endpoint-planner[databricks]'",
        ) from error
    return gateway


def _quiet(change: Change) -> Change:
    return replace(
        change,
        action=Action.NONE,
        risk=Risk.NONE,
        reason="is as it should be",
        fields=tuple(replace(field, action=Action.NONE) for field in change.fields),
    )


class DatabricksLive:
    """What of Databricks needs a workspace, or knows of one."""

    def place(self, settings: Any) -> Mapping[str, str]:
        """The profile that leads to the workspace; without one the environment does."""
        return place_of(settings)

    def gateway(self, place: Mapping[str, str], endpoint_url: str | None) -> Gateway:
        """The connection to a workspace; raises ProviderError where the SDK is missing."""
        found: Gateway = _sdk().DatabricksGateway(place.get("profile"), endpoint_url)
        return found

    def records(self, place: Mapping[str, str], endpoint_url: str | None) -> Records:
        """What the workspace has on record; errors as with `gateway`."""
        connection = _sdk().Connection(place.get("profile"), endpoint_url)
        from planner_databricks.records import DatabricksRecords  # noqa: PLC0415 - few need it

        some = "sandbox" if connection.sandboxed else ""
        return DatabricksRecords(
            connection.ask, os.environ.get("DATABRICKS_WAREHOUSE_ID", some) or some
        )

    def aligned(self, desired: DesiredState, live: LiveState) -> DesiredState:
        """The same state with the versions that aliases stand for: no alias may be sent."""
        resources = tuple(_resolved(one, live) for one in desired.resources)
        return replace(desired, resources=resources)

    def ordered(self, changes: ChangeSet, desired: DesiredState, live: LiveState) -> ChangeSet:
        """The same changes; none where nothing but the mark of what was last applied would move.

        The mark is written with the next change; by itself it is nobody's wish.
        """
        del desired, live
        marks = {f"tags[{key}]" for key in MARKS}
        quiet = tuple(
            _quiet(one)
            if one.action is Action.UPDATE
            and all(f.path in marks for f in one.fields if f.action is not Action.NONE)
            else one
            for one in changes.changes
        )
        if any(one.action is not Action.NONE for one in quiet):
            return changes
        return replace(changes, action=Action.NONE, changes=quiet)

    def unreachable(self, live: LiveState, hosting: str) -> str:
        """Nothing: every hosting mode is another config of the same endpoint."""
        del live, hosting
        return ""

    def imported(self, live: LiveState, place: Mapping[str, str]) -> Mapping[str, Any]:
        """As what spec an endpoint is made again; ProviderError for what no spec says."""
        from planner_databricks.importing import imported  # noqa: PLC0415 - with the price tables

        return imported(live, place)

    def pins(self, live: LiveState) -> Mapping[str, str]:
        """Hosting, type and concurrency of the only served entity; nothing for several."""
        endpoint = next((one for one in live.objects if one.kind == KIND), None)
        entities = (endpoint.body.get("config") or {}).get("served_entities") if endpoint else ()
        if not entities or len(entities) != 1:
            return {}
        (entity,) = entities
        most = entity.get("max_provisioned_concurrency")
        least = entity.get("min_provisioned_concurrency", 0)
        if most is None:
            return {}
        return {
            "provider": "databricks",
            "instance": str(entity.get("workload_type", "CPU")),
            "hosting": _hosting(entity, least, most),
            "replicas": str(most) if least == most else f"{least}..{most}",
        }


def _hosting(entity: Mapping[str, Any], least: int, most: int) -> str:
    if entity.get("scale_to_zero_enabled") is True:
        return "serverless"
    return "dedicated" if least == most else "single-model"


def _resolved(resource: Resource, live: LiveState) -> Resource:
    config = resource.body.get("config")
    if resource.kind != KIND or not config:
        return resource
    entities = [_versioned(one, live) for one in config["served_entities"]]
    body = {**resource.body, "config": {**config, "served_entities": entities}}
    return replace(resource, body=body)


def _versioned(entity: dict[str, Any], live: LiveState) -> dict[str, Any]:
    version = entity.get("entity_version")
    if not isinstance(version, dict):
        return entity
    source = version["$from"]
    found = live.find(looked_up(source))
    if found is None:
        return entity
    return {**entity, "entity_version": found.body[source["field"]]}
