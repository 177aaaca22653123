"""Files of the profile commands: read here, because everything below them is pure."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from planner.errors import PlannerError, SpecError, UsageError

if TYPE_CHECKING:
    from planner.profiling.content import Content
    from planner.spec.profile_blocks import ProfileDocument

_LARGEST = 512 << 20


def content_of(path: str) -> Content:
    """A file of measurements; PlannerError where it cannot be read, or is too large for that."""
    from planner.profiling.content import Content

    if Path(path).is_file() and Path(path).stat().st_size > _LARGEST:
        raise PlannerError(
            "too-large",
            f"{path} has more than {_LARGEST >> 20} MiB, and all of it is held in memory",
            hint="of k6's lines these are enough: "
            f'grep -E \'"metric":"(vus|http_req_duration|dropped_iterations)"\' {path} > less.json',
        )
    return Content(path, _bytes(path))


def day_of(path: str) -> str:
    """The day a file was written, for formats that hold no date."""
    return datetime.fromtimestamp(Path(path).stat().st_mtime, UTC).date().isoformat()


def day_at(moment_s: float) -> str:
    """The day of a moment, in UTC."""
    return datetime.fromtimestamp(moment_s, UTC).date().isoformat()


def today() -> str:
    """The day, in UTC."""
    return datetime.now(UTC).date().isoformat()


def profile_at(path: str) -> ProfileDocument:
    """A profile file; SpecError with all that is wrong in it."""
    from planner.spec.profile import read_document
    from planner.spec.report import Report

    report = Report()
    document = read_document(path, _bytes(path), report, env=os.environ)
    report.raise_any()
    assert document is not None
    return document


def curves_at(path: str) -> Any:
    """The profile as the solver sees it."""
    from planner.spec.profile import parse_profile
    from planner.spec.report import Report

    report = Report()
    found = parse_profile(path, _bytes(path), report, env=os.environ)
    report.raise_any()
    assert found is not None
    return found


def profile_text(document: ProfileDocument, *, head: list[str]) -> str:
    """The file of a profile, below these lines of comment."""
    from io import StringIO

    from planner.profiling.document import written
    from planner.views.profile_yaml import render_profile
    from planner.views.style import Style

    out = StringIO()
    render_profile(written(document), head=head, out=out, style=Style())
    return out.getvalue()


def head_of(path: str) -> list[str]:
    """The lines of comment above a profile, which stay when it is written anew."""
    head = []
    for line in _bytes(path).decode("utf-8", "replace").splitlines():
        if not line.startswith("#"):
            break
        head.append(line.removeprefix("#").removeprefix(" "))
    return head


def refuse_overwriting(path: str | None, *, allowed: bool, hint: str) -> None:
    """Raise PlannerError for a file that is there already."""
    if path is not None and Path(path).exists() and not allowed:
        raise PlannerError(
            "file-exists", f"{path}: is there already; it was not touched", hint=hint
        )


def pairs_of(texts: list[str], option: str) -> dict[str, str]:
    """`name=value` texts as a mapping; UsageError for one that is none."""
    found = {}
    for text in texts:
        name, equals, given = text.partition("=")
        if not (name.strip() and equals):
            raise UsageError("usage", f"{option} takes NAME=VALUE, not {text}")
        found[name.strip()] = given.strip()
    return found


def seconds_of(text: str, option: str) -> float:
    """A duration of the command line; UsageError for what is none."""
    from planner.model.units import UnitError, parse_duration

    try:
        return parse_duration(text)
    except UnitError as error:
        raise UsageError("usage", f"{option}: {error.message}", hint=error.hint) from None


def _bytes(path: str) -> bytes:
    from planner.sources import read_files
    from planner.spec import Source

    (found,) = read_files([path])
    if isinstance(found, Source):
        return found.text
    raise SpecError((found,))
