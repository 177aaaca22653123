"""The gateway to SageMaker over HTTP, against the sandbox."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from planner_sagemaker.gateway import SageMakerGateway
from planner_sagemaker.provider import provider
from planner_sagemaker.sandbox.cloud import Pace
from planner_sagemaker.sandbox.serve import running

import planner
from planner.errors import AuthError, ExitCode, ProviderError
from planner.model.change import Action
from planner.model.live import Health, LiveState, Operation
from planner.model.resource import DesiredState, Resource
from tests.support.code import ROOT
from tests.support.sandbox import Sandbox, watch

SLOW = Pace(create_s=60, update_s=60, rollback_s=60, delete_s=60)
"""So that only `advance` ends what was begun."""


def _planned(example: str, *sets: str) -> DesiredState:
    specs = planner.load([str(ROOT / "examples" / example)], sets=sets)
    return planner.plan(specs).desired[0]


@pytest.fixture(scope="module")
def desired() -> DesiredState:
    return _planned("fraud-scorer")


@pytest.fixture(scope="module")
def changed() -> DesiredState:
    return _planned("fraud-scorer", "models[0].artifact=s3://risk-models/fraud/next/model.tar.gz")


@pytest.fixture(scope="module")
def served() -> Iterator[Sandbox]:
    with pytest.MonkeyPatch.context() as environment, running(":memory:", pace=SLOW) as url:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
            environment.delenv(name, raising=False)
        yield Sandbox(url=url)


@pytest.fixture(scope="module")
def connected(served: Sandbox) -> SageMakerGateway:
    return SageMakerGateway("us-east-1", served.url)


@pytest.fixture
def sandbox(served: Sandbox) -> Sandbox:
    served.post("reset")
    return served


@pytest.fixture
def gateway(sandbox: Sandbox, connected: SageMakerGateway) -> SageMakerGateway:
    return connected


def _operation(resource: Resource, action: Action) -> Operation:
    body = {} if action is Action.DELETE else resource.body
    return Operation(
        address=resource.address, kind=resource.kind, name=resource.name, action=action, body=body
    )


def _create(gateway: SageMakerGateway, desired: DesiredState, *, but: str = "") -> None:
    for resource in desired.resources:
        if resource.kind != but:
            gateway.write(_operation(resource, Action.CREATE))


def _of(desired: DesiredState, kind: str) -> Resource:
    return next(one for one in desired.resources if one.kind == kind)


def _settled(sandbox: Sandbox, gateway: SageMakerGateway, desired: DesiredState) -> LiveState:
    """The end of what was begun; the first look is too early for it."""
    told: list[str] = []

    def beat(text: str) -> None:
        told.append(text)
        sandbox.advance(200)

    live = gateway.settle(desired, watch(10, beat))
    assert re.fullmatch(r"(Creating|Updating|Deleting|not found), 0 s", told[0])
    return live


def _config(live: LiveState, desired: DesiredState) -> Any:
    found = live.find(_of(desired, "endpoint").address)
    return found and found.body["EndpointConfigName"]


def _lasting(resource: Resource) -> dict[str, Any]:
    """What of a body says how a thing is to be, not how an update gets there."""
    return {key: item for key, item in resource.body.items() if key != "DeploymentConfig"}


def _wrong(live: LiveState, desired: DesiredState) -> list[str]:
    """Addresses of what does not live as it is desired."""
    return [
        one.address
        for one in desired.resources
        if (found := live.find(one.address)) is None or found.body != _lasting(one)
    ]


def _mutations(sandbox: Sandbox) -> list[str]:
    return [one["operation"] for one in sandbox.get("calls?mutating=true")]


def test_nothing_lives_and_reading_writes_nothing(
    sandbox: Sandbox, gateway: SageMakerGateway, desired: DesiredState
) -> None:
    live = gateway.read(desired)
    assert (live.health, live.objects) == (Health.ABSENT, ())
    assert _mutations(sandbox) == []


def test_parts_are_found_without_an_endpoint(
    gateway: SageMakerGateway, desired: DesiredState
) -> None:
    _create(gateway, desired, but="endpoint")
    live = gateway.read(desired)
    assert live.health is Health.ABSENT
    assert {one.kind for one in live.objects} == {"model", "endpoint-config", "alarm"}


@pytest.mark.parametrize("example", ["fraud-scorer", "internal-tool", "merchant-fleet"])
def test_what_was_created_lives_as_desired(sandbox: Sandbox, example: str) -> None:
    desired = _planned(example)
    gateway = SageMakerGateway(desired.region, sandbox.url)
    _create(gateway, desired)
    assert gateway.read(desired).health is Health.MOVING
    live = _settled(sandbox, gateway, desired)
    assert live.health is Health.READY
    assert _wrong(live, desired) == []
    assert {one.owner for one in live.objects} == {desired.endpoint}


def test_another_config_is_put_in_place(
    sandbox: Sandbox, gateway: SageMakerGateway, desired: DesiredState, changed: DesiredState
) -> None:
    _create(gateway, desired)
    _settled(sandbox, gateway, desired)
    _create(gateway, changed, but="endpoint")
    gateway.write(_operation(_of(changed, "endpoint"), Action.UPDATE))
    moving = gateway.read(changed)
    assert moving.health is Health.MOVING
    assert moving.find(_of(desired, "endpoint-config").address) is not None
    live = _settled(sandbox, gateway, changed)
    assert live.health is Health.READY
    assert _wrong(live, changed) == []
    assert _mutations(sandbox)[-2:] == ["UpdateEndpoint", "AddTags"]


def test_a_rollback_leaves_the_old_config(
    sandbox: Sandbox, gateway: SageMakerGateway, desired: DesiredState, changed: DesiredState
) -> None:
    _create(gateway, desired)
    _settled(sandbox, gateway, desired)
    _create(gateway, changed, but="endpoint")
    sandbox.fault("rollback", "UpdateEndpoint", rule={"message": "an alarm tripped"})
    gateway.write(_operation(_of(changed, "endpoint"), Action.UPDATE))
    live = _settled(sandbox, gateway, changed)
    assert live.health is Health.READY
    assert _config(live, changed) == _of(desired, "endpoint-config").name
    assert live.detail == "InService: an alarm tripped"
    assert live.find(_of(desired, "endpoint-config").address) is not None


def test_a_creation_that_fails_says_why(
    sandbox: Sandbox, gateway: SageMakerGateway, desired: DesiredState
) -> None:
    sandbox.fault("no-capacity", "CreateEndpoint")
    _create(gateway, desired)
    live = _settled(sandbox, gateway, desired)
    assert live.health is Health.FAILED
    assert live.detail.startswith("Failed: CapacityError")


def test_what_is_deleted_is_gone_and_may_be_deleted_again(
    sandbox: Sandbox, gateway: SageMakerGateway, desired: DesiredState
) -> None:
    _create(gateway, desired)
    _settled(sandbox, gateway, desired)
    for _ in range(2):
        gateway.write(_operation(_of(desired, "endpoint"), Action.DELETE))
        assert _settled(sandbox, gateway, desired).health is Health.ABSENT
        for resource in desired.resources:
            if resource.kind != "endpoint":
                gateway.write(_operation(resource, Action.DELETE))
    assert gateway.read(desired).objects == ()


def test_tags_are_changed_without_an_update(
    sandbox: Sandbox, gateway: SageMakerGateway, desired: DesiredState
) -> None:
    _create(gateway, desired)
    _settled(sandbox, gateway, desired)
    for resource in desired.resources:
        tags = [*resource.body["Tags"], {"Key": "zone", "Value": "a"}]
        wanted = replace(resource, body={**resource.body, "Tags": tags})
        gateway.write(_operation(wanted, Action.UPDATE))
        found = gateway.read(desired).find(resource.address)
        assert found is not None
        assert found.body == _lasting(wanted)
    tagging = [*["AddTags"] * 2, *["TagResource"] * 2, "AddTags"]
    assert _mutations(sandbox)[-5:] == tagging


def test_an_immutable_object_is_not_changed(
    sandbox: Sandbox, gateway: SageMakerGateway, desired: DesiredState
) -> None:
    _create(gateway, desired, but="endpoint")
    model = _of(desired, "model")
    wanted = replace(model, body={**model.body, "EnableNetworkIsolation": True})
    with pytest.raises(ProviderError) as refused:
        gateway.write(_operation(wanted, Action.UPDATE))
    assert refused.value.code == "immutable"
    created = ["CreateModel", "CreateEndpointConfig", *["PutMetricAlarm"] * 2]
    assert _mutations(sandbox) == created


def test_our_own_parts_may_exist_but_not_those_of_others(
    gateway: SageMakerGateway, desired: DesiredState
) -> None:
    model, config, endpoint = (
        _of(desired, kind) for kind in ("model", "endpoint-config", "endpoint")
    )
    for _ in range(2):
        gateway.write(_operation(model, Action.CREATE))
    others = [{"Key": "planner:owner", "Value": "somebody"}]
    theirs = replace(config, body={**config.body, "Tags": others})
    gateway.write(_operation(theirs, Action.CREATE))
    gateway.write(_operation(endpoint, Action.CREATE))
    for taken in (config, endpoint):
        with pytest.raises(ProviderError, match="already existing") as refused:
            gateway.write(_operation(taken, Action.CREATE))
        assert refused.value.code == "validation-exception"
    found = gateway.read(desired).find(config.address)
    assert found is not None
    assert found.owner == "somebody"


@pytest.mark.parametrize("operation", ["CreateEndpoint", "UpdateEndpoint", "DeleteEndpoint"])
def test_a_write_whose_answer_was_lost_is_done_once(
    sandbox: Sandbox,
    gateway: SageMakerGateway,
    desired: DesiredState,
    changed: DesiredState,
    operation: str,
) -> None:
    sandbox.fault("lost-answer", operation, rule={"times": 1})
    _create(gateway, desired)
    sandbox.advance(200)
    if operation == "UpdateEndpoint":
        _create(gateway, changed, but="endpoint")
        gateway.write(_operation(_of(changed, "endpoint"), Action.UPDATE))
    if operation == "DeleteEndpoint":
        gateway.write(_operation(_of(desired, "endpoint"), Action.DELETE))
    assert _mutations(sandbox).count(operation) == 2
    sandbox.advance(200)
    live = gateway.read(changed)
    gone = operation == "DeleteEndpoint"
    assert live.health is (Health.ABSENT if gone else Health.READY)


def test_writes_wait_for_what_is_not_seen_yet(
    sandbox: Sandbox, gateway: SageMakerGateway, desired: DesiredState
) -> None:
    sandbox.post("pace", {"consistency_s": 0.08})
    _create(gateway, desired)
    live = _settled(sandbox, gateway, desired)
    sandbox.post("pace", {"consistency_s": 0})
    assert live.health is Health.READY
    assert _wrong(live, desired) == []


def test_waiting_ends_and_undoes_nothing(
    sandbox: Sandbox, gateway: SageMakerGateway, desired: DesiredState
) -> None:
    sandbox.fault("stuck", "CreateEndpoint")
    _create(gateway, desired)
    before = _mutations(sandbox)
    with pytest.raises(ProviderError, match="still Creating after") as waited:
        gateway.settle(desired, watch(0.5))
    assert waited.value.code == "not-settled"
    assert _mutations(sandbox) == before


def test_throttling_is_waited_out(
    sandbox: Sandbox, gateway: SageMakerGateway, desired: DesiredState
) -> None:
    sandbox.fault("throttle", "DescribeEndpoint", rule={"times": 1})
    assert gateway.read(desired).health is Health.ABSENT


def test_a_refusal_has_the_words_of_the_cloud(
    sandbox: Sandbox, gateway: SageMakerGateway, desired: DesiredState
) -> None:
    sandbox.fault("quota", "CreateEndpoint")
    with pytest.raises(ProviderError, match="account-level service limit") as refused:
        _create(gateway, desired)
    assert refused.value.code == "resource-limit-exceeded"


@pytest.mark.parametrize(
    ("effect", "code"), [("denied", "access-denied"), ("expired", "credentials-refused")]
)
def test_who_may_not_is_told_what(
    sandbox: Sandbox, gateway: SageMakerGateway, desired: DesiredState, effect: str, code: str
) -> None:
    sandbox.fault(effect, "DescribeEndpoint")
    with pytest.raises(AuthError, match="DescribeEndpoint") as refused:
        gateway.read(desired)
    assert (refused.value.code, refused.value.exit_code) == (code, ExitCode.AUTHENTICATION)
    assert refused.value.hint.startswith("aws ")


def test_tags_that_may_not_be_read_are_left_out(
    sandbox: Sandbox, gateway: SageMakerGateway, desired: DesiredState
) -> None:
    _create(gateway, desired)
    live = _settled(sandbox, gateway, desired)
    sandbox.fault("denied", "ListTags*")
    live = gateway.read(desired)
    assert len(live.objects) == 5
    assert all(one.owner is None and "Tags" not in one.body for one in live.objects)


def test_without_credentials_nothing_is_sent(
    monkeypatch: pytest.MonkeyPatch, desired: DesiredState
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, "/nonexistent")
    with pytest.raises(AuthError, match="no credentials") as refused:
        SageMakerGateway("us-east-1").read(desired)
    assert refused.value.exit_code == ExitCode.AUTHENTICATION
    assert "AWS_ACCESS_KEY_ID" in refused.value.hint


def test_nobody_answers(desired: DesiredState) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    settings = provider.catalog_settings("us-east-1")
    unreached = provider.live().gateway(provider.live().place(settings), f"http://127.0.0.1:{port}")
    with pytest.raises(ProviderError) as refused:
        unreached.read(desired)
    assert refused.value.code == "unreachable"
