"""The gateway to Databricks over HTTP, against the sandbox."""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, get_type_hints

import pytest
from databricks.sdk.service import serving
from planner_databricks.gateway import DatabricksGateway
from planner_databricks.live import DatabricksLive
from planner_databricks.pacing import Budget
from planner_databricks.sandbox.serve import running
from planner_databricks.sandbox.workspace import Pace

from planner.diff import compared
from planner.errors import AuthError, ExitCode, LaterError, ProviderError
from planner.model.change import Action, ChangeSet, Risk
from planner.model.check import Check, Verdict
from planner.model.live import Health, LiveState, Operation
from planner.model.resource import DesiredState
from planner.provider.lifecycle import read_lifecycle
from tests.support.databricks_values import decision, model, rendered, workload
from tests.support.sandbox import watch
from tests.support.sdk_fields import fields_of
from tests.support.workspace import ENDPOINTS, Workspace, entity

SLOW = Pace(create_s=60, update_s=60, window_s=60)
"""So that only `advance` ends what was begun."""

LIFECYCLE = read_lifecycle("planner_databricks")
RULES = DatabricksLive()
OWNER = "shop"
TABLE = {"catalog": "main", "schema": "logs", "prefix": "shop"}


@pytest.fixture(scope="module")
def served() -> Iterator[Workspace]:
    with pytest.MonkeyPatch.context() as patch, running(":memory:", pace=SLOW) as url:
        patch.setenv("DATABRICKS_CONFIG_PROFILE", "nobody-has-this")
        patch.setenv("DATABRICKS_CLIENT_ID", "of-somebody")
        yield Workspace(url=url)


@pytest.fixture(scope="module")
def connected(served: Workspace) -> DatabricksGateway:
    return DatabricksGateway(None, served.url)


@pytest.fixture
def workspace(served: Workspace) -> Workspace:
    served.post("reset")
    return served


@pytest.fixture
def gateway(workspace: Workspace, connected: DatabricksGateway) -> DatabricksGateway:
    return connected


def _operation(state: DesiredState, action: Action) -> Operation:
    (one,) = state.resources
    body = {} if action is Action.DELETE else one.body
    return Operation(address=one.address, kind=one.kind, name=one.name, action=action, body=body)


def _apply(
    workspace: Workspace, gateway: DatabricksGateway, state: DesiredState, action: Action
) -> LiveState:
    gateway.write(_operation(state, action))
    return _settled(workspace, gateway, state)


def _settled(workspace: Workspace, gateway: DatabricksGateway, state: DesiredState) -> LiveState:
    """The end of what was begun; the first look is too early for it."""

    def beat(text: str) -> None:
        assert re.match(r"(IN_PROGRESS|not found), \d+ s\Z", text)
        workspace.advance(200)

    return gateway.settle(state, watch(10, beat))


def _changes(state: DesiredState, live: LiveState) -> ChangeSet:
    wanted = RULES.aligned(state, live)
    found = compared(wanted, live, LIFECYCLE, owner=OWNER)
    return RULES.ordered(found, wanted, live)


def _requests(workspace: Workspace) -> list[str]:
    return [one["operation"] for one in workspace.get("calls", mutating="true")]


FULL = rendered(
    inference_table=TABLE,
    tags={"team": "search", "zone": "a"},
    email_notifications={"on_update_failure": ["ops@example.com"]},
)
STATES = {
    "plain": rendered(),
    "full": FULL,
    "serverless": rendered(
        decision(options=(("route_optimized", "false"), ("scale_to_zero", "true")))
    ),
    "optimized": rendered(
        decision(options=(("route_optimized", "true"), ("scale_to_zero", "false")))
    ),
    "secrets": rendered(
        None, workload(model(environment=(("KEY", "{{secrets/prod/key}}"), ("MODE", "fast"))))
    ),
    "docs-only type": rendered(decision(instance_type="GPU_MEDIUM_8")),
    "several": rendered(
        decision(
            hosting="multi-model",
            models=("a", "b", "c"),
            options=(("units:a", "8-24"), ("route_optimized", "false")),
        ),
        workload(*(model(name, artifact=f"uc:main.shop.{name}/1", weight=1 / 3) for name in "abc")),
    ),
    "alias": rendered(None, workload(model(artifact="uc:main.search.ranker@champion"))),
}


