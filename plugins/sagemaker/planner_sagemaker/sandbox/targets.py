"""What Application Auto Scaling knows of an endpoint's variants.

Its documents are named by their ResourceId first, `endpoint/<E>/variant/<V>`, so that an endpoint's
are found without reading all.
"""

from __future__ import annotations

from planner_sagemaker.sandbox.cloud import Call

TARGET = "scalable-target"
POLICY = "scaling-policy"
SCHEDULED = "scheduled-action"


def scaled_variants(call: Call, endpoint: str) -> set[str]:
    """Names of the variants that are registered as scalable targets."""
    found = call.cloud.store.starting(call.region, TARGET, _prefix(endpoint))
    return {document["ResourceId"].rpartition("/")[2] for _, document in found}


def deregister(call: Call, endpoint: str) -> None:
    """Forget targets, policies and scheduled actions, as DeleteEndpoint does without a word."""
    for kind in (TARGET, POLICY, SCHEDULED):
        for key, _ in call.cloud.store.starting(call.region, kind, _prefix(endpoint)):
            call.cloud.store.remove(key)


def _prefix(endpoint: str) -> str:
    return f"endpoint/{endpoint}/variant/"
