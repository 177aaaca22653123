"""What simulated requests met, for people: numbers, the worst windows, and a chart over time."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import TextIO

from planner.model.candidate import Interval, Margin
from planner.model.simulation import SimulatedWindow, Simulation
from planner.model.traffic import Diurnal, Intermittent, Steady, Trace, Traffic
from planner.model.units import (
    format_duration,
    format_fraction,
    format_number,
    format_rate,
    format_usd,
)
from planner.model.value import value
from planner.plans.simulation_document import capacity_unit
from planner.views.chart import Span, Strip, chart
from planner.views.style import Paper, Role, Style
from planner.views.timeline import moment
from planner.views.wording import (
    NOTHING,
    capacity,
    counted,
    is_time,
    is_unsure,
    margin_text,
    spare,
)

_WORST = 5
_SEVERAL = 1.5
_WHOLE = 0.99
_QUANTILES = ("p50", "p90", "p95", "p99")


@value
class Replay:
    """The traffic that was simulated, by name; `calendar` where its cycle starts on a Monday."""

    name: str
    calendar: bool


def replayed(traffic: Traffic, *, trace: str | None = None) -> Replay:
    """Name a spec's traffic, or the `trace` in place of it."""
    pattern = traffic.pattern
    if trace is not None:
        return Replay(name=f"trace {trace}", calendar=False)
    if isinstance(pattern, Trace):
        return Replay(name=f"trace {pattern.file}", calendar=False)
    weekly = isinstance(pattern, Diurnal | Intermittent)
    whole = isinstance(pattern, Steady) and pattern.burst is None
    return Replay(name=type(pattern).__name__.lower(), calendar=weekly or whole)


def render_simulation(
    simulation: Simulation, *, traffic: Replay, out: TextIO, style: Style
) -> None:
    """Write what was simulated, each objective, the windows that were late, and the chart."""
    paper = Paper(out=out, style=style)
    _headline(paper, simulation)
    _subject(paper, simulation, traffic)
    _percentiles(paper, simulation)
    _totals(paper, simulation)
    _late(paper, simulation, traffic)
    for note in simulation.notes:
        paper.entry("note", note, "caution")
    if simulation.windows:
        paper.line()
        strips = tuple(_strips(simulation))
        for line in chart(
            strips, cycle_s=simulation.cycle_s, calendar=traffic.calendar, style=style
        ):
            paper.line(line)


def _headline(paper: Paper, simulation: Simulation) -> None:
    paint = paper.style.paint
    missed = [each for each in simulation.margins if not each.met]
    mark, said = paint("ok", "good"), "met every objective"
    if missed:
        verb = "may miss" if all(is_unsure(each) for each in missed) else "missed"
        names = ", ".join(each.objective for each in missed)
        of = counted(len(simulation.margins), "objective")
        mark, said = paint("!", "bad"), f"{verb} {len(missed)} of {of}: {names}"
    elif not simulation.margins:
        said = "had no objective to meet"
    cost = f"{format_usd(simulation.decision.cost.monthly_usd)}/month"
    paper.line(f"{mark} {paint(simulation.endpoint, 'strong')} {said}, {cost}")


def _subject(paper: Paper, simulation: Simulation, traffic: Replay) -> None:
    decision = simulation.decision
    routing = f", routing {decision.routing}" if decision.routing else ""
    paper.entry("where", f"{decision.provider} {decision.region}")
    paper.entry("hosting", f"{decision.hosting} {capacity(decision)}{routing}")
    if decision.options:
        paper.entry("options", ", ".join(f"{name} {text}" for name, text in decision.options))
    paper.entry("traffic", _traffic(simulation, traffic))
    paper.entry("simulated", _simulated(simulation))


def _simulated(simulation: Simulation) -> str:
    text = f"{simulation.simulated:,} requests"
    if simulation.simulated < simulation.requests:
        text += f" for {_whole(simulation.requests)}"
    elif simulation.simulated > _SEVERAL * simulation.requests > 0.0:
        times = format_number(simulation.simulated / simulation.requests)
        text += f", the cycle {times} times over"
    text += f", seed {simulation.seed}"
    if simulation.intervals:
        text += f"; in brackets {format_fraction(simulation.confidence)} confidence intervals"
    return text


def _traffic(simulation: Simulation, traffic: Replay) -> str:
    total, cycle_s = simulation.requests, simulation.cycle_s
    text = f"{traffic.name}, {_whole(total)} requests in {format_duration(cycle_s)}"
    if cycle_s > 0.0:
        text += f", {format_rate(total / cycle_s)} on average"
    highest = max((each.rate_per_s for each in simulation.windows), default=0.0)
    return f"{text}, {format_rate(highest)} at most" if highest > 0.0 else text


def _whole(number: float) -> str:
    return f"{number:,.0f}"


