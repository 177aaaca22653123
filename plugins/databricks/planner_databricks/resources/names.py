"""Names of endpoints and served entities: 1-63 letters, digits, dashes and underscores."""

from __future__ import annotations

import re
from hashlib import sha256

from planner.errors import ProviderError

MAX_LENGTH = 63
MOST_ENTITIES = 15
"""Of an endpoint, whatever is documented: databricks/databricks-sdk-py#1496 has the refusal."""

RESERVED_PREFIX = "databricks-"
_VALID = re.compile(r"[A-Za-z0-9_-]{1,63}\Z")
_OTHER = re.compile(r"[^A-Za-z0-9_-]+")


def endpoint_name(name: str) -> str:
    """The name itself; raises `name-reserved` or `name-invalid`, because clients call it by it."""
    if name.startswith(RESERVED_PREFIX):
        raise ProviderError(
            "name-reserved",
            f"{name}: names that start with {RESERVED_PREFIX} belong to Databricks",
            hint=f"metadata.name: {name.removeprefix(RESERVED_PREFIX) or 'my-endpoint'}",
        )
    if not _VALID.match(name):
        near = _OTHER.sub("-", name)[:MAX_LENGTH].strip("-") or "my-endpoint"
        raise ProviderError(
            "name-invalid",
            f"{name}: an endpoint's name is 1 to {MAX_LENGTH} letters, digits, dashes and "
            "underscores",
            hint=f"metadata.name: {near}",
        )
    return name


def entity_names(models: tuple[str, ...]) -> dict[str, str]:
    """A valid, unique name per model; its own where it is valid, otherwise one with its digest."""
    return {model: model if _VALID.match(model) else _digested(model) for model in models}


def _digested(model: str) -> str:
    digest = sha256(model.encode()).hexdigest()[:8]
    stem = _OTHER.sub("-", model)[: MAX_LENGTH - 9].strip("-") or "model"
    return f"{stem}-{digest}"
