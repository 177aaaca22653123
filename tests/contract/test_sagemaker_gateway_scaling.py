"""What scales an endpoint, read and changed over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from planner_sagemaker.gateway import SageMakerGateway
from planner_sagemaker.sandbox.cloud import Pace
from planner_sagemaker.sandbox.serve import running

import planner
from planner.errors import ProviderError
from planner.model.change import Action
from planner.model.live import LiveState, Operation
from planner.model.resource import DesiredState, Resource
from tests.support.code import ROOT
from tests.support.sandbox import Sandbox, watch

QUICK = Pace(create_s=0, update_s=0, rollback_s=0, delete_s=0)
SCALERS = ["scalable-target", "scaling-policy", "scheduled-action", "scheduled-action"]


@pytest.fixture(scope="module")
def desired() -> DesiredState:
    return planner.plan(planner.load([str(ROOT / "examples" / "shop-ranker")])).desired[0]


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[SageMakerGateway, Sandbox]]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    with running(":memory:", pace=QUICK) as url:
        yield SageMakerGateway("us-east-1", url), Sandbox(url=url)


def _of(desired: DesiredState, *kinds: str) -> list[Resource]:
    """Resources of these kinds, in the order in which they are created."""
    return [one for one in desired.resources if one.kind in kinds]


def _write(gateway: SageMakerGateway, resource: Resource, action: Action) -> None:
    body = {} if action is Action.DELETE else resource.body
    gateway.write(
        Operation(
            address=resource.address,
            kind=resource.kind,
            name=resource.name,
            action=action,
            body=body,
        )
    )


def _applied(gateway: SageMakerGateway, desired: DesiredState) -> LiveState:
    for resource in desired.resources:
        _write(gateway, resource, Action.CREATE)
    return gateway.settle(desired, watch(10))


def test_what_scales_lives_as_desired(
    cloud: tuple[SageMakerGateway, Sandbox], desired: DesiredState
) -> None:
    live = _applied(cloud[0], desired)
    assert sorted(one.kind for one in live.objects if "scal" in one.kind) == SCALERS[:2]
    assert [one.kind for one in _of(desired, *SCALERS)] == SCALERS
    for resource in _of(desired, *SCALERS):
        found = live.find(resource.address)
        assert found is not None, resource.address
        assert found.body == resource.body
    assert len(live.objects) == len(desired.resources)
    assert live.detail == "InService"


def test_bounds_are_changed_in_place(
    cloud: tuple[SageMakerGateway, Sandbox], desired: DesiredState
) -> None:
    gateway, _ = cloud
    _applied(gateway, desired)
    target, _, action, _ = _of(desired, *SCALERS)
    for resource, change in (
        (target, {"MaxCapacity": 77}),
        (action, {"Schedule": "rate(1 day)"}),
    ):
        wanted = replace(resource, body={**resource.body, **change})
        _write(gateway, wanted, Action.UPDATE)
        found = gateway.read(desired).find(resource.address)
        assert found is not None
        assert found.body == wanted.body


def test_an_update_keeps_counts_only_where_something_scales(
    cloud: tuple[SageMakerGateway, Sandbox], desired: DesiredState
) -> None:
    gateway, sandbox = cloud
    live = _applied(gateway, desired)
    config, endpoint = _of(desired, "endpoint-config", "endpoint")
    other = replace(config, name="other", body={**config.body, "EndpointConfigName": "other"})
    _write(gateway, other, Action.CREATE)
    variant = config.body["ProductionVariants"][0]
    client = sandbox.sagemaker

    def counted(config_name: str) -> int:
        client.update_endpoint_weights_and_capacities(
            EndpointName=endpoint.name,
            DesiredWeightsAndCapacities=[
                {"VariantName": variant["VariantName"], "DesiredInstanceCount": 19}
            ],
        )
        gateway.settle(desired, watch(10))
        body = {**endpoint.body, "EndpointConfigName": config_name}
        _write(gateway, replace(endpoint, body=body), Action.UPDATE)
        gateway.settle(desired, watch(10))
        shown = client.describe_endpoint(EndpointName=endpoint.name)
        assert shown["EndpointConfigName"] == config_name
        return int(shown["ProductionVariants"][0]["DesiredInstanceCount"])

    assert live.detail == "InService"
    assert counted("other") == 19
    _write(gateway, *_of(desired, "scalable-target"), Action.DELETE)
    assert counted(config.name) == variant["InitialInstanceCount"] != 19


def test_scalers_are_deleted_once(
    cloud: tuple[SageMakerGateway, Sandbox], desired: DesiredState
) -> None:
    gateway, sandbox = cloud
    _applied(gateway, desired)
    for _ in range(2):
        for resource in reversed(_of(desired, *SCALERS)):
            _write(gateway, resource, Action.DELETE)
    assert {one.kind for one in gateway.read(desired).objects}.isdisjoint(SCALERS)
    written = [one["operation"] for one in sandbox.get("calls?mutating=true")]
    assert len([name for name in written if name.startswith(("Delete", "Deregister"))]) == 4


def test_a_policy_whose_name_another_endpoint_has_is_not_deleted(
    cloud: tuple[SageMakerGateway, Sandbox], desired: DesiredState
) -> None:
    gateway, _ = cloud
    _applied(gateway, desired)
    endpoint, target, policy = _of(desired, "endpoint", *SCALERS[:2])
    other = {**endpoint.body, "EndpointName": "else"}
    _write(gateway, replace(endpoint, body=other, name="else"), Action.CREATE)
    gateway.read(desired)  # a moment passes, and it is in service
    for resource in (target, policy):
        elsewhere = {**resource.body, "ResourceId": "endpoint/else/variant/AllTraffic"}
        _write(gateway, replace(resource, body=elsewhere), Action.CREATE)
    with pytest.raises(ProviderError, match="endpoint/else") as refused:
        _write(gateway, policy, Action.DELETE)
    assert refused.value.code == "ambiguous-name"
    assert gateway.read(desired).find(policy.address) is not None


def test_a_target_of_another_dimension_is_told_apart_and_deleted(
    cloud: tuple[SageMakerGateway, Sandbox], desired: DesiredState
) -> None:
    gateway, _ = cloud
    _applied(gateway, desired)
    (target,) = _of(desired, "scalable-target")
    other = {**target.body, "ScalableDimension": "sagemaker:variant:DesiredProvisionedConcurrency"}
    rest = tuple(replace(one, body=other) if one is target else one for one in desired.resources)
    wanted = replace(desired, resources=rest)
    live = gateway.read(wanted)
    assert live.find(target.address) is None
    found = next(one for one in live.objects if one.kind == "scalable-target")
    assert found.address.endswith("#sagemaker:variant:DesiredInstanceCount")
    _write(gateway, replace(target, address=found.address, name=found.name), Action.DELETE)
    assert {one.kind for one in gateway.read(desired).objects}.isdisjoint(SCALERS)
