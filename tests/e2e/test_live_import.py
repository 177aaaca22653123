"""`planner import`: what lives becomes a spec whose plan changes nothing, or is refused by name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from planner.errors import ExitCode
from tests.support.command import codes
from tests.support.live import Person, acting, person
from tests.support.sandbox import IMAGE, ROLE, SERVERLESS

DATA = "s3://models/risk/model.tar.gz"
APPLIED = {
    "churn-scorer": "overlays/planner.yaml",
    "contract-tagger": "internal-tool",
    "doc-embedder": "doc-embedder",
    "fraud-scorer": "fraud-scorer",
    "image-tagger": "image-tagger",
    "merchant-forecast": "merchant-fleet",
    "shop-ranker": "shop-ranker",
    "ticket-router": "ticket-router",
}
"""Endpoints by name, with the example that makes them on SageMaker."""


@pytest.fixture
def somebody(tmp_path: Path) -> Iterator[Person]:
    with person(tmp_path) as found:
        yield found


def imports(somebody: Person, name: str, *more: str) -> dict[str, Any]:
    """The spec that an endpoint is imported as, also in `<name>.planner.yaml`."""
    somebody.does(
        *("import", name, "--provider", "sagemaker", "--out", f"{name}.planner.yaml", "--force"),
        *more,
    )
    text = (somebody.home / f"{name}.planner.yaml").read_text(encoding="utf-8")
    found: dict[str, Any] = yaml.safe_load(text)
    return found


def by_hand(somebody: Person, name: str = "e", **more: Any) -> None:
    """An endpoint as a notebook makes it; `container`, `model`, `variant`, `config` and `tags`."""
    client = somebody.sandbox.sagemaker
    tags = [{"Key": key, "Value": text} for key, text in more.get("tags", {}).items()]
    container = {"Image": IMAGE, "ModelDataUrl": DATA, **more.get("container", {})}
    client.create_model(
        ModelName=f"{name}-2024-01-31",
        ExecutionRoleArn=ROLE,
        PrimaryContainer=container,
        Tags=tags,
        **more.get("model", {}),
    )
    variant = {
        "VariantName": "variant-1",
        "ModelName": f"{name}-2024-01-31",
        **more.get("variant", {"InstanceType": "ml.m5.large", "InitialInstanceCount": 2}),
    }
    client.create_endpoint_config(
        EndpointConfigName=f"{name}-config",
        ProductionVariants=[variant, *more.get("variants", ())],
        Tags=tags,
        **more.get("config", {}),
    )
    client.create_endpoint(EndpointName=name, EndpointConfigName=f"{name}-config", Tags=tags)
    somebody.sandbox.advance(60)


def scale(somebody: Person, name: str = "e", **policy: Any) -> None:
    """Autoscaling as the console makes it."""
    client = somebody.sandbox.client("application-autoscaling")
    place = {
        "ServiceNamespace": "sagemaker",
        "ResourceId": f"endpoint/{name}/variant/variant-1",
        "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
    }
    client.register_scalable_target(**place, MinCapacity=2, MaxCapacity=6)
    tracking = {
        "TargetValue": 700.0,
        "PredefinedMetricSpecification": {
            "PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"
        },
        **policy,
    }
    client.put_scaling_policy(
        PolicyName="my-policy",
        **place,
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration=tracking,
    )
    client.put_scheduled_action(
        **place,
        ScheduledActionName="mornings",
        Schedule="cron(30 8 ? * MON-FRI *)",
        ScalableTargetAction={"MinCapacity": 4, "MaxCapacity": 6},
    )


@pytest.mark.parametrize(("name", "example"), APPLIED.items())
def test_what_the_planner_applied_comes_back_as_a_spec_that_changes_nothing(
    somebody: Person, name: str, example: str
) -> None:
    somebody.applies(f"@{example}")
    region = ("--region", "eu-west-1") if name == "doc-embedder" else ()
    imports(somebody, name, *region)
    before = somebody.writes()
    spec = f"{name}.planner.yaml"
    done = somebody.types("plan", spec, "--detailed-exitcode")
    assert (done.code, "no change" in done.out) == (ExitCode.DONE, True), done.out + done.err
    assert "1 unchanged" in somebody.does("apply", spec).out
    assert somebody.writes() == before


def test_goals_and_labels_come_from_alarms_and_tags(somebody: Person) -> None:
    somebody.applies("@fraud-scorer")
    found = imports(somebody, "fraud-scorer")
    assert found["metadata"] == {
        "name": "fraud-scorer",
        "labels": {"cost-center": "4711", "env": "prod", "team": "risk"},
    }
    assert found["spec"]["slo"] == {"availability": "99.95%", "latency": {"p99": "50ms"}}
    assert found["spec"]["pin"]["replicas"] == 9


BY_HAND: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "two instances": (
        {"container": {"Environment": {"A": "1", "B": "x, {y}"}}, "tags": {"team": "risk"}},
        {"hosting": "dedicated", "instance": "ml.m5.large", "replicas": 2, "routing": "random"},
    ),
    "all at once": (
        {
            "model": {
                "VpcConfig": {"Subnets": ["subnet-1", "subnet-2"], "SecurityGroupIds": ["sg-1"]},
                "EnableNetworkIsolation": True,
            },
            "variant": {
                "InstanceType": "ml.c7g.large",
                "InitialInstanceCount": 1,
                "InitialVariantWeight": 0.5,
                "VolumeSizeInGB": 77,
                "RoutingConfig": {"RoutingStrategy": "LEAST_OUTSTANDING_REQUESTS"},
            },
            "config": {
                "KmsKeyId": "alias/mine",
                "DataCaptureConfig": {
                    "EnableCapture": True,
                    "InitialSamplingPercentage": 20,
                    "DestinationS3Uri": "s3://captured/e",
                    "KmsKeyId": "alias/mine",
                    "CaptureOptions": [{"CaptureMode": "Input"}, {"CaptureMode": "Output"}],
                },
            },
        },
        {
            "hosting": "dedicated",
            "instance": "ml.c7g.large",
            "replicas": 1,
            "routing": "least-outstanding",
        },
    ),
    "from zero": (
        {"variant": SERVERLESS},
        {"hosting": "serverless", "instance": "serverless-2048", "concurrency": 5, "prewarm": 0},
    ),
    "many models": (
        {"container": {"Mode": "MultiModel", "ModelDataUrl": "s3://models/all/"}},
        {"hosting": "multi-model", "instance": "ml.m5.large", "replicas": 2, "routing": "random"},
    ),
}


@pytest.mark.parametrize("case", BY_HAND)
def test_what_was_made_by_hand_is_adopted_without_a_change(somebody: Person, case: str) -> None:
    made, pin = BY_HAND[case]
    by_hand(somebody, **made)
    found = imports(somebody, "e")
    assert found["spec"]["pin"] == pin
    refused = somebody.types("plan", "e.planner.yaml")
    assert codes(refused) == ["foreign-endpoint"]
    somebody.does("adopt", "e.planner.yaml", "--auto-approve")
    assert acting(somebody.plans("e.planner.yaml")) == {}
    assert imports(somebody, "e") == found


@pytest.mark.parametrize("waits", [{}, {"ScaleOutCooldown": 60, "ScaleInCooldown": 300}])
def test_an_autoscaler_made_by_hand_stays_as_it_is(somebody: Person, waits: dict[str, int]) -> None:
    by_hand(somebody)
    scale(somebody, **waits)
    found = imports(somebody, "e")["spec"]
    assert found["pin"]["replicas"] == {"min": 2, "max": 6}
    assert found["pin"]["target"] == 700
    assert found["pin"]["schedule"] == [
        {"name": "mornings", "at": "30 8 * * mon-fri", "min": 4, "max": 6}
    ]
    assert found["providers"]["sagemaker"].get("cooldowns") == ({"up": "60s"} if waits else None)
    somebody.does("adopt", "e.planner.yaml", "--auto-approve")
    assert acting(somebody.plans("e.planner.yaml")) == {}
    # And what is changed about it is changed in place, not made anew beside it.
    changed = ("--set", "pin.target=900", "--set", "pin.replicas.max=9")
    assert acting(somebody.plans("e.planner.yaml", *changed)) == {
        "scalable-target/endpoint/e/variant/variant-1#sagemaker:variant:DesiredInstanceCount": (
            "update"
        ),
        "scaling-policy/my-policy": "update",
        "endpoint/e": "update",  # the mark of what was last applied, which it had not
    }
    somebody.applies("e.planner.yaml", *changed)
    assert acting(somebody.plans("e.planner.yaml", *changed)) == {}
    client = somebody.sandbox.client("application-autoscaling")
    (policy,) = client.describe_scaling_policies(ServiceNamespace="sagemaker")["ScalingPolicies"]
    assert policy["TargetTrackingScalingPolicyConfiguration"]["TargetValue"] == 900


def test_an_adopted_endpoint_is_updated_and_destroyed_under_its_own_names(somebody: Person) -> None:
    by_hand(somebody)
    scale(somebody)
    imports(somebody, "e")
    somebody.does("adopt", "e.planner.yaml", "--auto-approve")
    alerts = ("--set", "providers.sagemaker.alerts={}")
    larger = ("--set", "pin.instance=ml.m5.xlarge", *alerts)
    somebody.applies("e.planner.yaml", *larger)
    assert acting(somebody.plans("e.planner.yaml", *larger)) == {}
    watch = somebody.sandbox.client("cloudwatch")
    told = [watch.describe_alarms(AlarmNamePrefix="e-")["MetricAlarms"], watch.list_dashboards()]
    board = watch.get_dashboard(DashboardName="e-us-east-1")["DashboardBody"]
    assert "fullness" in str(told)
    for text in (str(told), board):
        assert "AllTraffic" not in text
    assert '"VariantName","variant-1"' in board
    (variant,) = somebody.sandbox.shown()["ProductionVariants"]
    assert variant["VariantName"] == "variant-1"
    somebody.does("destroy", "e.planner.yaml", "--auto-approve")
    client = somebody.sandbox.sagemaker
    assert client.list_endpoints()["Endpoints"] == []
    assert watch.list_dashboards()["DashboardEntries"] == []
    # Of what nobody uses only that goes whose name says that it was made for this endpoint.
    left = client.list_endpoint_configs()["EndpointConfigs"]
    assert [one["EndpointConfigName"] for one in left] == ["e-config"]


def _two_variants(somebody: Person) -> None:
    second = {"VariantName": "b", "ModelName": "e-2024-01-31"}
    by_hand(
        somebody,
        variants=[{**second, "InstanceType": "ml.m5.large", "InitialInstanceCount": 1}],
    )


def _shadow(somebody: Person) -> None:
    shadow = {"VariantName": "b", "ModelName": "e-2024-01-31", "InstanceType": "ml.m5.large"}
    by_hand(somebody, config={"ShadowProductionVariants": [{**shadow, "InitialInstanceCount": 1}]})


def _async(somebody: Person) -> None:
    by_hand(
        somebody,
        config={"AsyncInferenceConfig": {"OutputConfig": {"S3OutputPath": "s3://out/there"}}},
    )


def _started_slowly(somebody: Person) -> None:
    by_hand(
        somebody,
        variant={
            "InstanceType": "ml.m5.large",
            "InitialInstanceCount": 1,
            "ContainerStartupHealthCheckTimeoutInSeconds": 600,
        },
    )


def _half_captured(somebody: Person) -> None:
    by_hand(
        somebody,
        config={
            "DataCaptureConfig": {
                "EnableCapture": True,
                "InitialSamplingPercentage": 20,
                "DestinationS3Uri": "s3://captured/e",
                "CaptureOptions": [{"CaptureMode": "Input"}],
            }
        },
    )


def _stepwise(somebody: Person) -> None:
    by_hand(somebody)
    scale(somebody, DisableScaleIn=True)


def _alerted(somebody: Person) -> None:
    somebody.applies("@fraud-scorer", "--set", "providers.sagemaker.alerts={}")


def _capitals(somebody: Person) -> None:
    by_hand(somebody, name="MyEndpoint")


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (_two_variants, "endpoint-config/e-config: it has 2 variants (variant-1, b), a spec one"),
        (_shadow, "a spec cannot say ShadowProductionVariants"),
        (_async, "a spec cannot say AsyncInferenceConfig"),
        (_started_slowly, "a spec cannot say ContainerStartupHealthCheckTimeoutInSeconds"),
        (_half_captured, "CaptureOptions[1].CaptureMode is None, a spec makes it Output"),
        (_stepwise, "scaling-policy/my-policy: a spec cannot say DisableScaleIn"),
        (_alerted, "alarm/fraud-scorer-4xx: its limits rest on the traffic of the spec"),
        (_capitals, "must be lower-case letters, digits and hyphens"),
    ],
)
def test_what_no_spec_can_say_is_named_and_nothing_is_written(
    somebody: Person, make: Callable[[Person], None], said: str
) -> None:
    make(somebody)
    name = {_capitals: "MyEndpoint", _alerted: "fraud-scorer"}.get(make, "e")
    done = somebody.types("import", name, "--provider", "sagemaker", "--out", "e.yaml")
    assert (done.code, codes(done)) == (ExitCode.ERROR, ["not-importable"])
    assert said in done.err
    assert not (somebody.home / "e.yaml").exists()


def test_a_secret_is_named_and_not_written_down(somebody: Person) -> None:
    by_hand(somebody, container={"Environment": {"HF_TOKEN": "12345", "HOME": "${HOME}"}})
    found = imports(somebody, "e")["spec"]["models"][0]["environment"]
    assert found == {"HF_TOKEN": "${env:HF_TOKEN}", "HOME": "$${HOME}"}
    somebody.does("adopt", "e.planner.yaml", "--auto-approve", env={"HF_TOKEN": "12345"})
    done = somebody.types(
        "plan", "e.planner.yaml", "--detailed-exitcode", env={"HF_TOKEN": "12345"}
    )
    assert done.code == ExitCode.DONE
    assert codes(somebody.types("plan", "e.planner.yaml")) == ["env-missing"]


def test_a_file_is_not_overwritten_and_an_endpoint_that_is_not_there_is_said(
    somebody: Person,
) -> None:
    by_hand(somebody)
    somebody.file("e.yaml", "mine")
    done = somebody.types("import", "e", "--provider", "sagemaker", "--out", "e.yaml")
    assert (done.code, codes(done)) == (ExitCode.ERROR, ["file-exists"])
    assert (somebody.home / "e.yaml").read_text() == "mine"
    done = somebody.types("import", "f", "--provider", "sagemaker", "--region", "eu-west-1")
    assert (done.code, codes(done)) == (ExitCode.ERROR, ["no-such-endpoint"])
    assert "eu-west-1" in done.err
    done = somebody.types("import", "e", "--provider", "sagemaker", "--region", "eu-west-11")
    assert done.code == ExitCode.USAGE
    assert "--region eu-west-1" in done.err
    done = somebody.types("import", "e", "--provider", "sagemeker")
    assert (done.code, "sagemaker" in done.err) == (ExitCode.USAGE, True)


def test_an_endpoint_that_is_being_made_is_not_imported(somebody: Person) -> None:
    somebody.sandbox.post("pace", {"create_s": 1000})
    by_hand(somebody)
    done = somebody.types("import", "e", "--provider", "sagemaker")
    assert (done.code, codes(done), done.out) == (ExitCode.ERROR, ["not-importable"], "")
    assert "Creating" in done.err
