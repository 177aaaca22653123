from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from planner_sagemaker.provider import provider

from planner.errors import ProviderError
from planner.model.candidate import Autoscaling, Concurrency, Range, ScheduledAction
from planner.model.resource import DesiredState
from tests.support.botocore_walk import violations
from tests.support.sagemaker_values import (
    IMAGE,
    ROLE,
    VPC,
    bodies,
    decision,
    model,
    render,
    serverless,
    settings,
    workload,
)

TRACKING = Autoscaling(
    metric="SageMakerVariantInvocationsPerInstance",
    target=1234.5,
    cooldown_up_s=300.0,
    cooldown_down_s=300.0,
    average=2.5,
    scheduled=(ScheduledAction(name="lunch", cron="45 11 * * 1-5", min=4, max=9),),
    timezone="Europe/Berlin",
)
FLEET = tuple(model(f"m-{number}", weight=0.01) for number in range(100))
XGBOOST = {"framework": "xgboost"}
NAMES = tuple(one.name for one in FLEET)


def wrong(state: DesiredState) -> list[str]:
    calls = provider.exports()["api"](state)
    return [
        text for call in calls for text in violations(call.service, call.operation, call.parameters)
    ]


def variant(state: DesiredState) -> dict[str, Any]:
    body: dict[str, Any] = bodies(state)["endpoint-config"]["ProductionVariants"][0]
    return body


def test_a_dedicated_endpoint_is_four_objects_each_after_what_it_needs() -> None:
    state = render(decision())
    assert wrong(state) == []
    assert [resource.kind for resource in state.resources] == [
        "model",
        "endpoint-config",
        "alarm",
        "endpoint",
    ]
    served, config, alarm, live = state.resources
    assert served.after == ()
    assert config.after == (served.address,)
    assert alarm.after == ()
    assert live.after == (config.address, alarm.address)
    assert live.body["EndpointConfigName"] == config.name
    assert variant(state) == {
        "VariantName": "AllTraffic",
        "ModelName": served.name,
        "InitialVariantWeight": 1.0,
        "InstanceType": "ml.c7i.large",
        "InitialInstanceCount": 2,
        "RoutingConfig": {"RoutingStrategy": "LEAST_OUTSTANDING_REQUESTS"},
    }
    assert served.body["ExecutionRoleArn"] == ROLE
    assert served.body["PrimaryContainer"] == {
        "Image": IMAGE,
        "ModelDataUrl": "s3://models/risk/fraud/model.tar.gz",
    }


def test_calls_name_the_services_and_operations_in_order() -> None:
    state = render(decision(hosting="single-model", autoscaling=TRACKING))
    calls = provider.exports()["api"](state)
    assert [(call.service, call.operation) for call in calls] == [
        ("sagemaker", "CreateModel"),
        ("sagemaker", "CreateEndpointConfig"),
        ("cloudwatch", "PutMetricAlarm"),
        ("sagemaker", "CreateEndpoint"),
        ("application-autoscaling", "RegisterScalableTarget"),
        ("application-autoscaling", "PutScalingPolicy"),
        ("application-autoscaling", "PutScheduledAction"),
    ]


def test_random_routing_is_rendered_where_it_was_decided() -> None:
    assert variant(render(decision(routing="random")))["RoutingConfig"] == {
        "RoutingStrategy": "RANDOM"
    }


def test_autoscaling_bounds_policy_and_schedule() -> None:
    state = render(decision(hosting="single-model", autoscaling=TRACKING))
    assert wrong(state) == []
    found = bodies(state)
    owner = {
        "ServiceNamespace": "sagemaker",
        "ResourceId": "endpoint/fraud-scorer/variant/AllTraffic",
        "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
    }
    assert found["scalable-target"] == {**owner, "MinCapacity": 2, "MaxCapacity": 6}
    assert found["scaling-policy"] == {
        **owner,
        "PolicyName": "fraud-scorer-target-tracking",
        "PolicyType": "TargetTrackingScaling",
        "TargetTrackingScalingPolicyConfiguration": {
            "TargetValue": 1234.5,
            "PredefinedMetricSpecification": {
                "PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"
            },
            "ScaleOutCooldown": 300,
            "ScaleInCooldown": 300,
        },
    }
    assert found["scheduled-action"] == {
        **owner,
        "ScheduledActionName": "fraud-scorer-lunch",
        "Schedule": "cron(45 11 ? * MON-FRI *)",
        "Timezone": "Europe/Berlin",
        "ScalableTargetAction": {"MinCapacity": 4, "MaxCapacity": 9},
    }


