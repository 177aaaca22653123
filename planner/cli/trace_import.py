"""`planner trace import`."""

from __future__ import annotations

import gzip
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import tzinfo
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO, ClassVar

import typer

from planner.cli.idle import Idle
from planner.cli.options import Manners, SandboxOptions
from planner.cli.output import emit_text, write_file
from planner.errors import ExitCode, PlannerError, UsageError

if TYPE_CHECKING:
    from planner.traces import Recorded

LONGEST_S = 455 * 86_400.0
"""How long a cloud keeps counts at most, by the hour."""


class LogFormat(StrEnum):
    """Formats of logs."""

    AUTO = "auto"
    COMMON = "common"
    ALB = "alb"
    ISO = "iso"
    JSONL = "jsonl"
    CSV = "csv"


@dataclass(frozen=True, kw_only=True)
class Options(SandboxOptions):
    """Options of `trace import`."""

    idle: ClassVar[tuple[Idle, ...]] = (
        Idle(
            names=("region", "since", "table", "warehouse", "sandbox"),
            needs="provider",
            why="logs are read, and no cloud is asked",
        ),
        Idle(
            names=("form", "columns", "timezone", "path"),
            beside="provider",
            why="a cloud is asked, and no log is read",
        ),
    )

    sources: Annotated[
        list[str],
        typer.Argument(
            metavar="SOURCE...",
            help="Logs, also packed as .gz; with --provider the name of an endpoint.",
        ),
    ]
    form: Annotated[
        LogFormat, typer.Option("--format", help="common is for Combined Log Format, too.")
    ] = LogFormat.AUTO
    bucket: Annotated[
        str, typer.Option("--bucket", metavar="DURATION", help="Requests are counted by it.")
    ] = "1m"
    columns: Annotated[
        list[str],
        typer.Option(
            "--columns", metavar="KEY=NAME", help="Of csv and JSON: timestamp=ts,count=requests."
        ),
    ] = field(default_factory=list)
    timezone: Annotated[
        str, typer.Option("--timezone", metavar="ZONE", help="Of time stamps without an offset.")
    ] = "UTC"
    path: Annotated[
        str, typer.Option("--path", metavar="PATTERN", help="Only requests of it: '/score*'.")
    ] = ""
    provider: Annotated[
        str | None, typer.Option("--provider", metavar="NAME", help="Ask this cloud.")
    ] = None
    region: Annotated[
        str | None, typer.Option("--region", metavar="NAME", help="Default: the provider's own.")
    ] = None
    since: Annotated[
        str, typer.Option("--since", metavar="DURATION", help="How far back to ask: 14d, 36h.")
    ] = "14d"
    table: Annotated[
        str,
        typer.Option(
            "--table", metavar="NAME", help="A table that requests are logged to, asked by SQL."
        ),
    ] = ""
    warehouse: Annotated[
        str,
        typer.Option(
            "--warehouse",
            metavar="ID",
            envvar="PLANNER_WAREHOUSE",
            help="The SQL warehouse that answers.",
        ),
    ] = ""
    out: Annotated[
        str | None, typer.Option("--out", metavar="FILE", help="Write the trace to FILE.")
    ] = None
    force: Annotated[bool, typer.Option("--force", help="Overwrite FILE.")] = False


def run(options: Options, manners: Manners) -> ExitCode:
    """Make a trace of the requests that came: counts per minute, from logs or from a cloud.

    The trace goes to FILE, and the lines of a spec that use it to standard output; without FILE
    the trace does. How irregular requests come below a minute is measured where single requests
    are known, and said to be unknown where not.
    """
    from planner.traces import rows_of, silences, snippet

    _refuse_overwriting(options)
    bucket_s = _bucket(options.bucket)
    if options.provider is None:
        recorded = _from_logs(options, bucket_s)
    else:
        recorded = _from_cloud(options, bucket_s)
    for note in (*recorded.notes, *silences(recorded)):
        manners.note(f"note: {note}")
    text = "".join(f"{line}\n" for line in rows_of(recorded))
    shown = "".join(f"{line}\n" for line in snippet(recorded, options.out or "trace.csv"))
    if options.out is None:
        emit_text(text)
        manners.note(shown.rstrip())
    else:
        write_file(options.out, text.encode())
        manners.note(
            f"wrote {options.out}: {recorded.requests:,.0f} requests in {len(recorded.counts):,} "
            "buckets"
        )
        emit_text(shown)
    return ExitCode.DONE


