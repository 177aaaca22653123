"""`planner show`."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from planner.cli.options import Manners, PlanViewOptions
from planner.cli.output import save
from planner.cli.plan_views import plan_views
from planner.cli.report import show_views
from planner.errors import ExitCode, UsageError

_STDIN = "-"


@dataclass(frozen=True, kw_only=True)
class Options(PlanViewOptions):
    """Options of `show`."""

    path: Annotated[
        str,
        typer.Argument(metavar="FILE", help="A plan of `plan --out`, or - for standard input."),
    ]


def run(options: Options, manners: Manners) -> ExitCode:
    """Show a saved plan in any format, as `plan` showed it.

    Nothing is planned and nothing is read but the file, which has to be as it was written. What a
    spec says where is not in it: annotations name the endpoint, and no line.
    """
    from planner.plans.reading import plan_of
    from planner.plans.saved import read_document
    from planner.views.findings import nowhere

    document = read_document(_text(options.path), options.path)
    plan = plan_of(document)
    save(options.out, lambda: document, manners)
    show_views(options.output, plan_views(plan, tag=options.comment_tag, places=nowhere), manners)
    return ExitCode.DONE


def _text(path: str) -> str:
    if path == _STDIN:
        return sys.stdin.buffer.read().decode("utf-8", "replace") if sys.stdin else ""
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace")
    except (OSError, ValueError) as error:
        raise UsageError(
            "no-plan-file",
            f"{path}: {getattr(error, 'strerror', None) or error}",
            hint=f"planner plan SPEC --out {path}",
        ) from error
