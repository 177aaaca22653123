"""Registered models of Unity Catalog and their versions, as far as an endpoint needs them.

Until a list is given by `/_sandbox/models`, every model has every version, and every alias stands
for version 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from planner.provider.sandbox.store import Document
from planner_databricks.sandbox.errors import WorkspaceError, invalid, not_found
from planner_databricks.sandbox.operation import Operation
from planner_databricks.sandbox.shapes import map_of, one_of, record, text
from planner_databricks.sandbox.workspace import USER, Call, Workspace, key

KIND = "model"
LISTED = "models-listed"
READY = "READY"
PATH = "/api/2.1/unity-catalog/models/{model}"
STATUSES = (READY, "PENDING_REGISTRATION", "FAILED_REGISTRATION")
_BODY = map_of(record(versions=map_of(one_of(*STATUSES)), aliases=map_of(text)))


def list_models(workspace: Workspace, given: Any) -> None:
    """From now on there are these models only; ValueError says what is wrong with them."""
    try:
        models = _BODY(given, "models")
    except WorkspaceError as error:
        raise ValueError(error.message) from error
    workspace.store.remember(LISTED, "yes")
    for name, model in models.items():
        document = {"name": name, "versions": {}, "aliases": {}, **model}
        workspace.store.put(key(KIND, name), document)


def check_servable(call: Call, name: str, version: str) -> None:
    """Refuse a version that does not exist or is not ready; raises WorkspaceError."""
    if name.count(".") != 2:
        return
    status = _status(call, name, version)
    if status != READY:
        raise invalid(f"Model version {version} of {name} is in status {status}, not {READY}")


def get_model(call: Call) -> Mapping[str, Any]:
    """A registered model."""
    name = call.path["model"]
    model = _model(call, name)
    catalog, schema, last = _parts(name)
    return {
        "name": last,
        "catalog_name": catalog,
        "schema_name": schema,
        "full_name": name,
        "owner": USER,
        "created_by": USER,
        "aliases": _aliases(model),
    }


def get_version(call: Call) -> Mapping[str, Any]:
    """One version, whatever its status."""
    return _version(call, call.path["model"], call.path["version"])


def get_by_alias(call: Call) -> Mapping[str, Any]:
    """The version that an alias stands for."""
    name, alias = call.path["model"], call.path["alias"]
    model = _model(call, name)
    version = "1" if model is None else model["aliases"].get(alias)
    if version is None:
        raise not_found(f"Alias '{alias}' of model '{name}' does not exist.")
    return _version(call, name, version)


def get_versions(call: Call) -> Mapping[str, Any]:
    """All versions in one page; where nothing is listed, the first stands for all."""
    name = call.path["model"]
    model = _model(call, name)
    versions = ["1"] if model is None else sorted(model["versions"], key=int)
    return {"model_versions": [_version(call, name, version) for version in versions]}


def _model(call: Call, name: str) -> Document | None:
    """The model as it is listed; None where every model exists. Raises for one that does not."""
    if not call.workspace.store.fact(LISTED):
        return None
    model = call.found(KIND, name)
    if model is None:
        raise not_found(f"Registered model '{name}' does not exist.")
    return model


def _status(call: Call, name: str, version: str) -> str:
    model = _model(call, name)
    if not version.isascii() or not version.isdigit():
        raise invalid(f"Model version {version} is not a number")
    status = READY if model is None else model["versions"].get(version)
    if status is None:
        raise not_found(f"Model version '{version}' of '{name}' does not exist.")
    return str(status)


def _version(call: Call, name: str, version: str) -> Mapping[str, Any]:
    catalog, schema, last = _parts(name)
    return {
        "model_name": last,
        "catalog_name": catalog,
        "schema_name": schema,
        # A number here, and a string in an endpoint's config.
        "version": int(version),
        "status": _status(call, name, version),
        "created_by": USER,
        "aliases": [
            one for one in _aliases(_model(call, name)) if one["version_num"] == int(version)
        ],
    }


def _aliases(model: Document | None) -> list[dict[str, Any]]:
    pairs = model["aliases"].items() if model else ()
    return [{"alias_name": name, "version_num": int(number)} for name, number in pairs]


def _parts(name: str) -> list[str]:
    parts = name.split(".")
    if len(parts) != 3:
        raise invalid(f"{name} is not a full name of three parts")
    return parts


OPERATIONS = (
    Operation(name="GetRegisteredModel", method="GET", path=PATH, handler=get_model),
    Operation(
        name="ListModelVersions", method="GET", path=f"{PATH}/versions", handler=get_versions
    ),
    Operation(
        name="GetModelVersion",
        method="GET",
        path=f"{PATH}/versions/{{version}}",
        handler=get_version,
    ),
    Operation(
        name="GetModelVersionByAlias",
        method="GET",
        path=f"{PATH}/aliases/{{alias}}",
        handler=get_by_alias,
    ),
)
