"""The connection to SageMaker and Application Auto Scaling, the only place that uses boto3."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore import exceptions as failures
from botocore import xform_name
from botocore.config import Config

from planner.errors import AuthError, PlannerError, ProviderError
from planner.model.change import Action
from planner.model.live import Health, LiveState, Operation
from planner.model.resource import DesiredState
from planner_sagemaker.exports.api import OPERATIONS
from planner_sagemaker.reading import (
    DESCRIBE,
    SAGEMAKER,
    Answer,
    Reader,
    RefusedError,
    health,
)
from planner_sagemaker.resources.tags import DIGEST, OWNER

_PATIENCE = Config(
    retries={"mode": "standard", "total_max_attempts": 4},
    connect_timeout=5,
    read_timeout=60,
    max_pool_connections=32,
)
_DENIED = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "NotAuthorized"}
_REFUSED_KEYS = {
    *("ExpiredToken", "ExpiredTokenException", "UnrecognizedClientException"),
    *("InvalidClientTokenId", "InvalidSignatureException", "SignatureDoesNotMatch"),
    *("MissingAuthenticationToken", "MissingAuthenticationTokenException"),
    *("IncompleteSignature", "IncompleteSignatureException", "AuthFailure"),
}
_NO_KEYS = (
    *(failures.NoCredentialsError, failures.PartialCredentialsError, failures.ProfileNotFound),
    *(failures.CredentialRetrievalError, failures.TokenRetrievalError, failures.SSOError),
)
_NO_WAY = (failures.HTTPClientError, failures.ConnectionError)
_LOOPBACK = {"127.0.0.1", "localhost", "::1"}
_DELETIONS = {
    "endpoint": "DeleteEndpoint",
    "endpoint-config": "DeleteEndpointConfig",
    "model": "DeleteModel",
    "scalable-target": "DeregisterScalableTarget",
    "scaling-policy": "DeleteScalingPolicy",
    "scheduled-action": "DeleteScheduledAction",
}
_SCALER_NAMES = {"scaling-policy": "PolicyName", "scheduled-action": "ScheduledActionName"}
_LOOKS = 3
"""How often in a row nothing is found until that is believed: reads lag behind writes."""

_TRIES = 5
"""How often a write is made whose object needs one that was made a moment ago."""


class Connection:
    """Calls of the cloud's API by name; every failure is an AuthError or a ProviderError."""

    def __init__(self, region: str, endpoint_url: str | None) -> None:
        self.sandboxed = urlsplit(endpoint_url or "").hostname in _LOOPBACK
        self._region = region
        self._endpoint_url = endpoint_url
        self._clients: dict[str, Any] = {}
        self._lock = threading.Lock()

    def ask(self, service: str, operation: str, parameters: Mapping[str, Any]) -> Answer:
        """One call; a list comes whole, page after page."""
        try:
            client = self._client(service)
            name = xform_name(operation)
            if client.can_paginate(name):
                pages = client.get_paginator(name).paginate(**parameters)
                answer: Answer = pages.build_full_result()
            else:
                answer = getattr(client, name)(**parameters)
        except failures.ClientError as error:
            raise _refusal(operation, error.response) from error
        except failures.BotoCoreError as error:
            raise self._failure(operation, error) from error
        answer.pop("ResponseMetadata", None)
        return answer

    def creation(self, kind: str, described: Answer) -> Answer:
        """The members of a description that the creation of its kind takes as well."""
        service, operation = OPERATIONS[kind]
        model = self._client(service).meta.service_model.operation_model(operation)
        projected: Answer = _projected(model.input_shape, described)
        return projected

    def _client(self, service: str) -> Any:
        with self._lock:  # making a client is not safe in threads, using it is
            if service not in self._clients:
                session: Any = boto3.session.Session(**self._keys())
                self._clients[service] = session.client(
                    service,
                    region_name=self._region,
                    endpoint_url=self._endpoint_url,
                    config=_PATIENCE,
                )
            return self._clients[service]

    def _keys(self) -> dict[str, Any]:
        given = {"AWS_ACCESS_KEY_ID", "AWS_PROFILE"} & os.environ.keys()
        if not self.sandboxed or given:
            return {}
        return {"aws_access_key_id": "sandbox", "aws_secret_access_key": "sandbox"}

    def _failure(self, operation: str, error: failures.BotoCoreError) -> PlannerError:
        if isinstance(error, _NO_KEYS):
            return AuthError(
                "no-credentials",
                f"there are no credentials for AWS: {error}",
                hint="aws sso login, or export AWS_ACCESS_KEY_ID=... AWS_SECRET_ACCESS_KEY=...",
            )
        if isinstance(error, _NO_WAY):
            return ProviderError(
                "unreachable",
                f"{operation} did not get through: {error}",
                hint=f"curl -sS {self._endpoint_url}" if self._endpoint_url else "",
            )
        return ProviderError("aws-client", f"{operation} could not be asked: {error}")


