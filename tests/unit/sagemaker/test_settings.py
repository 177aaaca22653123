from __future__ import annotations

from typing import Any

import pytest
import yaml
from planner_sagemaker.provider import provider
from pydantic import ValidationError

from tests.support.sagemaker_values import IMAGE, ROLE, VPC, settings


def test_the_starter_block_is_valid() -> None:
    block = yaml.safe_load(provider.starter())
    assert provider.settings_model().model_validate(block).region == "us-east-1"


def test_settings_for_showing_the_catalog() -> None:
    assert provider.catalog_settings(None).region == "us-east-1"
    assert provider.catalog_settings("eu-west-1").region == "eu-west-1"


@pytest.mark.parametrize(
    ("block", "words"),
    [
        ({"role_arn": None}, "Field required"),
        ({"region": None}, "Field required"),
        ({"role_arn": "SageMakerExecution"}, "ARN of an IAM role"),
        ({"imagee": "x"}, "Extra inputs"),
        ({"overhead": "10"}, "needs a unit"),
        ({"prices": {"ml.c7i.lage": "1 USD"}}, "unknown name: ml.c7i.lage"),
        ({"prices": {"ml.c7i.large": "1"}}, "currency"),
        ({"prices": {"ml.c7i.large": "0 USD"}}, "greater than 0"),
        ({"quotas": {"serverless": 5}}, "unknown name"),
        ({"quotas": {"ml.c7i.large": 1.5}}, "whole number"),
        ({"model_prefix": "/models"}, "S3 address"),
        ({"data_capture": {"percentage": "0%", "s3_uri": "s3://b/"}}, "greater than 0"),
        ({"data_capture": {"percentage": "5%", "s3_uri": "gs://b/"}}, "S3 address"),
        ({"vpc": {"subnets": [], "security_groups": ["sg-1"]}}, "at least 1"),
        ({"vpc": {"subnets": ["subnet 1"], "security_groups": ["sg-1"]}}, "id such as"),
        ({"image": "has blank"}, "without blanks"),
        ({"kms_key": "not a key"}, "KMS"),
        ({"image_architectures": ["x86"]}, "x86_64"),
        ({"serverless": {"keep_alive": "0"}}, "greater than 0"),
        ({"alerts": {"topics": ["on-call"]}}, "ARN of an SNS topic"),
        ({"alerts": {"topics": ["arn:aws:sns:us-east-1:123456789012:t"] * 6}}, "at most 5"),
        ({"alerts": {"skip": ["latency-p99"]}}, "'errors', 'refused', 'latency'"),
        ({"alerts": {"dashbord": False}}, "Extra inputs"),
    ],
)
def test_bad_blocks_are_refused(block: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        settings(**block)


def test_typos_in_names_get_the_nearest() -> None:
    with pytest.raises(ValidationError) as caught:
        settings(prices={"ml.c7i.lage": "1 USD"})
    cause = caught.value.errors()[0]["ctx"]["error"]
    assert cause.hint == "write ml.c7i.large"


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        ({}, []),
        ({"kms_key": "alias/k"}, []),
        ({"vpc": VPC}, [("vpc", "vpc", "subnet-0a1b")]),
        ({"network_isolation": True}, [("network-isolation", "network_isolation", "true")]),
        (
            {"data_capture": {"percentage": "20%", "s3_uri": "s3://b/p"}},
            [("data-capture", "data_capture", "20%")],
        ),
        ({"marketplace": True}, [("marketplace", "marketplace", "true")]),
        ({"image": "reg.example/a:1"}, [("private-registry", "image", "reg.example/a:1")]),
        ({"image": "public.ecr.aws/x/a:1"}, []),
        ({"image_size": "10GB"}, []),
        ({"image_size": "12GB"}, [("image-over-10-gb", "image_size", "12 GB")]),
    ],
)
def test_features_name_the_key_that_asks(
    block: dict[str, Any], expected: list[tuple[str, str, str]]
) -> None:
    found = provider.features(settings(**block))
    assert [(one.name, one.path, one.value) for one in found] == expected


def test_every_feature_is_excluded_by_some_offering() -> None:
    everything = settings(
        vpc=VPC,
        network_isolation=True,
        data_capture={"percentage": "1%", "s3_uri": "s3://b/p"},
        image="reg.example/a:1",
        image_size="11GB",
    )
    names = {one.name for one in provider.features(everything)}
    assert len(names) == 5
    offered = provider.catalog(everything).offerings
    assert names <= {exclusion.feature for one in offered for exclusion in one.excludes}


def test_the_schema_of_the_block_can_be_published() -> None:
    schema = provider.settings_model().model_json_schema()
    assert set(schema["required"]) == {"region", "role_arn"}
    assert schema["additionalProperties"] is False


def test_settings_are_frozen() -> None:
    made = settings()
    with pytest.raises(ValidationError):
        made.region = "eu-west-1"  # type: ignore[misc]
    assert (made.image, made.role_arn) == (IMAGE, ROLE)


def test_what_stands_for_a_spec_does_not_know_alerts_that_it_does_not_ask_for() -> None:
    assert "alerts" not in repr(settings())
    assert "alerts" in repr(settings(alerts={}))