@pytest.mark.parametrize("state", STATES.values(), ids=STATES)
def test_what_was_applied_needs_no_change(
    workspace: Workspace, gateway: DatabricksGateway, state: DesiredState
) -> None:
    workspace.post(
        "models",
        {
            f"main.{name}": {"versions": {"1": "READY", "3": "READY"}, "aliases": {"champion": "3"}}
            for name in ("search.ranker", "shop.a", "shop.b", "shop.c")
        },
    )
    before = gateway.read(state)
    assert before.health is Health.ABSENT
    assert _changes(state, before).action is Action.CREATE
    live = _apply(workspace, gateway, RULES.aligned(state, before), Action.CREATE)
    assert (live.health, live.detail, live.digest) == (Health.READY, "READY", state.digest)
    found = _changes(state, gateway.read(state))
    assert [f for c in found.changes for f in c.fields] == []
    assert found.action is Action.NONE
    assert _requests(workspace) == ["CreateEndpoint"]


def test_an_alias_that_moved_is_a_change(workspace: Workspace, gateway: DatabricksGateway) -> None:
    state = STATES["alias"]
    models = {"versions": {"3": "READY", "4": "READY"}, "aliases": {"champion": "3"}}
    workspace.post("models", {"main.search.ranker": models})
    live = gateway.read(state)
    _apply(workspace, gateway, RULES.aligned(state, live), Action.CREATE)
    workspace.post("models", {"main.search.ranker": {**models, "aliases": {"champion": "4"}}})
    (change,) = _changes(state, gateway.read(state)).changes
    assert change.risk is Risk.ROLLING
    moved = {field.path: (field.live, field.desired) for field in change.fields}
    assert moved == {"config.served_entities[ranker].entity_version": ("3", "4")}


def _changed(**fields: Any) -> DesiredState:
    (resource,) = FULL.resources
    return replace(FULL, resources=(replace(resource, body={**resource.body, **fields}),))


def _entity_with(**fields: Any) -> dict[str, Any]:
    body = FULL.resources[0].body
    (only,) = body["config"]["served_entities"]
    return {"config": {**body["config"], "served_entities": [{**only, **fields}]}}


def _tags(**values: str) -> dict[str, Any]:
    known = {tag["key"]: tag["value"] for tag in FULL.resources[0].body["tags"]}
    return {"tags": [{"key": key, "value": text} for key, text in {**known, **values}.items()]}


def _table(**fields: Any) -> dict[str, Any]:
    table = FULL.resources[0].body["ai_gateway"]["inference_table_config"]
    return {"ai_gateway": {"inference_table_config": {**table, **fields}}}


@pytest.mark.parametrize(
    ("fields", "action", "risk", "requests"),
    [
        (_entity_with(entity_version="4"), Action.UPDATE, Risk.ROLLING, ["UpdateConfig"]),
        (
            _entity_with(max_provisioned_concurrency=32),
            Action.UPDATE,
            Risk.ROLLING,
            ["UpdateConfig"],
        ),
        (_entity_with(workload_type="GPU_SMALL"), Action.UPDATE, Risk.ROLLING, ["UpdateConfig"]),
        (_entity_with(environment_vars={"A": "b"}), Action.UPDATE, Risk.ROLLING, ["UpdateConfig"]),
        (_tags(team="ranking"), Action.UPDATE, Risk.IN_PLACE, ["PatchTags"]),
        ({"email_notifications": {}}, Action.UPDATE, Risk.IN_PLACE, ["UpdateNotifications"]),
        ({"ai_gateway": {}}, Action.UPDATE, Risk.IN_PLACE, ["PutAiGateway"]),
        (
            _table(table_name_prefix="other"),
            Action.UPDATE,
            Risk.IN_PLACE,
            ["PutAiGateway", "PutAiGateway"],
        ),
        (
            {**_entity_with(entity_version="4"), **_tags(team="x"), "email_notifications": {}},
            Action.UPDATE,
            Risk.ROLLING,
            ["PatchTags", "UpdateNotifications", "UpdateConfig"],
        ),
        (
            {"route_optimized": True},
            Action.REPLACE,
            Risk.DOWNTIME,
            ["DeleteEndpoint", "CreateEndpoint"],
        ),
    ],
)
def test_a_change_lands_as_its_rule_says_by_the_fewest_requests(
    workspace: Workspace,
    gateway: DatabricksGateway,
    fields: dict[str, Any],
    action: Action,
    risk: Risk,
    requests: list[str],
) -> None:
    _apply(workspace, gateway, FULL, Action.CREATE)
    wanted = _changed(**{name: one for name, one in fields.items() if one})
    empty = [name for name, one in fields.items() if not one]
    (resource,) = wanted.resources
    body = {name: one for name, one in resource.body.items() if name not in empty}
    wanted = replace(wanted, resources=(replace(resource, body=body),))
    (change,) = _changes(wanted, gateway.read(wanted)).changes
    assert (change.action, change.risk) == (action, risk)
    before = len(_requests(workspace))
    if action is Action.REPLACE:
        _apply(workspace, gateway, wanted, Action.DELETE)
        _apply(workspace, gateway, wanted, Action.CREATE)
    else:
        _apply(workspace, gateway, wanted, action)
    assert _requests(workspace)[before:] == requests
    assert _changes(wanted, gateway.read(wanted)).action is Action.NONE
    gateway.write(_operation(wanted, Action.UPDATE))
    assert _requests(workspace)[before:] == requests


