"""Single deletions in SageMaker, Application Auto Scaling, safe to repeat."""

from __future__ import annotations

from typing import Any

from planner.model.live import Operation
from planner_sagemaker.exports.api import OPERATIONS
from planner_sagemaker.reading import DESCRIBE, Ask, Reader, RefusedError

_DELETIONS = {
    "endpoint": "DeleteEndpoint",
    "endpoint-config": "DeleteEndpointConfig",
    "model": "DeleteModel",
    "scalable-target": "DeregisterScalableTarget",
    "scaling-policy": "DeleteScalingPolicy",
    "scheduled-action": "DeleteScheduledAction",
}
_SCALER_NAMES = {"scaling-policy": "PolicyName", "scheduled-action": "ScheduledActionName"}


class Removal:
    """Deletes through `ask`; what is gone already is a success."""

    def __init__(self, ask: Ask, reader: Reader) -> None:
        self._ask = ask
        self._reader = reader

    def delete(self, operation: Operation) -> None:
        """Delete one object."""
        try:
            service, parameters = self._deletion(operation)
            if parameters:
                self._ask(service, _DELETIONS[operation.kind], parameters)
        except RefusedError as refusal:
            if not (refusal.missing or (refusal.retried and self._going(operation))):
                raise

    def _deletion(self, operation: Operation) -> tuple[str, dict[str, Any]]:
        """Service and parameters of a deletion; none where it is gone already."""
        service = OPERATIONS[operation.kind][0]
        if operation.kind in DESCRIBE:
            return service, {DESCRIBE[operation.kind][1]: operation.name}
        place = self._reader.scaler(operation.kind, operation.name)
        if place is None:
            return service, {}
        named = _SCALER_NAMES.get(operation.kind)
        return service, {**place, named: operation.name} if named else place

    def _going(self, operation: Operation) -> bool:
        if operation.kind != "endpoint":
            return False
        shown = self._reader.describe("endpoint", operation.name)
        return shown is None or shown["EndpointStatus"] == "Deleting"
