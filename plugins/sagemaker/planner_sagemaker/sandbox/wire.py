"""The protocol core: HTTP requests to calls, answers and refusals back to HTTP.

`recognise` tells which operation of which service is asked for and in which protocol; a `Codec`
reads and writes bodies of one protocol, led by the shapes of the service model: JSON here, Query
and REST beside it. botocore prefers JSON wherever a service speaks it, CloudWatch (1.0) included.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Mapping
from typing import Any

from planner.model.value import value
from planner_sagemaker.sandbox.errors import CloudError
from planner_sagemaker.sandbox.query import Query, fields_of
from planner_sagemaker.sandbox.registry import SERVICES, Service
from planner_sagemaker.sandbox.rest import route
from planner_sagemaker.sandbox.service_models import Operation, Shape, load
from planner_sagemaker.sandbox.wire_types import Answer, Codec, Envelope

DEFAULT_REGION = "us-east-1"
_SCOPE = re.compile(r"Credential=[^/]+/\d{8}/(?P<region>[^/]*)/(?P<service>[^/]*)/aws4_request")


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
        body = {"__type": error.code, "message": error.message, **error.more}
        return self._answer(error.status, _dumped(body))

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
    agent: str = ""

    @property
    def operation(self) -> Operation:
        """What the service model says; UnknownOperationException where it says nothing."""
        try:
            return load(self.service.name).operation(self.name)
        except KeyError:
            raise CloudError("UnknownOperationException", None) from None


def recognise(envelope: Envelope) -> Asked:
    """Which operation is asked for, and in which protocol; CloudError where nobody can tell."""
    region, signed_for = _scope(envelope.headers)
    kind = envelope.headers.get("content-type", "")
    target = envelope.headers.get("x-amz-target", "")
    agent = envelope.headers.get("user-agent", "")
    routed = None if target else _by_route(signed_for, envelope)
    if routed is not None:
        service, name, codec = routed
        return Asked(service=service, name=name, region=region, codec=codec, agent=agent)
    if not target and kind.startswith("application/x-www-form-urlencoded"):
        service = _known(signed_for, {one.signing: one for one in SERVICES})
        name = fields_of(envelope.body).get("Action", "")
        codec = Query(load(service.name).namespace)
    else:
        prefix, _, name = target.rpartition(".")
        service = _known(prefix or signed_for, {one.target: one for one in SERVICES})
        codec = Json("1.0" if kind.endswith("1.0") else "1.1")
    return Asked(service=service, name=name, region=region, codec=codec, agent=agent)


def _by_route(signed_for: str, envelope: Envelope) -> tuple[Service, str, Codec] | None:
    for service in SERVICES:
        if service.rest is not None and service.signing == signed_for:
            name = route(service.name, envelope)
            if name:
                return service, name, service.rest(service.name, envelope)
    return None


def _known(name: str, services: Mapping[str, Service]) -> Service:
    if name not in services:
        raise CloudError("UnknownOperationException", f"the sandbox has no service `{name}`")
    return services[name]


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
