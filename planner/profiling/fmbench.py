"""FMBench (foundation-model-benchmarking-tool): its metrics as csv, a row a chunk or their summary.

A chunk is `concurrency` requests that are sent together and all waited for: a closed loop, whose
latency in the file is the mean of the chunk. Rows of one load are averaged. Its transactions a
minute are an average of rates, which is not the rate, and label the observation. Percentiles of a
summary are those of chunks: of requests only where a chunk is one.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from planner.profiling.content import Content, Row
from planner.profiling.observation import Given, Observation, Stats
from planner.profiling.statistics import of_names

_TOOL = "FMBench"
_NEEDED = {"experiment_name", "concurrency", "payload_file", "instance_type"}
_MEANS = ("mean", "latency_mean_s", "latency_mean")
_LABELS = ("run", "experiment_name", "payload_file")
_PER_MINUTE = "transactions_per_minute"


def is_metrics(content: Content) -> bool:
    """Tell either csv."""
    return set(content.header) >= _NEEDED and bool(set(_MEANS) & set(content.header))


def metrics(content: Content, given: Given) -> tuple[Observation, ...]:
    """One observation for each instance type, experiment, payload and concurrency."""
    grouped: dict[tuple[str, ...], list[tuple[int, Row]]] = {}
    for line, row in content.rows():
        key = (*(row.get(name, "") for name in _LABELS), row["instance_type"], row["concurrency"])
        grouped.setdefault(key, []).append((line, row))
    found = (_load(content, rows, given) for rows in grouped.values())
    return tuple(one for one in found if one is not None)


def _load(content: Content, rows: Sequence[tuple[int, Row]], given: Given) -> Observation | None:
    (line, first), *_ = rows
    users = content.number(first, "concurrency", line) or 0.0
    name = next(one for one in _MEANS if one in content.header)
    means = [(content.number(row, name, at), _chunks(content, row, at)) for at, row in rows]
    known = [(mean, chunks) for mean, chunks in means if mean]
    if not known or users <= 0:
        return None
    chunks = sum(count for _, count in known)
    std, latency = _spread(content, first, line) if len(rows) == 1 and users == 1 else (None, ())
    if len(rows) > 1 and users == 1:
        std = _std([mean for mean, _ in known])
    labels = {one: first[one] for one in _LABELS if first.get(one)}
    if len(rows) == 1 and first.get(_PER_MINUTE):
        labels[_PER_MINUTE] = first[_PER_MINUTE]
    return Observation(
        instance_type=given.instance(first["instance_type"]),
        loop=given.loop_of(_TOOL, "closed"),
        users=users,
        mean_s=math.fsum(mean * count for mean, count in known) / chunks,
        std_s=std or None,
        latency=latency,
        requests=int(chunks * users),
        errors=_average(content, rows, "error_rate"),
        input_tokens=_average(content, rows, "prompt_token_count_mean"),
        output_tokens=_average(content, rows, "completion_token_count_mean"),
        labels=tuple(labels.items()),
        tool=_TOOL,
        date=given.day(),
    )


def _chunks(content: Content, row: Row, line: int) -> float:
    return content.number(row, "count", line) or 1.0


def _spread(content: Content, row: Mapping[str, str], line: int) -> tuple[float | None, Stats]:
    columns = {one: one for one in ("min", "50%", "90%", "99%", "max") if one in row}
    cells = {name: content.number(row, column, line) for name, column in columns.items()}
    known = {name: number for name, number in cells.items() if number is not None}
    return content.number(row, "std", line), of_names(known, 1.0)


def _std(means: Sequence[float]) -> float:
    average = math.fsum(means) / len(means)
    return math.sqrt(math.fsum((one - average) ** 2 for one in means) / (len(means) - 1))


def _average(content: Content, rows: Sequence[tuple[int, Row]], column: str) -> float | None:
    found = [content.number(row, column, line) for line, row in rows if column in row]
    known = [one for one in found if one is not None]
    return math.fsum(known) / len(known) if known else None
