"""Secrets, so that references to them resolve; their values are never of interest.

Until a list is given by `/_sandbox/secrets`, every secret exists. Then a scope lists those that an
endpoint's environment names: it cannot list everything.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterator, Mapping
from typing import Any

from planner_databricks.sandbox.errors import WorkspaceError, invalid, not_found
from planner_databricks.sandbox.operation import Operation
from planner_databricks.sandbox.shapes import list_of, map_of, text
from planner_databricks.sandbox.workspace import REGION, Call, Workspace, key, milliseconds

KIND = "secret"
LISTED = "secrets-listed"
PATH = "/api/2.0/secrets"
REFERENCE = re.compile(r"\{\{secrets/([^/\s{}]+)/([^/\s{}]+)\}\}\Z")
_BODY = map_of(list_of(text))


def list_secrets(workspace: Workspace, given: Any) -> None:
    """From now on there are these secrets only, by scope; ValueError says what is wrong."""
    try:
        scopes = _BODY(given, "secrets")
    except WorkspaceError as error:
        raise ValueError(error.message) from error
    workspace.store.remember(LISTED, "yes")
    for scope, names in scopes.items():
        workspace.store.put(key(KIND, scope), {"keys": names})


def check_references(call: Call, variables: Mapping[str, str]) -> None:
    """Refuse references to secrets that do not exist; raises WorkspaceError."""
    for scope, name in _references(variables):
        if name not in _keys(call, scope, [name]):
            raise _missing(scope, name)


def get(call: Call) -> Mapping[str, Any]:
    """One secret; the real one answers only inside of a cluster (databricks-sdk's docstring)."""
    scope, name = _asked(call, "scope"), _asked(call, "key")
    if name not in _keys(call, scope, [name]):
        raise _missing(scope, name)
    return {"key": name, "value": b64encode(b"sandbox").decode()}


def every(call: Call) -> Mapping[str, Any]:
    """The keys of a scope."""
    scope = _asked(call, "scope")
    known = _keys(call, scope, sorted(_named(call, scope)))
    shown = {"last_updated_timestamp": milliseconds(call.now)}
    return {"secrets": [{"key": name, **shown} for name in known]}


def _asked(call: Call, field: str) -> str:
    if field not in call.query:
        raise invalid(f"{field} must be specified")
    return call.query[field]


def _keys(call: Call, scope: str, unlisted: list[str]) -> list[str]:
    """What a scope has; `unlisted` where everything exists."""
    if not call.workspace.store.fact(LISTED):
        return unlisted
    found = call.found(KIND, scope)
    if found is None:
        raise not_found(f"Scope {scope} does not exist!")
    return list(found["keys"])


def _named(call: Call, scope: str) -> set[str]:
    """What endpoints name of a scope."""
    return {
        name
        for endpoint in call.workspace.store.every(REGION, "endpoint")
        for config in (endpoint["pending"], endpoint["config"])
        for entity in (config["entities"] if config else ())
        for where, name in _references(entity.get("environment_vars", {}))
        if where == scope
    }


def _references(variables: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for text_ in variables.values():
        found = REFERENCE.match(text_)
        if found is not None:
            yield found[1], found[2]


def _missing(scope: str, name: str) -> WorkspaceError:
    # The text that jobs and clusters give, quoted in many public reports.
    return not_found(f"Secret does not exist with scope: {scope} and key: {name}")


OPERATIONS = (
    Operation(name="GetSecret", method="GET", path=f"{PATH}/get", handler=get),
    Operation(name="ListSecrets", method="GET", path=f"{PATH}/list", handler=every),
)
