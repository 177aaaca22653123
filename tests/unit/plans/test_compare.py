from dataclasses import replace

from planner.model.candidate import Range
from planner.plans.compare import comparison_document, pairs
from tests.support import decisions

SMALL = decisions.plan(decisions.solved())
LARGE = decisions.plan(
    decisions.solved(
        decisions=(
            decisions.decision(
                cost=decisions.cost(800.0),
                instance_type="large.8",
                replicas=Range(min=3, max=3),
                latency=decisions.latency(0.03),
            ),
        )
    )
)


def test_endpoints_are_paired_by_name_and_say_what_differs() -> None:
    (pair,) = pairs(SMALL, LARGE)
    assert pair.name == "fraud-scorer"
    assert pair.differences == ("monthly_usd", "p99_s", "what")


def test_equal_plans_do_not_differ() -> None:
    (pair,) = pairs(SMALL, SMALL)
    assert pair.differences == ()


def test_two_plans_of_one_endpoint_are_paired_whatever_its_name() -> None:
    (pair,) = pairs(SMALL, decisions.plan(decisions.solved("other")))
    assert pair.name == "fraud-scorer -> other"
    assert pair.left == pair.right


def test_an_endpoint_that_one_side_lacks() -> None:
    both = decisions.plan(decisions.solved("a"), decisions.solved("b"))
    first, second = pairs(decisions.plan(decisions.solved("b")), both)
    assert (first.name, first.left, first.left_infeasible) == ("a", None, False)
    assert second.differences == ()


def test_an_infeasible_side() -> None:
    (pair,) = pairs(decisions.plan(decisions.infeasible("fraud-scorer")), SMALL)
    assert pair.left is None
    assert pair.left_infeasible
    assert pair.right is not None
    assert pair.differences == ()


def test_the_document_has_both_plans_and_the_money_between_them() -> None:
    made = comparison_document(SMALL, LARGE, labels=("now", "then"))
    assert made["summary"] == {
        "monthly_usd_difference": 187.6,
        "monthly_usd_left": 612.4,
        "monthly_usd_right": 800.0,
    }
    assert made["left"]["label"] == "now"
    assert made["right"]["plan"]["fingerprint"] == LARGE.fingerprint
    (endpoint,) = made["endpoints"]
    assert endpoint["right"]["instance_type"] == "large.8 x 3"
    assert endpoint["differences"] == ["monthly_usd", "p99_s", "what"]


def test_the_document_tells_infeasible_from_absent() -> None:
    left = decisions.plan(decisions.infeasible("a"), decisions.solved("b"))
    made = comparison_document(left, replace(left, endpoints=()), labels=("l", "r"))
    first, second = made["endpoints"]
    assert (first["name"], first["left"], first["right"]) == (
        "a",
        {"infeasible": True},
        {"infeasible": True},
    )
    assert (second["name"], second["right"]) == ("b", None)
