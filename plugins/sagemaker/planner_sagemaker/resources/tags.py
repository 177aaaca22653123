"""Tags: the spec's labels, the block's own, and those by which the planner knows its objects."""

from __future__ import annotations

import re
from typing import Any

from planner.errors import ProviderError
from planner.model.workload import Workload
from planner_sagemaker.resources.names import digest
from planner_sagemaker.settings import SageMakerSettings

OWNER = "planner:owner"
SELF = "planner:self"
DIGEST = "planner:digest"
PROTECT = "planner:protect"
DASHBOARD = "planner:dashboard"
"""On an endpoint: the name of the dashboard that was made for it."""

_NAMES = ("EndpointName", "EndpointConfigName", "ModelName", "AlarmName", "DashboardName")
"""Members that name an object, those of objects that name others first."""
MAX_TAGS = 50
_ALLOWED = re.compile(r"[\w .:/=+\-@]*\Z")


def tags_of(workload: Workload, settings: SageMakerSettings) -> dict[str, str]:
    """Labels and tags by key, the block's winning; raises what AWS would refuse."""
    tags = {**dict(workload.labels), **settings.tags, OWNER: workload.name}
    for key, value in tags.items():
        if not _accepted(key, value):
            raise ProviderError(
                "invalid-tag",
                f"AWS does not accept the tag {key!r}: {value!r}",
                hint="letters, digits, blanks and _.:/=+-@ only; a key has at most 128 characters, "
                "a value 256, and no key begins with aws:",
                path="tags",
            )
    # The owner's is among them; self and digest come, and on an endpoint the dashboard's name.
    own = 3 + (settings.alerts is not None and settings.alerts.dashboard)
    more = len(tags) - 1 + own - MAX_TAGS
    if more > 0:
        raise ProviderError(
            "too-many-tags",
            f"{len(tags) - 1} labels and tags; AWS takes {MAX_TAGS} and the planner needs "
            f"{'three' if own == 3 else 'four'}",
            hint=f"remove {more} of metadata.labels",
            path="tags",
        )
    return tags


def _accepted(key: str, value: str) -> bool:
    lengths = 1 <= len(key) <= 128 and len(value) <= 256
    reserved = key.lower().startswith("aws:")
    return lengths and not reserved and bool(_ALLOWED.match(key) and _ALLOWED.match(value))


def tagged(body: dict[str, Any], tags: dict[str, str]) -> dict[str, Any]:
    """The body with all tags, its own name, and the digest of what it was without them."""
    own = next(body[name] for name in _NAMES if name in body)
    every = {**tags, SELF: own, DIGEST: digest(body)}
    return {**body, "Tags": [{"Key": key, "Value": every[key]} for key in sorted(every)]}


def stamped(body: dict[str, Any], whole: str) -> dict[str, Any]:
    """The body with the digest of all that is asked of its endpoint in place of its own."""
    tags = [{**tag, "Value": whole} if tag["Key"] == DIGEST else tag for tag in body["Tags"]]
    return {**body, "Tags": tags}
