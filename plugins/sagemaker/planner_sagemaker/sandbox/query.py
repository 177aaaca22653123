"""AWS Query: form fields in, XML out: what STS and IAM speak, and older clients of CloudWatch.

`Dimensions.member.1.Name=x` is the member Name of the first item of the list Dimensions.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

from planner_sagemaker.sandbox.errors import CloudError
from planner_sagemaker.sandbox.service_models import Operation, Shape
from planner_sagemaker.sandbox.wire_types import Answer, Envelope
from planner_sagemaker.sandbox.xml_text import xml_of

_ENVELOPE = {"Action", "Version"}


class Query:
    """Form fields and XML, in the namespace of one service."""

    def __init__(self, namespace: str) -> None:
        self._namespace = namespace

    def read(self, envelope: Envelope, operation: Operation) -> dict[str, Any]:
        """The fields as nested members; one that the input does not have is refused."""
        fields = {
            key: text for key, text in fields_of(envelope.body).items() if key not in _ENVELOPE
        }
        if operation.input is None:
            return {}
        found = _read(operation.input, "", fields)
        if fields:
            raise CloudError("MalformedInput", f"unexpected field {min(fields)}")
        return dict(found or {})

    def write(self, operation: Operation, document: Mapping[str, Any]) -> Answer:
        """The output inside its wrapper, and the request's id."""
        inner = "".join(xml_of(operation.output, document)) if operation.output else ""
        if operation.result_wrapper:
            inner = f"<{operation.result_wrapper}>{inner}</{operation.result_wrapper}>"
        name = f"{operation.name}Response"
        request = str(uuid.uuid4())
        return self._answer(
            200,
            f'<{name} xmlns="{self._namespace}">{inner}<ResponseMetadata>'
            f"<RequestId>{request}</RequestId></ResponseMetadata></{name}>",
            request,
        )

    def refuse(self, error: CloudError) -> Answer:
        """An ErrorResponse."""
        request = str(uuid.uuid4())
        fault = "Sender" if error.status < 500 else "Receiver"
        return self._answer(
            error.status,
            f'<ErrorResponse xmlns="{self._namespace}"><Error><Type>{fault}</Type>'
            f"<Code>{escape(error.code)}</Code><Message>{escape(error.message or '')}</Message>"
            f"</Error><RequestId>{request}</RequestId></ErrorResponse>",
            request,
        )

    def _answer(self, status: int, text: str, request: str) -> Answer:
        headers = {"content-type": "text/xml", "x-amzn-requestid": request}
        return Answer(status=status, headers=headers, body=text.encode())


def fields_of(body: bytes) -> dict[str, str]:
    """The form fields of a body."""
    return dict(parse_qsl(body.decode("utf-8", errors="replace"), keep_blank_values=True))


def _read(shape: Shape, prefix: str, fields: dict[str, str]) -> Any:
    """The value whose fields begin with a prefix, taken out of them; None where there are none."""
    if shape.kind == "structure":
        members = {
            name: _read(member, f"{prefix}.{name}" if prefix else name, fields)
            for name, member in shape.members.items()
            if any(key.startswith(f"{prefix}.{name}" if prefix else name) for key in fields)
        }
        return {name: one for name, one in members.items() if one is not None} or None
    if shape.kind == "list" and shape.item is not None:
        inner = prefix if shape.flattened else f"{prefix}.member"
        items = list(_numbered(shape.item, inner, fields))
        empty = fields.pop(prefix, None) == ""
        return items if items or empty else None
    if prefix not in fields:
        return None
    return scalar(shape.kind, fields.pop(prefix))


def _numbered(shape: Shape, prefix: str, fields: dict[str, str]) -> Iterator[Any]:
    number = 1
    while (one := _read(shape, f"{prefix}.{number}", fields)) is not None:
        yield one
        number += 1


def scalar(kind: str, text: str) -> Any:
    """The value that a text stands for; MalformedInput where it stands for none of that kind."""
    read: dict[str, Callable[[str], Any]] = {
        "integer": int,
        "long": int,
        "float": float,
        "double": float,
        "boolean": lambda flag: {"true": True, "false": False}[flag.lower()],
        "timestamp": _epoch,
    }
    try:
        return read.get(kind, str)(text)
    except (ValueError, KeyError):
        raise CloudError("MalformedInput", f"{text!r} is no {kind}") from None


def _epoch(text: str) -> float:
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