def test_what_others_set_beside_it_is_left_alone(
    workspace: Workspace, gateway: DatabricksGateway
) -> None:
    _apply(workspace, gateway, FULL, Action.CREATE)
    limits = [{"renewal_period": "minute", "calls": 5, "key": "endpoint"}]
    table = workspace.shown("shop")["ai_gateway"]
    workspace.ask("PUT", f"{ENDPOINTS}/shop/ai-gateway", {**table, "rate_limits": limits})
    workspace.ask("PATCH", f"{ENDPOINTS}/shop/tags", {"add_tags": [{"key": "cost", "value": "1"}]})
    found = _changes(FULL, gateway.read(FULL))
    assert found.action is Action.NONE
    assert {f.path.partition("[")[0] for c in found.changes for f in c.fields} == {
        *("ai_gateway.rate_limits", "tags"),
    }
    wanted = _changed(**_table(table_name_prefix="other"), **_tags(team="x"))
    gateway.write(_operation(wanted, Action.UPDATE))
    shown = workspace.shown("shop")
    assert shown["ai_gateway"]["rate_limits"] == limits
    assert {"key": "cost", "value": "1"} in shown["tags"]


def test_an_instance_profile_survives_a_new_config(
    workspace: Workspace, gateway: DatabricksGateway
) -> None:
    _apply(workspace, gateway, FULL, Action.CREATE)
    live = _entity_with(instance_profile_arn="arn:aws:iam::1:instance-profile/p")["config"]
    workspace.ask("PUT", f"{ENDPOINTS}/shop/config", live)
    workspace.advance(200)
    _apply(workspace, gateway, _changed(**_entity_with(entity_version="9")), Action.UPDATE)
    assert workspace.served("shop")["instance_profile_arn"].endswith("/p")


def test_a_size_is_what_it_is_in_numbers(workspace: Workspace, gateway: DatabricksGateway) -> None:
    (only,) = FULL.resources[0].body["config"]["served_entities"]
    by_size = entity(
        **{name: only[name] for name in ("name", "entity_name", "entity_version")},
        workload_size="Medium",
    )
    workspace.ready("shop", config={"served_entities": [by_size]})
    found = gateway.read(_changed()).find("endpoint/shop")
    assert found is not None
    (served,) = found.body["config"]["served_entities"]
    assert (served["min_provisioned_concurrency"], served["max_provisioned_concurrency"]) == (8, 16)
    assert "workload_size" not in served


def test_a_failed_update_says_why_and_shows_what_serves(
    workspace: Workspace, gateway: DatabricksGateway
) -> None:
    _apply(workspace, gateway, FULL, Action.CREATE)
    wanted = _changed(**_entity_with(entity_version="4"))
    workspace.fault("update-failed", "UpdateConfig", rule={"message": "no module xgboost"})
    live = _apply(workspace, gateway, wanted, Action.UPDATE)
    assert (live.health, live.detail) == (Health.READY, "UPDATE_FAILED: no module xgboost")
    (change,) = _changes(wanted, live).changes
    assert change.action is Action.UPDATE
    workspace.post("faults", [])
    assert _apply(workspace, gateway, wanted, Action.UPDATE).detail == "READY"
    assert _changes(wanted, gateway.read(wanted)).action is Action.NONE