def _percentiles(paper: Paper, simulation: Simulation) -> None:
    """Each percentile with its interval and what was asked of it, then the other objectives."""
    margins = {each.objective.removeprefix("latency "): each for each in simulation.margins}
    intervals = {each.name: each for each in simulation.intervals}
    latency = simulation.latency
    measured = (latency.p50_s, latency.p90_s, latency.p95_s, latency.p99_s)
    for name, seconds in zip(_QUANTILES, measured, strict=True):
        asked = margins.pop(name, None)
        text = f"{_time(seconds)}{_between(intervals.get(name))}{_asked(asked)}"
        paper.entry(name, text, _role(asked))
    for asked in margins.values():
        paper.entry("objective", margin_text(asked), _role(asked))


def _time(seconds: float | None) -> str:
    return NOTHING if seconds is None or not math.isfinite(seconds) else format_duration(seconds)


def _between(interval: Interval | None) -> str:
    return f" ({_time(interval.low_s)} to {_time(interval.high_s)})" if interval else ""


def _asked(margin: Margin | None) -> str:
    if margin is None:
        return ""
    held = "ok, " if margin.met else ""
    return f" of {_time(margin.target)}: {held}{spare(margin)}"


def _role(margin: Margin | None) -> Role | None:
    if margin is None:
        return None
    return "good" if margin.met else "bad"


def _totals(paper: Paper, simulation: Simulation) -> None:
    unit = capacity_unit(simulation.decision)
    seen = [each.capacity for each in simulation.windows]
    held = f"{format_number(simulation.capacity)} {unit} on average"
    if seen:
        held += f", {format_number(min(seen))} to {format_number(max(seen))}"
    paper.entry("refused", f"{_share(simulation.refused)} of the requests, answered 429")
    paper.entry("cold", f"{_share(simulation.cold)} of the requests waited for a start")
    paper.entry("busy", f"{_share(simulation.utilization)} of the capacity on average")
    paper.entry("capacity", held)


def _share(fraction: float) -> str:
    return format_fraction(fraction) if math.isfinite(fraction) else NOTHING


def _late(paper: Paper, simulation: Simulation, traffic: Replay) -> None:
    """How many windows were late, and the worst of them."""
    windows, late = simulation.windows, simulation.late_windows
    if not windows:
        return
    text = f"{late:,} of {counted(len(windows), 'window')} with more late requests than allowed"
    paper.entry("late", text, "bad" if late else None)
    unit = capacity_unit(simulation.decision)
    for index, each in enumerate(_latest(windows, min(_WORST, late))):
        at = moment(each.start_s, cycle_s=simulation.cycle_s, calendar=traffic.calendar)
        met = f"{_share(each.late)} late, p99 {_time(each.p99_s)}"
        if each.refused > 0.0:
            met += f", {_share(each.refused)} refused"
        paper.entry(
            "" if index else "worst",
            f"{at} for {format_duration(each.seconds)}: {met}"
            f" at {format_rate(each.rate_per_s)} on {format_number(each.capacity)} {unit}",
        )


def _latest(windows: Iterable[SimulatedWindow], count: int) -> Sequence[SimulatedWindow]:
    return sorted(windows, key=lambda each: (-each.late, -each.refused, each.start_s))[:count]


def _strips(simulation: Simulation) -> Iterator[Strip]:
    windows = simulation.windows
    covered = sum(each.seconds for each in windows) / simulation.cycle_s
    gaps = "; blank where nothing was simulated" if covered < _WHOLE else ""
    yield Strip(
        title=f"requests, the highest rate{gaps}",
        spans=_spans(windows, [each.rate_per_s for each in windows]),
        label=format_rate,
        kind="bars",
    )
    yield Strip(
        title=f"{capacity_unit(simulation.decision)}, from least to most",
        spans=_spans(windows, [each.capacity for each in windows]),
        label=format_number,
        role="good",
    )
    if all(each.p99_s is None for each in windows):
        return
    asked = _asked_most(simulation.margins)
    held = f"; asked: {asked.objective} {_time(asked.target)}" if asked is not None else ""
    yield Strip(
        title=f"p99 latency, log scale{held}",
        spans=_spans(windows, [each.p99_s for each in windows]),
        label=format_duration,
        rows=6,
        role="strong",
        log=True,
        mark=None if asked is None else asked.target,
    )


def _asked_most(margins: Iterable[Margin]) -> Margin | None:
    """The objective on p99, else the longest time asked: that of the highest percentile."""
    asked = [each for each in margins if is_time(each) and each.target > 0.0]
    return max(asked, key=lambda each: (each.objective == "latency p99", each.target), default=None)


def _spans(windows: Sequence[SimulatedWindow], levels: Sequence[float | None]) -> tuple[Span, ...]:
    return tuple(
        Span(each.start_s, each.start_s + each.seconds, level)
        for each, level in zip(windows, levels, strict=True)
    )
