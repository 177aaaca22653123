"""What is looked at before the first write, and how it ended."""

from __future__ import annotations

from enum import StrEnum

from planner.model.value import value


class Verdict(StrEnum):
    """How a check ended; `unknown` says that it could not be made."""

    PASSED = "passed"
    FAILED = "failed"
    DENIED = "denied"
    UNKNOWN = "unknown"


@value
class Check:
    """One thing that could stop a write.

    `subject` is the endpoint, or the account or workspace; `detail` says what was found, in the
    cloud's words where it has some. What passed with a `hint` is told, too.
    """

    name: str
    subject: str
    verdict: Verdict
    detail: str
    hint: str = ""
