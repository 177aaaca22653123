"""`planner profile calibrate`."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated

import typer

from planner.cli.doctor import LooksOption, SinceOption
from planner.cli.options import LiveOptions, Manners
from planner.cli.specs import NamedOptions
from planner.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from planner.model.workload import Correction, ServicePoint
    from planner.profiling.calibrate import Calibrated, Seen
    from planner.spec.profile_blocks import CalibrationBlock

_PROFILE = re.compile(rb"(?m)^kind:\s*[\"']?Profile\b")


@dataclass(frozen=True, kw_only=True)
class Options(NamedOptions, LiveOptions):
    """Options of `profile calibrate`."""

    paths: Annotated[
        list[str],
        typer.Argument(
            metavar="SPEC|NAME|FILE",
            help="A spec, whose endpoint is looked at; or a profile, with --observed or --from.",
            show_default="the current directory",
        ),
    ] = field(default_factory=list)
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
    date: Annotated[
        str | None, typer.Option("--date", metavar="DAY", help="Default: when it was seen.")
    ] = None
    since: SinceOption = "3h"
    looks: LooksOption = 1
    model: Annotated[
        str | None,
        typer.Option("--model", metavar="NAME", help="Which, if a spec has several endpoints."),
    ] = None
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show it, and change nothing.")] = False


def run(options: Options, manners: Manners) -> ExitCode:
    """Correct service times by what a running endpoint shows.

    Of a spec the metrics of its endpoint are read, as `planner doctor` reads them. The factor is
    kept with its date and reason in the profile, or below a service time that stands in the spec,
    and holds for every plan from then on. Refuses what lies outside of the model's region or
    contradicts itself.
    """
    if options.observed is None and options.source is None and not _is_profile(options.paths):
        from planner.cli.profile_live import calibrate_live

        return calibrate_live(options, manners)
    return _by_hand(options, manners)


def _is_profile(paths: list[str]) -> bool:
    """Whether the one file named is a profile, as far as can be read."""
    from pathlib import Path

    if len(paths) != 1:
        return False
    try:
        return _PROFILE.search(Path(paths[0]).read_bytes()) is not None
    except (OSError, ValueError):
        return False


def _by_hand(options: Options, manners: Manners) -> ExitCode:
    from planner.cli.output import emit_text, write_file
    from planner.cli.profiles import head_of, profile_at, profile_text
    from planner.profiling.document import points_of, with_calibration
    from planner.spec.profile import calibration_of

    path = _the_profile(options)
    document = profile_at(path)
    instance, points = _points(points_of(document), options.instance)
    found = _calibrated(options, points)
    block = _block(options, instance, found)
    before = calibration_of(document.spec.calibrations, block.instance)
    emit_text(said(block, found, before=before))
    if options.dry_run:
        return ExitCode.DONE
    text = profile_text(with_calibration(document, block), head=head_of(path))
    write_file(path, text.encode())
    manners.note(f"wrote {path}")
    return ExitCode.DONE


def _the_profile(options: Options) -> str:
    if len(options.paths) != 1:
        raise UsageError(
            "usage",
            "what was observed by hand corrects one profile; name its file",
            hint="planner profile calibrate profile.yaml --observed p50=12ms,rate=310/s,replicas=4",
        )
    return options.paths[0]


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
            hint=f"planner profile calibrate {options.paths[0]} "
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


def said(
    block: CalibrationBlock,
    found: Calibrated,
    *,
    before: CalibrationBlock | Correction | None,
    rests_on: str = "",
) -> str:
    """A calibration in lines: the factor, what was observed and predicted, and why it holds."""
    from planner.model.units import format_duration, format_fraction

    was = "" if before is None else f", in place of x {before.factor:.3g} of {before.date}"
    lines = [f"{block.instance}: service time x {block.factor:.3g}{was}"]
    for name, seconds in found.seen.latency.items():
        predicted = format_duration(found.predicted[name])
        lines.append(f"  {name:<6} {format_duration(seconds)} observed, {predicted} predicted")
    lines.append(f"  busy   {rests_on or format_fraction(found.utilization) + ' of the slots'}")
    if block.scv is not None:
        lines.append(f"  spread SCV {block.scv:.3g}")
    lines.append(f"  reason {block.reason}")
    return "\n".join(lines) + "\n"
