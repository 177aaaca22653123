"""The protocol core: HTTP requests to calls, answers and refusals back to HTTP.

`recognise` tells which operation of which service is asked for and in which protocol; a `Codec`
reads and writes bodies of one protocol, led by the shapes of the service model. JSON 1.0 and 1.1
are in this file.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Mapping
from typing import Any, Protocol

from planner.model.value import value
from planner_sagemaker.sandbox.errors import CloudError
from planner_sagemaker.sandbox.registry import SERVICES, Service
from planner_sagemaker.sandbox.service_models import Operation, Shape, load

DEFAULT_REGION = "us-east-1"
_SCOPE = re.compile(r"Credential=[^/]+/\d{8}/(?P<region>[^/]*)/(?P<service>[^/]*)/aws4_request")


@value
class Envelope:
    """An HTTP request as far as protocols look at it; names of headers are in lower case."""

    path: str
    headers: Mapping[str, str]
    body: bytes


@value
class Answer:
    """An HTTP answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Codec(Protocol):
    """Bodies of one protocol."""

    def read(self, envelope: Envelope, operation: Operation) -> dict[str, Any]:
        """The parameters of a request; CloudError where the body cannot be read."""
        ...

    def write(self, operation: Operation, document: Mapping[str, Any]) -> Answer:
        """A success: what the output shape knows of the document."""
        ...

    def refuse(self, error: CloudError) -> Answer:
        """A refusal, as the client's library parses it."""
        ...


class Json:
    """AWS JSON 1.0 and 1.1: the operation stands in X-Amz-Target, times are epoch seconds."""

    def __init__(self, version: str) -> None:
        self._headers = {"content-type": f"application/x-amz-json-{version}"}

    def read(self, envelope: Envelope, operation: Operation) -> dict[str, Any]:
        """The body, which must be one object."""
        del operation
        try:
            parameters = json.loads(envelope.body or b"{}")
        except ValueError:
            raise CloudError("SerializationException", None) from None
        if not isinstance(parameters, dict):
            raise CloudError("SerializationException", "Start of structure expected")
        return parameters

    def write(self, operation: Operation, document: Mapping[str, Any]) -> Answer:
        """An empty body where the operation answers nothing, as the cloud does."""
        if operation.output is None:
            return self._answer(200, b"")
        return self._answer(200, _dumped(modelled(operation.output, document)))

    def refuse(self, error: CloudError) -> Answer:
        """The code stands in `__type`; the modelled errors of SageMaker write `Message`."""
        return self._answer(error.status, _dumped({"__type": error.code, "message": error.message}))

    def _answer(self, status: int, body: bytes) -> Answer:
        headers = {**self._headers, "x-amzn-requestid": str(uuid.uuid4())}
        return Answer(status=status, headers=headers, body=body)


@value
class Asked:
    """An operation that is asked for, in a protocol."""

    service: Service
    name: str
    region: str
    codec: Codec

    @property
    def operation(self) -> Operation:
        """What the service model says; UnknownOperationException where it says nothing."""
        try:
            return load(self.service.name).operation(self.name)
        except KeyError:
            raise CloudError("UnknownOperationException", None) from None


def recognise(envelope: Envelope) -> Asked:
    """Which operation is asked for; CloudError where nobody can tell."""
    region, signed_for = _scope(envelope.headers)
    target = envelope.headers.get("x-amz-target", "")
    prefix, _, operation = target.rpartition(".")
    for service in SERVICES:
        if prefix and service.target == prefix:
            return Asked(
                service=service, name=operation, region=region, codec=codec_of(envelope.headers)
            )
    raise CloudError(
        "UnknownOperationException", f"the sandbox has no service `{prefix or signed_for}`"
    )


def codec_of(headers: Mapping[str, str]) -> Codec:
    """The protocol of a request; what is no other is JSON."""
    version = "1.0" if headers.get("content-type", "").endswith("1.0") else "1.1"
    return Json(version)


def _scope(headers: Mapping[str, str]) -> tuple[str, str]:
    """Region and service a request is signed for; signatures themselves are not checked."""
    authorization = headers.get("authorization", "")
    if not authorization:
        raise CloudError("MissingAuthenticationTokenException", "Missing Authentication Token")
    found = _SCOPE.search(authorization)
    if found is None:
        raise CloudError(
            "IncompleteSignatureException", "Authorization header requires 'Credential' parameter."
        )
    return found["region"] or DEFAULT_REGION, found["service"]


def modelled(shape: Shape, given: Any) -> Any:
    """The part of a value that a shape knows, without what is None."""
    if shape.kind == "structure":
        return {
            name: modelled(member, given[name])
            for name, member in shape.members.items()
            if given.get(name) is not None
        }
    if shape.kind == "list" and shape.item is not None:
        return [modelled(shape.item, one) for one in given]
    if shape.kind == "map" and shape.item is not None:
        return {key: modelled(shape.item, one) for key, one in given.items()}
    return given


def _dumped(document: Any) -> bytes:
    return json.dumps(document, separators=(",", ":")).encode()
