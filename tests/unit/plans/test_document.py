import json
from dataclasses import replace
from typing import Any

import pytest

from planner.model.candidate import Decision, Range
from planner.model.change import Action
from planner.model.plan import Plan
from planner.plans import document, document_pieces, to_bytes
from planner.plans.document import seal
from tests.support import decisions


def only(plan: Any) -> dict[str, Any]:
    return document(plan)["endpoints"][0]


def with_decision(**changed: Any) -> dict[str, Any]:
    made: Decision = decisions.decision(**changed)
    return only(decisions.plan(decisions.solved(decisions=(made,))))["decision"]


def unsorted_keys(value: Any, path: str = "") -> list[str]:
    """Paths of mappings whose keys are not in alphabetical order."""
    if isinstance(value, dict):
        here = [] if list(value) == sorted(value) else [path]
        return here + [
            found for key, item in value.items() for found in unsorted_keys(item, f"{path}.{key}")
        ]
    if isinstance(value, list):
        return [found for item in value for found in unsorted_keys(item, f"{path}[]")]
    return []


FULL = decisions.plan(decisions.solved(), decisions.infeasible(), breaches=(decisions.breach(),))


def test_keys_that_others_build_on() -> None:
    made = document(FULL)
    assert set(made) >= {
        "format_version",
        "planner_version",
        "mode",
        "fingerprint",
        "summary",
        "endpoints",
    }
    assert made["format_version"] == "1.0"
    assert made["mode"] == "offline"
    assert set(made["summary"]) == {
        "create",
        "update",
        "replace",
        "delete",
        "unchanged",
        "monthly_usd_before",
        "monthly_usd_after",
    }
    endpoint = made["endpoints"][0]
    assert set(endpoint) >= {
        "name",
        "provider",
        "region",
        "action",
        "decision",
        "alternatives",
        "changes",
    }
    assert set(endpoint["decision"]) >= {
        "hosting",
        "instance_type",
        "replicas",
        "concurrency",
        "autoscaling",
        "routing",
        "cost",
        "latency_ms",
        "cold_start_fraction",
        "slo",
        "method",
        "assumptions",
        "warnings",
        "advice",
    }
    assert set(endpoint["changes"][0]) == {"address", "action", "reason", "risk", "fields"}
    assert set(endpoint["changes"][0]["fields"][0]) == {
        "path",
        "desired",
        "live",
        "action",
        "reason",
    }


@pytest.mark.parametrize("plan", [FULL, decisions.live_plan()], ids=["offline", "live"])
def test_keys_are_sorted_at_every_level(plan: Plan) -> None:
    assert unsorted_keys(document(plan)) == []


def test_what_only_a_cloud_tells() -> None:
    made = document(decisions.live_plan())
    assert made["mode"] == "live"
    assert made["strays"] == ["stray-scorer"]
    assert made["checks"] == [
        {
            "detail": "nobody",
            "hint": "cloud login",
            "name": "credentials",
            "subject": "account 1",
            "verdict": "denied",
        }
    ]
    (endpoint,), (removal,) = made["endpoints"], made["removals"]
    assert (endpoint["notes"], endpoint["expected_s"]) == (["7 are kept"], {"max": 600, "min": 210})
    assert endpoint["desired"]["place"] == {"region": "north-1"}
    assert [one["address"] for one in endpoint["desired"]["resources"]] == [
        "model/fraud-scorer-3f9c01",
        "endpoint/fraud-scorer",
    ]
    assert (removal["name"], removal["workload"]) == ("old-scorer", "fraud-scorer")
    assert removal["desired"]["resources"] == []
    assert made["summary"]["delete"] == 1


def test_offline_nothing_of_a_cloud_is_told() -> None:
    made = document(decisions.plan(decisions.solved()))
    assert (made["checks"], made["removals"], made["strays"]) == ([], [], [])
    (endpoint,) = made["endpoints"]
    assert (endpoint["desired"], endpoint["expected_s"], endpoint["notes"]) == (None, None, [])


def test_the_seal_stands_for_everything_else() -> None:
    made = document(FULL)
    assert made["seal"] == seal({key: item for key, item in made.items() if key != "seal"})
    seals = {
        document(plan)["seal"]
        for plan in (
            FULL,
            decisions.live_plan(),
            decisions.live_plan(strays=()),
            decisions.live_plan(checks=()),
            decisions.live_plan(removals=()),
        )
    }
    assert len(seals) == 5


def test_the_text_is_what_a_sorted_indented_dump_would_be() -> None:
    text = to_bytes(document(FULL)).decode()
    assert text.endswith("}\n")
    assert json.loads(text) == document(FULL)
    assert text.splitlines()[1] == '  "catalogs": ['


def test_numbers_are_rounded_to_what_their_unit_bears() -> None:
    made = with_decision(cold_start_fraction=0.01234567)
    assert made["latency_ms"] == {"mean": 9.8, "p50": 8.1, "p90": 18.3, "p95": 25.4, "p99": 41.2}
    assert made["cost"]["monthly_usd"] == 612.4
    assert made["cost"]["per_million_usd"] == 0.1942
    assert made["cold_start_fraction"] == 0.012346


