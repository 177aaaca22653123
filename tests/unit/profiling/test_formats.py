"""Every format is told by its content, and every number in it comes through."""

from __future__ import annotations

import gzip
import json
from contextlib import suppress
from pathlib import Path

import pytest
from botocore.session import get_session

from planner.profiling import FORMATS, Given, MeasurementError, Observation, imported
from planner.profiling.content import Content
from planner.profiling.conversion import converted

CASES = Path(__file__).parents[2] / "cases" / "profiling"
WRITTEN = CASES / "written"
ON = Given(instance_type="ml.c7i.large", written_on="2026-11-21")
LLM = Given(instance_type="ml.g5.2xlarge", written_on="2026-11-21")


def read(name: str, given: Given = ON, form: str = "auto") -> tuple[str, tuple[Observation, ...]]:
    found = imported(Content(name, (WRITTEN / name).read_bytes()), given, form)
    return found.form.name, found.observations


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("inference-recommender.json", "inference-recommender"),
        ("genai-perf.csv", "aiperf-csv"),
        ("fmbench.csv", "fmbench"),
        ("plain.csv", "csv"),
    ],
)
def test_a_file_is_recognised_by_one_format_alone(name: str, form: str) -> None:
    content = Content(name, (WRITTEN / name).read_bytes())
    assert [one.name for one in FORMATS if one.recognise(content)] == [form]


def test_inference_recommender() -> None:
    _, (small, large, serverless) = sorted_by_name("inference-recommender.json")
    assert (small.instance_type, small.throughput_per_s, small.mean_s) == (
        "ml.c6i.2xlarge",
        pytest.approx(12408 / 60 / 2),  # over two instances
        0.038,
    )
    assert small.labels == (("OMP_NUM_THREADS", "4"),)
    assert (large.instance_type, large.date, large.at) == ("ml.c6i.large", "2026-11-20", "model")
    assert serverless.instance_type == "serverless-2048"
    (_, curve, _) = converted([small, large, serverless])
    (point,) = curve.points
    # 1,533 a minute of 75 ms: 1.9 requests in service; counted as the one below, at its time.
    assert (point.concurrency, point.mean_s) == (1, 0.075)
    assert curve.converted == "from rate x mean, by Little's law"


def sorted_by_name(name: str) -> tuple[str, list[Observation]]:
    form, found = read(name, Given())
    return form, sorted(found, key=lambda one: one.instance_type)


def test_the_recommendation_is_what_botocore_describes() -> None:
    """The file was written by hand: the service model has every key of it."""
    model = get_session().get_service_model("sagemaker")
    shape = model.operation_model("DescribeInferenceRecommendationsJob").output_shape
    unknown: list[str] = []

    def walk(value: object, at: object, path: str) -> None:
        if isinstance(value, dict):
            for key, below in value.items():
                members = getattr(at, "members", {})
                if key not in members:
                    unknown.append(f"{path}.{key}")
                else:
                    walk(below, members[key], f"{path}.{key}")
        elif isinstance(value, list):
            for one in value:
                walk(one, at.member, path)  # type: ignore[attr-defined]

    walk(json.loads((WRITTEN / "inference-recommender.json").read_text()), shape, "")
    assert unknown == []


def test_genai_perf_as_csv_says_nothing_about_its_load() -> None:
    with pytest.raises(MeasurementError) as raised:
        read("genai-perf.csv", LLM)
    assert raised.value.code == "which-loop"
    _, (one,) = read("genai-perf.csv", Given(instance_type="ml.g5.2xlarge", users=10))
    assert (one.loop, one.mean_s, one.throughput_per_s) == ("closed", pytest.approx(6.4062), 1.5)
    assert one.percentile("p99") == pytest.approx(9.43613)
    assert dict(one.ttft)["mean"] == pytest.approx(1.14631)
    assert (one.requests, one.output_tokens) == (40, 174.45)


def test_fmbench_chunks_are_averaged_and_payloads_are_chosen() -> None:
    with pytest.raises(MeasurementError) as raised:
        read("fmbench.csv", Given())
    assert raised.value.code == "measured-side-by-side"
    assert raised.value.hint == "--only 'payload_file=payload_en_1-500.jsonl'"
    only = Given(only={"payload_file": "payload_en_500-1000.jsonl"})
    _, (one, four) = read("fmbench.csv", only)
    assert (one.users, one.mean_s, one.requests) == (1.0, pytest.approx(2.2), 2)
    assert (four.users, four.mean_s, four.requests) == (4.0, pytest.approx(4.0), 8)
    assert four.latency == ()  # of chunks, and of no request
    with pytest.raises(MeasurementError, match="nothing with payload_file=none"):
        read("fmbench.csv", Given(only={"payload_file": "none"}))


