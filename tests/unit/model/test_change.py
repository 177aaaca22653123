import pytest

from planner.model.change import RISKS, Action, Change, ChangeSet, Risk


def change(action: Action, risk: Risk, name: str = "e") -> Change:
    return Change(address=f"endpoint/{name}", action=action, reason="r", risk=risk)


def changes(*found: Change) -> ChangeSet:
    return ChangeSet(endpoint="e", action=Action.UPDATE, changes=found)


def test_every_risk_has_a_rank() -> None:
    assert sorted(RISKS) == sorted(Risk)
    assert (RISKS[0], RISKS[-1]) == (Risk.NONE, Risk.DOWNTIME)


@pytest.mark.parametrize("worst", RISKS)
def test_the_worst_risk_of_any_change_counts(worst: Risk) -> None:
    upto = RISKS[: RISKS.index(worst) + 1]
    found = [change(Action.UPDATE, risk) for risk in upto]
    assert changes(*found).risk is worst
    assert changes(*found[::-1]).risk is worst


def test_nothing_to_do_is_no_risk() -> None:
    assert changes().risk is Risk.NONE
    assert changes(change(Action.NONE, Risk.DOWNTIME)).risk is Risk.NONE


def test_what_writes_keeps_its_order() -> None:
    found = [
        change(Action.DELETE, Risk.NONE, "a"),
        change(Action.NONE, Risk.NONE, "b"),
        change(Action.CREATE, Risk.NONE, "c"),
        change(Action.REPLACE, Risk.NONE, "d"),
    ]
    acting = [one.address for one in changes(*found).acting]
    assert acting == ["endpoint/a", "endpoint/c", "endpoint/d"]