def test_what_has_no_finite_value_is_null() -> None:
    latency = replace(decisions.latency(), p99_s=float("inf"), p95_s=float("nan"))
    made = to_bytes(with_decision(latency=latency)).decode()
    assert '"p99": null' in made
    assert '"p95": null' in made
    assert "Infinity" not in made
    assert "NaN" not in made


def test_a_negative_zero_reads_as_zero() -> None:
    made = with_decision(cold_start_fraction=-1e-12)
    assert str(made["cold_start_fraction"]) == "0.0"


def test_capacity_that_is_not_counted_in_replicas() -> None:
    made = with_decision(replicas=None, units=Range(min=4, max=8), autoscaling=None)
    assert made["replicas"] is None
    assert made["units"] == {"max": 8, "min": 4}
    assert made["autoscaling"] is None


def test_autoscaling_carries_its_average_and_schedule() -> None:
    assert with_decision()["autoscaling"] == {
        "average": 6.2,
        "cooldown_down_s": 300.0,
        "cooldown_up_s": 60.0,
        "metric": "InvocationsPerReplica",
        "scheduled": [{"cron": "45 11 * * 1-5", "max": 9, "min": 8, "name": "lunch"}],
        "target": 12345.6,
        "timezone": "Europe/Berlin",
    }


def test_alternatives_stand_by_hosting_then_feasible_then_cost() -> None:
    listed = only(decisions.plan(decisions.solved()))["alternatives"]
    assert [(each["hosting"], each["instance_type"]) for each in listed] == [
        ("dedicated", "small.2"),
        ("dedicated", "large.8"),
        ("dedicated", "tiny.1"),
        ("serverless", "serverless-4096"),
    ]
    assert listed[0]["rejection"] is None
    assert listed[3]["rejection"] == {
        "allowed": "200",
        "code": "concurrency-limit",
        "measured": "217 concurrent requests",
        "shortfall": 1.085,
        "source": "limits page, 2026-11-19",
        "source_id": "S4",
        "spec_path": "spec.traffic.rate",
    }


def test_lists_do_not_depend_on_the_order_they_were_found_in() -> None:
    solved = decisions.solved()
    first = solved.decisions[0]
    backwards = replace(
        solved,
        alternatives=solved.alternatives[::-1],
        excluded=solved.excluded[::-1],
        decisions=(
            replace(
                first,
                margins=first.margins[::-1],
                assumptions=first.assumptions[::-1],
                cost=replace(first.cost, lines=first.cost.lines[::-1]),
            ),
        ),
    )
    assert document(decisions.plan(solved)) == document(decisions.plan(backwards))


def test_changes_keep_the_order_of_execution() -> None:
    listed = only(decisions.plan(decisions.solved()))["changes"]
    assert [change["address"] for change in listed] == [
        "model/fraud-scorer-3f9c01",
        "endpoint/fraud-scorer",
    ]


def test_misses_keep_the_nearest_first() -> None:
    (made,) = document(decisions.plan(decisions.infeasible()))["infeasible"]
    assert [miss["instance_type"] for miss in made["misses"]] == ["tiny.1", "serverless-4096"]
    assert made["relaxations"] == [
        {
            "current": "50 ms",
            "monthly_usd": 500.0,
            "needed": "63 ms",
            "spec_path": "spec.slo.latency.p99",
        }
    ]


@pytest.mark.parametrize(
    ("action", "key", "after"),
    [
        (Action.CREATE, "create", 612.4),
        (Action.UPDATE, "update", 612.4),
        (Action.REPLACE, "replace", 612.4),
        (Action.NONE, "unchanged", 612.4),
        (Action.DELETE, "delete", 0.0),
    ],
)
def test_the_summary_counts_endpoints_and_money(action: Action, key: str, after: float) -> None:
    plan = decisions.plan(
        decisions.solved(),
        changes={"fraud-scorer": decisions.changes(action)},
        monthly_usd_before={"fraud-scorer": 830.0},
    )
    summary = document(plan)["summary"]
    counts = {name: summary[name] for name in summary if not name.startswith("monthly")}
    assert {name for name, count in counts.items() if count} == {key}
    assert summary["monthly_usd_before"] == 830.0
    assert summary["monthly_usd_after"] == after


@pytest.mark.parametrize("count", [0, 1, 3])
def test_the_text_in_pieces_is_that_of_the_whole(count: int) -> None:
    names = [f"endpoint-{index}" for index in range(count)]
    made = (decisions.decision(endpoint=name) for name in names)
    outcomes = (
        decisions.solved(name, decisions=(one,)) for name, one in zip(names, made, strict=True)
    )
    changes = {name: decisions.changes(Action.CREATE) for name in names}
    plan = decisions.plan(*outcomes, decisions.infeasible(), changes=changes)
    assert b"".join(document_pieces(plan)) == to_bytes(document(plan))
