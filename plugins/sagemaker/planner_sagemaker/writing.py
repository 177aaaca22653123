"""Single writes to SageMaker and Application Auto Scaling, safe to repeat."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from planner.errors import ProviderError
from planner.model.change import Action
from planner.model.live import Operation
from planner_sagemaker.exports.api import OPERATIONS
from planner_sagemaker.reading import DESCRIBE, SAGEMAKER, Answer, Ask, Reader, RefusedError
from planner_sagemaker.removing import Removal
from planner_sagemaker.resources.tags import DIGEST, OWNER

_TRIES = 5
"""How often a write is made whose object needs one that was made a moment ago."""


class Writer:
    """Writes through `ask`; `pause_s` lies between tries that wait for what was just made."""

    def __init__(self, ask: Ask, reader: Reader, pause_s: float) -> None:
        self._ask = ask
        self._reader = reader
        self._pause_s = pause_s
        self._removal = Removal(ask, reader)

    def write(self, operation: Operation) -> None:
        """Make one change; what is done already is a success."""
        if operation.action is Action.DELETE:
            self._removal.delete(operation)
        elif operation.action is Action.CREATE or operation.kind not in DESCRIBE:
            self._create(operation)
        elif operation.action is Action.UPDATE:
            self._update(operation)
        else:
            raise ProviderError(
                "unsupported-operation", f"{operation.action} is not one call: {operation.address}"
            )

    def _create(self, operation: Operation) -> None:
        service, call = OPERATIONS[operation.kind]
        try:
            self._patiently(service, call, operation.body)
        except RefusedError as refusal:
            if not refusal.existing or not self._ours(operation, refusal):
                raise

    def _ours(self, operation: Operation, refusal: RefusedError) -> bool:
        """Whether what exists is what would have been created.

        An endpoint's name says nothing of its content, so one that is there must be the work of an
        earlier try of this very call.
        """
        if operation.kind == "endpoint" and not refusal.retried:
            return False
        shown = self._reader.describe(operation.kind, operation.name)
        tags = _by_key(self._reader.tags(shown[DESCRIBE[operation.kind][2]]) if shown else None)
        wanted = _by_key(operation.body.get("Tags"))
        return all(tags.get(key) == wanted.get(key) is not None for key in (OWNER, DIGEST))

    def _update(self, operation: Operation) -> None:
        shown = self._reader.describe(operation.kind, operation.name)
        if shown is None:
            raise ProviderError("not-found", f"{operation.address} does not exist any more")
        if operation.kind == "endpoint":
            if shown["EndpointConfigName"] != operation.body["EndpointConfigName"]:
                self._switch(operation, shown)
            else:
                self._count(shown)
        elif self._reader.body(operation.kind, shown) != _untagged(operation.body):
            raise ProviderError(
                "immutable", f"SageMaker cannot change {operation.address}, only its tags"
            )
        self.tag(shown[DESCRIBE[operation.kind][2]], operation.body.get("Tags") or [])

    def _switch(self, operation: Operation, shown: Answer) -> None:
        """Put another config in place; counts that an autoscaler set are kept, nothing else is."""
        parameters = _untagged(operation.body)
        if self._scaled(operation.name, shown):
            parameters["RetainAllVariantProperties"] = True
            parameters["ExcludeRetainedVariantProperties"] = [
                {"VariantPropertyType": kept} for kept in ("DesiredWeight", "DataCaptureConfig")
            ]
        try:
            self._patiently(SAGEMAKER, "UpdateEndpoint", parameters)
        except RefusedError as refusal:
            begun = refusal.retried and refusal.busy
            if not (begun and self._pending(operation.name) == parameters["EndpointConfigName"]):
                raise

    def _count(self, shown: Answer) -> None:
        """Bring counts that nothing scales to those of the config; one variant for each call."""
        name = shown["EndpointName"]
        if self._scaled(name, shown):
            return
        config = self._reader.describe("endpoint-config", shown["EndpointConfigName"]) or {}
        wanted = {
            one["VariantName"]: one["InitialInstanceCount"]
            for one in config.get("ProductionVariants") or ()
            if "InitialInstanceCount" in one
        }
        for one in shown.get("ProductionVariants") or ():
            variant, now = one["VariantName"], one.get("DesiredInstanceCount")
            if now is not None and wanted.get(variant, now) != now:
                capacity = {"VariantName": variant, "DesiredInstanceCount": wanted[variant]}
                asked = {"EndpointName": name, "DesiredWeightsAndCapacities": [capacity]}
                self._ask(SAGEMAKER, "UpdateEndpointWeightsAndCapacities", asked)

    def _pending(self, name: str) -> str | None:
        """The config that an update under way puts in place."""
        shown = self._reader.describe("endpoint", name) or {}
        found: str | None = (shown.get("PendingDeploymentSummary") or {}).get("EndpointConfigName")
        return found

    def _scaled(self, name: str, shown: Answer) -> bool:
        """Whether an autoscaler sets counts of instances."""
        backed = [
            one["VariantName"]
            for one in shown.get("ProductionVariants") or ()
            if "CurrentServerlessConfig" not in one
        ]
        return bool(backed and self._reader.targets(name, backed))

    def tag(self, arn: str, wanted: list[Answer]) -> None:
        """Set tags that are not there yet or have other values."""
        present = _by_key(self._reader.tags(arn))
        changed = [tag for tag in wanted if present.get(tag["Key"]) != tag["Value"]]
        if changed:
            self._ask(SAGEMAKER, "AddTags", {"ResourceArn": arn, "Tags": changed})

    def _patiently(self, service: str, call: str, parameters: Mapping[str, Any]) -> None:
        """Make a call, again where it does not see what was made just before it."""
        for left in reversed(range(_TRIES)):
            try:
                self._ask(service, call, parameters)
            except RefusedError as refusal:
                if not refusal.missing or not left:
                    raise
                time.sleep(self._pause_s)
            else:
                return


def _untagged(body: Answer) -> Answer:
    return {key: item for key, item in body.items() if key != "Tags"}


def _by_key(tags: list[Answer] | None) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in tags or ()}
