"""What time does: documents whose moment has come are changed before the next request is met."""

from __future__ import annotations

from planner_sagemaker.sandbox.cloud import Cloud
from planner_sagemaker.sandbox.registry import CHANGES


def pass_time(cloud: Cloud) -> None:
    """Bring every document that is due up to the clock, the earliest first."""
    now = cloud.clock.now()
    for key, document in cloud.store.due(now):
        CHANGES[key.kind](cloud, key, document)