def test_plain_csv() -> None:
    _, (one, four) = read("plain.csv", Given(written_on="2026-11-21"))
    assert (one.users, one.mean_s, one.percentile("p99")) == (1.0, 0.0448, 0.078)
    assert (four.instance_type, four.errors, four.loop) == ("ml.c7i.large", 0.001, "closed")
    assert {one.date for one in (one, four)} == {"2026-11-21"}


def test_a_csv_of_ones_own() -> None:
    text = b"machine;x\n".replace(b";", b",") + b"ml.c7i.large,9.5\n"
    content = Content("mine.csv", text)
    named = Given(columns={"mean_ms": "x", "instance": "machine"}, users=1)
    (one,) = imported(content, named).observations
    assert (one.instance_type, one.mean_s, one.loop) == ("ml.c7i.large", 0.0095, "closed")
    with pytest.raises(MeasurementError, match="no column y") as raised:
        imported(content, Given(columns={"mean_ms": "y"}))
    assert raised.value.hint == "its columns: machine, x"


def test_what_is_packed_is_unpacked() -> None:
    data = gzip.compress((WRITTEN / "plain.csv").read_bytes())
    assert len(imported(Content("a.gz", data), Given(written_on="x")).observations) == 2
    with pytest.raises(MeasurementError, match="cut off"):
        imported(Content("a.gz", data[:40]), Given())


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("instance,users,mean_ms\nml.a,1,fast\n", "unreadable-measurements"),
        ("instance,users,mean_ms\nml.a,1\n", "unreadable-measurements"),
        ("instance,users,mean_ms\nml.a,1,0\n", "impossible-latency"),
        ("instance,users,mean_ms,max_ms\nml.a,1,20,4\n", "percentiles-contradict"),
        ("instance,users,mean_ms\nml.a,1,5\nml.a,1,6\n", "measured-twice"),
        ("users,mean_ms\n1,5\n", "which-instance"),
        ("instance,mean_ms\nml.a,5\n", "which-loop"),
        ("instance,users,mean_ms\n", "no-measurements"),
        ("instance,mean\nml.a,5\n", "unknown-format"),
        ("\xff", "unknown-format"),
        ("[" * 100_000, "unknown-format"),
    ],
)
def test_what_cannot_be_meant(text: str, code: str) -> None:
    with pytest.raises(MeasurementError) as raised:
        imported(Content("m.csv", text.encode()), Given())
    assert raised.value.code == code
    assert raised.value.hint


def test_bytes_that_are_no_text() -> None:
    with pytest.raises(MeasurementError, match="is not UTF-8"):
        imported(Content("m.csv", b"\xff\xfe"), Given())


def test_what_is_not_the_models_is_taken_off() -> None:
    _, (one, _) = read("plain.csv", Given(overhead_s=0.005))
    assert (one.mean_s, one.at) == (pytest.approx(0.0398), "model")
    assert one.percentile("p99") == pytest.approx(0.073)
    with pytest.raises(MeasurementError) as raised:
        read("plain.csv", Given(overhead_s=0.05))
    assert raised.value.code == "overhead-too-long"


def places(value: object, at: tuple[object, ...] = ()) -> list[tuple[object, ...]]:
    """Every place in a JSON value."""
    found = [at]
    below = value.items() if isinstance(value, dict) else ()
    for key, one in enumerate(value) if isinstance(value, list) else below:
        found += places(one, (*at, key))
    return found


def changed(value: object, at: tuple[object, ...], new: object) -> object:
    if not at:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)  # type: ignore[call-overload]
    copy[at[0]] = changed(copy[at[0]], at[1:], new)
    return copy


BREAKABLE = (
    WRITTEN / "inference-recommender.json",
    CASES / "aiperf" / "rate.json",
    CASES / "inference-perf" / "stage_0_lifecycle_metrics.json",
    CASES / "k6" / "users_summary.json",
)


@pytest.mark.parametrize("path", BREAKABLE, ids=lambda path: path.name)
@pytest.mark.parametrize("new", [None, "x", -1, 0, [], {}, 1e308, float("nan")])
def test_a_file_that_is_broken_anywhere_is_an_error_of_the_file(path: Path, new: object) -> None:
    whole = json.loads(path.read_text())
    given = Given(instance_type="a", loop="closed", users=4, written_on="2026-11-21")
    for at in places(whole):
        content = Content(path.name, json.dumps(changed(whole, at, new)).encode())
        with suppress(MeasurementError):
            found = imported(content, given).observations
            converted(found)
            assert all(one.mean_s > 0 for one in found), at
