"""Lines of `k6 run --out json` that no run gives on demand; real ones are in test_tool_files."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from planner.profiling import Given, MeasurementError, imported
from planner.profiling.content import Content

START = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)


def point(metric: str, at_s: float, value: float, **tags: str) -> str:
    time = (START + timedelta(seconds=at_s)).isoformat(timespec="microseconds")
    nanoseconds = time.replace("+00:00", "742Z")
    body = {"time": nanoseconds, "value": value, "tags": tags or None}
    return json.dumps({"type": "Point", "data": body, "metric": metric})


def run(levels: list[tuple[int, float]], seconds: int = 10) -> Iterator[str]:
    """Users with their latency in ms, one level after the other, without pauses."""
    yield '{"type":"Metric","data":{"name":"vus","type":"gauge"},"metric":"vus"}'
    start = 0.0
    for users, latency_ms in levels:
        for second in range(seconds + 1):
            yield point("vus", start + second, users)
        count = int(users * seconds * 1000 / latency_ms)
        for index in range(count):
            at_s = start + seconds * (index + 0.5) / count
            good = "false" if index % 100 == 0 else "true"
            value = 1.0 if good == "false" else latency_ms * (0.8 if index % 2 else 1.2)
            yield point("http_req_duration", at_s, value, expected_response=good, scenario="steps")
        start += seconds + 1


def content(*lines: str) -> Content:
    return Content("out.json", "\n".join(lines).encode())


def test_a_level_of_users_is_an_observation() -> None:
    lines = content(*run([(1, 40.0), (4, 80.0)]))
    found = imported(lines, Given(instance_type="a", loop="closed"))
    assert found.form.name == "k6-json"
    one, four = found.observations
    assert (one.users, four.users, one.date) == (1.0, 4.0, "2026-11-20")
    assert one.mean_s == pytest.approx(0.040, rel=0.01)  # without the failures, which are fast
    assert four.mean_s == pytest.approx(0.080, rel=0.01)
    assert one.std_s == pytest.approx(0.008, rel=0.03)
    assert four.throughput_per_s == pytest.approx(50.0, rel=0.02)
    assert four.percentile("max") == pytest.approx(0.096)
    assert four.errors == pytest.approx(0.01, abs=0.003)


def test_an_open_loop_is_a_whole() -> None:
    (one,) = imported(
        content(*run([(2, 40.0)], seconds=20)), Given(instance_type="a", loop="open")
    ).observations
    assert (one.loop, one.users, dict(one.labels)) == ("open", None, {"scenario": "steps"})
    assert one.throughput_per_s == pytest.approx(50.0, rel=0.02)


def test_users_that_never_stand_still() -> None:
    lines = content(*run([(users, 40.0) for users in range(1, 6)], seconds=3))
    with pytest.raises(MeasurementError) as raised:
        imported(lines, Given(instance_type="a", loop="closed"))
    assert raised.value.code == "no-steady-load"


def test_a_line_that_is_no_point() -> None:
    broken = content(point("vus", 0.0, 1), '{"type":"Point","metric":"vus","data":{}}')
    with pytest.raises(MeasurementError, match=r"out\.json:2"):
        imported(broken, Given(instance_type="a", loop="closed"))