class SageMakerGateway:
    """Reads and changes the endpoints of one region; safe for use in several threads."""

    def __init__(self, region: str, endpoint_url: str | None = None) -> None:
        self._connection = Connection(region, endpoint_url)
        self._ask = self._connection.ask
        self._reader = Reader(self._ask, self._connection.creation)
        self._interval_s = 0.2 if self._connection.sandboxed else 10.0

    def read(self, desired: DesiredState, /) -> LiveState:
        """Every object that the endpoint uses, that is desired of it, or that scales it."""
        return self._reader.read(desired)

    def write(self, operation: Operation, /) -> None:
        """Make one change; a deletion of what is gone and a creation of what is there succeed.

        What is there counts only where it carries the same owner and the same digest.
        """
        if operation.action is Action.DELETE:
            self._delete(operation)
        elif operation.action is Action.CREATE or operation.kind not in DESCRIBE:
            self._create(operation)
        elif operation.action is Action.UPDATE:
            self._update(operation)
        else:
            raise ProviderError(
                "unsupported-operation", f"{operation.action} is not one call: {operation.address}"
            )

    def settle(
        self, desired: DesiredState, /, *, timeout_s: float, beat: Callable[[str], None]
    ) -> LiveState:
        """Wait until the endpoint is ready, failed or gone; raises ProviderError `not-settled`."""
        name = next(one.name for one in desired.resources if one.kind == "endpoint")
        begun = time.monotonic()
        absent = 0
        while True:
            shown = self._reader.describe("endpoint", name)
            now = health(shown)
            absent = absent + 1 if now is Health.ABSENT else 0
            if now in {Health.READY, Health.FAILED} or absent == _LOOKS:
                return self.read(desired)
            status = shown["EndpointStatus"] if shown else "not found"
            elapsed_s = time.monotonic() - begun
            if elapsed_s >= timeout_s:
                raise ProviderError(
                    "not-settled",
                    f"endpoint {name} is still {status} after {elapsed_s:.0f} s; "
                    "what was begun goes on",
                )
            beat(f"{status}, {elapsed_s:.0f} s")
            pause_s = min(self._interval_s, 2.0) if absent else self._interval_s
            time.sleep(min(pause_s, max(0.0, timeout_s - elapsed_s)))

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
        elif self._reader.body(operation.kind, shown) != _untagged(operation.body):
            raise ProviderError(
                "immutable", f"SageMaker cannot change {operation.address}, only its tags"
            )
        self._tag(shown[DESCRIBE[operation.kind][2]], operation.body.get("Tags") or [])

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
        try:
            return bool(backed and self._reader.targets(name, backed))
        except RefusedError as refusal:
            if refusal.cloud_code == "UnknownOperationException":
                return False  # no such service there, so nothing scales
            raise

    def _tag(self, arn: str, wanted: list[Answer]) -> None:
        present = _by_key(self._reader.tags(arn))
        changed = [tag for tag in wanted if present.get(tag["Key"]) != tag["Value"]]
        if changed:
            self._ask(SAGEMAKER, "AddTags", {"ResourceArn": arn, "Tags": changed})

    def _delete(self, operation: Operation) -> None:
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

    def _patiently(self, service: str, call: str, parameters: Mapping[str, Any]) -> None:
        """Make a call, again where it does not see what was made just before it."""
        for left in reversed(range(_TRIES)):
            try:
                self._ask(service, call, parameters)
            except RefusedError as refusal:
                if not refusal.missing or not left:
                    raise
                time.sleep(min(self._interval_s, 2.0))
            else:
                return


def _untagged(body: Answer) -> Answer:
    return {key: item for key, item in body.items() if key != "Tags"}


def _by_key(tags: list[Answer] | None) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in tags or ()}


def _refusal(operation: str, response: Any) -> PlannerError:
    code = str(response["Error"].get("Code") or "Unknown")
    text = str(response["Error"].get("Message") or "")
    if code in _DENIED:
        return AuthError(
            "access-denied",
            f"{operation} is not allowed: {text}",
            hint="aws sts get-caller-identity",
        )
    if code in _REFUSED_KEYS:
        return AuthError(
            "credentials-refused",
            f"{operation}: AWS does not accept the credentials: {text}",
            hint="aws sso login, or export new AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
        )
    retried = response["ResponseMetadata"].get("RetryAttempts", 0) > 0
    return RefusedError(operation, code, text, retried=retried)


def _projected(shape: Any, given: Any) -> Any:
    """The part of a value that a shape of the service model has."""
    if shape.type_name == "structure":
        return {
            name: _projected(shape.members[name], item)
            for name, item in given.items()
            if name in shape.members
        }
    if shape.type_name == "list":
        return [_projected(shape.member, item) for item in given]
    return given