def _refuse_overwriting(options: Options) -> None:
    if options.out is not None and Path(options.out).exists() and not options.force:
        raise PlannerError(
            "file-exists",
            f"{options.out}: is there already; it was not touched",
            hint=f"planner trace import {options.sources[0]} --out {options.out} --force",
        )


def _bucket(text: str) -> int:
    """Whole seconds that divide an hour, or hours."""
    from planner.cli.profiles import seconds_of

    seconds = seconds_of(text, "--bucket")
    bucket = int(seconds)
    if bucket < 1 or bucket != seconds or (3600 % bucket and bucket % 3600):
        raise UsageError(
            "invalid-duration",
            f"--bucket takes whole seconds that divide an hour, or hours, not {text}",
            hint="--bucket 1m",
        )
    return bucket


def _from_logs(options: Options, bucket_s: int) -> Recorded:
    from planner.cli.profiles import pairs_of
    from planner.traces import Reading, Tally, from_counts, from_tally, read_log
    from planner.traces.formats import notes_of

    columns = [pair for given in options.columns for pair in given.split(",")]
    reading = Reading(
        form=options.form.value,
        columns=pairs_of(columns, "--columns"),
        zone=_zone(options.timezone),
        path=options.path,
    )
    tally, counts = Tally(), dict[float, float]()
    notes: list[str] = []
    for source in options.sources:
        with _opened(source) as lines:
            found = read_log(source, lines, reading, tally)
        notes.extend(notes_of(source, found))
        both = len(found.counts.keys() & counts.keys())
        if both:
            notes.append(f"{source}: {both:,} moments are in another file too; counts are added")
        for at, number in found.counts.items():
            counts[at] = counts.get(at, 0.0) + number
    if counts and tally.requests:
        raise UsageError(
            "logs-and-counts", "single requests and counts cannot be one trace; import each"
        )
    if tally.out_of_order:
        notes.append(f"{tally.out_of_order:,} requests were not in order, and are counted")
    return from_counts(counts, bucket_s, notes) if counts else from_tally(tally, bucket_s, notes)


def _zone(name: str) -> tzinfo:
    from zoneinfo import ZoneInfo

    try:
        return ZoneInfo(name)
    except (KeyError, OSError, ValueError) as error:
        raise UsageError(
            "unknown-timezone", f"there is no time zone {name}", hint="--timezone Europe/Berlin"
        ) from error


@contextmanager
def _opened(source: str) -> Iterator[Iterator[bytes]]:
    """The lines of a file, unpacked where it is packed, whatever it is called."""
    try:
        if source == "-":
            yield iter(sys.stdin.buffer)
            return
        with open(source, "rb") as packed:  # noqa: PTH123
            magic = packed.peek(2)[:2]
            lines: BinaryIO = gzip.GzipFile(fileobj=packed) if magic == b"\x1f\x8b" else packed  # type: ignore[assignment]
            yield iter(lines)
    except (OSError, EOFError, zlib.error) as error:
        raise PlannerError(
            "unreadable-file",
            f"{source}: {getattr(error, 'strerror', None) or error}",
            hint=f"ls -l {source}",
        ) from error


def _from_cloud(options: Options, bucket_s: int) -> Recorded:
    import time

    from planner.cli.doctor import parse_since
    from planner.engine import connected
    from planner.model.recall import Recall
    from planner.traces import from_cloud

    if len(options.sources) != 1:
        raise UsageError(
            "one-endpoint",
            "a cloud is asked for one endpoint at a time",
            hint=f"planner trace import {options.sources[0]} --provider {options.provider}",
        )
    assert options.provider is not None
    until_s = time.time() // 60 * 60
    recall = Recall(
        endpoint=options.sources[0],
        since_s=until_s - parse_since(options.since, "--since", LONGEST_S),
        until_s=until_s,
        table=options.table,
        warehouse=options.warehouse,
    )
    with connected(sandbox=options.state) as connections:
        found = connections.records(options.provider, options.region).requests(recall)
    return from_cloud(found, bucket_s)