def test_a_creation_that_fails_is_a_failure(
    workspace: Workspace, gateway: DatabricksGateway
) -> None:
    workspace.fault("update-failed", "CreateEndpoint", rule={"message": "out of memory"})
    live = _apply(workspace, gateway, FULL, Action.CREATE)
    assert (live.health, live.detail) == (Health.FAILED, "UPDATE_FAILED: out of memory")


def test_a_stopped_endpoint_is_no_ready_one(
    workspace: Workspace, gateway: DatabricksGateway
) -> None:
    _apply(workspace, gateway, FULL, Action.CREATE)
    workspace.ask("POST", f"{ENDPOINTS}/shop/config:stop")
    live = gateway.read(FULL)
    assert (live.health, live.detail) == (Health.FAILED, "SUSPENDED")


def test_an_update_under_way_is_gone_on_with(
    workspace: Workspace, gateway: DatabricksGateway
) -> None:
    _apply(workspace, gateway, FULL, Action.CREATE)
    wanted = _changed(**_entity_with(entity_version="4"))
    gateway.write(_operation(wanted, Action.UPDATE))
    assert gateway.read(wanted).health is Health.MOVING
    gateway.write(_operation(wanted, Action.UPDATE))
    assert _requests(workspace).count("UpdateConfig") == 1
    other = _changed(**_entity_with(entity_version="5"))
    with pytest.raises(ProviderError, match="is currently updating") as busy:
        gateway.write(_operation(other, Action.UPDATE))
    assert busy.value.code == "busy"
    assert _settled(workspace, gateway, wanted).health is Health.READY
    assert workspace.served("shop")["entity_version"] == "4"


@pytest.mark.parametrize("operation", ["CreateEndpoint", "UpdateConfig", "DeleteEndpoint"])
def test_a_write_whose_answer_was_lost_is_done_once(
    workspace: Workspace, gateway: DatabricksGateway, operation: str
) -> None:
    workspace.fault("lost-answer", operation, rule={"times": 1})
    _apply(workspace, gateway, FULL, Action.CREATE)
    wanted = _changed(**_entity_with(entity_version="4"))
    _apply(workspace, gateway, wanted, Action.UPDATE)
    gone = _apply(workspace, gateway, wanted, Action.DELETE)
    assert gone.health is Health.ABSENT
    assert _requests(workspace).count(operation) == 2


def test_what_exists_already_is_ours_only_with_our_tags(
    workspace: Workspace, gateway: DatabricksGateway
) -> None:
    gateway.write(_operation(FULL, Action.CREATE))
    gateway.write(_operation(FULL, Action.CREATE))
    with pytest.raises(ProviderError, match="already exists") as refused:
        gateway.write(_operation(_changed(**_tags(planner_digest="other")), Action.CREATE))
    assert refused.value.code == "resource-already-exists"


def test_what_is_deleted_may_be_deleted_again(
    workspace: Workspace, gateway: DatabricksGateway
) -> None:
    _apply(workspace, gateway, FULL, Action.CREATE)
    for _ in range(2):
        assert _apply(workspace, gateway, FULL, Action.DELETE).health is Health.ABSENT
    with pytest.raises(ProviderError, match="does not exist any more"):
        gateway.write(_operation(FULL, Action.UPDATE))


def test_endpoints_of_an_owner_and_a_copy(workspace: Workspace) -> None:
    mine = [{"key": "planner_owner", "value": "me"}]
    for name, origin in (("b", "b"), ("a", "a"), ("copy", "a")):
        workspace.create(name, tags=[*mine, {"key": "planner_self", "value": origin}])
    workspace.create("theirs")
    gateway = DatabricksGateway(None, workspace.url)
    assert gateway.endpoints("me") == ("a", "b")
    assert gateway.endpoints("nobody") == ()
    bare = DesiredState(endpoint="copy", provider="databricks", region="", resources=())
    live = gateway.read(bare)
    assert not live.objects[0].owned_by("me")
    assert gateway.claim(live, owner="me") == ("endpoint/copy",)
    assert gateway.read(bare).objects[0].owned_by("me")
    assert gateway.claim(gateway.read(bare), owner="me") == ()
    assert gateway.leftovers(bare, live, owner="me", keep=1) == ()
    assert gateway.previous(live, owner="me") is None


@pytest.mark.parametrize("key", ["planner_protect", "planner:protect"])
def test_a_protected_endpoint(workspace: Workspace, gateway: DatabricksGateway, key: str) -> None:
    workspace.create("shop", tags=[{"key": key, "value": "true"}])
    assert gateway.read(FULL).objects[0].protected


