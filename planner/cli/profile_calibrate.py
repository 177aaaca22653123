"""`planner profile calibrate`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from planner.cli.options import Manners
from planner.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from planner.model.workload import ServicePoint
    from planner.profiling.calibrate import Calibrated, Seen
    from planner.spec.profile_blocks import CalibrationBlock, ProfileDocument


@dataclass(frozen=True, kw_only=True)
class Options:
    """Options of `profile calibrate`."""

    file: Annotated[str, typer.Argument(metavar="FILE", help="A profile.")]
    observed: Annotated[
        str | None,
        typer.Option(
            "--observed",
            metavar="NAME=VALUE,...",
            help="What the endpoint shows: p50=12ms,p99=30ms,rate=310/s,replicas=4,concurrency=2.",
        ),
    ] = None
    source: Annotated[
        str | None, typer.Option("--from", metavar="FILE", help="The same as csv or JSON.")
    ] = None
    instance: Annotated[
        str | None,
        typer.Option("--instance", metavar="TYPE", help="What it runs on, if there are several."),
    ] = None
    overhead: Annotated[
        str,
        typer.Option(
            "--overhead", metavar="DURATION", help="Of the latencies, what is not the model's."
        ),
    ] = "0"
    reason: Annotated[
        str | None, typer.Option("--reason", metavar="TEXT", help="Why; kept in the profile.")
    ] = None
    date: Annotated[str | None, typer.Option("--date", metavar="DAY", help="Default: today.")] = (
        None
    )
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show it, and change nothing.")] = False


def run(options: Options, manners: Manners) -> ExitCode:
    """Correct a profile by what a running endpoint shows.

    The factor is kept in the profile with its date and reason, and holds for every plan from then
    on. Refuses what lies outside of the model's region or contradicts itself.
    """
    from planner.cli.output import emit_text, write_file
    from planner.cli.profiles import head_of, profile_at, profile_text
    from planner.profiling.document import points_of, with_calibration

    document = profile_at(options.file)
    instance, points = _points(points_of(document), options.instance)
    found = _calibrated(options, points)
    block = _block(options, instance, found)
    emit_text(_said(document, block, found))
    if options.dry_run:
        return ExitCode.DONE
    text = profile_text(with_calibration(document, block), head=head_of(options.file))
    write_file(options.file, text.encode())
    manners.note(f"wrote {options.file}")
    return ExitCode.DONE


def _points(
    known: dict[str, tuple[ServicePoint, ...]], instance: str | None
) -> tuple[str, tuple[ServicePoint, ...]]:
    if instance is None and len(known) > 1:
        raise UsageError(
            "which-instance",
            f"the profile has {len(known)} instance types; say which the endpoint runs on",
            hint=f"--instance, one of {', '.join(known)}",
        )
    name = instance or next(iter(known))
    if name not in known:
        raise UsageError(
            "unknown-instance", f"nothing is measured on {name}", hint=", ".join(known)
        )
    return name, known[name]


def _calibrated(options: Options, points: tuple[ServicePoint, ...]) -> Calibrated:
    from planner.profiling.calibrate import calibrated

    return calibrated(points, _windows(options, points))


def _windows(options: Options, points: tuple[ServicePoint, ...]) -> list[Seen]:
    from planner.cli.profiles import content_of, seconds_of
    from planner.profiling.windows import pairs, rows, window

    if (options.observed is None) == (options.source is None):
        raise UsageError(
            "usage",
            "give what was observed once: by --observed, or by --from",
            hint=f"planner profile calibrate {options.file} "
            "--observed p50=12ms,p99=30ms,rate=310/s,replicas=4",
        )
    overhead = seconds_of(options.overhead, "--overhead")
    given = (
        [pairs(options.observed)]
        if options.observed is not None
        else list(rows(content_of(options.source or "")))
    )
    most = points[-1].concurrency
    return [window(one, overhead_s=overhead, concurrency=most) for one in given]


def _block(options: Options, instance: str, found: Calibrated) -> CalibrationBlock:
    from planner.cli.profiles import today
    from planner.profiling.calibrate import reason_of
    from planner.spec.profile_blocks import CalibrationBlock

    return CalibrationBlock.model_construct(
        instance=instance,
        factor=round(found.factor, 4),
        date=options.date or today(),
        reason=options.reason or reason_of(found),
        scv=None if found.scv is None else round(found.scv, 4),
        rate=found.seen.rate_per_s,
        replicas=found.seen.replicas,
        concurrency=found.seen.concurrency,
        observed=dict(found.seen.latency),
        predicted=dict(found.predicted),
    )


def _said(document: ProfileDocument, block: CalibrationBlock, found: Calibrated) -> str:
    from planner.model.units import format_duration, format_fraction
    from planner.spec.profile import calibration_of

    before = calibration_of(document.spec.calibrations, block.instance)
    was = "" if before is None else f", in place of x {before.factor:.3g} of {before.date}"
    lines = [f"{block.instance}: service time x {block.factor:.3g}{was}"]
    for name, seconds in found.seen.latency.items():
        predicted = format_duration(found.predicted[name])
        lines.append(f"  {name:<6} {format_duration(seconds)} observed, {predicted} predicted")
    lines.append(f"  busy   {format_fraction(found.utilization)} of the slots")
    if block.scv is not None:
        lines.append(f"  spread SCV {block.scv:.3g}")
    lines.append(f"  reason {block.reason}")
    return "\n".join(lines) + "\n"
