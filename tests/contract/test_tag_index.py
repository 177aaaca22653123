"""Tags of many owners are asked for in as few questions as the cloud takes, and once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from planner_sagemaker.gateway import Connection
from planner_sagemaker.resources.names import readable
from planner_sagemaker.resources.tags import OWNER, SELF
from planner_sagemaker.sandbox.serve import running
from planner_sagemaker.tag_index import TagIndex

from planner.model.resource import DesiredState, Resource
from tests.support.sandbox import Sandbox

OWNERS = [f"scorer-{index:02d}" for index in range(45)]
ARN = "arn:aws:sagemaker:us-east-1:123456789012:model/"


def _desired(owner: str) -> DesiredState:
    tags = [{"Key": OWNER, "Value": owner}, {"Key": SELF, "Value": owner}]
    model = Resource(
        address=f"model/{owner}", kind="model", name=readable(owner), body={"Tags": tags}
    )
    return DesiredState(endpoint=owner, provider="sagemaker", region="", resources=(model,))


def _asked(sandbox: Sandbox) -> int:
    return sum(call["operation"] == "GetResources" for call in sandbox.get("calls"))


def test_owners_that_are_read_together_are_asked_for_twenty_at_a_time() -> None:
    with running(":memory:") as url, ThreadPoolExecutor(10) as threads:
        sandbox, index = Sandbox(url=url), TagIndex(Connection("us-east-1", url).ask)

        def look(owner: str) -> None:
            index.known(_desired(owner), OWNERS)(f"model/{owner}", ARN + owner)

        list(threads.map(look, OWNERS))
        assert _asked(sandbox) == 3
        assert [index.endpoints(owner) for owner in OWNERS] == [()] * len(OWNERS)
        assert _asked(sandbox) == 3
        index.endpoints("another")
        assert _asked(sandbox) == 4


def test_the_first_that_are_read_wait_for_different_questions() -> None:
    with running(":memory:") as url:
        sandbox, index = Sandbox(url=url), TagIndex(Connection("us-east-1", url).ask)
        for count, owner in enumerate(OWNERS[:3], start=1):
            index.known(_desired(owner), OWNERS)(f"model/{owner}", ARN + owner)
            assert _asked(sandbox) == count
