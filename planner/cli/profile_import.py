"""`planner profile import`."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar

import typer

from planner.cli.doctor import LooksOption, SinceOption
from planner.cli.idle import Idle
from planner.cli.options import LiveOptions, Manners
from planner.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from planner.profiling import Given, Observation
    from planner.profiling.conversion import Conversion
    from planner.spec.profile_blocks import ProfileDocument


class Loop(StrEnum):
    """What clients did while an answer was out."""

    OPEN = "open"
    CLOSED = "closed"


class Place(StrEnum):
    """Where the clock stood."""

    MODEL = "model"
    ENDPOINT = "endpoint"
    CLIENT = "client"


@dataclass(frozen=True, kw_only=True)
class Options(LiveOptions):
    """Options of `profile import`."""

    idle: ClassVar[tuple[Idle, ...]] = (
        Idle(
            names=("since", "looks", "sandbox", "parallelism"),
            needs="endpoint",
            why="files are read, and no cloud is asked",
        ),
        Idle(
            names=("form", "users", "loop", "at", "overhead", "only", "columns", "date"),
            beside="endpoint",
            why="a running endpoint is looked at, and no file is read",
        ),
    )

    files: Annotated[
        list[str], typer.Argument(metavar="FILE...", help="What the load tool wrote.")
    ] = field(default_factory=list)
    endpoint: Annotated[
        str | None,
        typer.Option(
            "--endpoint",
            metavar="SPEC",
            help="Of the running endpoint of this spec, by its metrics, in place of files.",
        ),
    ] = None
    since: SinceOption = "3h"
    looks: LooksOption = 1
    form: Annotated[
        str, typer.Option("--format", metavar="NAME", help="auto tells it by the content.")
    ] = "auto"
    instance: Annotated[
        str | None, typer.Option("--instance", metavar="TYPE", help="What answered.")
    ] = None
    users: Annotated[
        float | None,
        typer.Option("--users", metavar="N", min=0.1, help="Clients that waited for answers."),
    ] = None
    loop: Annotated[Loop | None, typer.Option("--loop", help="Where the tool does not say.")] = None
    at: Annotated[
        Place | None, typer.Option("--at", help="Where latency was measured. Default: by the tool.")
    ] = None
    overhead: Annotated[
        str,
        typer.Option(
            "--overhead",
            metavar="DURATION",
            help="Taken off each latency: network and platform, which the plan adds itself.",
        ),
    ] = "0"
    only: Annotated[
        list[str],
        typer.Option("--only", metavar="NAME=VALUE", help="Of what was measured side by side."),
    ] = field(default_factory=list)
    columns: Annotated[
        list[str],
        typer.Option("--columns", metavar="NAME=COLUMN", help="Columns of a csv of your own."),
    ] = field(default_factory=list)
    date: Annotated[
        str | None, typer.Option("--date", metavar="DAY", help="Default: the file's own.")
    ] = None
    model: Annotated[
        str | None, typer.Option("--model", metavar="NAME", help="Whose service times these are.")
    ] = None
    out: Annotated[
        str | None, typer.Option("--out", metavar="FILE", help="Write the profile to FILE.")
    ] = None
    add: Annotated[
        bool, typer.Option("--add", help="Keep what FILE has of other instance types.")
    ] = False
    force: Annotated[bool, typer.Option("--force", help="Overwrite FILE.")] = False


def run(options: Options, manners: Manners) -> ExitCode:
    """Make a profile of what a load test measured, or of what a running endpoint shows.

    Response times become service times by the requests in service; where that takes more than
    reading them off, the profile says so. Percentiles of a closed loop are kept but never used.
    """
    from planner.cli.output import emit_text, write_file
    from planner.cli.profiles import head_of, profile_text, refuse_overwriting
    from planner.profiling.conversion import converted

    if options.out is not None:
        refuse_overwriting(
            options.out,
            allowed=options.force or options.add,
            hint=f"planner profile import ... --out {options.out} --add, or --force",
        )
    observations = _observations(options, manners)
    conversions = converted(observations)
    document, old = _document(options, conversions, observations)
    head = head_of(options.out) if options.out and old else ["Written by planner profile import."]
    for one in conversions:
        for note in one.notes:
            manners.note(f"note: {note}")
    text = profile_text(document, head=head)
    if options.out is None:
        emit_text(text)
        return ExitCode.DONE
    write_file(options.out, text.encode())
    points = sum(len(one.points) for one in conversions)
    manners.note(f"wrote {options.out}: {points} points of {len(conversions)} instance types")
    return ExitCode.DONE


def _observations(options: Options, manners: Manners) -> tuple[Observation, ...]:
    from planner.cli.profiles import content_of, day_of
    from planner.profiling import imported

    if (options.endpoint is None) == (not options.files):
        raise UsageError(
            "usage",
            "give files of a load test, or an endpoint that runs",
            hint="planner profile import FILE, or --endpoint planner.yaml",
        )
    if options.endpoint is not None:
        from planner.cli.profile_endpoint import observations_of

        return observations_of(options, manners)
    found: list[Observation] = []
    for path in options.files:
        content = content_of(path)
        given = _given(options, day_of(path))
        found.extend(imported(content, given, options.form).observations)
    return tuple(found)


def _given(options: Options, written_on: str) -> Given:
    from planner.cli.profiles import pairs_of, seconds_of
    from planner.profiling import Given

    return Given(
        instance_type=options.instance,
        users=options.users,
        loop=None if options.loop is None else options.loop.value,
        at=None if options.at is None else options.at.value,
        date=options.date or "",
        written_on=written_on,
        only=pairs_of(options.only, "--only"),
        overhead_s=seconds_of(options.overhead, "--overhead"),
        columns=pairs_of(options.columns, "--columns"),
    )


def _document(
    options: Options, conversions: tuple[Conversion, ...], observations: tuple[Observation, ...]
) -> tuple[ProfileDocument, bool]:
    """The profile to write, and whether it was there before."""
    from planner.cli.profiles import profile_at
    from planner.profiling.document import profile_of, with_measurements

    if options.add and options.out is not None and Path(options.out).exists():
        old = profile_at(options.out)
        return with_measurements(old, conversions, observations), True
    source = options.files[0] if options.files else dict(observations[0].labels)["endpoint"]
    name = Path(options.out or source).name.split(".")[0]
    label = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:63].strip("-") or "profile"
    return profile_of(label, options.model, conversions, observations), False
