"""Files for other tools: what is asked of a format, and what comes out."""

from __future__ import annotations

from typing import Any, Literal

from planner.model.candidate import Decision
from planner.model.resource import DesiredState
from planner.model.value import value
from planner.model.workload import Workload

Syntax = Literal["json", "yaml", "text"]


@value
class Asked:
    """One endpoint as formats see it; `owner` is the name of the spec that wants it."""

    owner: str
    state: DesiredState
    decision: Decision
    workload: Workload


@value
class ExportedFile:
    """One file for another tool; equal input gives equal files.

    `name` has no directory. `content` is a JSON value, for a stream of YAML documents a tuple of
    them, for `text` the text. `notes` say what of the endpoints the target cannot hold or does
    otherwise; they are shown beside the file, and stand in it as comments where the syntax has any
    and the content is not `annotated` with them itself.
    """

    name: str
    syntax: Syntax
    content: Any
    notes: tuple[str, ...] = ()
    annotated: bool = False
