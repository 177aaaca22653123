"""Rules over the fields of traffic."""

from __future__ import annotations

from collections.abc import Iterator

from planner.model.units import UnitError, format_duration, format_rate
from planner.spec.calendar import DAY_S, check_timezone, week_of
from planner.spec.report import Finding
from planner.spec.rules import Breach, Path, Rule, breach
from planner.spec.sections import Sections
from planner.spec.traffic_blocks import (
    DiurnalBlock,
    IntermittentBlock,
    SpikeBlock,
    StagesBlock,
    SteadyBlock,
)

_AT: Path = ("spec", "traffic")


def _timezone(sections: Sections) -> Iterator[Breach]:
    if sections.traffic is None:
        return
    try:
        check_timezone(sections.traffic.timezone)
    except UnitError as error:
        yield breach("unknown-timezone", error.message, error.hint, (*_AT, "timezone"))


def _burst(sections: Sections) -> Iterator[Breach]:
    block = sections.traffic
    if not isinstance(block, SteadyBlock) or block.burst is None:
        return
    path = (*_AT, "burst")
    if block.burst.rate < block.rate:
        yield breach(
            "contradiction",
            f"the burst of {format_rate(block.burst.rate)} is below the rate of "
            f"{format_rate(block.rate)}",
            "give the whole rate during the burst, not what comes on top",
            (*path, "rate"),
            (*_AT, "rate"),
        )
    if block.burst.duration > block.burst.every:
        yield breach(
            "contradiction",
            f"a burst of {format_duration(block.burst.duration)} does not fit into every "
            f"{format_duration(block.burst.every)}",
            "shorten duration, or lengthen every",
            (*path, "duration"),
            (*path, "every"),
        )


def _windows(sections: Sections) -> Iterator[Breach]:
    block = sections.traffic
    if not isinstance(block, IntermittentBlock):
        return
    for index, window in enumerate(block.windows):
        path = (*_AT, "windows", index)
        if window.start == window.end:
            yield breach(
                "empty-window",
                "the window ends when it starts",
                'write start: "00:00", end: "24:00" for the whole day',
                (*path, "end"),
                (*path, "start"),
            )


def _bell(sections: Sections) -> Iterator[Breach]:
    block = sections.traffic
    if not isinstance(block, DiurnalBlock):
        return
    if block.base > block.peak:
        yield breach(
            "contradiction",
            f"the base of {format_rate(block.base)} is above the peak of {format_rate(block.peak)}",
            "exchange the two",
            (*_AT, "base"),
            (*_AT, "peak"),
        )
    if block.width is not None and block.width > DAY_S:
        yield breach(
            "contradiction",
            "the bell of one day is at most 24h wide",
            "write width: 8h",
            (*_AT, "width"),
        )
    for index, spike in enumerate(block.spikes):
        yield from _spike(spike, (*_AT, "spikes", index))


def _spike(spike: SpikeBlock, path: Path) -> Iterator[Breach]:
    try:
        week_of(spike.at)
    except UnitError as error:
        yield breach("invalid-cron", error.message, error.hint, (*path, "at"))
    if spike.duration > DAY_S:
        yield breach(
            "contradiction",
            "a spike lasts at most 24h",
            "raise the peak, or use type: stages",
            (*path, "duration"),
        )


def _idle(sections: Sections) -> Iterator[Breach]:
    block = sections.traffic
    if not isinstance(block, StagesBlock) or block.start > 0:
        return
    if all(stage.target == 0 for stage in block.stages):
        yield breach(
            "contradiction",
            "the stages never leave 0",
            "give one stage a target above 0",
            (*_AT, "stages"),
            (*_AT, "start"),
        )


def _horizon(sections: Sections) -> Iterator[Breach]:
    block = sections.traffic
    if block is None or (1 + block.growth) ** min(block.horizon, 1200.0) < 1e6:
        return
    finding = Finding(
        "contradiction",
        "growth over this horizon multiplies the traffic by more than a million",
        "horizon counts months: write horizon: 6",
    )
    yield Breach(finding, [(*_AT, "horizon"), (*_AT, "growth")])


def _dispersion(sections: Sections) -> Iterator[Breach]:
    block = sections.traffic
    if block is None or block.dispersion is None:
        return
    if "burstiness" in block.model_fields_set:
        yield breach(
            "contradiction",
            "burstiness and dispersion both state how irregular arrivals are",
            "remove one; dispersion is the square of burstiness",
            (*_AT, "dispersion"),
            (*_AT, "burstiness"),
        )
    if block.arrival == "uniform":
        yield breach(
            "contradiction",
            "arrivals a fixed time apart have no dispersion",
            "remove dispersion, or arrival: uniform",
            (*_AT, "dispersion"),
            (*_AT, "arrival"),
        )


TRAFFIC_RULES: tuple[Rule, ...] = (_timezone, _dispersion, _burst, _windows, _bell, _idle, _horizon)
