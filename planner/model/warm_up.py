"""Test calls of an endpoint that was just written: what is asked, and what came of it."""

from __future__ import annotations

from dataclasses import field
from enum import StrEnum
from hashlib import sha256

from planner.model.value import value

WINDOW = 3
"""Calls that are held against as many before them."""

LEAST = 2 * WINDOW
"""Calls from which it can be told that a latency has settled."""

SAMPLE = (
    "write a request that the model takes into spec.rollout.warm_up: body or file, and its type"
)
"""What helps where a model refuses the sample."""


@value
class Sample:
    """One request's body and type; the body is shown nowhere, and None where it was left out."""

    body: bytes | None = field(repr=False)
    content_type: str
    sha256: str
    size_bytes: int

    @classmethod
    def of(cls, body: bytes, content_type: str) -> Sample:
        """The sample of a body."""
        return cls(
            body=body,
            content_type=content_type,
            sha256=sha256(body).hexdigest(),
            size_bytes=len(body),
        )


@value
class WarmUp:
    """What a spec asks for: at most so many calls of a model, of so many models, in that time."""

    sample: Sample
    requests: int = 20
    models: int = 50
    timeout_s: float = 600.0


@value
class Target:
    """A model that is called; `artifact` is where the spec says that it lies."""

    model: str
    artifact: str = ""


@value
class Warming:
    """The calls of one endpoint: `targets` are its hottest models first, of `served` in all."""

    warm_up: WarmUp
    targets: tuple[Target, ...]
    served: int


class Answer(StrEnum):
    """What became of one call."""

    ANSWERED = "answered"
    REFUSED = "refused"
    """The request is at fault; the same one again will be refused again."""
    FAILED = "failed"
    """The model is at fault, or what it runs on."""
    LATER = "later"
    """It is still loading, or busy."""


@value
class Reply:
    """One call's answer, after so many seconds; `text` and `hint` say what was wrong."""

    answer: Answer
    seconds: float
    text: str = ""
    hint: str = ""


@value
class Warmed:
    """What the test calls of one model came to.

    `first_s` is the time from the first call to the first answer, `settled_s` the median of the
    last calls, None where there was none. `calls` counts those that were told to come later too.
    """

    model: str
    calls: int = 0
    answered: int = 0
    failed: int = 0
    first_s: float | None = None
    settled_s: float | None = None
    settled: bool = False
    mute: bool = False
    """Whether it was called and gave no answer, or none any more."""
    detail: str = ""
    hint: str = ""
