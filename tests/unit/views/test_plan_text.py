from dataclasses import replace
from io import StringIO

import pytest

from planner.model.candidate import Margin, Range
from planner.model.change import Action
from planner.model.check import Verdict
from planner.model.plan import Plan
from planner.model.units import format_usd
from planner.views.plan_text import render_plan
from planner.views.style import Style
from tests.support import decisions

SOLVED = """\
+ fraud-scorer will be created, $612.40/month
    where       cloud north-1
    hosting     single-model small.2 x 5..9 (6.2 on average)
    concurrency 2 per replica, 18 at most, routing least-outstanding
    scaling     InvocationsPerReplica held at 12,346, cooldown 60 s up and 5 min down, 1 scheduled
                action
    options     zone_aware true
    latency     p50 8.1 ms of 15 ms (46 % spare), p99 41.2 ms of 50 ms (17.6 % spare)
    verified    no: the closed form alone, nothing simulated
    objectives  availability 99.99 % (asked 99.95 %, holds)
    cost        $612.40 a month, $0.19 per million requests
    why not     dedicated small.2 x 9, $703.50, p99 39.8 ms: costs 14.9 % more
                serverless serverless-4096: concurrency-limit: 217 concurrent requests, allowed 200
                [S4]
                multi-model 2 types: excluded-feature: data-capture, allowed none [M3]
    changes     + model/fraud-scorer-3f9c01  (no live state read)
                + endpoint/fraud-scorer
    warning     the burst of 1,800/s is shorter than the 480 s it takes to scale up
    more        2 assumptions, 1 advised rule: see `planner explain`

Plan: 1 to create, 0 to update, 0 to replace, 0 to delete, 0 unchanged.
Monthly: $0.00 -> $612.40 (+$612.40)
Not verified: some latencies rest on the closed form alone.
Prices: cloud north-1, 2026-11-19 (7)
"""
INFEASIBLE = """\
! too-fast is infeasible: nothing in the searched space meets its spec
    nearest     cloud dedicated tiny.1 x 20, $500.00, p99 63 ms: latency-p99: 63 ms, allowed 50 ms,
                off by 26 %
                cloud serverless serverless-4096: concurrency-limit: 217 concurrent requests,
                allowed 200 [S4], off by 8.5 %
    would do    spec.slo.latency.p99: 50 ms -> 63 ms, then $500.00 a month

Plan: 0 to create, 0 to update, 0 to replace, 0 to delete, 0 unchanged.
Infeasible: 1 workload.
Monthly: $0.00 -> $0.00 (+$0.00)
Prices: cloud north-1, 2026-11-19 (7)
"""
BREACH = """\
! limit exceeded: endpoints per region, cloud north-1: 2, allowed 1 [L9]
    source      limits page, 2026-11-19
    endpoints   fraud-scorer, ranker

"""


def shown(plan: Plan, style: Style | None = None) -> str:
    out = StringIO()
    render_plan(plan, out=out, style=style or Style())
    return out.getvalue()


def changed(action: Action) -> str:
    return shown(
        decisions.plan(
            decisions.solved(),
            changes={"fraud-scorer": decisions.changes(action)},
            monthly_usd_before={"fraud-scorer": 830.0},
        )
    )


def test_a_solved_workload() -> None:
    plan = decisions.plan(decisions.solved())
    assert shown(plan) == f"{SOLVED}Fingerprint: {plan.fingerprint}\n"


def test_an_infeasible_workload() -> None:
    plan = decisions.plan(decisions.infeasible())
    assert shown(plan) == f"{INFEASIBLE}Fingerprint: {plan.fingerprint}\n"


def test_a_shared_limit_that_is_exceeded() -> None:
    assert BREACH in shown(decisions.plan(breaches=(decisions.breach(),)))


def test_a_block_fits_into_twenty_five_lines() -> None:
    block = shown(decisions.plan(decisions.solved())).split("\n\n")[0]
    assert len(block.splitlines()) <= 25


def test_no_line_is_wider_than_asked() -> None:
    plan = decisions.plan(decisions.solved(), decisions.infeasible())
    lines = shown(plan, Style(width=72)).splitlines()
    assert [line for line in lines if len(line) > 72] == [f"Fingerprint: {plan.fingerprint}"]


def test_everything_we_say_is_ascii() -> None:
    assert shown(decisions.plan(decisions.solved(), decisions.infeasible())).isascii()


def test_colour_adds_nothing_but_colour() -> None:
    plan = decisions.plan(decisions.solved())
    colored = shown(plan, Style(color=True))
    assert "\x1b[32m+\x1b[0m \x1b[1mfraud-scorer\x1b[0m" in colored
    for code in ("0", "1", "31", "32", "33"):
        colored = colored.replace(f"\x1b[{code}m", "")
    assert colored == shown(plan)


