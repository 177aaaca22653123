"""Tags by which the planner knows its endpoints again.

Which signs a key may have is not documented. Letters and underscores pass wherever tags go to from
here: the bill, the tags of each cloud, the labels of Google Cloud; a colon does not.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

OWNER = "planner_owner"
SELF = "planner_self"
DIGEST = "planner_digest"
ALERTS = "planner_alerts"
"""On an endpoint that has SQL alerts: nobody else's alerts are ever listed."""

PROTECT = ("planner_protect", "planner:protect")
"""The second is the name in all other providers: whoever sets it by hand means it."""

MARKS = frozenset({DIGEST, SELF})
_LENGTH = 32

Tag = dict[str, str]


def digest(body: Mapping[str, Any]) -> str:
    """What stands for a body: the beginning of SHA-256 over its canonical JSON, as hex."""
    text = json.dumps(body, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8")).hexdigest()[:_LENGTH]


def as_tags(values: Mapping[str, str]) -> list[Tag]:
    """Tags as requests have them, by key."""
    return [{"key": key, "value": values[key]} for key in sorted(values)]


def as_values(tags: Iterable[Tag] | None) -> dict[str, str]:
    """Values by key; a tag may have none."""
    return {tag["key"]: tag.get("value", "") for tag in tags or ()}
