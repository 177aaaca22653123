"""What the planner renders for its examples is what the sandbox takes."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore import xform_name

from tests.support.code import ROOT
from tests.support.command import planner
from tests.support.sandbox import Sandbox

EXAMPLES = (
    *("doc-embedder", "fraud-scorer", "image-tagger", "internal-tool"),
    *("merchant-fleet", "shop-ranker", "ticket-router"),
)


def _calls(example: str) -> list[dict[str, Any]]:
    done = planner("render", f"examples/{example}", "--to", "api", cwd=ROOT)
    assert done.code == 0, done.err
    return [one for one in json.loads(done.stdout) if one["provider"] == "sagemaker"]


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_is_created_as_rendered(sandbox: Sandbox, example: str) -> None:
    endpoints = _calls(example)
    assert endpoints, "an example for SageMaker"
    for endpoint in endpoints:
        client = sandbox.client("sagemaker", endpoint["region"])
        calls = [one for one in endpoint["calls"] if one["service"] == "sagemaker"]
        for call in calls:
            getattr(client, xform_name(call["operation"]))(**call["parameters"])
        sandbox.advance(60)
        name = calls[-1]["parameters"]["EndpointName"]
        shown = client.describe_endpoint(EndpointName=name)
        assert shown["EndpointStatus"] == "InService"
        assert shown["EndpointConfigName"] == calls[-1]["parameters"]["EndpointConfigName"]
        tags = client.list_tags(ResourceArn=shown["EndpointArn"])["Tags"]
        assert tags == calls[-1]["parameters"]["Tags"]
