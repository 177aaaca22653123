"""SQL alerts of an endpoint: applied with it, held against the spec, and gone with it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from databricks.sdk.service import sql

from planner.errors import ExitCode
from tests.support.databricks_live import SHOP, Analyst, analyst
from tests.support.workspace import ENDPOINTS

TABLE = "inference_table: {catalog: main, schema: logs}"
BLOCK = "alerts: {warehouse: abc123, emails: [ops@example.com], destinations: [d-1]}"
WATCHED = SHOP.replace("route_optimized: false}", f"route_optimized: false, {TABLE}, {BLOCK}}}")
NAMES = ["shop-errors", "shop-refused", "shop-latency-p99", "shop-rate", "shop-idle"]
PATH = "/api/2.0/alerts"
THEIRS: dict[str, Any] = {
    "display_name": "shop-errors",
    "query_text": "SELECT 1 AS n",
    "warehouse_id": "theirs",
    "evaluation": {
        "source": {"name": "n"},
        "comparison_operator": "GREATER_THAN",
        "threshold": {"value": {"double_value": 3}},
    },
    "schedule": {"quartz_cron_schedule": "0 0 * * * ?", "timezone_id": "UTC"},
}


@pytest.fixture(scope="module")
def everybody(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Analyst]:
    with analyst(tmp_path_factory.mktemp("home")) as found:
        yield found


@pytest.fixture
def somebody(everybody: Analyst) -> Analyst:
    everybody.workspace.post("reset")
    for path in everybody.home.glob("*"):
        path.unlink()
    everybody.file("planner.yaml", WATCHED)
    return everybody


def alerts(somebody: Analyst) -> dict[str, sql.AlertV2]:
    """Alerts as the SDK lists them, by name."""
    found: dict[str, sql.AlertV2] = {}
    for one in somebody.workspace.sdk.alerts_v2.list_alerts(page_size=2):
        assert one.display_name not in found, "a second one of a name"
        found[one.display_name] = one
    return found


def by_hand(somebody: Analyst, name: str, mask: str, **fields: Any) -> None:
    """Change an alert as its page does."""
    one = alerts(somebody)[name]
    answer = somebody.workspace.ask("PATCH", f"{PATH}/{one.id}", fields, update_mask=mask)
    assert answer.ok, answer.text


def tags(somebody: Analyst) -> dict[str, str]:
    return {tag["key"]: tag.get("value", "") for tag in somebody.workspace.shown("shop")["tags"]}


def test_what_was_applied_needs_no_change(somebody: Analyst) -> None:
    done = somebody.applies()
    assert [f"create alert/{name}" in done.out for name in NAMES] == [True] * 5
    assert somebody.writes() == ["CreateEndpoint", *["CreateAlert"] * 5]
    found = alerts(somebody)
    assert list(found) == NAMES
    one = found["shop-latency-p99"]
    assert (one.warehouse_id, one.custom_summary) == (
        "abc123",
        "shop: latency p99 over 500 ms in 2 of 3 minutes",
    )
    assert one.evaluation.notification is not None
    assert one.evaluation.notification.subscriptions == [
        sql.AlertV2Subscription(user_email="ops@example.com"),
        sql.AlertV2Subscription(destination_id="d-1"),
    ]
    assert "planner doctor shop" in str(one.custom_description)
    done = somebody.types("plan", "--no-verify", "--detailed-exitcode")
    assert (done.code, "1 unchanged" in done.out) == (ExitCode.DONE, True), done.out + done.err
    assert somebody.types("drift", "--no-verify").code == ExitCode.DONE
    before = somebody.writes()
    somebody.applies()
    assert somebody.writes() == before


def test_without_a_block_nobody_asks_for_alerts(somebody: Analyst) -> None:
    somebody.file("planner.yaml", SHOP)
    somebody.applies()
    somebody.plans()
    somebody.does("destroy", "--auto-approve")
    asked = {one["operation"] for one in somebody.workspace.get("calls")}
    assert not {name for name in asked if "Alert" in name}


@pytest.mark.parametrize(
    ("name", "mask", "fields", "path"),
    [
        (
            "shop-errors",
            "evaluation",
            {"evaluation": {**THEIRS["evaluation"], "source": {"name": "bad_minutes"}}},
            "evaluation.threshold.value.double_value",
        ),
        ("shop-rate", "warehouse_id", {"warehouse_id": "cheap"}, "warehouse_id"),
        (
            "shop-idle",
            "schedule",
            {"schedule": {**THEIRS["schedule"], "pause_status": "PAUSED"}},
            "schedule.pause_status",
        ),
    ],
)
def test_what_was_changed_by_hand_is_named_and_mended(
    somebody: Analyst, name: str, mask: str, fields: dict[str, Any], path: str
) -> None:
    somebody.applies()
    wanted = alerts(somebody)[name]
    by_hand(somebody, name, mask, **fields)
    drift = somebody.types("drift", "--no-verify", "--detailed-exitcode")
    assert drift.code != ExitCode.DONE
    assert f"alert/{name}" in drift.out
    assert path in drift.out
    before = len(somebody.writes())
    somebody.applies()
    assert somebody.writes()[before:] == ["UpdateAlert"]
    mended = alerts(somebody)[name]
    assert (mended.evaluation, mended.warehouse_id, mended.schedule) == (
        wanted.evaluation,
        wanted.warehouse_id,
        wanted.schedule,
    )
    assert mended.id == wanted.id


def test_a_query_that_was_changed_is_mended_by_its_marks(somebody: Analyst) -> None:
    somebody.applies()
    text = alerts(somebody)["shop-errors"].query_text
    by_hand(somebody, "shop-errors", "query_text", query_text=text.replace("0.01", "0.5"))
    assert "query_text" in somebody.types("drift", "--no-verify").out
    somebody.applies()
    assert alerts(somebody)["shop-errors"].query_text == text


def test_another_objective_is_pending_and_updates_in_place(somebody: Analyst) -> None:
    somebody.applies()
    before = {name: one.id for name, one in alerts(somebody).items()}
    somebody.file("planner.yaml", WATCHED.replace("p99: 500ms", "p99: 400ms"))
    assert "pending" in somebody.types("drift", "--no-verify").out
    somebody.applies()
    found = alerts(somebody)
    assert {name: one.id for name, one in found.items()} == before
    assert "measured > 0.4 " in found["shop-latency-p99"].query_text
    assert somebody.writes()[-2:] == ["PatchTags", "UpdateAlert"]


def test_what_is_skipped_goes_and_so_do_all_without_the_block(somebody: Analyst) -> None:
    somebody.applies()
    assert tags(somebody)["planner_alerts"] == "sql"
    skipping = WATCHED.replace("warehouse: abc123,", "warehouse: abc123, skip: [rate, latency],")
    somebody.file("planner.yaml", skipping)
    somebody.applies()
    assert list(alerts(somebody)) == ["shop-errors", "shop-refused", "shop-idle"]
    somebody.file("planner.yaml", WATCHED.replace(f", {BLOCK}", ""))
    done = somebody.applies()
    assert "delete alert/shop-errors" in done.out
    assert alerts(somebody) == {}
    assert "planner_alerts" not in tags(somebody)
    assert "1 unchanged" in somebody.does("plan", "--no-verify").out


def test_destroying_leaves_nothing_of_ours_and_all_of_theirs(somebody: Analyst) -> None:
    their = somebody.workspace.ask("POST", PATH, THEIRS).json()
    somebody.applies()
    ours = next(
        one
        for one in somebody.workspace.sdk.alerts_v2.list_alerts()
        if one.display_name == "shop-refused"
    )
    copied = {**ours.as_dict(), "display_name": "Copy of shop-refused"}
    for shown in ("id", "lifecycle_state", "create_time", "update_time", "owner_user_name"):
        copied.pop(shown)
    copied.pop("effective_run_as")
    copied["evaluation"].pop("state")
    copy = somebody.workspace.ask("POST", PATH, copied)
    assert copy.ok, copy.text
    assert "1 unchanged" in somebody.does("plan", "--no-verify").out
    done = somebody.does("destroy", "--auto-approve")
    assert "alert/shop-errors" in done.out
    left = [one.as_dict() for one in somebody.workspace.sdk.alerts_v2.list_alerts()]
    assert [one["id"] for one in left] == [their["id"], copy.json()["id"]]
    assert left[0]["evaluation"]["threshold"] == {"value": {"double_value": 3}}
    assert not somebody.workspace.ask("GET", "/api/2.0/serving-endpoints/shop").ok


def test_an_answer_that_was_lost_makes_no_second_alert(somebody: Analyst) -> None:
    somebody.workspace.fault("lost-answer", "CreateAlert", rule={"times": 1})
    somebody.applies()
    assert list(alerts(somebody)) == NAMES
    assert somebody.writes() == ["CreateEndpoint", *["CreateAlert"] * 5]
    assert "1 unchanged" in somebody.does("plan", "--no-verify").out


def test_a_list_serves_all_endpoints_that_are_read_together(somebody: Analyst) -> None:
    two = WATCHED.replace("100/s", "10/s")
    other = two.replace("{name: shop}", "{name: shop-latency}")
    both = somebody.file("planner.yaml", two), somebody.file("other.yaml", other)
    somebody.applies(*both)
    found = alerts(somebody)
    assert len(found) == 10
    before = somebody.workspace.get("calls")
    assert "2 unchanged" in somebody.does("plan", *both, "--no-verify").out
    asked = [one["operation"] for one in somebody.workspace.get("calls")[len(before) :]]
    assert asked.count("ListAlerts") == 1
    somebody.does("destroy", "other.yaml", "--auto-approve")
    assert list(alerts(somebody)) == NAMES


def test_of_two_made_alike_the_second_goes(somebody: Analyst) -> None:
    somebody.applies()
    first = alerts(somebody)["shop-errors"]
    twin = {
        name: item
        for name, item in first.as_dict().items()
        if name in {*THEIRS, "custom_summary", "custom_description"}
    }
    twin["evaluation"].pop("state")
    second = somebody.workspace.ask("POST", PATH, twin).json()
    somebody.applies()
    assert alerts(somebody)["shop-errors"].id == first.id
    trashed = somebody.workspace.sdk.alerts_v2.get_alert(second["id"])
    assert trashed.lifecycle_state is sql.AlertLifecycleState.DELETED


def test_who_takes_an_endpoint_over_takes_its_alerts(somebody: Analyst) -> None:
    somebody.applies()
    theirs = [{"key": "planner_owner", "value": "search"}]
    patched = {"add_tags": theirs}
    assert somebody.workspace.ask("PATCH", f"{ENDPOINTS}/shop/tags", patched).ok
    for name, one in alerts(somebody).items():
        text = one.query_text.replace("planner_owner=shop", "planner_owner=search")
        by_hand(somebody, name, "query_text", query_text=text)
    before = somebody.writes()
    assert "foreign-endpoint" in somebody.types("plan", "--no-verify").err
    assert somebody.writes() == before
    somebody.does("adopt", "--from", "search", "--auto-approve")
    assert somebody.writes()[len(before) :] == ["PatchTags", *["UpdateAlert"] * 5]
    assert all("planner_owner=shop " in one.query_text for one in alerts(somebody).values())
    assert "1 unchanged" in somebody.does("plan", "--no-verify").out