def test_a_cron_of_date_or_weekday_becomes_two_actions() -> None:
    both = replace(
        TRACKING, scheduled=(ScheduledAction(name="pay", cron="0 9 1 * 1", min=4, max=9),)
    )
    state = render(decision(hosting="single-model", autoscaling=both))
    assert wrong(state) == []
    actions = [one.body for one in state.resources if one.kind == "scheduled-action"]
    assert [action["Schedule"] for action in actions] == [
        "cron(0 9 1 * ? *)",
        "cron(0 9 ? * MON *)",
    ]
    assert len({action["ScheduledActionName"] for action in actions}) == 2


def test_serverless() -> None:
    state = render(serverless())
    assert wrong(state) == []
    assert variant(state)["ServerlessConfig"] == {"MemorySizeInMB": 4096, "MaxConcurrency": 20}
    assert not {"InstanceType", "InitialInstanceCount", "RoutingConfig"} & set(variant(state))


def test_provisioned_concurrency_and_its_scaling() -> None:
    options = (("memory_mb", "2048"), ("prewarm", "5"))
    fixed = render(serverless(options=options))
    assert variant(fixed)["ServerlessConfig"] == {
        "MemorySizeInMB": 2048,
        "MaxConcurrency": 20,
        "ProvisionedConcurrency": 5,
    }
    assert len(fixed.resources) == 3
    tracking = replace(TRACKING, target=0.7)
    scaled = render(serverless(options=options, units=Range(min=2, max=5), autoscaling=tracking))
    assert wrong(scaled) == []
    found = bodies(scaled)
    assert found["scalable-target"]["ScalableDimension"] == (
        "sagemaker:variant:DesiredProvisionedConcurrency"
    )
    assert (found["scalable-target"]["MinCapacity"], found["scalable-target"]["MaxCapacity"]) == (
        2,
        5,
    )
    policy = found["scaling-policy"]["TargetTrackingScalingPolicyConfiguration"]
    assert policy["PredefinedMetricSpecification"]["PredefinedMetricType"] == (
        "SageMakerVariantProvisionedConcurrencyUtilization"
    )


@pytest.mark.parametrize(("cache", "setting"), [("enabled", "Enabled"), ("disabled", "Disabled")])
def test_multi_model_has_one_container_with_the_prefix(cache: str, setting: str) -> None:
    chosen = decision(hosting="multi-model", models=NAMES, options=(("model_cache", cache),))
    state = render(chosen, workload(*FLEET))
    assert wrong(state) == []
    assert bodies(state)["model"]["PrimaryContainer"] == {
        "Image": IMAGE,
        "Mode": "MultiModel",
        "ModelDataUrl": "s3://models/risk/",
        "MultiModelConfig": {"ModelCacheSetting": setting},
    }


def test_adding_a_model_below_the_prefix_changes_no_object() -> None:
    chosen = decision(hosting="multi-model", models=NAMES)
    block = {"model_prefix": "s3://models/risk"}
    before = render(chosen, workload(*FLEET), **block)
    more = (*FLEET, model("new"))
    after = render(replace(chosen, models=(*NAMES, "new")), workload(*more), **block)
    assert before == after


