"""Diagnostics: what is wrong, where, why, and the fix to copy."""

from __future__ import annotations

from typing import Literal

from planner.model.value import value

Severity = Literal["error", "warning"]


@value
class Location:
    """A place in a text file; `line` and `column` count from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@value
class Diagnostic:
    """One finding; `path` is the dotted place in the spec, such as `spec.traffic.rate`."""

    code: str
    message: str
    hint: str = ""
    path: str = ""
    location: Location | None = None
    excerpt: str = ""
    severity: Severity = "error"
