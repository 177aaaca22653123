"""Dashboards of the sandbox's CloudWatch as boto3 sees them."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import pytest
from botocore.exceptions import ClientError

from tests.support.sandbox import Sandbox, refusal

TEXT = {"type": "text", "x": 0, "y": 0, "width": 24, "height": 2, "properties": {"markdown": "x"}}
GRAPH = {
    **dict(TEXT, type="metric", y=2, width=12),
    "properties": {"region": "us-east-1", "metrics": [["AWS/SageMaker", "Invocations"]]},
}
ARN = "arn:aws:cloudwatch::123456789012:dashboard/a"


@pytest.fixture
def watch(sandbox: Sandbox) -> Any:
    return sandbox.client("cloudwatch")


def body(*widgets: Any) -> str:
    return json.dumps({"widgets": list(widgets)}, indent=1)


def test_a_dashboard_is_kept_as_it_was_put_for_all_regions(sandbox: Sandbox, watch: Any) -> None:
    text = body(TEXT, GRAPH)
    assert (
        watch.put_dashboard(DashboardName="a", DashboardBody=text)["DashboardValidationMessages"]
        == []
    )
    there = sandbox.client("cloudwatch", "eu-west-1")
    shown = there.get_dashboard(DashboardName="a")
    assert (shown["DashboardBody"], shown["DashboardArn"]) == (text, ARN)
    (listed,) = there.list_dashboards(DashboardNamePrefix="a")["DashboardEntries"]
    assert (listed["DashboardName"], listed["Size"]) == ("a", len(text))
    assert watch.list_dashboards(DashboardNamePrefix="b")["DashboardEntries"] == []


def test_tags_are_those_of_the_creation_and_of_tag_resource(watch: Any) -> None:
    first, second = ({"Key": "team", "Value": value} for value in ("risk", "ops"))
    for tag in (first, second):
        watch.put_dashboard(DashboardName="a", DashboardBody=body(), Tags=[tag])
    assert watch.list_tags_for_resource(ResourceARN=ARN)["Tags"] == [first]
    watch.tag_resource(ResourceARN=ARN, Tags=[second])
    assert watch.list_tags_for_resource(ResourceARN=ARN)["Tags"] == [second]
    watch.untag_resource(ResourceARN=ARN, TagKeys=["team"])
    assert watch.list_tags_for_resource(ResourceARN=ARN)["Tags"] == []
    missing = refusal(watch.list_tags_for_resource, ResourceARN=f"{ARN}b")
    assert missing[0] == "ResourceNotFoundException"


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("{", ""),
        ("[]", "/widgets"),
        ("{}", "/widgets"),
        (body(*[TEXT] * 501), "/widgets"),
        (body({**TEXT, "type": "poem"}), "/widgets/0/type"),
        (body(TEXT, {"type": "text"}), "/widgets/1/properties"),
        (body({**TEXT, "width": 25}), "/widgets/0"),
        (body({**TEXT, "properties": {}}), "/widgets/0/properties/markdown"),
        (body({**TEXT, "type": "alarm"}), "/widgets/0/properties/alarms"),
        (body({**GRAPH, "properties": {"metrics": []}}), "/widgets/0/properties/region"),
        (
            body({**GRAPH, "properties": {"region": "us-east-1", "metrics": ["CPU"]}}),
            "/widgets/0/properties/metrics/0",
        ),
    ],
)
def test_what_is_no_dashboard_is_refused_with_its_place(watch: Any, text: str, where: str) -> None:
    with pytest.raises(ClientError) as refused:
        watch.put_dashboard(DashboardName="a", DashboardBody=text)
    answer = refused.value.response
    assert answer["Error"]["Code"] == "InvalidParameterInput"
    assert where in [one.get("DataPath") for one in answer["dashboardValidationMessages"]]
    assert watch.list_dashboards()["DashboardEntries"] == []


def test_names_that_are_none_and_dashboards_that_are_not_there(watch: Any) -> None:
    named = {"DashboardName": "a b", "DashboardBody": body()}
    assert refusal(watch.put_dashboard, **named)[0] == "InvalidParameterInput"
    assert refusal(watch.get_dashboard, DashboardName="a")[0] == "ResourceNotFound"
    watch.put_dashboard(DashboardName="a", DashboardBody=body())
    assert refusal(watch.delete_dashboards, DashboardNames=["a", "b"])[0] == "ResourceNotFound"
    assert watch.list_dashboards()["DashboardEntries"] == []


def test_a_client_that_speaks_query_sees_the_same_dashboard(sandbox: Sandbox, watch: Any) -> None:
    def ask(action: str, **fields: str) -> str:
        sent = urlencode({"Action": action, "Version": "2010-08-01", **fields}).encode()
        scope = "Credential=k/20260101/us-east-1/monitoring/aws4_request"
        headers = {"Authorization": f"AWS4-HMAC-SHA256 {scope}"}
        with urlopen(Request(f"{sandbox.url}/", data=sent, headers=headers)) as answer:
            return str(answer.read().decode())

    ask("PutDashboard", DashboardName="a", DashboardBody=body(TEXT))
    assert watch.get_dashboard(DashboardName="a")["DashboardBody"] == body(TEXT)
    assert "<DashboardName>a</DashboardName>" in ask("ListDashboards")
