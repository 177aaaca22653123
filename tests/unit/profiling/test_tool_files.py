"""Files that k6, AIPerf and inference-perf wrote, run against servers whose service time is known.

tests/cases/profiling/README.md has the commands. k6: two slots of 40 ms; the others: four of 0.4 s.
"""

from __future__ import annotations

import gzip
import json
from itertools import pairwise
from pathlib import Path

import pytest

from planner.profiling import FORMATS, Given, MeasurementError, Observation, imported
from planner.profiling.content import Content
from planner.profiling.conversion import converted
from planner.profiling.curve import fitted, spread_of

CASES = Path(__file__).parents[2] / "cases" / "profiling"
OPEN = Given(instance_type="ml.c7i.large", loop="open")
CLOSED = Given(instance_type="ml.c7i.large", loop="closed")
LLM = Given(instance_type="ml.g5.2xlarge")


def read(name: str, given: Given) -> tuple[Observation, ...]:
    return imported(Content(name, (CASES / name).read_bytes()), given).observations


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("k6/steps.json.gz", "k6-json"),
        ("k6/users_export.json", "k6"),
        ("k6/users_summary.json", "k6"),
        ("aiperf/users.json", "aiperf"),
        ("aiperf/users.csv", "aiperf-csv"),
        ("inference-perf/users_lifecycle_metrics.json", "inference-perf"),
    ],
)
def test_a_file_is_recognised_by_one_format_alone(name: str, form: str) -> None:
    content = Content(name, (CASES / name).read_bytes())
    assert [one.name for one in FORMATS if one.recognise(content)] == [form]


def test_steps_of_k6_give_back_the_server() -> None:
    found = read("k6/steps.json.gz", CLOSED)
    assert [one.users for one in found] == [1.0, 2.0, 4.0, 8.0]
    assert {(one.loop, one.errors, one.date) for one in found} == {("closed", 0.0, "2026-11-21")}
    # Two slots of 40 ms each: up to two users nobody waits, beyond they share 50 a second.
    means = [one.mean_s for one in found]
    assert means == pytest.approx([0.040, 0.040, 0.080, 0.160], rel=0.04)
    assert [one.throughput_per_s for one in found] == pytest.approx([25, 50, 50, 50], rel=0.04)
    (curve,) = converted(found)
    assert [(one.concurrency, one.p99_s) for one in curve.points] == [
        (users, None) for users in (1, 2, 4, 8)
    ]
    assert fitted("a", curve.points).limit_per_s == pytest.approx(50.0, rel=0.03)
    spread = spread_of(found)
    assert spread is not None
    assert spread.scv == pytest.approx(0.04, abs=0.01)


def test_every_number_of_the_lines_comes_through() -> None:
    """Against the lines themselves, read without the importer."""
    lines = gzip.decompress((CASES / "k6/rate.json.gz").read_bytes()).decode().splitlines()
    points = [json.loads(line) for line in lines if '"Point"' in line]
    times = [one["data"]["value"] for one in points if one["metric"] == "http_req_duration"]
    (one,) = read("k6/rate.json.gz", OPEN)
    settling = len(times) - (one.requests or 0)
    assert settling == pytest.approx(60, abs=2)  # the first two seconds at 30 a second
    kept = times[settling:]
    assert one.mean_s == pytest.approx(sum(kept) / len(kept) / 1e3)
    assert (one.percentile("max"), one.percentile("min")) == (
        pytest.approx(max(kept) / 1e3),
        pytest.approx(min(kept) / 1e3),
    )
    assert (one.throughput_per_s, one.offered_per_s) == (pytest.approx(30.0, rel=0.01), None)


def test_k6_summaries_say_what_its_lines_say() -> None:
    (short,) = read("k6/users_export.json", CLOSED)
    (whole,) = read("k6/users_summary.json", CLOSED)
    assert short == whole
    assert (whole.users, whole.mean_s) == (4.0, pytest.approx(0.080, rel=0.04))
    numbers = json.loads((CASES / "k6/users_summary.json").read_text())["metrics"]
    times = numbers["http_req_duration{expected_response:true}"]["values"]
    assert whole.percentile("p99") == pytest.approx(times["p(99)"] / 1e3)
    assert (whole.requests, whole.throughput_per_s) == (
        numbers["http_reqs"]["values"]["count"],
        numbers["http_reqs"]["values"]["rate"],
    )
    (rate,) = read("k6/rate_summary.json", OPEN)
    (lines,) = read("k6/rate.json.gz", OPEN)
    assert rate.mean_s == pytest.approx(lines.mean_s, rel=0.02)
    assert (rate.arrivals, rate.loop) == ("constant", "open")


@pytest.mark.parametrize("name", ["k6/over.json.gz", "k6/over_summary.json"])
def test_more_than_a_server_answers_is_told_by_what_k6_dropped(name: str) -> None:
    (one,) = read(name, OPEN)
    assert one.offered_per_s == pytest.approx(80.0, rel=0.03)
    assert one.throughput_per_s == pytest.approx(50.0, rel=0.05)
    with pytest.raises(MeasurementError) as raised:
        converted([one])
    assert raised.value.code == "overload-only"


