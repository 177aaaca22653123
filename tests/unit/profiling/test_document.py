"""Profiles as files: what is written is read back, digit by digit as far as it was measured."""

from __future__ import annotations

from dataclasses import replace
from io import StringIO
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from planner.model.units import parse_duration, parse_rate
from planner.model.workload import ServicePoint
from planner.profiling import Observation
from planner.profiling.conversion import Conversion, converted
from planner.profiling.document import (
    duration_text,
    observation_of,
    points_of,
    profile_of,
    rate_text,
    with_calibration,
    with_measurements,
    written,
)
from planner.profiling.fitting import fitted_profile
from planner.spec.profile import read_document
from planner.spec.profile_blocks import CalibrationBlock, ProfileDocument
from planner.spec.report import Report
from planner.spec.schema import profile_schema
from planner.views.profile_yaml import render_profile
from planner.views.style import Style

SCHEMA = profile_schema()

SEEN = Observation(
    instance_type="ml.g5.2xlarge",
    loop="closed",
    users=4.0,
    throughput_per_s=1.5166666,
    mean_s=2.62071,
    std_s=0.29793,
    latency=(("min", 2.1), ("p50", 2.5), ("p99.9", 3.3), ("max", 3.4)),
    requests=240,
    errors=0.004,
    ttft=(("mean", 0.2104), ("p99", 0.54)),
    itl=(("mean", 0.0121),),
    input_tokens=1000.0,
    output_tokens=200.5,
    labels=(("payload: odd", "a, {b} #c"), ("run", "2026-11-20")),
    tool="aiperf",
    date="2026-11-19",
)


def curve(*points: tuple[int, float], on: str = "ml.g5.2xlarge", **more: Any) -> Conversion:
    return Conversion(
        instance_type=on,
        points=tuple(ServicePoint(concurrency=n, mean_s=s) for n, s in points),
        **{"loop": "closed", "tool": "aiperf", "date": "2026-11-19", "at": "client", **more},
    )


def text_of(document: ProfileDocument, *head: str) -> str:
    out = StringIO()
    render_profile(written(document), head=head, out=out, style=Style())
    return out.getvalue()


def back(text: str) -> ProfileDocument:
    report = Report()
    found = read_document("profile.yaml", text.encode(), report, env={})
    report.raise_any()
    assert found is not None
    return found


def test_every_number_comes_back() -> None:
    document = profile_of("llama", "llama", [curve((4, 2.62071))], [SEEN])
    text = text_of(document, "a head: with a colon")
    again = back(text)
    assert observation_of(again.spec.observations[0]) == SEEN
    assert points_of(again) == points_of(document)
    assert max(map(len, text.splitlines())) <= 100
    Draft202012Validator(SCHEMA).validate(yaml.safe_load(text))
    assert text_of(again, "a head: with a colon") == text


@settings(max_examples=200, deadline=None)
@given(st.floats(1e-7, 1e5))
def test_quantities_are_written_as_a_spec_takes_them(number: float) -> None:
    assert parse_duration(duration_text(number)) == pytest.approx(number, rel=1e-8)
    assert parse_rate(rate_text(number)) == pytest.approx(number, rel=1e-8)


def test_new_measurements_replace_those_of_their_instance_type() -> None:
    first = profile_of("llama", None, [curve((1, 2.0)), curve((1, 3.0), on="ml.g6.xlarge")], [SEEN])
    other = replace(SEEN, instance_type="ml.g6.xlarge", users=1.0)
    fresh = [curve((2, 1.5), on="ml.g6.xlarge", tool="k6", loop="open", date="2026-11-20")]
    second = back(text_of(with_measurements(first, fresh, [other])))
    assert {name: points[0].mean_s for name, points in points_of(second).items()} == {
        "ml.g5.2xlarge": 2.0,
        "ml.g6.xlarge": 1.5,
    }
    ways = {one.instance: (one.measured or second.spec.measured) for one in second.spec.points}
    assert (ways["ml.g5.2xlarge"].tool, ways["ml.g6.xlarge"].tool) == ("aiperf", "k6")
    assert [one.instance for one in second.spec.observations] == ["ml.g5.2xlarge", "ml.g6.xlarge"]


def test_a_fitted_profile_says_so_and_keeps_what_was_measured() -> None:
    alone = replace(SEEN, users=1.0, mean_s=1.0, std_s=0.3, throughput_per_s=1.0)
    two, four = (
        replace(alone, users=users, mean_s=mean, std_s=None, throughput_per_s=None)
        for users, mean in ((2.0, 1.5), (4.0, 2.2))
    )
    seen = [alone, two, four]
    document = profile_of("llama", None, converted(seen), seen)
    again = back(text_of(fitted_profile(document).document))
    assert again.spec.measured.converted == "fitted by one line, at most 4.6% off"
    assert [point.scv for point in again.spec.points] == [0.09, 0.09, 0.09]
    assert [observation_of(one) for one in again.spec.observations] == seen
    assert text_of(fitted_profile(again).document) == text_of(again)


def test_a_calibration_of_the_same_day_replaces_the_one_before() -> None:
    document = profile_of("llama", None, [curve((1, 1.0))], [])
    for factor, date in ((1.2, "2026-11-20"), (1.3, "2026-11-21"), (1.4, "2026-11-21")):
        block = CalibrationBlock.model_construct(
            instance="ml.g5.2xlarge",
            factor=factor,
            date=date,
            reason="p50 of 14 ms: where 10 ms was predicted",
            scv=None,
            rate=310.0,
            replicas=4,
            concurrency=2,
            observed={"p50": 0.014},
            predicted={"p50": 0.010},
        )
        document = back(text_of(with_calibration(document, block)))
    assert [(one.factor, one.date) for one in document.spec.calibrations] == [
        (1.2, "2026-11-20"),
        (1.4, "2026-11-21"),
    ]
    assert dict(document.spec.calibrations[0].observed) == {"p50": 0.014}
