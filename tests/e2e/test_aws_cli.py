"""The AWS CLI sees in the sandbox what the planner put there."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from planner_sagemaker.sandbox.cloud import Pace
from planner_sagemaker.sandbox.serve import running

from tests.support.code import ROOT
from tests.support.command import Done, planner
from tests.support.rendered import missing, rendered, untagged
from tests.support.tools import Tools

EXAMPLE = str(ROOT / "examples" / "shop-ranker")


@dataclass(frozen=True, kw_only=True)
class Somebody:
    """A person with the AWS CLI, at the sandbox to which the example was applied."""

    tools: Tools
    url: str
    home: Path
    sent: dict[str, list[dict[str, Any]]]
    """Parameters of the calls that were rendered, by operation."""

    def types(self, *arguments: str, exported: bool = False) -> Done:
        there = (*arguments, "--region", "us-east-1")
        return self.tools.aws(*there, url=self.url, cwd=self.home, exported=exported)

    def asks(self, *arguments: str, exported: bool = False) -> Any:
        done = self.types(*arguments, exported=exported)
        assert done.code == 0, done.err
        return json.loads(done.out)


@pytest.fixture(scope="module")
def somebody(tools: Tools, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Somebody]:
    home = tmp_path_factory.mktemp("home")
    sent: dict[str, list[dict[str, Any]]] = {}
    (endpoint,) = rendered("shop-ranker", "--no-verify")
    for call in endpoint["calls"]:
        sent.setdefault(call["operation"], []).append(call["parameters"])
    with running(":memory:", pace=Pace(create_s=0.3)) as url:
        address = {"AWS_ENDPOINT_URL": url, "AWS_ACCESS_KEY_ID": "s", "AWS_SECRET_ACCESS_KEY": "s"}
        done = planner("apply", EXAMPLE, "--auto-approve", "--no-verify", cwd=home, env=address)
        assert done.code == 0, done.err
        yield Somebody(tools=tools, url=url, home=home, sent=sent)


@pytest.mark.parametrize("exported", [False, True])
def test_the_endpoint_is_listed(somebody: Somebody, exported: bool) -> None:
    (listed,) = somebody.asks("sagemaker", "list-endpoints", exported=exported)["Endpoints"]
    assert (listed["EndpointName"], listed["EndpointStatus"]) == ("shop-ranker", "InService")


@pytest.mark.parametrize(
    ("operation", "command", "option"),
    [
        ("CreateModel", "describe-model", "--model-name"),
        ("CreateEndpointConfig", "describe-endpoint-config", "--endpoint-config-name"),
        ("CreateEndpoint", "describe-endpoint", "--endpoint-name"),
    ],
)
def test_what_was_sent_is_described_and_tagged(
    somebody: Somebody, operation: str, command: str, option: str
) -> None:
    (sent,) = somebody.sent[operation]
    name = sent[operation.replace("Create", "") + "Name"]
    shown = somebody.asks("sagemaker", command, option, name)
    described = {**shown, "DeploymentConfig": shown.get("LastDeploymentConfig")}
    assert missing(untagged(sent), described) == []
    arn = shown[operation.replace("Create", "") + "Arn"]
    tags = somebody.asks("sagemaker", "list-tags", "--resource-arn", arn)["Tags"]
    assert _by(tags, "Key") == _by(sent["Tags"], "Key")
    assert "planner:owner" in {tag["Key"] for tag in tags}


@pytest.mark.parametrize(
    ("operation", "command", "key", "order"),
    [
        ("RegisterScalableTarget", "describe-scalable-targets", "ScalableTargets", "ResourceId"),
        ("PutScalingPolicy", "describe-scaling-policies", "ScalingPolicies", "PolicyName"),
        (
            "PutScheduledAction",
            "describe-scheduled-actions",
            "ScheduledActions",
            "ScheduledActionName",
        ),
    ],
)
def test_what_scales_it_is_described(
    somebody: Somebody, operation: str, command: str, key: str, order: str
) -> None:
    sent = somebody.sent[operation]
    shown = somebody.asks("application-autoscaling", command, "--service-namespace", "sagemaker")[
        key
    ]
    assert missing(_by(map(untagged, sent), order), _by(shown, order)) == []


def test_the_alarms_that_watch_it_are_described(somebody: Somebody) -> None:
    prefix = ("--alarm-name-prefix", "shop-ranker-")
    shown = somebody.asks("cloudwatch", "describe-alarms", *prefix)["MetricAlarms"]
    sent = map(untagged, somebody.sent["PutMetricAlarm"])
    assert missing(_by(sent, "AlarmName"), _by(shown, "AlarmName")) == []


def test_the_cli_waits_for_it(somebody: Somebody) -> None:
    done = somebody.types(
        "sagemaker", "wait", "endpoint-in-service", "--endpoint-name", "shop-ranker"
    )
    assert (done.code, done.out, done.err) == (0, "", "")


def test_what_does_not_exist_is_said_in_the_words_of_the_cloud(somebody: Somebody) -> None:
    done = somebody.types("sagemaker", "describe-endpoint", "--endpoint-name", "shop-rankers")
    assert done.code in {254, 255}
    assert "(ValidationException) when calling the DescribeEndpoint operation" in done.err
    assert "Could not find endpoint" in done.err


def _by(items: Iterable[dict[str, Any]], key: str) -> list[dict[str, Any]]:
    return sorted(items, key=lambda one: str(one[key]))
