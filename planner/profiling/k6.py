"""k6: the summary (`--summary-export`, or `data` of handleSummary) and `--out json` line by line.

Shapes of k6's documentation of v0.49 to v2.3. Times are in milliseconds. k6 does not write whether
its executor waited for answers (constant-vus) or not (constant-arrival-rate): that is given.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import groupby
from typing import Any, Literal

from planner.model.value import record
from planner.profiling.content import Content
from planner.profiling.observation import Given, Loop, MeasurementError, Observation
from planner.profiling.statistics import of_names, of_samples

_TOOL = "k6"
_DURATION = "http_req_duration"
_ANSWERED = "http_req_duration{expected_response:true}"
_DROPPED = "dropped_iterations"
_MS = 1e-3
_SETTLING_S = 2.0
_SHORTEST_S = 3.0
_BUSY = 0.95
"""Part of the time that who does not pause has a request out, at least."""
_ARRIVALS: dict[Loop, Literal["poisson", "constant"]] = {"open": "constant", "closed": "poisson"}
"""What its executors of a rate space evenly; without a rate there is nothing to space."""


def is_summary(content: Content) -> bool:
    """Tell a summary of either shape."""
    found = content.json
    metrics = found.get("metrics") if isinstance(found, dict) else None
    return isinstance(metrics, dict) and _DURATION in metrics


def is_lines(content: Content) -> bool:
    """Tell the stream of points."""
    first = content.first_line
    return (
        isinstance(first, dict) and first.get("type") in {"Metric", "Point"} and "metric" in first
    )


def summary(content: Content, given: Given) -> tuple[Observation, ...]:
    """The whole run as one observation."""
    metrics = content.json["metrics"]
    loop = given.closed_or_open(_TOOL)
    times = _values(metrics, _ANSWERED) or _values(metrics, _DURATION)
    sent = _values(metrics, "http_reqs")
    if not times.get("avg") or not sent.get("count"):
        return ()
    failed = _values(metrics, "http_req_failed")
    if loop == "open":
        _refuse_waiting(content, _always_busy(metrics))
    dropped = float(_values(metrics, _DROPPED).get("rate") or 0.0)
    rate = float(sent["rate"])
    return (
        Observation(
            instance_type=given.instance(),
            loop=loop,
            users=_users(content, metrics, given) if loop == "closed" else None,
            throughput_per_s=rate,
            offered_per_s=rate + dropped if dropped else None,
            arrivals=_ARRIVALS[loop],
            mean_s=float(times["avg"]) * _MS,
            latency=of_names(times, _MS),
            requests=int(sent["count"]),
            errors=float(failed.get("rate", failed.get("value", 0.0)) or 0.0),
            tool=_TOOL,
            date=given.day(),
        ),
    )


def _always_busy(metrics: Mapping[str, Any]) -> float | None:
    """How many virtual users there were, where all of them were busy and no iteration missed one.

    An executor of a rate has some in reserve, or drops iterations.
    """
    users, turns = _values(metrics, "vus"), _values(metrics, "iterations")
    many, took_ms = (
        float(users.get("min") or 0.0),
        _values(metrics, "iteration_duration").get("avg"),
    )
    if many != users.get("max") or not took_ms or _values(metrics, _DROPPED).get("count"):
        return None
    return many if float(turns.get("rate") or 0.0) * took_ms * _MS >= _BUSY * many > 0 else None


def _refuse_waiting(content: Content, users: float | None) -> None:
    """Raise MeasurementError where so many users waited for each answer, and --loop says open."""
    if users is not None:
        raise MeasurementError(
            "loop-contradicts",
            f"{content.name}: {users:g} virtual users had a request out all the time, and none was "
            "missed: they waited for answers, and their percentiles lack the queue of an open loop",
            hint="--loop closed",
        )


def _values(metrics: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """The numbers of a metric: below `values` in handleSummary, beside the rest in the export."""
    found = metrics.get(name) or {}
    return found.get("values", found) if isinstance(found, dict) else {}


def _users(content: Content, metrics: Mapping[str, Any], given: Given) -> float:
    """Virtual users, where all of the run had the same number."""
    found = _values(metrics, "vus")
    if given.users is not None:
        return given.users
    if found.get("min") and found.get("min") == found.get("max"):
        return float(found["max"])
    raise MeasurementError(
        "which-users",
        f"{content.name}: the number of virtual users changed, or stands nowhere",
        hint="--users 8 for a run of constant-vus; else import the lines of --out json=FILE",
    )


@record
class _Answer:
    """One answered request: when, in how long, and whether it was what was expected."""

    at_s: float
    seconds: float
    good: bool
    scenario: str


def lines(content: Content, given: Given) -> tuple[Observation, ...]:
    """One observation for each number of virtual users, or in an open loop for each scenario."""
    loop = given.closed_or_open(_TOOL)
    points = _read(content)
    users, answers = points.users, points.answers
    if not answers:
        return ()
    day = given.day(datetime.fromtimestamp(answers[0].at_s, UTC).date().isoformat())
    if loop == "open":
        _refuse_waiting(content, _never_fewer(points))
        names = sorted({one.scenario for one in answers})
        found = (_open(name, points, given, day) for name in names)
        return tuple(one for one in found if one is not None)
    if given.users is not None:
        users = [(answers[0].at_s, given.users), (answers[-1].at_s, given.users)]
    levels: dict[float, list[tuple[float, float]]] = {}
    for count, start_s, end_s in _stretches(users):
        levels.setdefault(count, []).append((start_s, end_s))
    if not levels:
        raise MeasurementError(
            "no-steady-load",
            f"{content.name}: no number of virtual users stood for "
            f"{_SETTLING_S + _SHORTEST_S:g} s or more",
            hint="hold each number of users for 30 s; or --users 8",
        )
    closed = (_closed(count, spans, answers, given, day) for count, spans in levels.items())
    return tuple(one for one in closed if one is not None)


@record
class _Points:
    """What stood in the lines, by time; `dropped` are those that found no virtual user free."""

    users: list[tuple[float, float]]
    answers: list[_Answer]
    dropped: list[tuple[float, float, str]]


def _read(content: Content) -> _Points:
    found = _Points([], [], [])
    for number, line in content.lines_of_json():
        try:
            if line["type"] != "Point":
                continue
            if line["metric"] == "vus":
                found.users.append((_seconds(line), float(line["data"]["value"])))
            elif line["metric"] == _DURATION:
                found.answers.append(_answer(line))
            elif line["metric"] == _DROPPED:
                many, scenario = float(line["data"]["value"]), _tags(line).get("scenario", "")
                found.dropped.append((_seconds(line), many, str(scenario)))
        except (KeyError, TypeError, ValueError) as error:
            raise content.wrong(number, f"no point of k6: {error}") from None
    found.users.sort()
    found.answers.sort(key=lambda one: one.at_s)
    return found


def _never_fewer(points: _Points) -> float | None:
    """Users of the longest stretch of two or more, where just so many requests were out in it."""
    stretches = [one for one in _stretches(points.users) if one[0] >= 2.0]
    if not stretches or points.dropped:
        return None
    users, start_s, end_s = max(stretches, key=lambda one: one[2] - one[1])
    turns = [(one.at_s - one.seconds, 1) for one in points.answers]
    turns += [(one.at_s, -1) for one in points.answers]
    out, before_s, held_s = 0, start_s, 0.0
    for at_s, change in sorted(turns):
        if out == users and start_s < at_s:
            held_s += max(0.0, min(at_s, end_s) - max(before_s, start_s))
        out, before_s = out + change, at_s
    return users if held_s >= _BUSY * (end_s - start_s) else None


def _seconds(line: Mapping[str, Any]) -> float:
    return datetime.fromisoformat(line["data"]["time"]).timestamp()


def _tags(line: Mapping[str, Any]) -> Mapping[str, Any]:
    return line["data"].get("tags") or {}


def _answer(line: Mapping[str, Any]) -> _Answer:
    tags = _tags(line)
    seconds = float(line["data"]["value"]) * _MS
    good = tags.get("expected_response", "true") == "true"
    return _Answer(_seconds(line), seconds, good, str(tags.get("scenario", "")))


def _stretches(users: Sequence[tuple[float, float]]) -> Iterator[tuple[float, float, float]]:
    """(users, start, end) of constant load, less the time to settle."""
    for count, group in groupby(users, key=lambda one: one[1]):
        times = [at_s for at_s, _ in group]
        if count > 0 and times[-1] - times[0] >= _SETTLING_S + _SHORTEST_S:
            yield count, times[0] + _SETTLING_S, times[-1]


def _closed(
    users: float,
    spans: Sequence[tuple[float, float]],
    answers: Sequence[_Answer],
    given: Given,
    day: str,
) -> Observation | None:
    inside = [one for one in answers if any(start <= one.at_s < end for start, end in spans)]
    seconds = sum(end - start for start, end in spans)
    found = _observed(inside, seconds, given, day)
    if found is None:
        return None
    return Observation(**{**found, "loop": "closed", "users": users})


def _open(scenario: str, points: _Points, given: Given, day: str) -> Observation | None:
    answers = [one for one in points.answers if one.scenario == scenario]
    start_s, end_s = answers[0].at_s + _SETTLING_S, answers[-1].at_s
    if end_s - start_s < _SHORTEST_S:
        return None
    inside = [one for one in answers if one.at_s >= start_s]
    found = _observed(inside, end_s - start_s, given, day)
    if found is None:
        return None
    missed = sum(
        many for at_s, many, name in points.dropped if name == scenario and start_s <= at_s <= end_s
    )
    offered = (len(inside) + missed) / (end_s - start_s) if missed else None
    labels = (("scenario", scenario),) if scenario else ()
    more = {"labels": labels, "arrivals": _ARRIVALS["open"], "offered_per_s": offered}
    return Observation(**{**found, "loop": "open", **more})


def _observed(
    answers: Sequence[_Answer], seconds: float, given: Given, day: str
) -> dict[str, Any] | None:
    good = [one.seconds for one in answers if one.good]
    if not good:
        return None
    mean, std, latency = of_samples(good)
    return {
        "instance_type": given.instance(),
        "throughput_per_s": len(answers) / seconds,
        "mean_s": mean,
        "std_s": std or None,
        "latency": latency,
        "requests": len(answers),
        "errors": 1.0 - len(good) / len(answers),
        "tool": _TOOL,
        "date": day,
    }
