"""What the planner renders for its examples is what the sandbox takes."""

from __future__ import annotations

import pytest
from botocore import xform_name

from tests.support.rendered import SAGEMAKER, rendered
from tests.support.sandbox import Sandbox


@pytest.mark.parametrize("example", SAGEMAKER)
def test_an_example_is_created_as_rendered(sandbox: Sandbox, example: str) -> None:
    for endpoint in rendered(example):
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