def test_a_prefix_serves_keys_that_are_relative_to_it() -> None:
    fleet = tuple(replace(one, artifact=f"{one.name}.tar.gz") for one in FLEET)
    chosen = decision(hosting="multi-model", models=NAMES)
    state = render(chosen, workload(*fleet), model_prefix="s3://models/merchants/")
    container = bodies(state)["model"]["PrimaryContainer"]
    assert container["ModelDataUrl"] == "s3://models/merchants/"


def test_a_model_that_left_the_shared_endpoint_is_still_found_below_the_prefix() -> None:
    alone = replace(model(), artifact="hot/model.tar.gz")
    state = render(decision(), workload(alone), model_prefix="s3://models/merchants")
    container = bodies(state)["model"]["PrimaryContainer"]
    assert container["ModelDataUrl"] == "s3://models/merchants/hot/model.tar.gz"


def test_network_and_keys() -> None:
    block: dict[str, Any] = {
        "vpc": VPC,
        "network_isolation": True,
        "kms_key": "alias/serving",
        "data_capture": {"percentage": "20%", "s3_uri": "s3://capture/fraud"},
    }
    state = render(decision(), **block)
    assert wrong(state) == []
    found = bodies(state)
    assert found["model"]["VpcConfig"] == {
        "SecurityGroupIds": ["sg-0a1b"],
        "Subnets": ["subnet-0a1b"],
    }
    assert found["model"]["EnableNetworkIsolation"] is True
    assert found["endpoint-config"]["KmsKeyId"] == "alias/serving"
    assert found["endpoint-config"]["DataCaptureConfig"] == {
        "EnableCapture": True,
        "InitialSamplingPercentage": 20,
        "DestinationS3Uri": "s3://capture/fraud",
        "CaptureOptions": [{"CaptureMode": "Input"}, {"CaptureMode": "Output"}],
        "KmsKeyId": "alias/serving",
    }


def test_no_key_for_types_with_local_disks() -> None:
    state = render(decision(instance_type="ml.g5.xlarge"), kms_key="alias/serving")
    assert "KmsKeyId" not in bodies(state)["endpoint-config"]


def test_a_private_registry_is_read_through_the_vpc() -> None:
    state = render(decision(), image="registry.example/fraud:1", vpc=VPC)
    assert wrong(state) == []
    container = bodies(state)["model"]["PrimaryContainer"]
    assert container["ImageConfig"] == {"RepositoryAccessMode": "Vpc"}


def test_a_marketplace_package_takes_the_place_of_the_image() -> None:
    arn = "arn:aws:sagemaker:us-east-1:123456789012:model-package/sold/3"
    state = render(decision(), image=arn, marketplace=True)
    assert wrong(state) == []
    container = bodies(state)["model"]["PrimaryContainer"]
    assert container["ModelPackageName"] == arn
    assert "Image" not in container


def test_folders_are_loaded_as_they_are() -> None:
    state = render(decision(), workload(model(artifact="s3://models/risk/fraud/")))
    assert wrong(state) == []
    assert bodies(state)["model"]["PrimaryContainer"]["ModelDataSource"] == {
        "S3DataSource": {
            "S3Uri": "s3://models/risk/fraud/",
            "S3DataType": "S3Prefix",
            "CompressionType": "None",
        }
    }


def test_an_image_may_hold_the_model() -> None:
    state = render(decision(), workload(model(artifact="", image=IMAGE)), image=None)
    assert wrong(state) == []
    assert bodies(state)["model"]["PrimaryContainer"] == {"Image": IMAGE}


def test_labels_become_tags_with_owner_and_digest() -> None:
    state = render(decision(), tags={"team": "fraud", "env": "prod"})
    for resource in state.resources:
        tags = {tag["Key"]: tag["Value"] for tag in resource.body["Tags"]}
        assert tags["team"] == "fraud"
        assert tags["env"] == "prod"
        assert tags["planner:owner"] == "fraud-scorer"
        assert len(tags["planner:digest"]) == 64
        assert list(tags) == sorted(tags)