def test_k6_does_not_say_whether_it_waited() -> None:
    with pytest.raises(MeasurementError, match="closed") as raised:
        read("k6/rate_summary.json", Given(instance_type="a"))
    assert raised.value.code == "which-loop"


@pytest.mark.parametrize(
    "name",
    [
        "k6/users_summary.json",
        "k6/users_export.json",
        "k6/steps.json.gz",
        "aiperf/users.json",
        "inference-perf/users_lifecycle_metrics.json",
        "locust/steps_stats_history.csv",
    ],
)
def test_users_who_waited_are_no_open_loop_whatever_somebody_says(name: str) -> None:
    with pytest.raises(MeasurementError, match="percentiles") as raised:
        read(name, OPEN)
    assert raised.value.code == "loop-contradicts"
    assert "--loop closed" in str(raised.value.hint)


def test_a_last_line_that_was_cut_off_is_passed_over() -> None:
    data = gzip.decompress((CASES / "k6/steps.json.gz").read_bytes())
    found = imported(Content("cut.json", data[:-100]), CLOSED).observations
    assert [one.users for one in found] == [1.0, 2.0, 4.0, 8.0]
    with pytest.raises(MeasurementError, match="not valid JSON"):
        imported(Content("cut.json", data[:1000] + b"\n" + data[1000:]), CLOSED)


def test_users_of_aiperf() -> None:
    (one,) = read("aiperf/users.json", LLM)
    assert (one.loop, one.users, one.tool, one.date) == ("closed", 4.0, "aiperf", "2026-11-21")
    numbers = json.loads((CASES / "aiperf/users.json").read_text())
    assert numbers["warmup_metrics"]["request_latency"]["avg"] / 1e3 != pytest.approx(one.mean_s)
    assert one.mean_s == pytest.approx(numbers["request_latency"]["avg"] / 1e3)
    assert one.std_s == pytest.approx(numbers["request_latency"]["std"] / 1e3)
    for stats, name in ((one.ttft, "time_to_first_token"), (one.itl, "inter_token_latency")):
        known = {"mean" if key == "avg" else key: 1e3 * seconds for key, seconds in stats}
        there = {"mean" if key == "avg" else key: each for key, each in numbers[name].items()}
        assert known == pytest.approx({key: there[key] for key in known})
    assert (one.requests, one.input_tokens, one.output_tokens) == (80, 64.0, 22.0)
    (same,) = read("aiperf/users.csv", Given(instance_type="ml.g5.2xlarge", users=4))
    assert same.mean_s == pytest.approx(one.mean_s, rel=1e-3)
    assert (same.requests, same.users, same.loop) == (80, 4.0, "closed")
    (curve,) = converted([one])
    assert curve.points[0].mean_s == pytest.approx(0.4, rel=0.02)


def test_a_rate_of_aiperf_and_its_failures() -> None:
    (one,) = read("aiperf/rate.json", LLM)
    assert (one.loop, one.users, one.arrivals, one.errors) == ("open", None, "poisson", 0.1)
    # Of 6 a second 5.4 were answered; 4.8 came, because 80 Poisson arrivals vary by a tenth.
    assert one.offered_per_s == pytest.approx(5.4)
    assert one.throughput_per_s == pytest.approx(4.79, abs=0.01)
    (curve,) = converted([one])
    assert "10.0% of the requests failed" in curve.notes[0]
    assert curve.points[0].mean_s == pytest.approx(0.4, rel=0.03)


def test_stages_of_inference_perf() -> None:
    for stage, asked in ((0, 3.0), (1, 6.0)):
        name = f"inference-perf/stage_{stage}_lifecycle_metrics.json"
        load = json.loads((CASES / name).read_text())["load_summary"]
        assert load["requested_rate"] == asked
        (one,) = read(name, LLM)
        # What came by chance is the load, not what was asked for.
        assert one.offered_per_s == pytest.approx(load["achieved_rate"], rel=1e-3)
        assert one.throughput_per_s == pytest.approx(load["achieved_rate"], rel=0.01)
        (curve,) = converted([one])
        assert curve.points[0].mean_s == pytest.approx(0.4, rel=0.06)
    (users,) = read("inference-perf/users_lifecycle_metrics.json", LLM)
    assert (users.loop, users.users, users.offered_per_s) == ("closed", 4.0, None)
    assert users.mean_s == pytest.approx(0.4, rel=0.03)
    assert (users.input_tokens, users.output_tokens) == (64.0, 30.0)


def test_more_than_a_server_answers_is_told_by_how_long_the_answers_took() -> None:
    (one,) = read("inference-perf/over_lifecycle_metrics.json", LLM)
    assert one.offered_per_s == pytest.approx(13.8, abs=0.1)  # four slots of 0.4 s answer 10
    assert one.mean_s > 1.9
    with pytest.raises(MeasurementError) as raised:
        converted([one])
    assert raised.value.code == "overload-only"


def test_percentiles_rise() -> None:
    for name in ("k6/steps.json.gz", "aiperf/users.json"):
        for one in read(name, CLOSED):
            seconds = [time for _, time in one.latency]
            assert all(low <= high for low, high in pairwise(seconds)), name
