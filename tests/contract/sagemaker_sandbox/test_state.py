"""Regions, restarts, other services, and the command that serves."""

from __future__ import annotations

import re
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from planner_sagemaker.sandbox.calls import Calls, Recorded
from planner_sagemaker.sandbox.cloud import Pace
from planner_sagemaker.sandbox.faults import Effect
from planner_sagemaker.sandbox.serve import running

from planner.errors import ProviderError
from planner.provider import registry
from tests.support.code import ROOT
from tests.support.command import PLANNER, environment, planner
from tests.support.sandbox import Sandbox, arn, refusal


def test_regions_know_nothing_of_each_other(sandbox: Sandbox) -> None:
    sandbox.model()
    there = sandbox.client("sagemaker", "eu-central-1")
    assert there.list_models()["Models"] == []
    made = there.create_model(
        ModelName="m",
        ExecutionRoleArn="arn:aws:iam::123456789012:role/Execution",
        PrimaryContainer={"Image": "i"},
    )
    assert made["ModelArn"] == arn("model", "m", "eu-central-1")
    sandbox.sagemaker.delete_model(ModelName="m")
    assert len(there.list_models()["Models"]) == 1


def test_a_region_of_another_partition_has_its_arns(sandbox: Sandbox) -> None:
    there = sandbox.client("sts", "us-gov-west-1")
    identity = there.get_caller_identity()
    assert identity["Account"] == "123456789012"
    assert identity["Arn"].startswith("arn:aws-us-gov:iam::123456789012:")


def test_a_restart_forgets_nothing(tmp_path: Path) -> None:
    file = str(tmp_path / "deep" / "sandbox.sqlite3")
    with running(file, frozen=True) as url:
        before = Sandbox(url=url)
        before.post("quotas", {"quotas": {"ml.m5.large for endpoint usage": 4}})
        before.endpoint("a", Tags=[{"Key": "k", "Value": "v"}])
        before.config("c2")
        before.sagemaker.update_endpoint(EndpointName="a", EndpointConfigName="c2")
        now = before.get("clock")["now"]
    with running(file, frozen=True) as url:
        after = Sandbox(url=url)
        assert after.get("clock")["now"] == now
        shown = after.shown("a")
        assert (shown["EndpointStatus"], shown["EndpointConfigName"]) == ("Updating", "c1")
        after.advance(60)
        assert after.shown("a")["EndpointConfigName"] == "c2"
        tags = after.sagemaker.list_tags(ResourceArn=arn("endpoint", "a"))["Tags"]
        assert tags == [{"Key": "k", "Value": "v"}]
        after.post("quotas", {"quotas": {"ml.m5.large for endpoint usage": 3}})
        code, text = refusal(
            after.sagemaker.create_endpoint, EndpointName="b", EndpointConfigName="c1"
        )
        assert code == "ResourceLimitExceeded"
        assert "current utilization of 2 Instances" in text


def test_requests_are_remembered_until_a_reset(tmp_path: Path) -> None:
    file = str(tmp_path / "sandbox.sqlite3")
    with running(file) as url:
        Sandbox(url=url).model()
    with running(file) as url:
        sandbox = Sandbox(url=url)
        sandbox.sagemaker.list_models()
        found = sandbox.get("calls")
        assert [(one["number"], one["operation"]) for one in found] == [
            (1, "CreateModel"),
            (2, "ListModels"),
        ]
        assert found[0]["parameters"]["ModelName"] == "m"
        assert found[0]["agent"].startswith("Boto3/")
        assert sandbox.get("calls?mutating=true") == found[:1]
        sandbox.post("reset")
        assert sandbox.get("calls") == []
        sandbox.sagemaker.list_models()
        assert [one["number"] for one in sandbox.get("calls")] == [1]


def test_only_the_latest_requests_are_kept() -> None:
    with closing(sqlite3.connect(":memory:")) as database:
        calls = Calls(database, kept=20)
        for number in range(45):
            one = Recorded(
                at_s=float(number),
                region="us-east-1",
                service="sagemaker",
                operation="ListModels",
                parameters={},
                status=200,
                error="",
                fault="",
            )
            calls.record(one)
        assert [one.number for one in calls.every()] == list(range(26, 46))
        assert calls.count == 45


def test_two_sandboxes_on_one_file_see_the_same(tmp_path: Path) -> None:
    file = str(tmp_path / "sandbox.sqlite3")
    with running(file) as first, running(file, pace=Pace(create_s=0)) as second:
        Sandbox(url=first).model()
        assert len(Sandbox(url=second).sagemaker.list_models()["Models"]) == 1


