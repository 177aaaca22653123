"""Which format a file has, by its content; and from its observations to points of a profile."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from planner.model.value import value
from planner.profiling import (
    aiperf,
    fmbench,
    inference_perf,
    k6,
    locust,
    recommender,
    table,
)
from planner.profiling.content import Content
from planner.profiling.observation import Given, MeasurementError, Observation


@value
class Format:
    """How a format is told from others, and read; `name` is what `--format` takes."""

    name: str
    title: str
    recognise: Callable[[Content], bool]
    parse: Callable[[Content, Given], tuple[Observation, ...]]


FORMATS: tuple[Format, ...] = tuple(
    Format(name=name, title=title, recognise=recognise, parse=parse)
    for name, title, recognise, parse in (
        ("locust-history", "Locust, _stats_history.csv", locust.is_history, locust.history),
        ("locust", "Locust, _stats.csv", locust.is_stats, locust.stats),
        ("k6", "k6, summary", k6.is_summary, k6.summary),
        ("k6-json", "k6, lines of --out json", k6.is_lines, k6.lines),
        (
            *("inference-recommender", "Inference Recommender, description of a job"),
            *(recommender.is_job, recommender.job),
        ),
        (
            *("inference-perf", "inference-perf, metrics of a stage"),
            *(inference_perf.is_report, inference_perf.report),
        ),
        ("aiperf", "AIPerf or genai-perf, summary as JSON", aiperf.is_json, aiperf.from_json),
        ("aiperf-csv", "AIPerf or genai-perf, summary as csv", aiperf.is_csv, aiperf.from_csv),
        ("fmbench", "FMBench, metrics as csv", fmbench.is_metrics, fmbench.metrics),
        ("csv", "csv with named columns", table.is_table, table.table),
    )
)
"""The first that recognises a file reads it."""

_ALIASES = {"genai-perf": "aiperf", "genai-perf-csv": "aiperf-csv"}
AUTO = "auto"


@value
class Imported:
    """Observations of one file, told apart by instance type and load alone."""

    form: Format
    observations: tuple[Observation, ...]


def imported(content: Content, given: Given, form: str = AUTO) -> Imported:
    """Observations of a file, those that `given.only` asks for, less the overhead given.

    Raises MeasurementError where the format is unknown, where a number is missing or impossible, or
    where the file measured several things side by side and nobody says which is meant.
    """
    chosen = _format(content, "csv" if given.columns and form == AUTO else form)
    found = _parsed(chosen, content, given)
    if not found:
        raise MeasurementError(
            "no-measurements",
            f"{content.name} has no answered request",
            hint="look at the errors of the run first",
        )
    found = tuple(_sound(content, _without_overhead(one, given)) for one in found)
    return Imported(form=chosen, observations=_alone(content, _selected(content, found, given)))


def _format(content: Content, name: str) -> Format:
    if name != AUTO:
        return _named(name)
    found = next((one for one in FORMATS if one.recognise(content)), None)
    if found is None:
        known = ", ".join(one.name for one in FORMATS)
        raise MeasurementError(
            "unknown-format",
            f"{content.name} is in none of the formats that are known by their content",
            hint=f"--format, one of {known}; for a csv of your own: --format csv --columns "
            "mean_ms=COLUMN",
        )
    return found


def _parsed(form: Format, content: Content, given: Given) -> tuple[Observation, ...]:
    """What the format reads; a file that only resembles it is an error of the file."""
    try:
        return form.parse(content, given)
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        raise MeasurementError(
            "unreadable-measurements",
            f"{content.name} is not quite what {form.title} looks like: {error!r}",
            hint="give the file as the load tool wrote it",
        ) from error


def _named(name: str) -> Format:
    meant = _ALIASES.get(name, name)
    found = next((one for one in FORMATS if one.name == meant), None)
    if found is None:
        known = ", ".join(one.name for one in FORMATS)
        raise MeasurementError("unknown-format", f"no format {name}", hint=f"one of {known}")
    return found


def _without_overhead(one: Observation, given: Given) -> Observation:
    """Times less what the network and the platform take, which the plan adds by itself."""
    at, less = given.at or one.at, given.overhead_s
    if not less:
        return replace(one, at=at)
    if less >= one.mean_s:
        raise MeasurementError(
            "overhead-too-long",
            f"an overhead of {less * 1e3:.4g} ms leaves nothing of a mean of "
            f"{one.mean_s * 1e3:.4g} ms",
            hint="give the time that is not the model's",
        )
    return replace(
        one,
        at="model",
        mean_s=one.mean_s - less,
        latency=tuple((name, seconds - less) for name, seconds in one.latency if seconds > less),
    )


def _sound(content: Content, one: Observation) -> Observation:
    """Refuse what no measurement can be: times or loads of zero, a maximum below the mean."""
    times = [one.mean_s, *(seconds for _, seconds in one.latency)]
    if not all(0.0 < seconds < float("inf") for seconds in times):
        raise MeasurementError(
            "impossible-latency",
            f"{content.name}: a latency of {min(times):g} s on {one.instance_type}",
            hint="check the columns and units",
        )
    loads = (one.users, one.throughput_per_s, one.offered_per_s)
    if not all(0.0 < load < float("inf") for load in loads if load is not None):
        raise MeasurementError(
            "impossible-load",
            f"{content.name}: a load of {min(load for load in loads if load is not None):g} on "
            f"{one.instance_type}",
            hint="check the columns and units",
        )
    top = one.percentile("max")
    if top is not None and top < one.mean_s * 0.999:
        raise MeasurementError(
            "percentiles-contradict",
            f"{content.name}: the slowest answer took {top:.4g} s, the mean is {one.mean_s:.4g} s",
            hint="check the columns and units",
        )
    return one


def _selected(
    content: Content, found: Sequence[Observation], given: Given
) -> tuple[Observation, ...]:
    """Those with the labels asked for; else the totals, where the file has them."""
    for name, wanted in given.only.items():
        known = sorted({dict(one.labels).get(name, "") for one in found} - {""})
        found = [one for one in found if dict(one.labels).get(name) == wanted]
        if not found:
            raise MeasurementError(
                "nothing-left",
                f"{content.name} has nothing with {name}={wanted}",
                hint=f"{name} is one of {', '.join(known)}" if known else f"it has no {name}",
            )
    totals = [one for one in found if one.whole]
    return tuple(totals if totals and not given.only else found)


def _alone(content: Content, found: Iterable[Observation]) -> tuple[Observation, ...]:
    """The observations, one for each load of an instance type; else an error with the choice."""
    seen: dict[tuple[object, ...], Observation] = {}
    for one in found:
        key = (one.instance_type, one.loop, one.users, one.users is None and one.throughput_per_s)
        other = seen.setdefault(key, one)
        if other is not one:
            raise _ambiguous(content, one, other)
    return tuple(sorted(seen.values(), key=_order))


def _order(one: Observation) -> tuple[str, str, float, float]:
    return (one.instance_type, one.loop, one.users or 0.0, one.throughput_per_s or 0.0)


def _ambiguous(content: Content, one: Observation, other: Observation) -> MeasurementError:
    theirs = dict(other.labels)
    unlike = [(name, text) for name, text in one.labels if theirs.get(name) != text]
    load = f"{one.users:g} users" if one.users is not None else "the same load"
    if not unlike:
        return MeasurementError(
            "measured-twice",
            f"{content.name} measures {one.instance_type} at {load} twice",
            hint="keep one of the two",
        )
    (name, text), *_ = unlike
    return MeasurementError(
        "measured-side-by-side",
        f"{content.name} measures {one.instance_type} at {load} more than once: "
        f"{name} {theirs.get(name, 'none')} and {text}",
        hint=f"--only '{name}={text}'",
    )
