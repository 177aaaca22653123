"""OAuth as far as clients need it: where tokens are had, and tokens for one endpoint alone.

Whoever has a client id gets a token of the workspace, and exchanges it for one that an endpoint
with an address of its own takes (databricks-sdk, `data_plane`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from planner.provider.sandbox.store import Document
from planner_databricks.sandbox.errors import WorkspaceError
from planner_databricks.sandbox.operation import Operation
from planner_databricks.sandbox.workspace import Call

PERSONAL = "sandbox"
"""The token of whoever has no account: it opens every door of the stand-in."""

_EXCHANGE = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_OF_WORKSPACE = "oauth-of-the-workspace"
_LASTS_S = 3600


def details(endpoint: Document) -> str:
    """What a token is to be exchanged for (docs, query-route-optimization)."""
    permission = {
        "type": "workspace_permission",
        "object_type": "serving-endpoints",
        "object_path": f"/serving-endpoints/{endpoint['id']}",
        "actions": ["query_inference_endpoint"],
    }
    return json.dumps([permission])


def refuse_others(call: Call, endpoint: Document) -> None:
    """Raise for a token that is not for this endpoint; the text is ours."""
    if call.token not in {PERSONAL, _token_for(details(endpoint))}:
        text = "This address takes OAuth tokens that were exchanged for the endpoint only."
        raise WorkspaceError("PERMISSION_DENIED", text, status=403)


def metadata(call: Call) -> Mapping[str, Any]:
    """Where tokens are had (RFC 8414)."""
    there = f"{call.url}/oidc/v1"
    return {"authorization_endpoint": f"{there}/authorize", "token_endpoint": f"{there}/token"}


def token(call: Call) -> Mapping[str, Any]:
    """A token for a client's credentials, or for a token of the workspace one for an endpoint."""
    given, asked = _OF_WORKSPACE, str(call.body.get("authorization_details", ""))
    if call.body.get("grant_type") == _EXCHANGE:
        if call.body.get("assertion") != _OF_WORKSPACE or not asked:
            raise WorkspaceError("invalid_grant", "The assertion is no token of this workspace.")
        given = _token_for(asked)
    return {"access_token": given, "token_type": "Bearer", "expires_in": _LASTS_S}


def _token_for(asked: str) -> str:
    return f"oauth-for-{sha256(asked.encode()).hexdigest()[:16]}"


OPERATIONS = (
    Operation(
        name="GetOAuthMetadata",
        method="GET",
        path="/oidc/.well-known/oauth-authorization-server",
        handler=metadata,
        signed=False,
    ),
    Operation(name="GetToken", method="POST", path="/oidc/v1/token", handler=token, signed=False),
)