def test_waiting_ends_and_undoes_nothing(workspace: Workspace, gateway: DatabricksGateway) -> None:
    workspace.fault("stuck", "CreateEndpoint")
    gateway.write(_operation(FULL, Action.CREATE))
    with pytest.raises(ProviderError, match="still IN_PROGRESS after") as waited:
        gateway.settle(FULL, watch(0.5))
    assert waited.value.code == "not-settled"
    assert _requests(workspace) == ["CreateEndpoint"]


def test_throttling_is_waited_out(workspace: Workspace, gateway: DatabricksGateway) -> None:
    workspace.fault("throttle", "GetEndpoint", rule={"times": 1})
    assert gateway.read(FULL).health is Health.ABSENT


def test_what_stays_throttled_ends_as_a_diagnostic(workspace: Workspace) -> None:
    workspace.fault("throttle", "GetEndpoint")
    with pytest.raises(ProviderError, match="Rate limit exceeded") as refused:
        DatabricksGateway(None, workspace.url, patience_s=1).read(FULL)
    assert refused.value.code == "throttled"


def test_a_write_that_is_put_off_is_asked_again_by_whoever_waits(workspace: Workspace) -> None:
    gateway = DatabricksGateway(None, workspace.url)
    workspace.post("quotas", {"writes": 1})
    gateway.write(_operation(FULL, Action.CREATE))
    begun = time.monotonic()
    with pytest.raises(LaterError, match="Exceeded 1 create and update") as later:
        gateway.write(_operation(_changed(name="other"), Action.CREATE))
    assert time.monotonic() - begun < 1.0
    assert later.value.code == "throttled"
    assert later.value.after_s == pytest.approx(60.0, abs=1.5)
    workspace.fault("unavailable", "DeleteEndpoint")
    with pytest.raises(LaterError, match="temporarily unavailable") as later:
        gateway.write(_operation(FULL, Action.DELETE))
    assert (later.value.code, later.value.after_s) == ("unavailable", 1.0)


def test_the_budget_of_a_workspace_is_kept_without_asking(workspace: Workspace) -> None:
    gateway = DatabricksGateway(None, workspace.url, budget=Budget(2, window_s=0.5))
    for name in ("a", "b"):
        gateway.write(_operation(_changed(name=name), Action.CREATE))
    with pytest.raises(LaterError, match="2 creations and updates in") as later:
        gateway.write(_operation(_changed(name="c"), Action.CREATE))
    assert later.value.after_s is not None
    assert 0.0 < later.value.after_s <= 0.5
    assert _requests(workspace) == ["CreateEndpoint", "CreateEndpoint"]
    gateway.write(_operation(FULL, Action.DELETE))  # which no budget counts
    time.sleep(later.value.after_s)
    gateway.write(_operation(_changed(name="c"), Action.CREATE))


def test_what_stays_unavailable_ends_as_a_diagnostic(workspace: Workspace) -> None:
    workspace.fault("unavailable", "GetEndpoint")
    with pytest.raises(ProviderError, match="was put off for up to 1 s") as refused:
        DatabricksGateway(None, workspace.url, patience_s=1).read(FULL)
    assert refused.value.code == "unavailable"


@pytest.mark.parametrize(
    ("effect", "code"), [("denied", "access-denied"), ("expired", "credentials-refused")]
)
def test_who_may_not_is_told_what(
    workspace: Workspace, gateway: DatabricksGateway, effect: str, code: str
) -> None:
    workspace.fault(effect, "GetEndpoint")
    with pytest.raises(AuthError, match=f"GET {ENDPOINTS}/shop") as refused:
        gateway.read(FULL)
    assert (refused.value.code, refused.value.exit_code) == (code, ExitCode.AUTHENTICATION)
    assert refused.value.hint.startswith("databricks ")


