"""One InvokeEndpoint by the gateway, and what is told where no model answers."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any

import pytest
from planner_sagemaker.gateway import SageMakerGateway
from planner_sagemaker.sandbox.cloud import Pace
from planner_sagemaker.sandbox.serve import running

from planner.errors import AuthError, ProviderError
from planner.model.resource import DesiredState, Resource
from planner.model.warm_up import SAMPLE, Answer, Sample, Target
from tests.support.sandbox import IMAGE, ROLE, SERVERLESS, Sandbox

LOAD_S = 0.15
REGION = "us-east-1"
ONE = Sample.of(b"1,2\n", "text/csv")
PREFIX = "s3://b/models/"


@pytest.fixture(scope="module")
def served() -> Iterator[Sandbox]:
    with running(":memory:", pace=Pace(load_s=LOAD_S), frozen=True) as url:
        yield Sandbox(url=url)


@pytest.fixture
def sandbox(served: Sandbox) -> Sandbox:
    served.post("reset")
    return served


@pytest.fixture(scope="module")
def gateway(served: Sandbox) -> SageMakerGateway:
    return SageMakerGateway(REGION, served.url)


def state(**container: Any) -> DesiredState:
    endpoint = Resource(address="endpoint/e", kind="endpoint", name="e", body={"EndpointName": "e"})
    body = {"PrimaryContainer": {"Image": IMAGE, **container}}
    made = Resource(address="model/m", kind="model", name="m", body=body)
    return DesiredState(
        endpoint="e", provider="sagemaker", region=REGION, resources=(made, endpoint)
    )


def invocations(sandbox: Sandbox) -> list[dict[str, Any]]:
    return [
        one["parameters"] for one in sandbox.get("calls") if one["operation"] == "InvokeEndpoint"
    ]


@pytest.mark.parametrize("capacity", [None, SERVERLESS])
def test_the_first_answer_of_a_model_is_late(
    sandbox: Sandbox, gateway: SageMakerGateway, capacity: dict[str, Any] | None
) -> None:
    sandbox.model()
    sandbox.config("c1", **({} if capacity is None else {"capacity": capacity}))
    sandbox.endpoint()
    first, second = (gateway.invoke(state(), Target(model="m"), ONE) for _ in range(2))
    assert (first.answer, second.answer) == (Answer.ANSWERED, Answer.ANSWERED)
    assert first.seconds > LOAD_S > second.seconds
    assert invocations(sandbox)[0]["ContentType"] == "text/csv"
    # An update brings new copies, which have loaded nothing.
    sandbox.config("c2")
    sandbox.sagemaker.update_endpoint(EndpointName="e", EndpointConfigName="c2")
    sandbox.advance(600)
    assert gateway.invoke(state(), Target(model="m"), ONE).seconds > LOAD_S


def test_a_model_that_shares_its_endpoint_is_named_by_its_artifact(
    sandbox: Sandbox, gateway: SageMakerGateway
) -> None:
    shared = {"Mode": "MultiModel", "ModelDataUrl": PREFIX}
    sandbox.sagemaker.create_model(
        ModelName="m", ExecutionRoleArn=ROLE, PrimaryContainer={"Image": IMAGE, **shared}
    )
    sandbox.endpoint()
    for artifact in (f"{PREFIX}a/one.tar.gz", "b.tar.gz"):
        found = gateway.invoke(state(**shared), Target(model="x", artifact=artifact), ONE)
        assert found.answer is Answer.ANSWERED, found
        assert found.seconds > LOAD_S  # each is loaded by itself
    assert [one["TargetModel"] for one in invocations(sandbox)] == ["a/one.tar.gz", "b.tar.gz"]


@pytest.mark.parametrize(
    ("effect", "answer", "hint"),
    [
        ("model-refusal", Answer.REFUSED, SAMPLE),
        (
            "model-error",
            Answer.FAILED,
            "aws logs tail /aws/sagemaker/Endpoints/e --region us-east-1 --since 15m",
        ),
        ("server-error", Answer.FAILED, "aws logs tail /aws/sagemaker/Endpoints/e"),
        ("unavailable", Answer.LATER, ""),
        ("throttle", Answer.LATER, ""),
    ],
)
def test_whose_fault_it_is_is_told_at_once(
    sandbox: Sandbox, gateway: SageMakerGateway, effect: str, answer: Answer, hint: str
) -> None:
    sandbox.endpoint()
    sandbox.fault(effect, "InvokeEndpoint")
    found = gateway.invoke(state(), Target(model="m"), ONE)
    assert found.answer is answer, found
    assert found.hint.startswith(hint)
    assert len(invocations(sandbox)) == 1  # botocore did not try again


def test_what_the_runtime_refuses_is_no_fault_of_the_model(
    sandbox: Sandbox, gateway: SageMakerGateway
) -> None:
    sandbox.endpoint()
    target = Target(model="x", artifact=f"{PREFIX}x.tar.gz")
    shared = state(Mode="MultiModel", ModelDataUrl=PREFIX)
    found = gateway.invoke(shared, target, ONE)
    assert found.answer is Answer.REFUSED
    assert "does not support target model header" in found.text
    assert found.hint == "aws sagemaker describe-endpoint --region us-east-1 --endpoint-name e"


def test_what_no_call_gets_around_is_raised(sandbox: Sandbox, gateway: SageMakerGateway) -> None:
    sandbox.endpoint()
    sandbox.fault("denied", "InvokeEndpoint")
    with pytest.raises(AuthError) as denied:
        gateway.invoke(state(), Target(model="m"), ONE)
    assert denied.value.code == "access-denied"
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
    with pytest.raises(ProviderError) as error:
        SageMakerGateway(REGION, url).invoke(state(), Target(model="m"), ONE)
    assert error.value.code == "unreachable"
