"""Words that several views share for the same facts."""

from __future__ import annotations

from planner.model.candidate import Alternative, Decision, Latency, Margin, Rejection
from planner.model.change import Action
from planner.model.units import format_duration, format_fraction, format_number, format_usd
from planner.plans.shortlist import sized
from planner.views.style import Role

SYMBOL: dict[Action, str] = {
    Action.NONE: " ",
    Action.CREATE: "+",
    Action.UPDATE: "~",
    Action.REPLACE: "-/+",
    Action.DELETE: "-",
}
ROLE: dict[Action, Role] = {
    Action.NONE: "faint",
    Action.CREATE: "good",
    Action.UPDATE: "caution",
    Action.REPLACE: "bad",
    Action.DELETE: "bad",
}
NOTHING = "-"
"""Stands where a table has no value."""


def counted(number: int, noun: str) -> str:
    """`1 warning`, `2 warnings`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def capacity(decision: Decision) -> str:
    """What is bought: `small.2 x 5..9 (6.2 on average)`."""
    average = ""
    if decision.autoscaling is not None:
        average = f" ({format_number(decision.autoscaling.average)} on average)"
    if decision.replicas is not None:
        return f"{sized(decision.instance_type, decision.replicas)}{average}"
    if decision.units is not None:
        return f"{decision.instance_type}, {decision.units} units of concurrency{average}"
    return decision.instance_type


def monthly(usd: float | None) -> str:
    """Money a month; NOTHING where no price was computed."""
    return NOTHING if usd is None else format_usd(usd)


def unit_price(usd: float) -> str:
    """US dollars per unit, never with an exponent: `0.1071`, `0.00002`."""
    return f"{usd:.12f}".rstrip("0").rstrip(".")


def difference(usd: float) -> str:
    """`+$12.00` or `-$12.00`."""
    return f"+{format_usd(usd)}" if usd >= 0 else format_usd(usd)


def relative(value: float, base: float) -> str:
    """`value` against `base`: `12.7 % more`, `3 % less`, `3.4x`, `the same`."""
    if base <= 0 or abs(value - base) <= 0.0005 * base:
        return "the same" if abs(value - base) <= 0.0005 * abs(base) else "more"
    if value >= 2 * base:
        return f"{format_number(value / base)}x"
    word = "more" if value > base else "less"
    return f"{_percent(abs(value - base) / base)} {word}"


def _percent(fraction: float) -> str:
    """A difference: unlike an availability, it needs no more digits close to one."""
    return f"{format_number(fraction * 100)} %"


def candidate(alternative: Alternative) -> str:
    """`dedicated small.2 x 9, $703.50, p99 39.8 ms`, as far as it was computed."""
    text = f"{alternative.hosting} {sized(alternative.instance_type, alternative.replicas)}"
    if alternative.variant:
        text += f" {alternative.variant}"
    if alternative.monthly_usd is not None:
        text += f", {format_usd(alternative.monthly_usd)}"
    if alternative.latency is not None:
        text += f", p99 {p99(alternative.latency)}"
    return text


def p99(latency: Latency | None) -> str:
    """The 99th percentile; NOTHING where none was computed."""
    return NOTHING if latency is None else format_duration(latency.p99_s)


def is_time(margin: Margin) -> bool:
    """True for objectives on a duration, where less is better."""
    return margin.unit in ("s", "ms")


def is_unsure(margin: Margin) -> bool:
    """True for a time that lies below its target, but not with the confidence that is asked."""
    return is_time(margin) and not margin.met and margin.predicted <= margin.target


def quantity(value: float, unit: str) -> str:
    """A number in the notation of its unit."""
    match unit:
        case "s":
            return format_duration(value)
        case "ms":
            return format_duration(value / 1000.0)
        case "fraction":
            return format_fraction(value)
        case "USD" | "usd":
            return format_usd(value)
        case _:
            return f"{format_number(value)} {unit}".rstrip()


def margin_text(margin: Margin) -> str:
    """`p99 41.2 ms of 50 ms (18 % spare)`, or `(missed by 26 %)`."""
    predicted = quantity(margin.predicted, margin.unit)
    asked = quantity(margin.target, margin.unit)
    if not is_time(margin):
        return f"{margin.objective} {predicted} (asked {asked}, {spare(margin)})"
    return f"{margin.objective} {predicted} of {asked} ({spare(margin)})"


def spare(margin: Margin) -> str:
    """How far an objective holds or is missed, relative to what was asked."""
    if is_unsure(margin):
        return "not sure to hold"
    if not is_time(margin):
        return "holds" if margin.met else "missed"
    if margin.target <= 0:
        return "missed"
    share = _percent(abs(margin.target - margin.predicted) / margin.target)
    return f"{share} spare" if margin.met else f"missed by {share}"


def why_rejected(rejection: Rejection) -> str:
    """`concurrency-limit: 217 concurrent requests, allowed 200 [S4]`."""
    allowed = f", allowed {rejection.allowed}" if rejection.allowed else ""
    row = f" [{rejection.source_id}]" if rejection.source_id else ""
    return f"{rejection.code}: {rejection.measured}{allowed}{row}"


def why_not(alternative: Alternative, *, chosen_usd: float) -> str:
    """Why a candidate was not taken: its rejection, or its price against the chosen one's."""
    if alternative.rejection is not None:
        return why_rejected(alternative.rejection)
    if alternative.monthly_usd is None:
        return "feasible"
    compared = relative(alternative.monthly_usd, chosen_usd)
    if compared == "the same":
        return "costs the same"
    if alternative.monthly_usd < chosen_usd:
        return f"costs {compared}, which moves neither what runs nor what is locked"
    return f"costs {compared}"
