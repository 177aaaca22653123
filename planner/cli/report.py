"""Results with findings in them, in the formats that other tools read."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from planner import __version__
from planner.cli.options import Manners, PlanFormat
from planner.cli.output import TextView, emit_bytes, emit_pieces, show
from planner.errors import PlannerError

if TYPE_CHECKING:
    from planner.diagnostics import Diagnostic
    from planner.views.findings import Report


@dataclass(frozen=True, kw_only=True)
class Views:
    """The ways to show one result; `outputs` are what a later step of a workflow can read.

    `markdown` takes the longest that it may be; `json` gives the document's text in pieces.
    """

    document: Callable[[], Any]
    text: TextView
    markdown: Callable[[int], str]
    report: Callable[[], Report]
    outputs: Callable[[], str] = str
    gitlab: Callable[[], Any] | None = None
    json: Callable[[], Iterable[bytes]] | None = None


def show_views(output: str, views: Views, manners: Manners) -> None:
    """Write a result to standard output in any format."""
    match output:
        case PlanFormat.MARKDOWN:
            from planner.views.markdown import COMMENT_LIMIT

            emit_bytes(_utf8(views.markdown(COMMENT_LIMIT)))
        case PlanFormat.GITHUB:
            from planner.views.github import SUMMARY_LIMIT, annotated

            emit_bytes(_utf8(annotated(views.report())))
            _append("GITHUB_STEP_SUMMARY", lambda: views.markdown(SUMMARY_LIMIT))
            _append("GITHUB_OUTPUT", views.outputs)
        case PlanFormat.SARIF:
            from planner.plans.text import to_bytes
            from planner.views.sarif import sarif

            emit_bytes(to_bytes(sarif(views.report(), version=__version__)))
        case PlanFormat.JUNIT:
            from planner.views.junit import junit

            emit_bytes(_utf8(junit(views.report())))
        case PlanFormat.GITLAB if views.gitlab is not None:
            from planner.plans.text import to_bytes

            emit_bytes(to_bytes(views.gitlab()))
        case PlanFormat.JSON if views.json is not None:
            emit_pieces(views.json())
        case _:
            show(output, document=views.document, text=views.text, manners=manners)


@contextmanager
def failures_shown(output: str, *, tag: str, kind: str = "plan") -> Iterator[None]:
    """Let tools that show findings show why there is no result; the error goes on its way.

    A comment of the same `kind` and tag is replaced by it.
    """
    try:
        yield
    except PlannerError as error:
        if output in _FOR_FINDINGS:
            from planner.cli.failures import diagnostics_of

            found = diagnostics_of(error)
            show_diagnostics(output, found, tag=tag, manners=Manners(), kind=kind)
        raise


_FOR_FINDINGS = {
    PlanFormat.MARKDOWN,
    PlanFormat.GITHUB,
    PlanFormat.SARIF,
    PlanFormat.JUNIT,
}


def show_diagnostics(
    output: str,
    diagnostics: tuple[Diagnostic, ...],
    *,
    tag: str,
    manners: Manners,
    kind: str = "plan",
) -> None:
    """Write what is wrong with specs in one of the formats that are made for findings."""
    from planner.views.diagnostic_markdown import diagnostic_markdown
    from planner.views.findings import diagnostic_report

    views = Views(
        document=dict,
        text=lambda out, style: None,  # noqa: ARG005
        markdown=lambda limit: diagnostic_markdown(diagnostics, tag=tag, limit=limit, kind=kind),
        report=lambda: diagnostic_report(diagnostics),
    )
    show_views(output, views, manners)


def _append(variable: str, text: Callable[[], str]) -> None:
    """Add text to the file that a variable names; nothing where it names none."""
    path = os.environ.get(variable)
    data = _utf8(text()) if path else b""
    if not path or not data:
        return
    try:
        with open(path, "ab") as file:  # noqa: PTH123
            file.write(data)
    except OSError as error:
        raise PlannerError(
            "cannot-write",
            f"{path}, which ${variable} names: {error.strerror or error}",
            hint=f"env -u {variable} planner ...",
        ) from error


def _utf8(text: str) -> bytes:
    return text.encode("utf-8", "replace")