@pytest.mark.parametrize(
    ("action", "headline", "footer"),
    [
        (Action.UPDATE, "~ fraud-scorer will be updated", "1 to update"),
        (Action.REPLACE, "-/+ fraud-scorer must be replaced", "1 to replace"),
        (Action.DELETE, "- fraud-scorer will be deleted", "1 to delete"),
        (Action.NONE, "  fraud-scorer no change", "1 unchanged"),
    ],
)
def test_symbols(action: Action, headline: str, footer: str) -> None:
    text = changed(action)
    assert text.startswith(headline)
    assert footer in text


def test_a_changed_line_says_why_and_ignored_ones_are_counted_by_their_reason() -> None:
    text = changed(Action.UPDATE)
    assert "~ endpoint/fraud-scorer  (a cheaper type meets the objectives; rolling)" in text
    assert "Variants[0].Type: large.8 -> small.2  (spec.constraints)" in text
    assert "\n                    1 field ignored: autoscaling moved it\n" in text
    assert "(before: $830.00, -$217.60)" in text
    assert "Monthly: $830.00 -> $612.40 (-$217.60)" in text


LIVE = """\
    risk        rolling, without downtime: the old serves until the new is up; usually takes 3.5 min
                to 10 min
    changes     ~ endpoint/fraud-scorer  (a cheaper type meets the objectives; rolling)
                    Variants[0].Type: large.8 -> small.2  (spec.constraints)
                    1 field ignored: autoscaling moved it
    note        7 are kept
    warning     the burst of 1,800/s is shorter than the 480 s it takes to scale up
    more        2 assumptions, 1 advised rule: see `planner explain`

- old-scorer will be deleted: fraud-scorer no longer wants it
    where       cloud north-1
    changes     - endpoint/old-scorer  (is to be destroyed; downtime)

! would fail: credentials, account 1: nobody
    help        cloud login
Checked before the first write: 0 of 1 passed.
Plan: 0 to create, 1 to update, 0 to replace, 1 to delete, 0 unchanged.
Monthly: $830.00 -> $612.40 (-$217.60)
No longer wanted, and kept: stray-scorer. `--prune` deletes.
"""


def test_what_only_a_cloud_tells() -> None:
    assert LIVE in shown(decisions.live_plan())


def test_a_check_that_passed_with_a_hint_is_told() -> None:
    plan = decisions.live_plan()
    (check,) = plan.checks
    passed = replace(check, name="write-rate", verdict=Verdict.PASSED, detail="10 minutes")
    text = shown(replace(plan, checks=(passed, replace(passed, hint=""))))
    assert "note: write-rate, account 1: 10 minutes\n    help        cloud login\n" in text
    assert "2 of 2 passed" in text
    assert text.count("write-rate") == 1


def test_many_fields_are_counted_and_bookkeeping_is_not_shown() -> None:
    (change,) = decisions.changes(Action.UPDATE).changes
    first, _ = change.fields
    fields = [replace(first, path=f"Variants[0].Size{number:03}") for number in range(100)]
    mark = replace(first, path="Tags[planner:digest]")
    moved = replace(
        decisions.changes(Action.UPDATE), changes=(replace(change, fields=(mark, *fields)),)
    )
    text = shown(decisions.live_plan(changes={"fraud-scorer": moved}))
    lines = [line for line in text.splitlines() if "Variants[0].Size" in line]
    assert 0 < len(lines) < 100
    assert f"and {100 - len(lines)} more fields: see `-o json`" in text
    assert "planner:digest" not in text


def test_a_deletion_costs_nothing_afterwards() -> None:
    assert "Monthly: $830.00 -> $0.00 (-$830.00)" in changed(Action.DELETE)


def test_units_and_one_fixed_count() -> None:
    units = decisions.decision(replicas=None, units=Range(min=4, max=8), autoscaling=None)
    assert "hosting     single-model small.2, 4..8 units of concurrency\n" in shown(
        decisions.plan(decisions.solved(decisions=(units,)))
    )
    fixed = decisions.decision(replicas=Range(min=3, max=3), autoscaling=None)
    assert "hosting     single-model small.2 x 3\n" in shown(
        decisions.plan(decisions.solved(decisions=(fixed,)))
    )


def test_percentiles_nobody_asked_for_are_shown_without_a_target() -> None:
    slow = decisions.decision(
        margins=(
            Margin(objective="latency p95", target=0.02, predicted=0.0254, unit="s", met=False),
        ),
        cold_start_fraction=0.03,
    )
    text = shown(decisions.plan(decisions.solved(decisions=(slow,))))
    assert (
        "latency     p50 8.1 ms, p95 25.4 ms of 20 ms (missed by 27 %), p99 41.2 ms, 3 % cold\n"
        in text
    )


def test_alternatives_of_a_workload_on_several_endpoints_are_priced_against_all_of_them() -> None:
    outcome = decisions.solved()
    (decision,) = outcome.decisions
    second = replace(decision, endpoint="fraud-scorer-b")
    text = shown(decisions.plan(replace(outcome, decisions=(decision, second))))
    together = format_usd(2 * decision.cost.monthly_usd)
    assert f"why not     instead of the 2 endpoints of fraud-scorer, {together} together:" in text
