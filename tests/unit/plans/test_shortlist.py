from dataclasses import replace

from planner.plans.modes import mode_rows
from planner.plans.shortlist import best_per_hosting, by_merit, shortlist
from tests.support import decisions


def names(listed: object) -> list[tuple[str, str]]:
    return [(each.hosting, each.instance_type) for each in listed]  # type: ignore[attr-defined]


def test_feasible_by_cost_then_rejected_by_distance() -> None:
    assert names(by_merit(decisions.alternatives())) == [
        ("dedicated", "small.2"),
        ("dedicated", "large.8"),
        ("serverless", "serverless-4096"),
        ("dedicated", "tiny.1"),
    ]


def test_the_best_of_each_mode_includes_excluded_modes() -> None:
    best = best_per_hosting(decisions.alternatives(), decisions.excluded())
    assert names(best) == [
        ("dedicated", "small.2"),
        ("serverless", "serverless-4096"),
        ("multi-model", "2 types"),
    ]


def test_an_excluded_group_of_one_goes_by_its_name() -> None:
    group = replace(decisions.excluded()[0], instance_types=("small.2",))
    assert names(best_per_hosting((), (group,))) == [("multi-model", "small.2")]


def test_a_short_list_prefers_variety_over_rank() -> None:
    listed = shortlist(decisions.alternatives(), decisions.excluded(), limit=3)
    assert {hosting for hosting, _ in names(listed)} == {"dedicated", "serverless", "multi-model"}
    longer = shortlist(decisions.alternatives(), decisions.excluded(), limit=4)
    assert names(longer)[:2] == [("dedicated", "small.2"), ("dedicated", "large.8")]


def test_modes_start_with_the_chosen_one() -> None:
    chosen, *others = mode_rows(decisions.solved())
    assert (chosen.hosting, chosen.what, chosen.monthly_usd) == (
        "single-model",
        "small.2 x 5..9",
        612.4,
    )
    assert chosen.chosen
    assert [(row.hosting, row.monthly_usd, row.chosen) for row in others] == [
        ("dedicated", 703.5, False),
        ("serverless", None, False),
        ("multi-model", None, False),
    ]


def test_a_split_fleet_is_one_choice() -> None:
    split = decisions.solved(
        decisions=(
            decisions.decision(endpoint="a", hosting="multi-model", instance_type="large.8"),
            decisions.decision(endpoint="b", cold_start_fraction=0.02),
        )
    )
    chosen = mode_rows(split)[0]
    assert chosen.hosting == "multi-model + single-model"
    assert chosen.what == "large.8, small.2"
    assert chosen.endpoints == 2
    assert chosen.monthly_usd == 1224.8
    assert chosen.cold_start_fraction == 0.02


def test_nothing_is_chosen_where_nothing_is_feasible() -> None:
    rows = mode_rows(decisions.infeasible())
    assert not any(row.chosen for row in rows)
    assert [row.hosting for row in rows] == ["serverless", "dedicated", "multi-model"]
