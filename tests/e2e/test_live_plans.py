"""A plan that was written to a file: applied as it was reviewed, or not at all."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from planner.errors import ExitCode
from tests.support.command import codes
from tests.support.live import FLEET, PINNED, Person, acting, person
from tests.support.specs import named

SECRET = PINNED.replace(
    "      load_time: 3s\n", "      load_time: 3s\n      environment: {HF_TOKEN: hf_abcdef}\n"
)


@pytest.fixture
def somebody(tmp_path: Path) -> Iterator[Person]:
    with person(tmp_path) as found:
        found.file("planner.yaml", PINNED)
        yield found


def saves(somebody: Person, *more: str) -> Path:
    """A plan in `p.json`."""
    somebody.does("plan", "--out", "p.json", "--no-verify", *more)
    return somebody.home / "p.json"


def test_what_was_saved_is_applied_without_a_question_and_without_the_spec(
    somebody: Person,
) -> None:
    saves(somebody)
    (somebody.home / "planner.yaml").unlink()
    done = somebody.does("apply", "p.json")
    assert "1 endpoint: 1 applied." in done.out
    somebody.file("planner.yaml", PINNED)
    assert acting(somebody.plans()) == {}


def test_a_second_time_it_is_stale(somebody: Person) -> None:
    saves(somebody)
    somebody.does("apply", "p.json")
    written = somebody.writes()
    done = somebody.types("apply", "p.json")
    assert done.code == ExitCode.STALE_PLAN
    assert "no longer needs a creation" in " ".join(done.out.split())
    assert somebody.writes() == written


def test_the_field_that_moved_is_named_and_nothing_is_written(somebody: Person) -> None:
    somebody.applies()
    saves(somebody, "--set", "pin.replicas=3")
    cloudwatch = somebody.sandbox.client("cloudwatch")
    (alarm,) = cloudwatch.describe_alarms(AlarmNames=["fraud-scorer-5xx"])["MetricAlarms"]
    keys = {
        *("AlarmName", "Namespace", "MetricName", "Dimensions", "Statistic", "Period"),
        *("EvaluationPeriods", "DatapointsToAlarm", "ComparisonOperator", "TreatMissingData"),
    }
    cloudwatch.put_metric_alarm(**{key: alarm[key] for key in keys}, Threshold=0.5)
    written = somebody.writes()
    done = somebody.types("apply", "p.json")
    assert done.code == ExitCode.STALE_PLAN
    told = " ".join(done.out.split())
    assert "fraud-scorer: stale" in told
    assert "alarm/fraud-scorer-5xx" in told
    assert "Threshold is 0.5, wanted is 0.01" in told
    assert somebody.writes() == written


def test_one_that_is_stale_does_not_stop_the_others(somebody: Person) -> None:
    somebody.file("other.planner.yaml", named("other", PINNED))
    saves(somebody)
    somebody.applies("other.planner.yaml")
    done = somebody.types("apply", "p.json")
    assert done.code == ExitCode.STALE_PLAN
    assert "2 endpoints: 1 applied, 1 stale." in done.out


def test_what_was_pruned_in_the_plan_is_pruned(somebody: Person) -> None:
    somebody.file("planner.yaml", FLEET)
    somebody.applies()
    somebody.file("planner.yaml", FLEET.replace("      latency: {p99: 90ms}\n", ""))
    saves(somebody, "--prune")
    done = somebody.does("apply", "p.json")
    assert "delete endpoint/fraud-scorer-hot" in done.out


def _edited(document: dict[str, Any]) -> None:
    document["endpoints"][0]["desired"]["resources"][0]["body"]["ExecutionRoleArn"] = "arn:other"


def _newer(document: dict[str, Any]) -> None:
    document["format_version"] = "9.0"


def _cut(document: dict[str, Any]) -> None:
    del document["seal"]


@pytest.mark.parametrize(
    ("change", "code"),
    [(_edited, "plan-edited"), (_newer, "plan-version"), (_cut, "plan-edited")],
)
def test_a_plan_that_is_not_as_it_was_written_is_not_applied(
    somebody: Person, change: Callable[[dict[str, Any]], None], code: str
) -> None:
    path = saves(somebody)
    document = json.loads(path.read_text(encoding="utf-8"))
    change(document)
    path.write_text(json.dumps(document), encoding="utf-8")
    _refused(somebody, code)


def test_half_a_plan_is_not_applied(somebody: Person) -> None:
    path = saves(somebody)
    path.write_text(path.read_text(encoding="utf-8")[:900], encoding="utf-8")
    _refused(somebody, "plan-unreadable")


def test_a_plan_made_offline_is_not_applied(somebody: Person) -> None:
    somebody.does("plan", "--offline", "--out", "p.json")
    _refused(somebody, "plan-offline")


def test_a_plan_for_the_sandbox_is_not_applied_to_the_cloud(somebody: Person) -> None:
    somebody.does("plan", "--sandbox", "--out", "p.json", "--no-verify")
    _refused(somebody, "plan-for-another")
    saves(somebody)
    done = somebody.types("apply", "p.json", "--sandbox")
    assert codes(done) == ["plan-for-another"]


def test_a_plan_that_leaves_a_spec_out_is_not_applied(somebody: Person) -> None:
    somebody.file("other.planner.yaml", named("other", PINNED.replace("p99: 100ms", "p99: 6ms")))
    somebody.types("plan", "--out", "p.json", "--no-verify")
    _refused(somebody, "plan-incomplete")


def test_a_plan_holds_no_secrets_and_is_not_applied_without_them(somebody: Person) -> None:
    somebody.file("planner.yaml", SECRET)
    path = saves(somebody)
    assert "hf_abcdef" not in path.read_text(encoding="utf-8")
    _refused(somebody, "plan-holds-no-secrets")
    somebody.applies()
    assert acting(somebody.plans()) == {}


def test_options_that_would_change_a_saved_plan_are_wrong_usage(somebody: Person) -> None:
    saves(somebody)
    for more in (("--set", "pin.replicas=3"), ("--only", "x"), ("--prune",), ("-f", "o.yaml")):
        done = somebody.types("apply", "p.json", *more)
        assert (done.code, codes(done)) == (ExitCode.USAGE, ["plan-as-it-is"]), more
        assert more[0].replace("-f", "--overlay") in done.err
    done = somebody.types("apply", "p.json", "planner.yaml", "--auto-approve")
    assert (done.code, codes(done)) == (ExitCode.USAGE, ["plan-as-it-is"])
    assert somebody.writes() == []


def _refused(somebody: Person, code: str) -> None:
    done = somebody.types("apply", "p.json")
    assert (done.code, codes(done)) == (ExitCode.USAGE, [code])
    assert somebody.writes() == []
