"""Where the sandbox's endpoints look at what other services keep: targets and alarms."""

from __future__ import annotations

from typing import Any

import pytest
from planner_sagemaker.sandbox import endpoint_configs, endpoints, models, targets
from planner_sagemaker.sandbox.cloud import Call, Cloud
from planner_sagemaker.sandbox.errors import CloudError
from planner_sagemaker.sandbox.passing import pass_time
from planner_sagemaker.sandbox.store import Key, Store
from planner_sagemaker.sandbox.transitions import ALARM

from planner.provider.sandbox.clock import Clock

REGION = "us-east-1"


def _call(cloud: Cloud, **parameters: Any) -> Call:
    return Call(
        cloud=cloud, region=REGION, service="sagemaker", operation="", parameters=parameters
    )


def _config(cloud: Cloud, name: str, instance_type: str, variant: str = "v") -> None:
    one = {
        "VariantName": variant,
        "ModelName": "m",
        "InstanceType": instance_type,
        "InitialInstanceCount": 1,
    }
    endpoint_configs.create_endpoint_config(
        _call(cloud, EndpointConfigName=name, ProductionVariants=[one])
    )


@pytest.fixture
def cloud() -> Cloud:
    """An endpoint `e` in service on `small`, and an endpoint `ee` beside it."""
    cloud = Cloud(Store(":memory:"), Clock(frozen=True))
    models.create_model(
        _call(cloud, ModelName="m", ExecutionRoleArn="r", PrimaryContainer={"Image": "i"})
    )
    _config(cloud, "small", "ml.m5.large")
    _config(cloud, "again", "ml.m5.large")
    _config(cloud, "large", "ml.m5.xlarge")
    _config(cloud, "other", "ml.m5.large", variant="w")
    for name in ("e", "ee"):
        endpoints.create_endpoint(_call(cloud, EndpointName=name, EndpointConfigName="small"))
    _pass(cloud)
    for name in ("e", "ee"):
        _register(cloud, targets.TARGET, f"endpoint/{name}/variant/v")
    return cloud


def _pass(cloud: Cloud) -> None:
    cloud.advance(60)
    pass_time(cloud)


def _register(cloud: Cloud, kind: str, resource: str) -> None:
    name = f"{resource}|sagemaker:variant:DesiredInstanceCount"
    cloud.store.put(Key(region=REGION, kind=kind, name=name), {"ResourceId": resource})


def _update(cloud: Cloud, config: str, **more: Any) -> None:
    endpoints.update_endpoint(_call(cloud, EndpointName="e", EndpointConfigName=config, **more))


@pytest.mark.parametrize("config", ["large", "other"])
def test_a_scaled_variant_keeps_its_type_and_its_place(cloud: Cloud, config: str) -> None:
    with pytest.raises(CloudError, match="variant v is registered as a scalable target"):
        _update(cloud, config)
    targets.deregister(_call(cloud), "e")
    _update(cloud, config)


def test_a_scaled_variant_takes_another_model(cloud: Cloud) -> None:
    _update(cloud, "again")


def test_deleting_an_endpoint_deregisters_it_and_no_other(cloud: Cloud) -> None:
    for kind in (targets.POLICY, targets.SCHEDULED):
        _register(cloud, kind, "endpoint/e/variant/v")
    endpoints.delete_endpoint(_call(cloud, EndpointName="e"))
    left = {
        kind: [one["ResourceId"] for one in cloud.store.every(REGION, kind)]
        for kind in (targets.TARGET, targets.POLICY, targets.SCHEDULED)
    }
    assert left == {
        targets.TARGET: ["endpoint/ee/variant/v"],
        targets.POLICY: [],
        targets.SCHEDULED: [],
    }


@pytest.mark.parametrize(("state", "config"), [("ALARM", "small"), ("OK", "again")])
def test_an_alarm_rolls_an_update_back(cloud: Cloud, state: str, config: str) -> None:
    cloud.store.put(Key(region=REGION, kind=ALARM, name="errors"), {"StateValue": state})
    _update(
        cloud,
        "again",
        DeploymentConfig={"AutoRollbackConfiguration": {"Alarms": [{"AlarmName": "errors"}]}},
    )
    _pass(cloud)
    shown = endpoints.describe_endpoint(_call(cloud, EndpointName="e"))
    assert (shown["EndpointStatus"], shown["EndpointConfigName"]) == ("InService", config)