def test_time_does_not_run_back(sandbox: Sandbox) -> None:
    assert sandbox.post("clock", {"advance": -1})["status"] == 400
    assert sandbox.post("clock", {"forward": 1})["status"] == 400


def test_the_pace_is_changed_while_it_runs() -> None:
    with running(":memory:", frozen=True) as url:
        sandbox = Sandbox(url=url)
        assert sandbox.post("pace", {"create_s": 600})["create_s"] == 600
        assert sandbox.post("pace", {"haste": 1})["status"] == 400
        sandbox.endpoint()
        assert sandbox.shown()["EndpointStatus"] == "Creating"
        sandbox.advance(600)
        assert sandbox.shown()["EndpointStatus"] == "InService"


def test_the_provider_offers_it() -> None:
    with registry.get("sagemaker").sandbox().running(":memory:") as url:  # type: ignore[attr-defined]
        assert Sandbox(url=url).sagemaker.list_models()["Models"] == []


@pytest.mark.parametrize("missing", ["starlette", "uvicorn", "botocore"])
def test_what_is_not_installed_is_said(missing: str) -> None:
    script = (
        f"import sys; sys.modules[{missing!r}] = None\n"
        "from planner.cli.main import main\n"
        "main(['sandbox', 'serve', '--provider', 'sagemaker', '--state', ':memory:'])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 1
    assert f"error[sandbox-missing]: the sandbox needs {missing}" in done.stderr
    assert "pip install 'endpoint-planner[sandbox]'" in done.stderr


def test_the_page_names_every_fault() -> None:
    page = (ROOT / "docs" / "sandbox.md").read_text(encoding="utf-8")
    table = page.partition("| effect |")[2]
    assert {effect.value for effect in Effect} == set(re.findall(r"`([a-z-]+)`", table)) - {
        *("seconds", "times", "message"),
    }


def test_a_file_that_is_no_state_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("not a database, but a text that is long enough to be looked at" * 20)
    with pytest.raises(ProviderError, match="cannot keep its state"), running(str(file)):
        pass


def test_the_command_serves_until_it_is_interrupted(tmp_path: Path) -> None:
    served = subprocess.Popen(
        [*PLANNER, "sandbox", "serve", "--provider", "sagemaker", "--port", "0"],
        cwd=tmp_path,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with served:
        assert served.stdout is not None
        url = served.stdout.readline().strip()
        sandbox = Sandbox(url=url)
        sandbox.model()
        taken = planner(
            "sandbox",
            "serve",
            "--provider",
            "sagemaker",
            "--port",
            url.rpartition(":")[2],
            cwd=tmp_path,
        )
        served.send_signal(signal.SIGINT)
        out, err = served.communicate(timeout=20)
    assert (served.returncode, out) == (0, "")
    assert f"export AWS_ENDPOINT_URL={url}" in err
    assert (taken.code, "sandbox-port" in taken.err) == (1, True)
    with running(str(tmp_path / ".planner" / "sandbox.sqlite3")) as again:
        assert len(Sandbox(url=again).sagemaker.list_models()["Models"]) == 1


def test_a_provider_without_one_is_said() -> None:
    done = planner("sandbox", "serve", "--provider", "sagemeker")
    assert (done.code, "did you mean `sagemaker`?" in done.err) == (64, True)


def test_a_sandbox_that_is_killed_remembers_who_wrote(tmp_path: Path) -> None:
    served = subprocess.Popen(
        [*PLANNER, "sandbox", "serve", "--provider", "sagemaker", "--port", "0"],
        cwd=tmp_path,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with served:
        assert served.stdout is not None
        Sandbox(url=served.stdout.readline().strip()).model()
        served.kill()
    with running(str(tmp_path / ".planner" / "sandbox.sqlite3")) as again:
        found = Sandbox(url=again).get("calls?mutating=true")
    assert [one["operation"] for one in found] == ["CreateModel"]


def test_a_file_from_before_tags_had_a_table_is_searched_as_well(tmp_path: Path) -> None:
    file = str(tmp_path / "state.sqlite3")
    wanted = {"TagFilters": [{"Key": "team", "Values": ["risk", "fraud"]}]}
    with running(file) as url:
        Sandbox(url=url).model(Tags=[{"Key": "team", "Value": "risk"}])
    with closing(sqlite3.connect(file)) as before:
        before.execute("DROP TABLE tags")
    with running(file) as url:
        sandbox = Sandbox(url=url)
        tagging = sandbox.client("resourcegroupstaggingapi")
        found = tagging.get_resources(**wanted)["ResourceTagMappingList"]
        assert [one["ResourceARN"] for one in found] == [arn("model", "m")]
        sandbox.sagemaker.delete_model(ModelName="m")
        assert tagging.get_resources(**wanted)["ResourceTagMappingList"] == []
