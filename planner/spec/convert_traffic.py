"""A traffic block to the pattern that the capacity model reads."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, assert_never

from planner.model.traffic import (
    Burst,
    Diurnal,
    Intermittent,
    Pattern,
    Spike,
    Stage,
    Stages,
    Steady,
    Trace,
    Traffic,
    WeeklyWindow,
)
from planner.model.units import format_duration
from planner.spec.assumptions import Notes
from planner.spec.calendar import DAY_S, week_of
from planner.spec.traffic_blocks import (
    DAYS,
    AnyTraffic,
    DiurnalBlock,
    IntermittentBlock,
    SpikeBlock,
    StagesBlock,
    SteadyBlock,
    TraceBlock,
)

if TYPE_CHECKING:
    from planner.spec.recording import Recording

_WIDTH_S = 8 * 3600.0
_ALL_WEEK = WeeklyWindow(days=tuple(range(7)), start_s=0.0, end_s=DAY_S)


def to_traffic(block: AnyTraffic, recording: Recording | None, notes: Notes) -> Traffic:
    """Return the traffic of the month that `horizon` names; guesses go to the notes."""
    scale = float((1 + block.growth) ** block.horizon)
    if block.growth and not block.horizon:
        notes.add(
            "spec.traffic.horizon",
            "0 months",
            "growth without a horizon changes nothing: the plan is for the rates as they stand",
        )
    return Traffic(
        pattern=_pattern(block, recording, scale, notes=notes),
        arrival=block.arrival,
        burstiness=_burstiness(block),
        timezone=block.timezone,
    )


def _burstiness(block: AnyTraffic) -> float:
    """Return the coefficient of variation of the gaps; its square is the dispersion over time."""
    return block.burstiness if block.dispersion is None else math.sqrt(block.dispersion)


def _pattern(
    block: AnyTraffic, recording: Recording | None, scale: float, *, notes: Notes
) -> Pattern:
    match block:
        case SteadyBlock():
            return _steady(block, scale)
        case IntermittentBlock():
            return _intermittent(block, scale)
        case DiurnalBlock():
            return _diurnal(block, scale, notes)
        case StagesBlock():
            stages = tuple(
                Stage(target=stage.target * scale, duration_s=stage.duration)
                for stage in block.stages
            )
            return Stages(start=block.start * scale, stages=stages)
        case TraceBlock():
            assert recording is not None, "a trace is read before it is converted"
            return _trace(block, recording, scale, notes=notes)
        case _:
            assert_never(block)


def _steady(block: SteadyBlock, scale: float) -> Steady:
    burst = block.burst
    if burst is None:
        return Steady(rate=block.rate * scale)
    return Steady(
        rate=block.rate * scale,
        burst=Burst(rate=burst.rate * scale, duration_s=burst.duration, every_s=burst.every),
    )


def _intermittent(block: IntermittentBlock, scale: float) -> Intermittent:
    windows = tuple(
        WeeklyWindow(
            days=tuple(sorted({DAYS.index(day) for day in window.days})),
            start_s=window.start,
            end_s=window.end,
        )
        for window in block.windows
    )
    return Intermittent(requests_per_day=block.requests * scale, windows=windows or (_ALL_WEEK,))


def _diurnal(block: DiurnalBlock, scale: float, notes: Notes) -> Diurnal:
    if block.width is None:
        notes.add("spec.traffic.width", format_duration(_WIDTH_S), "no width of the bell is given")
    spikes = tuple(
        _spike(spike, scale, f"spec.traffic.spikes[{index}].at", notes=notes)
        for index, spike in enumerate(block.spikes)
    )
    return Diurnal(
        base=block.base * scale,
        peak=block.peak * scale,
        peak_at_s=block.peak_at % DAY_S,
        width_s=_WIDTH_S if block.width is None else block.width,
        weekend=block.weekend,
        spikes=spikes,
    )


def _spike(block: SpikeBlock, scale: float, path: str, *, notes: Notes) -> Spike:
    week = week_of(block.at)
    if week.rare:
        notes.add(path, "every week", f"the week of {block.name} is planned as every week")
    return Spike(
        name=block.name,
        cron=block.at,
        rate=block.rate * scale,
        duration_s=block.duration,
        starts_s=week.starts_s,
    )


def _trace(block: TraceBlock, recording: Recording, scale: float, *, notes: Notes) -> Trace:
    _note_recording(recording, notes)
    return Trace(
        file=block.file,
        stamps_s=recording.stamps_s,
        counts=recording.counts,
        bucket_s=recording.bucket_s,
        scale=block.scale * scale,
        size_for=block.size_for,
    )


def _note_recording(recording: Recording, notes: Notes) -> None:
    """Say what the file does not: what was taken for it, and what was not kept."""
    width = format_duration(recording.bucket_s)
    if recording.unit_s != 1.0:
        notes.add(
            "spec.traffic.columns.timestamp",
            f"numbers of {format_duration(recording.unit_s)}",
            "the name of the column says the unit",
        )
    if recording.requests:
        notes.add(
            "spec.traffic.columns.timestamp",
            f"counts per {width}",
            f"of {recording.requests:,} requests not each is kept; within {width} they are "
            "taken as Poisson",
        )
    elif recording.grid_s is not None:
        notes.add(
            "spec.traffic.columns.timestamp",
            f"counts per {width}",
            f"the time stamps are rounded to {format_duration(recording.grid_s)}; within "
            f"{width} the requests are spread at random, burstiness is unknown",
        )
    if recording.inferred_bucket:
        notes.add(
            "spec.traffic.bucket", width, "no bucket is given; this is the step of the time stamps"
        )
    if recording.missing:
        notes.add(
            "spec.traffic.file",
            f"{recording.missing:,} buckets without a row count as 0",
            "monitoring leaves out what had no request; where the recording failed, cut it there",
        )
    if recording.silence_s is not None:
        start, length = map(format_duration, recording.silence_s)
        notes.add(
            "spec.traffic.file",
            f"no request for {length}",
            f"it is silent from {start} on; taken as no traffic, not as a gap in the recording",
        )
    if recording.length_s < DAY_S:
        notes.add(
            "spec.traffic.file",
            f"{format_duration(recording.length_s)}, repeated",
            "the recording is shorter than a day; the whole month is taken to be like it",
        )
