"""`planner doctor`."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated

import typer

from planner.cli.options import (
    LiveOptions,
    Manners,
    ReportOptions,
)
from planner.cli.output import save
from planner.cli.plan_views import places_in
from planner.cli.report import Views, failures_shown, show_views
from planner.cli.specs import NamedOptions, by_name, read, selected
from planner.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from planner.model.checkup import Checkup
    from planner.spec import Spec

LONGEST_S = 14 * 86_400.0
"""Metrics of a minute are kept for about so long."""

SinceOption = Annotated[
    str, typer.Option("--since", metavar="DURATION", help="How far back to look: 30m, 3h, 2d.")
]
LooksOption = Annotated[
    int,
    typer.Option(
        "--looks",
        metavar="N",
        min=1,
        max=60,
        help="Look N times, a minute apart, where a cloud shows the last minute only.",
    ),
]


@dataclass(frozen=True, kw_only=True)
class Options(NamedOptions, LiveOptions, ReportOptions):
    """Options of `doctor`."""

    since: SinceOption = "3h"
    looks: LooksOption = 1
    detailed_exitcode: Annotated[
        bool,
        typer.Option("--detailed-exitcode", help="Exit with 2 when an endpoint needs attention."),
    ] = False


def run(options: Options, manners: Manners) -> ExitCode:
    """Look at running endpoints: what their metrics show, why, and what to do about it.

    Compares with the spec, with what is predicted for what runs, and with a table of thresholds;
    each finding names its row in docs/coverage.md. What no metric tells is said, not judged.
    Writes nothing.

    With --detailed-exitcode exits with 2 when an endpoint has an error or a warning, or is missing.
    """
    from planner.model.checkup import Condition
    from planner.plans.checkup_document import checkup_document

    with failures_shown(options.output, tag=options.comment_tag, kind="doctor"):
        specs, found = _found(options, manners)
    save(options.out, lambda: checkup_document(found), manners)
    show_views(options.output, _views(found, specs, tag=options.comment_tag), manners)
    ailing = any(one.condition in {Condition.AILING, Condition.ABSENT} for one in found)
    return ExitCode.CHANGES_PENDING if ailing and options.detailed_exitcode else ExitCode.DONE


def _found(options: Options, manners: Manners) -> tuple[tuple[Spec, ...], tuple[Checkup, ...]]:
    from planner import checkup
    from planner.cli.running import planned_live
    from planner.engine import connected

    looking = checkup.Looking(
        seconds=parse_since(options.since, "--since", LONGEST_S),
        looks=options.looks,
        parallel=options.parallelism,
    )
    options = by_name(options)
    specs = selected(read(options, manners), options)
    with connected(sandbox=options.state) as connections:
        planned = planned_live(specs, connections, parallel=options.parallelism)
        found = checkup.examined(planned, connections, looking)
    alone = len(specs) == 1 and not (options.only or options.exclude)
    return specs, tuple(_copyable(one, options, alone=alone) for one in found)


def _copyable(one: Checkup, options: Options, *, alone: bool) -> Checkup:
    """The same with next steps that can be typed as they stand."""
    findings = tuple(
        replace(each, command=f"{each.command} {_asked(one, options, alone=alone)}".rstrip())
        if each.command
        else each
        for each in one.findings
    )
    return replace(one, findings=findings)


def _asked(one: Checkup, options: Options, *, alone: bool) -> str:
    """What was asked for, as it was typed."""
    words = list(options.paths)
    for option, given in (("-f", options.overlay), ("--set", options.sets)):
        words += [word for text in given for word in (option, text)]
    words += [] if alone else ["--only", one.workload]
    words += ["--sandbox"] if options.sandbox else []
    if options.sandbox and options.sandbox_state != LiveOptions.sandbox_state:
        words += ["--sandbox-state", options.sandbox_state]
    words += ["--looks", str(options.looks)] if options.looks > 1 else []
    return shlex.join([*words, "--since", options.since])


def parse_since(text: str, option: str, longest_s: float) -> float:
    """Seconds of a duration of at least a minute; UsageError else."""
    from planner.model.units import UnitError, format_duration, parse_duration

    try:
        seconds = parse_duration(text)
    except UnitError as error:
        raise UsageError("invalid-duration", f"{option}: {error}", hint=f"{option} 3h") from error
    if not 60.0 <= seconds <= longest_s:
        raise UsageError(
            "invalid-duration",
            f"{option} takes 1 min to {format_duration(longest_s)}, not {text}",
            hint=f"{option} 3h",
        )
    return seconds


def _views(found: Sequence[Checkup], specs: Sequence[Spec], *, tag: str) -> Views:
    from planner.plans.checkup_document import checkup_document
    from planner.views.checkup_markdown import checkup_markdown
    from planner.views.checkup_report import checkup_report
    from planner.views.checkup_text import render_checkups

    return Views(
        document=lambda: checkup_document(found),
        text=lambda out, style: render_checkups(found, out=out, style=style),
        markdown=lambda limit: checkup_markdown(found, tag=tag, limit=limit),
        report=lambda: checkup_report(found, places_in(specs)),
    )
