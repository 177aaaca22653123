"""The sandbox refuses exactly what an independent walk over botocore's model forbids."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from planner_sagemaker.sandbox.errors import CloudError
from planner_sagemaker.sandbox.service_models import load
from planner_sagemaker.sandbox.validation import check

from tests.support.botocore_walk import violations

ROLE = "arn:aws:iam::123456789012:role/Execution"
VALID: list[tuple[str, str, dict[str, Any]]] = [
    (
        "sagemaker",
        "CreateModel",
        {
            "ModelName": "m",
            "ExecutionRoleArn": ROLE,
            "PrimaryContainer": {
                "Image": "i",
                "ModelDataUrl": "s3://bucket/model.tar.gz",
                "Environment": {"A": "1"},
            },
            "Tags": [{"Key": "planner:owner", "Value": "x"}],
        },
    ),
    (
        "sagemaker",
        "CreateEndpointConfig",
        {
            "EndpointConfigName": "c",
            "ProductionVariants": [
                {
                    "VariantName": "v",
                    "ModelName": "m",
                    "InstanceType": "ml.m5.large",
                    "InitialInstanceCount": 1,
                    "InitialVariantWeight": 1.0,
                    "RoutingConfig": {"RoutingStrategy": "LEAST_OUTSTANDING_REQUESTS"},
                }
            ],
        },
    ),
    (
        "sagemaker",
        "UpdateEndpoint",
        {
            "EndpointName": "e",
            "EndpointConfigName": "c",
            "RetainAllVariantProperties": True,
            "ExcludeRetainedVariantProperties": [{"VariantPropertyType": "DesiredWeight"}],
            "DeploymentConfig": {
                "BlueGreenUpdatePolicy": {
                    "TrafficRoutingConfiguration": {
                        "Type": "CANARY",
                        "WaitIntervalInSeconds": 60,
                        "CanarySize": {"Type": "CAPACITY_PERCENT", "Value": 10},
                    }
                }
            },
        },
    ),
    (
        "application-autoscaling",
        "RegisterScalableTarget",
        {
            "ServiceNamespace": "sagemaker",
            "ResourceId": "endpoint/e/variant/v",
            "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
            "MinCapacity": 1,
            "MaxCapacity": 4,
        },
    ),
]
ODD = st.one_of(
    st.sampled_from(["", "a", "a_b", "a-", "ml.t9.huge", "x" * 70, "é", "s3://b", "line\nbreak"]),
    st.sampled_from([-1, 0, 1, 51, 10**6, 0.5, -0.5, True, False]),
    st.sampled_from([[], {}, ["a"], {"Key": "k"}, {"1": "x"}]),
    st.lists(st.just({"Key": "k", "Value": "v"}), min_size=50, max_size=51),
)


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path] if path else []
    items = value.items() if isinstance(value, dict) else ()
    items = enumerate(value) if isinstance(value, list) else items
    for key, item in items:
        found += _places(item, (*path, key))
    return found


def _changed(value: Any, path: tuple[Any, ...], change: Any) -> Any:
    """A copy with one place removed (`...`), or replaced."""
    if not path:
        return change
    copy = dict(value) if isinstance(value, dict) else list(value)
    if len(path) == 1 and change is ...:
        del copy[path[0]]
    else:
        copy[path[0]] = _changed(copy[path[0]], path[1:], change)
    return copy


@st.composite
def requests(draw: st.DrawFn) -> tuple[str, str, dict[str, Any]]:
    service, operation, request = draw(st.sampled_from(VALID))
    for _ in range(draw(st.integers(0, 2))):
        places = _places(request)
        if not places:
            break
        change = draw(st.one_of(st.just(...), ODD))
        request = _changed(request, draw(st.sampled_from(places)), change)
    if draw(st.integers(0, 9)) == 0:
        request = {**request, "Unknown": 1}
    return service, operation, request


def _refused(service: str, operation: str, request: dict[str, Any]) -> bool:
    try:
        check(load(service).operation(operation).input, request, code="ValidationException")
    except CloudError:
        return True
    return False


@settings(max_examples=600, deadline=None)
@given(requests())
def test_the_sandbox_and_the_walk_agree(asked: tuple[str, str, dict[str, Any]]) -> None:
    service, operation, request = asked
    found = violations(service, operation, request)
    assert _refused(service, operation, request) is bool(found), found


def test_the_walk_accepts_what_is_valid() -> None:
    for service, operation, request in VALID:
        assert violations(service, operation, request) == []