def test_without_credentials_nothing_is_sent(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    monkeypatch.setenv("DATABRICKS_CONFIG_FILE", str(tmp_path_factory.mktemp("none") / "cfg"))
    with pytest.raises(AuthError, match="no credentials") as refused:
        DatabricksGateway("nobody").read(FULL)
    assert "databricks auth login" in refused.value.hint


def _checked(gateway: DatabricksGateway, state: DesiredState) -> dict[str, Check]:
    live = gateway.read(state)
    wanted = RULES.aligned(state, live)
    found = gateway.checks([(wanted, _changes(state, live))])
    return {f"{one.name} {one.detail}": one for one in found}


def test_everything_is_looked_at_before_the_first_write(workspace: Workspace) -> None:
    workspace.post("workspace", {"cloud": "aws"})
    gateway = DatabricksGateway(None, workspace.url)
    found = _checked(gateway, STATES["secrets"])
    assert list(found) == [
        "credentials sandbox@example.com",
        "model version 3 of main.search.ranker is ready",
        "secret secret prod/key is there",
        "workload-type aws has CPU",
        "quota 1 of 1000 endpoints of the workspace",
        "quota 16 of 4096 provisioned concurrency of the workspace",
        "write-rate 1 of 50 creations and updates in 5 minutes",
    ]
    assert {one.verdict for one in found.values()} == {Verdict.PASSED}
    assert _requests(workspace) == []
    assert gateway.checks([]) == ()


def test_what_would_stop_it_is_said(workspace: Workspace) -> None:
    workspace.post("workspace", {"cloud": "azure"})
    workspace.post("models", {"main.search.ranker": {"versions": {"3": "PENDING_REGISTRATION"}}})
    workspace.post("secrets", {"prod": ["other"]})
    gateway = DatabricksGateway(None, workspace.url)
    found = _checked(gateway, STATES["secrets"])
    failed = [text for text, one in found.items() if one.verdict is Verdict.FAILED]
    assert failed == [
        "model version 3 of main.search.ranker is PENDING_REGISTRATION",
        "secret there is no secret prod/key",
    ]
    found = _checked(gateway, STATES["docs-only type"])
    assert found["workload-type azure has no GPU_MEDIUM_8"].verdict is Verdict.FAILED
    workspace.post("models", {})
    workspace.fault("denied", "GetModelVersion")
    found = _checked(gateway, FULL)
    assert [o.name for o in found.values() if o.verdict is Verdict.UNKNOWN] == ["model"]
    workspace.fault("denied", "GetMe")
    (denied,) = _checked(gateway, FULL).values()
    assert denied.verdict is Verdict.DENIED


def test_concurrency_of_others_counts(workspace: Workspace) -> None:
    capacity = {"workload_size": None, "min_provisioned_concurrency": 4}
    large = [entity(name=f"e{at}", max_provisioned_concurrency=1024, **capacity) for at in range(4)]
    shares = [{"served_entity_name": f"e{at}", "traffic_percentage": 25} for at in range(4)]
    answer = workspace.create(
        "full", config={"served_entities": large, "traffic_config": {"routes": shares}}
    )
    assert answer.ok, answer.text
    found = _checked(DatabricksGateway(None, workspace.url), FULL)
    quota = found["quota 4112 of 4096 provisioned concurrency of the workspace"]
    assert quota.verdict is Verdict.FAILED


def test_more_writes_than_the_workspace_takes_at_once(workspace: Workspace) -> None:
    gateway = DatabricksGateway(None, workspace.url)
    live = gateway.read(FULL)
    changes = _changes(FULL, live)
    (rate,) = (one for one in gateway.checks([(FULL, changes)] * 120) if one.name == "write-rate")
    assert rate.detail == (
        "120 creations and updates, of which the workspace takes 50 in 5 minutes: at least 10 "
        "minutes are waited"
    )
    assert rate.hint


def test_pins_say_what_serves(workspace: Workspace, gateway: DatabricksGateway) -> None:
    live = _apply(workspace, gateway, FULL, Action.CREATE)
    assert RULES.pins(live) == {
        "provider": "databricks",
        "instance": "CPU",
        "hosting": "single-model",
        "replicas": "4..16",
    }
    assert RULES.pins(gateway.read(replace(FULL, endpoint="none", resources=()))) == {}


def test_nobody_answers() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    unreached = DatabricksGateway(None, f"http://127.0.0.1:{port}", patience_s=1)
    with pytest.raises(ProviderError) as refused:
        unreached.read(FULL)
    assert refused.value.code == "unreachable"
    assert refused.value.hint == f"curl -sS http://127.0.0.1:{port}"


CREATION = get_type_hints(serving.ServingEndpointsAPI.create)


@pytest.mark.parametrize("field", sorted(set(CREATION) - {"return"}))
def test_a_rule_speaks_of_every_field_of_the_sdk(field: str) -> None:
    paths = list(fields_of(CREATION[field], field))
    assert paths
    for path in paths:
        LIFECYCLE.rule("endpoint", path)
