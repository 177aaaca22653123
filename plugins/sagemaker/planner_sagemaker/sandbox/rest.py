"""REST: the operation stands in method and path, its members in path, query, headers and body.

S3 answers in XML, the runtime of SageMaker with whatever bytes a model returns and errors in JSON.
Bodies are taken whole: no operation here has one with members of its own.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Mapping
from email.utils import formatdate, parsedate_to_datetime
from functools import cache
from typing import Any
from urllib.parse import parse_qsl, unquote
from xml.sax.saxutils import escape

from planner.model.value import value
from planner_sagemaker.sandbox.errors import CloudError
from planner_sagemaker.sandbox.query import scalar
from planner_sagemaker.sandbox.service_models import Operation, Place, Shape, load
from planner_sagemaker.sandbox.wire_types import Answer, Envelope
from planner_sagemaker.sandbox.xml_text import xml_of

_ROOTS = {"ListObjectsV2": "ListBucketResult"}
"""Names that the documentation of S3 shows; the service model has none."""

_S3 = "http://s3.amazonaws.com/doc/2006-03-01/"


@value
class _Pattern:
    """A route that requests can be held against; `asked` are the fields its query must have."""

    operation: str
    method: str
    path: re.Pattern[str]
    asked: Mapping[str, str]


def route(service: str, envelope: Envelope) -> str:
    """The operation that a request asks of a service; "" where it has none of that path.

    Of several the one that asks most of the query: the others are its more general relatives.
    """
    query = _query(envelope)
    found = [
        one
        for one in _patterns(service)
        if one.method == envelope.method and one.path.fullmatch(envelope.path)
        if all(query.get(name) == text for name, text in one.asked.items())
    ]
    return max(found, key=lambda one: len(one.asked)).operation if found else ""


@cache
def _patterns(service: str) -> tuple[_Pattern, ...]:
    return tuple(
        _Pattern(
            operation=one.operation,
            method=one.method,
            path=_path(one.uri),
            asked=dict(parse_qsl(one.uri.partition("?")[2], keep_blank_values=True)),
        )
        for one in load(service).routes
    )


@cache
def _path(uri: str) -> re.Pattern[str]:
    """`{Key+}` is the rest of the path, `{Bucket}` one part of it."""
    text = re.escape(uri.partition("?")[0]).replace(r"\{", "{").replace(r"\}", "}")
    text = re.sub(r"\{(\w+)\\\+\}", r"(?P<\1>.+)", text)
    return re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", text))


def _query(envelope: Envelope) -> dict[str, str]:
    return dict(parse_qsl(envelope.query, keep_blank_values=True))


class Rest:
    """What both kinds have in common: members in path, query and headers."""

    def __init__(self, service: str, envelope: Envelope) -> None:
        self._service = service
        self._method = envelope.method

    def read(self, envelope: Envelope, operation: Operation) -> dict[str, Any]:
        """The members, each taken from its place; the body as bytes."""
        shape = operation.input
        if shape is None:
            return {}
        given = {
            name: _typed(shape.members[name], place, text)
            for name, place in shape.places.items()
            if (text := self._found(envelope, operation, place)) is not None
        }
        if shape.payload and shape.members[shape.payload].kind == "blob":
            given[shape.payload] = envelope.body
        return given

    def _found(self, envelope: Envelope, operation: Operation, place: Place) -> str | None:
        if place.part == "querystring":
            return _query(envelope).get(place.name)
        if place.part == "header":
            return envelope.headers.get(place.name.lower())
        routes = (one for one in _patterns(self._service) if one.operation == operation.name)
        found = next(routes).path.fullmatch(envelope.path)
        labels = found.groupdict() if found else {}
        return unquote(labels[place.name]) if place.name in labels else None

    def _headers(self, shape: Shape | None, document: Mapping[str, Any]) -> dict[str, str]:
        places = shape.places if shape is not None else {}
        return {
            place.name.lower(): _text(shape.members[name], document[name])
            for name, place in places.items()
            if shape is not None and place.part == "header" and document.get(name) is not None
        }


class RestXml(Rest):
    """S3."""

    def write(self, operation: Operation, document: Mapping[str, Any]) -> Answer:
        """Headers and, but for HEAD, the other members in XML."""
        headers = self._headers(operation.output, document)
        inner = "".join(xml_of(operation.output, document)) if operation.output else ""
        if self._method == "HEAD" or not inner:
            return self._answer(200, headers, "")
        root = _ROOTS.get(operation.name, f"{operation.name}Output")
        return self._answer(200, headers, f'<{root} xmlns="{_S3}">{inner}</{root}>')

    def refuse(self, error: CloudError) -> Answer:
        """An Error; to HEAD nothing but the status, and where a bucket lies that lies elsewhere."""
        region = error.more.get("Region")
        headers = {"x-amz-bucket-region": str(region)} if region else {}
        if self._method == "HEAD":
            return self._answer(error.status, headers, "")
        inner = f"<Code>{error.code}</Code><Message>{escape(error.message or '')}</Message>"
        return self._answer(error.status, headers, f"<Error>{inner}</Error>")

    def _answer(self, status: int, headers: Mapping[str, str], text: str) -> Answer:
        own = {"content-type": "application/xml", "x-amz-request-id": uuid.uuid4().hex[:16].upper()}
        body = f'<?xml version="1.0" encoding="UTF-8"?>\n{text}'.encode() if text else b""
        return Answer(status=status, headers={**own, **headers}, body=body)


class RestJson(Rest):
    """The runtime of SageMaker."""

    def write(self, operation: Operation, document: Mapping[str, Any]) -> Answer:
        """Headers, and the member that is the body as it is."""
        shape = operation.output
        body = document.get(shape.payload, b"") if shape is not None else b""
        return self._answer(200, self._headers(shape, document), body)

    def refuse(self, error: CloudError) -> Answer:
        """The code stands in a header, the members of the error in the body."""
        document = {"Message": error.message, "message": error.message, **error.more}
        return self._answer(
            error.status, {"x-amzn-errortype": error.code}, json.dumps(document).encode()
        )

    def _answer(self, status: int, headers: Mapping[str, str], body: bytes) -> Answer:
        own = {"content-type": "application/json", "x-amzn-requestid": str(uuid.uuid4())}
        return Answer(status=status, headers={**own, **headers}, body=body)


def _typed(shape: Shape, place: Place, text: str) -> Any:
    if shape.kind == "timestamp" and place.part == "header":
        try:
            return parsedate_to_datetime(text).timestamp()
        except ValueError:
            raise CloudError("InvalidArgument", f"{text!r} is no date") from None
    if shape.kind == "list" and shape.item is not None:
        return [scalar(shape.item.kind, one.strip()) for one in text.split(",")]
    return scalar(shape.kind, text)


def _text(shape: Shape, given: Any) -> str:
    if shape.kind == "timestamp":
        return formatdate(given, usegmt=True)
    if shape.kind == "boolean":
        return "true" if given else "false"
    return str(given)
