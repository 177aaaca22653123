"""What the protocols have in common."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from planner.model.value import value
from planner_sagemaker.sandbox.errors import CloudError
from planner_sagemaker.sandbox.service_models import Operation


@value
class Envelope:
    """An HTTP request as far as protocols look at it; names of headers are in lower case.

    `path` is as it was sent, escapes and all, without the `query` that follows it.
    """

    method: str
    path: str
    query: str
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
