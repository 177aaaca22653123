"""What a workspace answers when it refuses, with the texts that users know.

Texts that are documented or quoted in public say so; for the others only the code is certain.
"""

from __future__ import annotations

from collections.abc import Mapping


class WorkspaceError(Exception):
    """An error answer: the code that clients match, the message, the HTTP status."""

    def __init__(
        self,
        code: str,
        message: str,
        *,
        status: int = 400,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status
        self.headers = dict(headers or {})


def invalid(message: str) -> WorkspaceError:
    """A body that is well formed and not acceptable."""
    return WorkspaceError("INVALID_PARAMETER_VALUE", message)


def malformed(message: str) -> WorkspaceError:
    """A body that cannot be read at all."""
    return WorkspaceError("MALFORMED_REQUEST", message)


def not_found(message: str) -> WorkspaceError:
    """Something is named that is not there."""
    return WorkspaceError("RESOURCE_DOES_NOT_EXIST", message, status=404)


def already_exists(message: str) -> WorkspaceError:
    """Names of endpoints are unique in a workspace."""
    return WorkspaceError("RESOURCE_ALREADY_EXISTS", message, status=409)


def conflict(message: str) -> WorkspaceError:
    """What an endpoint says to a second update while one is in progress."""
    return WorkspaceError("RESOURCE_CONFLICT", message, status=409)


def too_many(message: str, *, retry_after_s: int | None = None) -> WorkspaceError:
    """databricks-sdk retries it by itself for up to 300 s, as long as `Retry-After` says."""
    headers = {} if retry_after_s is None else {"Retry-After": str(retry_after_s)}
    return WorkspaceError("REQUEST_LIMIT_EXCEEDED", message, status=429, headers=headers)
