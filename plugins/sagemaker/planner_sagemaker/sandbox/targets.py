"""What Application Auto Scaling knows of an endpoint's variants.

Its documents are named by their ResourceId first, `endpoint/<E>/variant/<V>`, so that an endpoint's
are found without reading all.
"""

from __future__ import annotations

from planner_sagemaker.sandbox.cloud import Call
from planner_sagemaker.sandbox.transitions import ALARM

TARGET = "scalable-target"
POLICY = "scaling-policy"
SCHEDULED = "scheduled-action"


def scaled_variants(call: Call, endpoint: str) -> set[str]:
    """Names of the variants that are registered as scalable targets."""
    found = call.cloud.store.starting(call.region, TARGET, _prefix(endpoint))
    return {document["ResourceId"].rpartition("/")[2] for _, document in found}


def deregister(call: Call, endpoint: str) -> None:
    """Forget targets, policies and scheduled actions, as DeleteEndpoint does without a word."""
    forget(call, _prefix(endpoint))


def forget(call: Call, prefix: str) -> None:
    """Forget everything whose name starts with a prefix, and the alarms that policies made."""
    for kind in (TARGET, POLICY, SCHEDULED):
        for key, document in call.cloud.store.starting(call.region, kind, prefix):
            call.cloud.store.remove(key)
            for alarm in document.get("Alarms", ()):
                call.remove(ALARM, alarm["AlarmName"])


def _prefix(endpoint: str) -> str:
    return f"endpoint/{endpoint}/variant/"
