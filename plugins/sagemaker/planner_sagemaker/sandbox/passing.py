"""What time does: documents whose moment has come are changed before the next request is met."""

from __future__ import annotations

from planner_sagemaker.sandbox.cloud import Cloud
from planner_sagemaker.sandbox.registry import CHANGES


def pass_time(cloud: Cloud) -> None:
    """Let everything happen that is due, each at its moment and in its order.

    What happens may bring more about: an alarm rolls back an update that would have ended later.
    """
    now = cloud.clock.now()
    while (found := cloud.store.earliest(now)) is not None:
        key, document, at = found
        CHANGES[key.kind](cloud, key, document, at)
