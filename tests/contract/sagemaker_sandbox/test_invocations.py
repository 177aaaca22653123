"""InvokeEndpoint: who would have answered, and the refusals of the runtime."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest

from tests.support.sandbox import IMAGE, ROLE, SERVERLESS, Sandbox, refusal

MISSING = "Endpoint e of account 123456789012 not found."


@pytest.fixture
def runtime(sandbox: Sandbox) -> Any:
    return sandbox.client("sagemaker-runtime")


def invoke(runtime: Any, **asked: Any) -> dict[str, Any]:
    answer = runtime.invoke_endpoint(**{"EndpointName": "e", "Body": b"\x00\xff", **asked})
    said: dict[str, Any] = json.loads(answer["Body"].read())
    assert answer["InvokedProductionVariant"] == said["variant"]
    assert answer["ContentType"] == "application/json"
    return said


def multi_model(sandbox: Sandbox) -> None:
    container = {"Image": IMAGE, "Mode": "MultiModel", "ModelDataUrl": "s3://b/models/"}
    sandbox.sagemaker.create_model(ModelName="m", ExecutionRoleArn=ROLE, PrimaryContainer=container)
    sandbox.endpoint()


def test_an_endpoint_answers_who_it_is(sandbox: Sandbox, runtime: Any) -> None:
    sandbox.endpoint()
    assert invoke(runtime) == {"endpoint": "e", "variant": "AllTraffic"}
    assert invoke(runtime, ContentType="application/x-www-form-urlencoded")["endpoint"] == "e"
    [*_, call] = sandbox.get("calls")
    assert (call["operation"], call["mutating"]) == ("InvokeEndpoint", False)
    assert call["parameters"]["Body"] == "AP8="


def test_a_serverless_endpoint_answers_too(sandbox: Sandbox, runtime: Any) -> None:
    sandbox.model()
    sandbox.config("c1", capacity=SERVERLESS)
    sandbox.endpoint()
    assert invoke(runtime)["variant"] == "AllTraffic"


def test_what_does_not_serve_is_not_found(sandbox: Sandbox, runtime: Any) -> None:
    assert refusal(runtime.invoke_endpoint, EndpointName="e", Body=b"") == (
        "ValidationError", MISSING,
    )  # fmt: skip
    sandbox.endpoint()
    sandbox.sagemaker.delete_endpoint(EndpointName="e")
    assert refusal(runtime.invoke_endpoint, EndpointName="e", Body=b"")[1] == MISSING
    there = sandbox.client("sagemaker-runtime", "eu-west-1")
    assert refusal(there.invoke_endpoint, EndpointName="e", Body=b"")[1] == MISSING


def test_an_endpoint_serves_while_it_is_updated(sandbox: Sandbox, runtime: Any) -> None:
    sandbox.endpoint()
    sandbox.config("c2", variant="New")
    sandbox.sagemaker.update_endpoint(EndpointName="e", EndpointConfigName="c2")
    assert invoke(runtime)["variant"] == "AllTraffic"
    sandbox.advance(60)
    assert invoke(runtime)["variant"] == "New"


def test_variants_answer_by_weight(sandbox: Sandbox, runtime: Any) -> None:
    sandbox.model()
    one = {"ModelName": "m", "InstanceType": "ml.m5.large", "InitialInstanceCount": 1}
    sandbox.sagemaker.create_endpoint_config(
        EndpointConfigName="c1",
        ProductionVariants=[
            {"VariantName": "A", "InitialVariantWeight": 3.0, **one},
            {"VariantName": "B", "InitialVariantWeight": 1.0, **one},
        ],
    )
    sandbox.endpoint()
    heard = Counter(invoke(runtime)["variant"] for _ in range(100))
    assert abs(heard["A"] - 75) <= 3
    assert {invoke(runtime, TargetVariant="B")["variant"] for _ in range(5)} == {"B"}
    code, _ = refusal(runtime.invoke_endpoint, EndpointName="e", Body=b"", TargetVariant="C")
    assert code == "ValidationError"


def test_several_models_are_told_apart(sandbox: Sandbox, runtime: Any) -> None:
    multi_model(sandbox)
    assert invoke(runtime, TargetModel="/a.tar.gz")["model"] == "/a.tar.gz"
    code, text = refusal(runtime.invoke_endpoint, EndpointName="e", Body=b"")
    assert (code, text.endswith("is missing a target model header.")) == ("ValidationError", True)
    sandbox.post("account", {"objects": ["s3://b/models/a.tar.gz"]})
    assert invoke(runtime, TargetModel="a.tar.gz")["model"] == "a.tar.gz"
    asked = {"EndpointName": "e", "Body": b"", "TargetModel": "b.tar.gz"}
    code, text = refusal(runtime.invoke_endpoint, **asked)
    assert (code, '"s3://b/models/b.tar.gz"' in text) == ("ValidationError", True)


def test_one_model_takes_no_target(sandbox: Sandbox, runtime: Any) -> None:
    sandbox.endpoint()
    asked = {"EndpointName": "e", "Body": b"", "TargetModel": "a"}
    assert refusal(runtime.invoke_endpoint, **asked) == (
        "ValidationError",
        "Endpoint e is not a multi-model endpoint and does not support target model header.",
    )


def test_a_model_fails_by_rule(sandbox: Sandbox, runtime: Any) -> None:
    sandbox.endpoint()
    sandbox.fault("model-error", "InvokeEndpoint", name="e", rule={"message": "no", "times": 1})
    with pytest.raises(runtime.exceptions.ModelError) as failed:
        invoke(runtime)
    answer = failed.value.response
    assert (answer["OriginalStatusCode"], answer["OriginalMessage"]) == (500, "no")
    assert 'Received server error (500) from model with message "no"' in str(failed.value)
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 424
    assert invoke(runtime)["endpoint"] == "e"


def test_other_faults_befall_it_too(sandbox: Sandbox, runtime: Any) -> None:
    sandbox.endpoint()
    sandbox.fault("throttle", service="sagemaker-runtime")
    asked = {"EndpointName": "e", "Body": b""}
    assert refusal(runtime.invoke_endpoint, **asked)[0] == "ThrottlingException"
    assert sandbox.shown()["EndpointStatus"] == "InService"
    sandbox.post("faults", [])
    sandbox.post("account", {"denied": ["sagemaker:InvokeEndpoint"]})
    assert refusal(runtime.invoke_endpoint, **asked)[0] == "AccessDeniedException"
    sandbox.post("account", {"denied": []})
    big = {"EndpointName": "e", "Body": b"x" * 6_291_457}
    assert refusal(runtime.invoke_endpoint, **big)[0] == "ValidationError"
