"""Test calls after `apply`, as users see them: the real SDKs against the sandboxes, over HTTP."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from planner.errors import ExitCode
from tests.support.databricks_live import SHOP, Analyst, analyst
from tests.support.live import PINNED, Person, person
from tests.support.running import Running

SAMPLE = '{"instances": [[4, 4111]]}'
WARM_UP = f"""\
  rollout:
    strategy: all-at-once
    warm_up:
      body: '{SAMPLE}'
"""
CALLED = PINNED.replace("  providers:", f"{WARM_UP}  providers:")
APPLY = ("apply", "--auto-approve", "--no-verify")
SHARED = (
    CALLED.replace("hosting: dedicated", "hosting: multi-model")
    .replace(
        "  payload:",
        """\
    - name: hot
      artifact: s3://risk-models/hot/model.tar.gz
      weight: 9
      size: 120MiB
      memory: 400MiB
      service_time: 6ms
      reference_instance: ml.c7i.large
  payload:""",
    )
    .replace("      framework: xgboost", "      framework: xgboost\n      weight: 1")
)


@pytest.fixture
def somebody(tmp_path: Path) -> Iterator[Person]:
    with person(tmp_path) as found:
        found.file("planner.yaml", CALLED)
        yield found


def invocations(somebody: Person) -> list[dict[str, Any]]:
    calls: list[dict[str, Any]] = somebody.sandbox.get("calls")
    return [one for one in calls if one["operation"] == "InvokeEndpoint"]


def told(text: str) -> str:
    return " ".join(text.split())


def outcome(jsonl: str) -> dict[str, Any]:
    (found,) = [one for one in map(json.loads, jsonl.splitlines()) if one["event"] == "outcome"]
    return dict(found)


def test_what_is_written_is_called_until_its_latency_settles(somebody: Person) -> None:
    plan = somebody.does("plan", "--no-verify").out
    assert "test calls up to 20 once it is ready, for 10 min at most" in told(plan)
    done = somebody.applies()
    found = re.search(
        r"warm-up fraud: settled at (\S+ m?s) after (\d+) calls, the first answer took (\d+) ms",
        told(done.out),
    )
    assert found is not None, done.out
    assert float(found[3]) > 250  # the sandbox loads for 300 ms
    assert "fraud-scorer: endpoint/fraud-scorer: test calls of fraud, 1 of" in done.err
    calls = invocations(somebody)
    assert 6 <= len(calls) == int(found[2]) <= 20
    assert {one["parameters"]["ContentType"] for one in calls} == {"application/json"}
    assert SAMPLE not in plan + done.out + done.err
    # Nothing is to be written now, so that nothing is called.
    again = somebody.applies()
    assert "fraud-scorer: unchanged" in again.out
    assert "warm-up" not in again.out.partition("Fingerprint")[2]
    assert len(invocations(somebody)) == len(calls)
    asked = somebody.applies("--warm-up")
    assert "warm-up fraud: settled" in told(asked.out)


def test_a_spec_without_a_sample_has_nothing_called(somebody: Person) -> None:
    somebody.file("planner.yaml", PINNED)
    somebody.applies()
    assert invocations(somebody) == []


def test_each_model_of_a_shared_endpoint_is_called_the_hottest_first(somebody: Person) -> None:
    somebody.file("planner.yaml", SHARED)
    plan = told(somebody.does("plan", "--no-verify", "--set", "rollout.warm_up.models=1").out)
    assert "up to 20 of the hottest of its 2 models once it is ready" in plan
    done = somebody.types(*APPLY, "-o", "jsonl")
    assert done.code == 0, done.out + done.err
    found = outcome(done.out)["warm_up"]
    assert [one["model"] for one in found] == ["hot", "fraud"]
    for one in found:
        assert one["settled"]
        assert one["first_ms"] > 250 > one["settled_ms"]
    targets = [one["parameters"]["TargetModel"] for one in invocations(somebody)]
    assert list(dict.fromkeys(targets)) == ["hot/model.tar.gz", "fraud/model.tar.gz"]
    events = [json.loads(line) for line in done.out.splitlines()]
    warmed = [one for one in events if one["event"] == "warmed"]
    assert [{k: one[k] for k in found[0]} for one in warmed] == found
    assert [one["text"].partition(",")[0] for one in events if one["event"] == "called"] == [
        "test calls of hot",
        "test calls of fraud",
    ]


def test_a_model_that_refuses_the_sample_is_no_success(somebody: Person) -> None:
    somebody.sandbox.fault(
        "model-refusal", "InvokeEndpoint", rule={"message": f"cannot read {SAMPLE}"}
    )
    done = somebody.types(*APPLY)
    assert done.code == ExitCode.PARTLY_APPLIED
    out = told(done.out)
    assert "fraud-scorer: unanswered" in out
    assert "Received client error (400) from model" in out
    assert "help write a request that the model takes into spec.rollout.warm_up" in out
    assert "4111" not in done.out + done.err
    assert len(invocations(somebody)) == 1
    # All is written; what helps is to call again.
    assert "help: planner apply --no-verify --warm-up # writes nothing, and calls again" in out
    somebody.sandbox.post("faults", [])
    writes = len(somebody.writes())
    assert "warm-up fraud: settled" in told(somebody.applies("--warm-up").out)
    assert len(somebody.writes()) == writes


def test_a_model_that_fails_is_no_success_and_its_logs_are_named(somebody: Person) -> None:
    somebody.sandbox.fault("model-error", "InvokeEndpoint")
    done = somebody.types(*APPLY, "-o", "jsonl")
    assert done.code == ExitCode.PARTLY_APPLIED
    found = outcome(done.out)
    assert found["outcome"] == "unanswered"
    assert found["left"] == []
    assert found["hint"].startswith("aws logs tail /aws/sagemaker/Endpoints/fraud-scorer ")
    (model,) = found["warm_up"]
    assert (model["mute"], model["calls"], model["failed"]) == (True, 3, 3)


def test_calls_that_are_not_allowed_say_so_once(somebody: Person) -> None:
    somebody.sandbox.fault("denied", "InvokeEndpoint")
    done = somebody.types(*APPLY)
    assert done.code == ExitCode.PARTLY_APPLIED
    assert "InvokeEndpoint is not allowed" in done.out
    assert len(invocations(somebody)) == 1


def test_the_time_limit_ends_the_calls(somebody: Person) -> None:
    limited = CALLED.replace("    warm_up:\n", "    warm_up:\n      timeout: 200ms\n")
    somebody.file("planner.yaml", limited)
    out = told(somebody.applies().out)
    # The first answer alone takes longer; it is an answer, and the endpoint a success.
    assert "warm-up fraud: not settled within the time limit" in out
    assert "1 endpoint: 1 applied." in out
    assert len(invocations(somebody)) == 1


def test_a_saved_plan_calls_what_was_reviewed(somebody: Person) -> None:
    somebody.file("sample.json", SAMPLE)
    named = CALLED.replace(f"body: '{SAMPLE}'", "file: sample.json")
    somebody.file("planner.yaml", named)
    somebody.does("plan", "--no-verify", "--out", "plan.json")
    printed = somebody.does("show", "plan.json", "-o", "json").out
    assert "4111" not in printed
    assert "test calls" in somebody.does("show", "plan.json").out
    somebody.file("printed.json", printed)
    refused = somebody.types("apply", "printed.json")
    assert refused.code == ExitCode.USAGE
    assert "does not hold the sample request of fraud-scorer" in refused.err
    (somebody.home / "sample.json").unlink()
    assert "warm-up fraud: settled" in told(somebody.does("apply", "plan.json").out)
    made = len(invocations(somebody))
    somebody.file("sample.json", SAMPLE)
    somebody.file("printed.json", somebody.does("plan", "--no-verify", "-o", "json").out)
    without = somebody.does("apply", "printed.json", "--warm-up").out
    assert "no test call was made: the plan was printed" in told(without)
    assert len(invocations(somebody)) == made


def test_nobody_has_to_call(somebody: Person) -> None:
    out = somebody.applies("--no-warm-up").out
    assert "fraud-scorer: applied" in out
    assert invocations(somebody) == []


def test_an_interrupt_in_the_middle_leaves_nothing_undone(somebody: Person) -> None:
    somebody.sandbox.fault("delay", "InvokeEndpoint", rule={"seconds": 0.3})
    running = Running(somebody, *APPLY)
    running.until("test calls of fraud, 1 of")
    running.interrupt()
    code, out, said = running.ended()
    assert code == ExitCode.INTERRUPTED
    assert "fraud-scorer: applied why the test calls were interrupted after 0 of 1" in told(out)
    assert "Traceback" not in said
    assert len(invocations(somebody)) <= 3
    somebody.sandbox.post("faults", [])
    assert somebody.plans()["summary"]["unchanged"] == 1


@pytest.fixture
def colleague(tmp_path: Path) -> Iterator[Analyst]:
    with analyst(tmp_path) as found:
        yield found


def test_databricks_is_called_alike(colleague: Analyst) -> None:
    text = SHOP.replace("  providers:", f"{WARM_UP}  providers:")
    colleague.file("planner.yaml", text)
    done = colleague.applies()
    found = re.search(r"ranker: settled at \S+ m?s after \d+ calls, .* took (\d+) ms", done.out)
    assert found is not None, done.out
    assert float(found[1]) > 250
    # What the model does not read is the request's fault, and it is said once.
    colleague.file("planner.yaml", text.replace(SAMPLE, '{"rows": [4111]}'))
    wrong = colleague.types(*APPLY, "--warm-up")
    assert wrong.code == ExitCode.PARTLY_APPLIED
    assert "The request must hold dataframe_split" in told(wrong.out)
    assert "help write a request that the model takes" in told(wrong.out)
    assert "4111" not in wrong.out + wrong.err
