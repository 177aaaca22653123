"""Pages, filters and orders of lists; tags."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.sandbox import Sandbox, arn, refusal


def _models(sandbox: Sandbox, **asked: Any) -> list[str]:
    pages = sandbox.sagemaker.get_paginator("list_models").paginate(**asked)
    return [one["ModelName"] for page in pages for one in page["Models"]]


def _many(sandbox: Sandbox, count: int) -> list[str]:
    names = [f"m{number}" for number in range(count)]
    for name in names:
        sandbox.model(name)
        sandbox.advance(1)
    return names


def test_lists_come_newest_first_in_pages_of_ten(sandbox: Sandbox) -> None:
    names = _many(sandbox, 23)
    first = sandbox.sagemaker.list_models()
    assert len(first["Models"]) == 10
    assert _models(sandbox) == names[::-1]
    assert _models(sandbox, SortOrder="Ascending", MaxResults=7) == names
    assert _models(sandbox, SortBy="Name", SortOrder="Ascending") == sorted(names)
    assert _models(sandbox, NameContains="m1") == [
        name for name in names[::-1] if name.startswith("m1")
    ]


def test_equal_times_neither_hide_nor_repeat_a_row(sandbox: Sandbox) -> None:
    names = {f"m{number}" for number in range(12)}
    for name in names:
        sandbox.model(name)
    listed = _models(sandbox, MaxResults=5)
    assert (len(listed), set(listed)) == (12, names)


def test_what_goes_between_two_pages_shifts_nothing(sandbox: Sandbox) -> None:
    names = _many(sandbox, 6)[::-1]
    first = sandbox.sagemaker.list_models(MaxResults=2)
    sandbox.sagemaker.delete_model(ModelName=names[0])
    sandbox.model("new")
    rest = sandbox.sagemaker.list_models(NextToken=first["NextToken"], MaxResults=100)
    assert [one["ModelName"] for one in rest["Models"]] == names[2:]


@pytest.mark.parametrize("token", ["x", "bm9uc2Vuc2U="])
def test_a_token_of_another_list_is_refused(sandbox: Sandbox, token: str) -> None:
    code, text = refusal(sandbox.sagemaker.list_models, NextToken=token)
    assert (code, "NextToken" in text) == ("ValidationException", True)
    _many(sandbox, 3)
    own = sandbox.sagemaker.list_models(MaxResults=1)["NextToken"]
    assert refusal(sandbox.sagemaker.list_models, NextToken=own, NameContains="m")[0] == code


def test_endpoints_are_listed_by_status_and_time(sandbox: Sandbox) -> None:
    for name in ("b", "a"):
        sandbox.endpoint(name)
    sandbox.sagemaker.update_endpoint(EndpointName="b", EndpointConfigName="c1")
    listed = sandbox.sagemaker.list_endpoints

    def names(**asked: Any) -> list[str]:
        return [one["EndpointName"] for one in listed(**asked)["Endpoints"]]

    assert names() == ["a", "b"]
    assert names(StatusEquals="Updating") == ["b"]
    assert names(SortBy="Status", SortOrder="Ascending") == ["a", "b"]
    newest = listed()["Endpoints"][0]["CreationTime"]
    assert names(CreationTimeBefore=newest) == ["b"]
    changed = sandbox.shown("b")["LastModifiedTime"]
    assert names(LastModifiedTimeBefore=changed) == ["a"]
    assert names(LastModifiedTimeAfter=changed) == []


def test_tags_overwrite_by_key(sandbox: Sandbox) -> None:
    sandbox.model(Tags=[{"Key": "a", "Value": "1"}])
    client, place = sandbox.sagemaker, {"ResourceArn": arn("model", "m")}
    client.add_tags(**place, Tags=[{"Key": "a", "Value": "2"}, {"Key": "b", "Value": ""}])
    assert client.list_tags(**place)["Tags"] == [
        {"Key": "a", "Value": "2"},
        {"Key": "b", "Value": ""},
    ]
    client.delete_tags(**place, TagKeys=["a", "never"])
    assert client.list_tags(**place)["Tags"] == [{"Key": "b", "Value": ""}]
    client.delete_model(ModelName="m")
    sandbox.model()
    assert client.list_tags(**place)["Tags"] == []


def test_tags_change_while_an_endpoint_does(sandbox: Sandbox) -> None:
    sandbox.endpoint(Tags=[{"Key": "a", "Value": "1"}])
    sandbox.sagemaker.update_endpoint(EndpointName="e", EndpointConfigName="c1")
    place = {"ResourceArn": arn("endpoint", "e")}
    sandbox.sagemaker.add_tags(**place, Tags=[{"Key": "b", "Value": "2"}])
    sandbox.advance(60)
    assert sandbox.shown()["EndpointStatus"] == "InService"
    assert [tag["Key"] for tag in sandbox.sagemaker.list_tags(**place)["Tags"]] == ["a", "b"]


def test_tags_that_aws_keeps_to_itself_are_refused(sandbox: Sandbox) -> None:
    code, text = refusal(lambda: sandbox.model(Tags=[{"Key": "aws:x", "Value": ""}]))
    assert code == "ValidationException"
    assert text == "aws: prefixed tag key names are not allowed for external use."
    sandbox.model()
    tags = [{"Key": f"k{number}", "Value": ""} for number in range(50)]
    place = {"ResourceArn": arn("model", "m")}
    sandbox.sagemaker.add_tags(**place, Tags=tags)
    one_more = [{"Key": "more", "Value": ""}]
    assert refusal(sandbox.sagemaker.add_tags, **place, Tags=one_more)[0] == "ResourceLimitExceeded"


@pytest.mark.parametrize("place", [arn("model", "no"), arn("endpoint", "m", "eu-west-1")])
def test_tags_of_nothing_are_refused(sandbox: Sandbox, place: str) -> None:
    sandbox.model()
    assert refusal(sandbox.sagemaker.list_tags, ResourceArn=place)[0] == "ResourceNotFound"
