"""The live commands as a person types them, on an account that the environment names."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from planner.errors import ExitCode
from tests.support.command import codes, planner
from tests.support.live import EXAMPLES, FLEET, NOWHERE, PINNED, Person, acting, person
from tests.support.specs import named

FRAUD = str(EXAMPLES / "fraud-scorer")


@pytest.fixture
def somebody(tmp_path: Path) -> Iterator[Person]:
    with person(tmp_path) as found:
        yield found


@pytest.mark.parametrize(
    "words",
    [
        ("plan", FRAUD, "--out", "out.json"),
        ("apply", FRAUD, "--auto-approve"),
        ("destroy", FRAUD, "--auto-approve"),
        ("drift", FRAUD, "--out", "out.json"),
        ("rollback", FRAUD, "--auto-approve"),
        ("adopt", FRAUD, "--auto-approve"),
        ("import", "fraud-scorer", "--provider", "sagemaker", "--out", "out.yaml"),
    ],
    ids=lambda words: words[0],
)
def test_without_credentials_every_command_says_how_to_get_some_and_leaves_nothing(
    words: tuple[str, ...], tmp_path: Path
) -> None:
    done = planner(*words, cwd=tmp_path, env=NOWHERE)
    assert (done.code, codes(done), done.out) == (ExitCode.AUTHENTICATION, ["no-credentials"], "")
    assert "aws sso login" in done.err
    assert list(tmp_path.iterdir()) == []


def test_keys_that_the_cloud_does_not_take_are_an_error_of_access(somebody: Person) -> None:
    somebody.sandbox.fault("expired", "Describe*")
    done = somebody.types("plan", "@fraud-scorer", "--no-verify")
    assert (done.code, codes(done)) == (ExitCode.AUTHENTICATION, ["credentials-refused"])


def test_what_the_environment_names_is_worked_on_live(somebody: Person) -> None:
    assert somebody.plans("@fraud-scorer")["mode"] == "live"
    done = somebody.applies("@fraud-scorer")
    assert "fraud-scorer: applied" in done.out
    assert somebody.sandbox.shown("fraud-scorer")["EndpointStatus"] == "InService"
    assert not (somebody.home / ".planner").exists()
    again = somebody.types("plan", "@fraud-scorer", "--no-verify", "--detailed-exitcode")
    assert again.code == ExitCode.DONE


@pytest.mark.parametrize(
    "example", ["image-tagger", "internal-tool", "merchant-fleet", "shop-ranker", "ticket-router"]
)
def test_after_apply_nothing_is_to_do_and_destroy_leaves_nothing(
    somebody: Person, example: str
) -> None:
    somebody.applies(f"@{example}")
    assert acting(somebody.plans(f"@{example}")) == {}
    somebody.does("destroy", f"@{example}", "--auto-approve")
    client = somebody.sandbox.sagemaker
    assert _endpoints(somebody) == []
    assert client.list_endpoint_configs()["EndpointConfigs"] == []
    assert client.list_models()["Models"] == []
    assert somebody.sandbox.client("cloudwatch").describe_alarms()["MetricAlarms"] == []
    scaling = somebody.sandbox.client("application-autoscaling")
    targets = scaling.describe_scalable_targets(ServiceNamespace="sagemaker")
    assert targets["ScalableTargets"] == []


def test_nothing_to_do_asks_nobody(somebody: Person) -> None:
    somebody.file("planner.yaml", PINNED)
    somebody.applies()
    done = somebody.does("apply", "--no-verify")
    assert "1 endpoint: 1 unchanged." in done.out
    assert "Do you want" not in done.out
    somebody.does("destroy", "--auto-approve")
    assert "Nothing to destroy." in somebody.does("destroy").out


def several(somebody: Person, *names: str) -> None:
    for name in names:
        somebody.file(f"{name}.planner.yaml", named(name, PINNED))


def test_only_and_exclude_leave_the_others_alone(somebody: Person) -> None:
    several(somebody, "alpha", "beta", "beta-2")
    somebody.applies("--only", "beta*")
    assert [one["EndpointName"] for one in _endpoints(somebody)] == ["beta", "beta-2"]
    plan = somebody.plans("--exclude", "beta-2")
    assert {one["name"]: one["action"] for one in plan["endpoints"]} == {
        "alpha": "create",
        "beta": "none",
    }
    somebody.does("destroy", "--exclude", "beta", "--auto-approve")
    assert [one["EndpointName"] for one in _endpoints(somebody)] == ["beta"]
    assert "beta-2 does not exist" in somebody.does("drift", "--only", "beta-2").out


@pytest.mark.parametrize("command", ["plan", "apply", "destroy", "drift", "rollback", "adopt"])
@pytest.mark.parametrize("option", ["--only", "--exclude"])
def test_a_name_that_no_spec_has_is_wrong_usage_with_the_nearest(
    somebody: Person, command: str, option: str
) -> None:
    several(somebody, "alpha", "beta")
    done = somebody.types(command, option, "betta")
    assert (done.code, codes(done)) == (ExitCode.USAGE, ["unknown-endpoint"])
    assert f"{option} beta" in done.err
    assert somebody.sandbox.get("calls") == []


def test_what_a_spec_no_longer_wants_is_kept_until_prune(somebody: Person) -> None:
    somebody.file("planner.yaml", FLEET)
    somebody.applies()
    before = [one["EndpointName"] for one in _endpoints(somebody)]
    assert before == ["fraud-scorer", "fraud-scorer-hot"]
    somebody.file("planner.yaml", FLEET.replace("      latency: {p99: 90ms}\n", ""))
    told = somebody.does("plan", "--no-verify").out
    assert "No longer wanted, and kept: fraud-scorer-hot. `--prune` deletes." in told
    somebody.applies()
    assert [one["EndpointName"] for one in _endpoints(somebody)] == before
    plan = somebody.plans("--prune")
    (removal,) = plan["removals"]
    assert (removal["name"], plan["summary"]["delete"]) == ("fraud-scorer-hot", 1)
    code = somebody.types("plan", "--prune", "--no-verify", "--detailed-exitcode").code
    assert code == ExitCode.CHANGES_PENDING
    done = somebody.applies("--prune")
    assert "delete endpoint/fraud-scorer-hot" in done.out
    assert [one["EndpointName"] for one in _endpoints(somebody)] == ["fraud-scorer"]
    assert somebody.plans("--prune")["removals"] == []


def test_one_at_a_time_where_that_is_asked_for(somebody: Person) -> None:
    several(somebody, "alpha", "beta", "gamma")
    somebody.applies("--parallelism", "1")
    order = [
        (one["operation"], one["parameters"].get("EndpointName"))
        for one in somebody.sandbox.get("calls")
        if one["operation"] in {"CreateEndpoint", "CreateModel"}
    ]
    made = [name for operation, name in order if operation == "CreateEndpoint"]
    assert made == ["alpha", "beta", "gamma"]
    assert [operation for operation, _ in order] == ["CreateModel", "CreateEndpoint"] * 3


def test_a_failure_of_one_does_not_stop_the_others(somebody: Person) -> None:
    several(somebody, "alpha", "beta", "gamma")
    somebody.sandbox.fault("fail", "CreateEndpoint", name="beta")
    done = somebody.types("apply", "--auto-approve", "--no-verify")
    assert done.code == ExitCode.PARTLY_APPLIED
    assert "3 endpoints: 2 applied, 1 failed." in done.out
    assert "beta: failed" in done.out
    assert "planner apply" in done.out
    somebody.sandbox.post("faults", [])
    somebody.applies()
    assert somebody.plans()["summary"]["unchanged"] == 3


def test_an_update_that_the_cloud_rolls_back_is_a_failure_that_names_both_configs(
    somebody: Person,
) -> None:
    somebody.file("planner.yaml", PINNED)
    somebody.applies()
    before = somebody.sandbox.shown("fraud-scorer")["EndpointConfigName"]
    somebody.sandbox.fault("rollback", "UpdateEndpoint")
    more = ("--set", "pin.replicas=3")
    done = somebody.types("apply", *more, "--auto-approve", "--no-verify")
    assert done.code == ExitCode.PARTLY_APPLIED
    told = " ".join(done.out.partition("fraud-scorer: rolled-back")[2].split())
    assert f"EndpointConfigName is {before}, asked for was fraud-scorer-" in told
    assert somebody.sandbox.shown("fraud-scorer")["EndpointConfigName"] == before
    somebody.sandbox.post("faults", [])
    somebody.applies(*more)
    assert acting(somebody.plans(*more)) == {}


def test_without_a_wait_the_next_run_goes_on(somebody: Person) -> None:
    somebody.sandbox.post("pace", {"create_s": 1000})
    done = somebody.types("apply", "@image-tagger", "--no-wait", "--auto-approve", "--no-verify")
    assert done.code == ExitCode.DONE, done.err
    assert "image-tagger: begun" in done.out
    assert "create scalable-target/image-tagger" in done.out.partition("not done")[2]
    somebody.sandbox.advance(2000)
    somebody.applies("@image-tagger")
    assert acting(somebody.plans("@image-tagger")) == {}


def test_what_takes_too_long_is_said_and_the_next_run_goes_on(somebody: Person) -> None:
    somebody.sandbox.post("pace", {"create_s": 1000})
    done = somebody.types(
        "apply", "@image-tagger", "--timeout", "1", "--auto-approve", "--no-verify"
    )
    assert done.code == ExitCode.PARTLY_APPLIED
    told = " ".join(done.out.split())
    assert "image-tagger: failed why endpoint image-tagger is still Creating after 1 s" in told
    # While it is still being made, the next run waits for it as well.
    still = somebody.types(
        "apply", "@image-tagger", "--timeout", "1", "--auto-approve", "--no-verify"
    )
    assert still.code == ExitCode.PARTLY_APPLIED
    assert "still Creating" in " ".join(still.out.split())
    somebody.sandbox.advance(2000)
    somebody.applies("@image-tagger")
    assert acting(somebody.plans("@image-tagger")) == {}


def test_drift_names_the_field_that_somebody_changed(somebody: Person) -> None:
    somebody.applies("@image-tagger")
    quiet = somebody.types("drift", "@image-tagger", "--no-verify", "--detailed-exitcode")
    assert (quiet.code, "1 endpoint: 1 in-sync." in quiet.out) == (0, True), quiet.out + quiet.err
    somebody.sandbox.client("application-autoscaling").register_scalable_target(
        ServiceNamespace="sagemaker",
        ResourceId="endpoint/image-tagger/variant/AllTraffic",
        ScalableDimension="sagemaker:variant:DesiredInstanceCount",
        MinCapacity=1,
        MaxCapacity=3,
    )
    written = somebody.writes()
    found = somebody.types("drift", "@image-tagger", "--no-verify", "--detailed-exitcode")
    assert found.code == ExitCode.CHANGES_PENDING
    assert "image-tagger was changed outside of the planner" in found.out
    assert "MinCapacity: 1 -> 2" in found.out
    assert somebody.types("drift", "@image-tagger", "--no-verify").code == ExitCode.DONE
    shown = somebody.does("drift", "@image-tagger", "--no-verify", "-o", "json").out
    (endpoint,) = json.loads(shown)["endpoints"]
    assert endpoint["sync"] == "drifted"
    assert somebody.writes() == written
    # What the spec itself changed is no drift.
    changed = ("--set", "constraints.replicas.min=3")
    pending = somebody.types(
        "drift", "@image-tagger", "--no-verify", "--detailed-exitcode", *changed
    )
    assert (pending.code, "1 pending" in pending.out) == (ExitCode.DONE, True)
    somebody.applies("@image-tagger")
    assert "1 in-sync" in somebody.does("drift", "@image-tagger", "--no-verify").out
    somebody.sandbox.sagemaker.delete_endpoint(EndpointName="image-tagger")
    somebody.sandbox.advance(60)
    gone = somebody.types("drift", "@image-tagger", "--no-verify", "--detailed-exitcode")
    assert (gone.code, "does not exist" in gone.out) == (ExitCode.CHANGES_PENDING, True)


def test_rollback_puts_back_what_ran_before(somebody: Person) -> None:
    somebody.file("planner.yaml", PINNED)
    somebody.applies()
    nothing = somebody.types("rollback", "--auto-approve")
    assert (nothing.code, "Nothing to roll back to." in nothing.out) == (ExitCode.ERROR, True)
    before = somebody.sandbox.shown("fraud-scorer")["EndpointConfigName"]
    more = ("--set", "pin.replicas=3")
    somebody.applies(*more)
    assert somebody.sandbox.shown("fraud-scorer")["EndpointConfigName"] != before
    asked = somebody.types("rollback")
    assert (asked.code, codes(asked)) == (ExitCode.USAGE, ["not-approved"])
    done = somebody.does("rollback", "--auto-approve")
    assert "fraud-scorer: applied" in done.out
    assert somebody.sandbox.shown("fraud-scorer")["EndpointConfigName"] == before
    # The spec as it was before has nothing to do, the one that came after shows the way forward.
    assert acting(somebody.plans()) == {}
    assert acting(somebody.plans(*more)) == {"endpoint/fraud-scorer": "update"}


def test_a_way_without_return_needs_a_word(somebody: Person) -> None:
    serverless = ("@overlays/planner.yaml", "--set", "pin.hosting=serverless")
    dedicated = ("@overlays/planner.yaml", "--set", "pin.hosting=dedicated")
    somebody.applies(*serverless)
    told = somebody.does("plan", *dedicated, "--no-verify").out
    assert "one-way" in told
    refused = somebody.types("apply", *dedicated, "--no-verify", "--auto-approve")
    assert (refused.code, codes(refused)) == (ExitCode.USAGE, ["risk-not-accepted"])
    assert "--accept one-way" in refused.err
    somebody.applies(*dedicated, "--accept", "one-way")
    back = somebody.types("plan", *serverless, "--no-verify")
    assert (back.code, codes(back)) == (ExitCode.ERROR, ["conversion-refused"])


def test_what_is_protected_is_not_destroyed(somebody: Person) -> None:
    somebody.file("planner.yaml", PINNED)
    somebody.applies()
    shown = somebody.sandbox.shown("fraud-scorer")
    tag = {"Key": "planner:protect", "Value": "true"}
    somebody.sandbox.sagemaker.add_tags(ResourceArn=shown["EndpointArn"], Tags=[tag])
    written = somebody.writes()
    done = somebody.types("destroy", "--auto-approve")
    assert (done.code, codes(done)) == (ExitCode.ERROR, ["protected"])
    assert "planner:protect" in done.err
    assert somebody.writes() == written
    assert acting(somebody.plans()) == {}
    somebody.applies("--set", "pin.replicas=3")  # protected from deletion, not from its spec
    keys = [tag["Key"]]
    somebody.sandbox.sagemaker.delete_tags(ResourceArn=shown["EndpointArn"], TagKeys=keys)
    somebody.does("destroy", "--auto-approve")
    assert _endpoints(somebody) == []


def _endpoints(somebody: Person) -> list[dict[str, str]]:
    found: list[dict[str, str]] = somebody.sandbox.sagemaker.list_endpoints(
        SortBy="Name", SortOrder="Ascending"
    )["Endpoints"]
    return found
