"""moto, another stand-in for AWS that others wrote, takes what is rendered for the examples.

What it lacks is named here; the first test fails when it has learnt something.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit

import boto3
import pytest
from botocore import xform_name
from botocore.config import Config
from botocore.exceptions import ClientError
from planner_sagemaker.exports.api import OPERATIONS
from planner_sagemaker.gateway import Connection

from planner.errors import ProviderError
from tests.support.code import ROOT
from tests.support.command import planner
from tests.support.rendered import SAGEMAKER, missing, rendered
from tests.support.sandbox import KEYS, ROLE
from tests.support.tools import Moto

Call = dict[str, Any]
Client = Callable[[str], Any]

KNOWN_TYPE = "ml.m5.large"
UNKNOWN_FAMILIES = {"c6i", "c7i", "g5", "g6", "inf2"}
"""Of the instance types of endpoints moto has a list of its own, which is years old."""

FORGOTTEN = {
    "RegisterScalableTarget": {"Tags"},
    "CreateEndpoint": {"DeploymentConfig"},
    "PutMetricAlarm": {"WarmUpConfiguration"},
    "PutDashboard": {"Tags"},
}
"""Members that moto takes and does not show, by operation."""

ALERTED = ("--set", "providers.sagemaker.alerts={}")
SCALING = {
    "RegisterScalableTarget": ("describe_scalable_targets", "ResourceId", "ScalableTargets"),
    "PutScalingPolicy": ("describe_scaling_policies", "PolicyName", "ScalingPolicies"),
    "PutScheduledAction": (
        *("describe_scheduled_actions", "ScheduledActionName", "ScheduledActions"),
    ),
}
"""How what scales is read: the method, the member that names it, and the member that lists it."""


ACCOUNT = "123456789012"
TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "sagemaker.amazonaws.com"},
                "Action": "sts:AssumeRole",
            }
        ],
    }
)


@pytest.fixture
def clients(moto: Moto) -> Callable[[str], Client]:
    """Clients of one region by service, of a moto that has nothing yet."""
    moto.reset()
    once = Config(retries={"total_max_attempts": 1})

    def of(region: str) -> Client:
        return lambda service: boto3.client(
            service, region_name=region, endpoint_url=moto.url, config=once, **KEYS
        )

    return of


def _send(client: Client, call: Call) -> Any:
    return getattr(client(call["service"]), xform_name(call["operation"]))(**call["parameters"])


def _known(client: Client, call: Call) -> Call:
    """The call itself; or with another instance type, where that alone is what moto refuses."""
    for variant in call["parameters"].get("ProductionVariants", ()):
        family = variant.get("InstanceType", "").removeprefix("ml.").partition(".")[0]
        if family in UNKNOWN_FAMILIES:
            given = variant["InstanceType"]
            with pytest.raises(ClientError, match=f"Value '{re.escape(given)}' at 'instanceType'"):
                _send(client, call)
            variant["InstanceType"] = KNOWN_TYPE
    return call


def _shown(client: Client, call: Call) -> dict[str, Any]:
    """What moto tells of what a call created, and its tags where it lists them."""
    service, sent = client(call["service"]), call["parameters"]
    if call["service"] == "sagemaker":
        kind = call["operation"].removeprefix("Create")
        describe = getattr(service, xform_name(f"Describe{kind}"))
        shown = describe(**{f"{kind}Name": sent[f"{kind}Name"]})
        tags = service.list_tags(ResourceArn=shown[f"{kind}Arn"])["Tags"]
        return {**shown, "Tags": tags}
    if call["operation"] == "PutDashboard":
        return dict(service.get_dashboard(DashboardName=sent["DashboardName"]))
    if call["service"] == "cloudwatch":
        (shown,) = service.describe_alarms(AlarmNames=[sent["AlarmName"]])["MetricAlarms"]
        tags = service.list_tags_for_resource(ResourceARN=shown["AlarmArn"])["Tags"]
        return {**shown, "Tags": tags}
    method, name, listed = SCALING[call["operation"]]
    asked = {"ServiceNamespace": "sagemaker", f"{name}s": [sent[name]]}
    (shown,) = getattr(service, method)(**asked)[listed]
    return dict(shown)


@pytest.mark.parametrize(
    ("example", "more"),
    [
        *((one, ()) for one in SAGEMAKER),
        *((one, ALERTED) for one in ("shop-ranker", "internal-tool")),
    ],
)
def test_moto_takes_an_example_as_rendered_and_shows_it(
    clients: Callable[[str], Client], example: str, more: tuple[str, ...]
) -> None:
    for endpoint in rendered(example, *more):
        client = clients(endpoint["region"])
        for call in endpoint["calls"]:
            _send(client, _known(client, call))
            sent, shown = call["parameters"], _shown(client, call)
            forgotten = FORGOTTEN.get(call["operation"], set()) & sent.keys()
            assert not forgotten & shown.keys(), "moto has learnt this"
            kept = {name: item for name, item in sent.items() if name not in forgotten}
            assert missing(kept, shown) == [], call["operation"]


def test_every_kind_of_call_was_sent() -> None:
    sent = {
        call["operation"]
        for example in SAGEMAKER
        for endpoint in rendered(example, "--no-verify", *ALERTED)
        for call in endpoint["calls"]
    }
    assert sent == {operation for _, operation in OPERATIONS.values()}


@pytest.mark.parametrize(
    ("service", "operation", "parameters", "refusal"),
    [
        (
            "sagemaker",
            "UpdateEndpoint",
            {"EndpointName": "e", "EndpointConfigName": "c"},
            r"\(500\)",
        ),
        (
            "application-autoscaling",
            "RegisterScalableTarget",
            {
                "ServiceNamespace": "sagemaker",
                "ResourceId": "endpoint/e/variant/AllTraffic",
                "ScalableDimension": "sagemaker:variant:DesiredProvisionedConcurrency",
                "MinCapacity": 1,
                "MaxCapacity": 2,
            },
            "ValidationException",
        ),
    ],
)
def test_what_moto_lacks_of_what_the_planner_needs(
    clients: Callable[[str], Client],
    service: str,
    operation: str,
    parameters: dict[str, Any],
    refusal: str,
) -> None:
    call = {"service": service, "operation": operation, "parameters": parameters}
    with pytest.raises(ClientError, match=refusal):
        _send(clients("us-east-1"), call)


def _provide(client: Client, example: str) -> None:
    """Create the role, the images and the artifacts that a preflight looks for."""
    client("iam").create_role(RoleName="SageMakerExecution", AssumeRolePolicyDocument=TRUST)
    for endpoint in rendered(example, "--no-verify"):
        for call in endpoint["calls"]:
            if call["operation"] == "CreateModel":
                container = call["parameters"]["PrimaryContainer"]
                _upload(client, urlsplit(container["ModelDataUrl"]))
                _push(client, container["Image"])


def _upload(client: Client, place: SplitResult) -> None:
    client("s3").create_bucket(Bucket=place.netloc)
    # Of many models the prefix is named, and some are below it.
    key = place.path.removeprefix("/") + ("model.tar.gz" if place.path.endswith("/") else "")
    client("s3").put_object(Bucket=place.netloc, Key=key, Body=b"")


def _push(client: Client, image: str) -> None:
    registry, _, name = image.partition("/")
    repository, _, tag = name.partition(":")
    account = registry.partition(".")[0]
    if account == ACCOUNT:
        client("ecr").create_repository(repositoryName=repository)
        kind = "application/vnd.docker.distribution.manifest.v2+json"
        manifest = json.dumps({"schemaVersion": 2, "mediaType": kind, "config": {}, "layers": []})
        client("ecr").put_image(repositoryName=repository, imageManifest=manifest, imageTag=tag)


@pytest.mark.parametrize(
    ("example", "more"),
    [
        ("internal-tool", ()),
        ("merchant-fleet", ()),
        ("shop-ranker", ("--set", "pin.instance=ml.c5.large")),
        ("internal-tool", ("--set", "providers.sagemaker.alerts.dashboard=false")),
    ],
)
def test_on_moto_a_second_plan_finds_nothing_and_destroy_leaves_nothing(
    moto: Moto,
    clients: Callable[[str], Client],
    tmp_path: Path,
    example: str,
    more: tuple[str, ...],
) -> None:
    there = {"AWS_ENDPOINT_URL": moto.url, "AWS_ACCESS_KEY_ID": "s", "AWS_SECRET_ACCESS_KEY": "s"}
    client = clients("us-east-1")
    _provide(client, example)
    spec = (str(ROOT / "examples" / example), *more)
    applied = planner("apply", *spec, "--auto-approve", "--no-verify", cwd=tmp_path, env=there)
    assert applied.code == 0, applied.out + applied.err
    assert "1 endpoint: 1 applied." in applied.out
    again = planner("plan", *spec, "--no-verify", cwd=tmp_path, env=there)
    assert "0 to delete, 1 unchanged." in again.out, again.out + again.err
    gone = planner("destroy", *spec, "--auto-approve", cwd=tmp_path, env=there)
    assert gone.code == 0, gone.out + gone.err
    assert client("sagemaker").list_endpoints()["Endpoints"] == []
    assert client("sagemaker").list_endpoint_configs()["EndpointConfigs"] == []
    assert client("sagemaker").list_models()["Models"] == []
    assert client("cloudwatch").describe_alarms()["MetricAlarms"] == []
    targets = client("application-autoscaling").describe_scalable_targets
    assert targets(ServiceNamespace="sagemaker")["ScalableTargets"] == []


def test_a_page_instead_of_an_answer_is_said(moto: Moto) -> None:
    asked = {"PolicySourceArn": ROLE, "ActionNames": ["s3:GetObject"]}
    with pytest.raises(ProviderError) as raised:
        Connection("us-east-1", moto.url).ask("iam", "SimulatePrincipalPolicy", asked)
    assert raised.value.code == "unreadable-answer"
    assert re.fullmatch("SimulatePrincipalPolicy: Unable to parse response .*", str(raised.value))