def test_tags_do_not_rename_and_content_does() -> None:
    plain, labelled = render(decision()), render(decision(), tags={"a": "b"})
    assert [one.name for one in plain.resources] == [one.name for one in labelled.resources]
    other = render(decision(), workload(model(environment=(("A", "1"),))))
    for kind in ("model", "endpoint-config"):
        name = f"{'Model' if kind == 'model' else 'EndpointConfig'}Name"
        assert bodies(plain)[kind][name] != bodies(other)[kind][name]
    assert bodies(plain)["endpoint"]["EndpointName"] == bodies(other)["endpoint"]["EndpointName"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("fraud-scorer", "fraud-scorer"),
        ("fraud_scorer.eu", "fraud-scorer-eu"),
        ("--x--", "x"),
        ("é", "endpoint"),
        ("a" * 62 + "-b", "a" * 62),
    ],
)
def test_endpoint_names(name: str, expected: str) -> None:
    state = render(decision(endpoint=name))
    assert wrong(state) == []
    assert bodies(state)["endpoint"]["EndpointName"] == expected


@pytest.mark.parametrize(
    ("asked", "block", "code", "path"),
    [
        (model(), {"image": None}, "image-missing", "image"),
        (model(), {"image": None, "container": XGBOOST}, "image-missing", "container"),
        (model(artifact="uc:main.legal.tagger@champion"), {}, "artifact-not-s3", ""),
        (model(), {"image": "registry.example/a:1"}, "private-registry-needs-vpc", "image"),
        (model(), {"marketplace": True}, "model-package-missing", "image"),
        (model(environment=(("1A", "x"),)), {}, "invalid-environment", ""),
        (model(), {"tags": {"aws:reserved": "x"}}, "invalid-tag", "tags"),
        (model(), {"tags": {"who?": "x"}}, "invalid-tag", "tags"),
        (model(), {"tags": {f"t{n}": "x" for n in range(50)}}, "too-many-tags", "tags"),
    ],
)  # fmt: skip
def test_what_sagemaker_needs_and_the_spec_lacks(
    asked: Any, block: dict[str, Any], code: str, path: str
) -> None:
    with pytest.raises(ProviderError) as caught:
        render(decision(), workload(asked), **block)
    assert caught.value.code == code
    assert caught.value.path == path
    assert caught.value.hint


def test_serverless_cannot_load_a_folder() -> None:
    with pytest.raises(ProviderError) as caught:
        render(serverless(), workload(model(artifact="s3://models/risk/fraud/")))
    assert caught.value.code == "artifact-not-archive"


@pytest.mark.parametrize(
    ("fleet", "block", "code"),
    [
        ((model("a"), model("b", artifact="s3://other/b.tar.gz")), {}, "model-prefix-missing"),
        ((model("a"), model("b", artifact="b.tar.gz")), {}, "model-prefix-missing"),
        ((model("a"), model("b")), {"model_prefix": "s3://else/"}, "model-prefix-missing"),
        ((model("a", image=IMAGE), model("b", image=f"{IMAGE}2")), {}, "images-differ"),
        ((model("a", environment=(("A", "1"),)), model("b")), {}, "environments-differ"),
    ],
)
def test_models_that_cannot_share(fleet: Any, block: dict[str, Any], code: str) -> None:
    chosen = decision(hosting="multi-model", models=("a", "b"))
    with pytest.raises(ProviderError) as caught:
        render(chosen, workload(*fleet), **block)
    assert caught.value.code == code


def test_one_model_per_instance_backed_endpoint() -> None:
    with pytest.raises(ProviderError) as caught:
        render(decision(models=("a", "b")), workload(model("a"), model("b")))
    assert caught.value.code == "one-model-per-endpoint"


def test_concurrency_beyond_the_limit_would_be_caught_by_the_walk() -> None:
    state = render(serverless(concurrency=Concurrency(per_replica=1, max=500)))
    assert wrong(state)


def test_rendering_is_a_function_of_its_inputs() -> None:
    assert render(decision()) == render(decision())
    assert provider.render(decision(), workload(), settings()).region == "us-east-1"
