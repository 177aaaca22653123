import re
from dataclasses import replace

import pytest

from planner.model.candidate import Margin
from planner.model.change import Action, Change, ChangeSet, FieldChange, Risk
from planner.model.check import Check, Verdict
from planner.model.drift import Sync
from planner.model.plan import Plan
from planner.views.github import SUMMARY_LIMIT
from planner.views.markdown import COMMENT_LIMIT
from planner.views.plan_markdown import IN_FULL, plan_markdown
from planner.views.severity import Severity, ranked
from tests.support import decisions
from tests.support.markdown import page

LIVE = """\
<!-- planner:plan -->
### planner: 1 to delete, 1 to update · \\$830.00 → \\$612.40 a month (-\\$217.60, -26.2 %) · every SLO met

- **would fail**: credentials, account 1: nobody; cloud login

| endpoint | action | where | configuration | a month | latency (target) | risk |
| --- | --- | --- | --- | ---: | --- | --- |
| old-scorer | **delete** | cloud north-1 | fraud-scorer no longer wants it |  |  | **downtime** |
| fraud-scorer | update | cloud north-1 | single-model small.2 x 5..9 (6.2 on average) | \\$830.00 → \\$612.40 | p99 41.2 ms (50 ms) | rolling, 3.5 min to 10 min |

<details><summary><b>old-scorer</b> will be deleted</summary>


```diff
! - endpoint/old-scorer  (is to be destroyed; downtime)
```

</details>

<details><summary><b>fraud-scorer</b> will be updated, $830.00 → $612.40 a month</summary>

- **configuration**: single-model small.2 x 5..9 (6.2 on average)
- **concurrency**: 2 per replica, 18 at most, routing least-outstanding
- **scaling**: InvocationsPerReplica held at 12,346, cooldown 60 s up and 5 min down, 1 scheduled action
- **options**: zone\\_aware true
- **latency**: p50 8.1 ms of 15 ms (46 % spare), p99 41.2 ms of 50 ms (17.6 % spare)
- **verified**: no: the closed form alone, nothing simulated
- **objectives**: availability 99.99 % (asked 99.95 %, holds)
- **cost**: \\$612.40 a month, \\$0.19 per million requests (before: \\$830.00, -\\$217.60)
- **risk**: rolling, without downtime: the old serves until the new is up; usually takes 3.5 min to 10 min
- **why not**
  - dedicated small.2 x 9, \\$703.50, p99 39.8 ms: costs 14.9 % more
  - serverless serverless-4096: concurrency-limit: 217 concurrent requests, allowed 200 \\[S4\\]
  - multi-model 2 types: excluded-feature: data-capture, allowed none \\[M3\\]
- **note**: 7 are kept
- **warning**: the burst of 1,800/s is shorter than the 480 s it takes to scale up
- **assumed**: overhead: 10 ms (nothing published)
- **assumed**: burstiness: 1 (no trace)

```diff
! ~ endpoint/fraud-scorer  (a cheaper type meets the objectives; rolling)
- Variants[0].Type: large.8
+ Variants[0].Type: small.2  (spec.constraints)
# 1 field ignored: autoscaling moved it
```

</details>

No longer wanted, and kept: stray-scorer. `--prune` deletes.

Checked before the first write: 0 of 1 passed.

Not verified: some latencies rest on the closed form alone.

"""  # noqa: E501  as it stands in a comment
HOSTILE = "</details>\n| x | @octocat ``` <script>#1"
LATE = Margin(objective="latency p99", target=0.05, predicted=0.07, unit="s", met=False)


def acting(name: str, action: Action, risk: Risk = Risk.ROLLING) -> ChangeSet:
    change = Change(address=f"endpoint/{name}", action=action, reason="asked", risk=risk)
    return ChangeSet(endpoint=name, action=action, changes=(change,))


def plan(**actions: ChangeSet) -> Plan:
    """A plan of these endpoints, each a workload of its own."""
    names = {name.replace("_", "-"): found for name, found in actions.items()}
    return decisions.plan(*map(decisions.solved, names), changes=names)


def order(made: Plan) -> list[str]:
    return [endpoint.name for _, endpoint in ranked(made)]


def many(number: int, *, action: Action = Action.UPDATE, text: str = "asked") -> Plan:
    """A plan with this many endpoints, dearer as their numbers grow, the first three replaced."""
    names = [f"endpoint-{index:03d}" for index in range(number)]
    changes = {name: acting(name, action) for name in names}
    for name in names[:3]:
        changes[name] = acting(name, Action.REPLACE, Risk.DOWNTIME)
    fields = tuple(
        FieldChange(
            path=f"A{i}.{text}", desired=text * 3, live=text, action=Action.UPDATE, reason=text
        )
        for i in range(60)
    )
    changes = {
        name: replace(
            found,
            notes=(text,) * 30,
            changes=tuple(replace(one, fields=fields, reason=text) for one in found.changes),
        )
        for name, found in changes.items()
    }
    return decisions.plan(
        *(
            replace(
                decisions.solved(name),
                decisions=(decisions.decision(endpoint=name, cost=decisions.cost(100.0 + index)),),
            )
            for index, name in enumerate(names)
        ),
        changes=changes,
    )


def test_a_live_plan_as_a_comment() -> None:
    made = decisions.live_plan()
    assert plan_markdown(made) == LIVE + (
        f"`{made.fingerprint}` · held against what runs · prices cloud north-1 2026-11-19"
        " · planner 0.1.0\n"
    )


def test_what_keeps_a_plan_from_being_applied_comes_first() -> None:
    made = decisions.plan(decisions.solved(), decisions.infeasible(), breaches=[decisions.breach()])
    lines = plan_markdown(made).splitlines()
    assert lines[1].startswith("### planner: 1 infeasible, 1 to create · ")
    assert "SLO" not in lines[1]
    assert lines[3:5] == [
        "- **infeasible**: too-fast: nothing in the searched space meets its spec",
        "- **limit exceeded**: endpoints per region, cloud north-1: 2, allowed 1 \\[L9\\]",
    ]
    assert lines[8] == (
        "| too-fast | **infeasible** |  | would do: spec.slo.latency.p99: 50 ms -&gt; 63 ms,"
        " then \\$500.00 a month |  |  |  |"
    )


def test_nothing_to_do_is_said() -> None:
    made = plan(a=acting("a", Action.NONE))
    text = plan_markdown(made)
    assert "### planner: no changes · " in text
    assert "<summary>1 unchanged</summary>" in text
    assert "will be" not in text


def test_a_missed_objective_is_said_and_leads_the_latency() -> None:
    decision = decisions.decision(margins=(LATE, *decisions.decision().margins[1:]))
    made = decisions.plan(replace(decisions.solved(), decisions=(decision,)))
    text = plan_markdown(made)
    assert "1 of 1 miss their SLO" in text
    assert "| p99 70 ms (50 ms) **misses latency p99** |" in text


def test_what_is_graver_stands_higher() -> None:
    made = plan(
        a_none=acting("a-none", Action.NONE),
        b_create=acting("b-create", Action.CREATE, Risk.NONE),
        c_update=acting("c-update", Action.UPDATE),
        d_one_way=acting("d-one-way", Action.UPDATE, Risk.ONE_WAY),
        e_replace=acting("e-replace", Action.REPLACE, Risk.DOWNTIME),
        f_failing=acting("f-failing", Action.CREATE, Risk.NONE),
    )
    failing = Check(name="quota", subject="f-failing", verdict=Verdict.FAILED, detail="8 of 4")
    unknown = Check(name="role", subject="c-update", verdict=Verdict.UNKNOWN, detail="not allowed")
    made = replace(made, checks=(failing, unknown))
    assert order(made) == [
        *("f-failing", "e-replace", "d-one-way", "c-update", "b-create", "a-none"),
    ]
    first = made.endpoints[2]
    drifted = replace(made, endpoints=(first, replace(made.endpoints[1], sync=Sync.DRIFTED)))
    assert order(drifted) == ["b-create", "c-update"]
    assert ranked(drifted)[0][0] is Severity.DRIFTED
    text = plan_markdown(made)
    assert "- **would fail**: quota, f-failing: 8 of 4" in text
    assert "- **not checked**: role, c-update: not allowed" in text


def test_of_equals_the_one_that_moves_more_money_stands_higher() -> None:
    made = many(6)
    assert order(made) == [
        *("endpoint-002", "endpoint-001", "endpoint-000"),
        *("endpoint-005", "endpoint-004", "endpoint-003"),
    ]


@pytest.mark.parametrize("text", ["asked", HOSTILE * 20], ids=["plain", "hostile"])
@pytest.mark.parametrize("action", [Action.UPDATE, Action.NONE])
def test_300_endpoints_fit_one_comment(action: Action, text: str) -> None:
    made = many(300, action=action, text=text)
    comment = plan_markdown(made)
    assert len(comment.encode("utf-16-le")) // 2 <= COMMENT_LIMIT
    worst = order(made)[: IN_FULL if action is Action.UPDATE else 3]
    for name in worst:
        assert f"<summary><b>{name}</b>" in comment
        assert comment.index(f"<b>{name}</b>") < comment.index(made.fingerprint)
    rows = [line for line in comment.splitlines() if line.startswith("| endpoint-")]
    shown = page(comment)
    assert len(shown.rows) >= len(rows) > 3
    assert shown.names <= {
        *("h3", "ul", "li", "strong", "table", "thead", "tbody", "tr", "th", "td", "p"),
        *("details", "summary", "b", "pre", "code"),
    }
    cut = re.search(r"\*\*Cut to fit a comment\*\*: ([\d,]+) rows? of the table", comment)
    assert len(rows) + (int(cut[1].replace(",", "")) if cut else 0) == 300
    if action is Action.UPDATE:
        told = comment.count("<details>")
        assert told >= IN_FULL
        assert f"the details of {300 - told} endpoints. The plan document has them all." in comment


def test_rows_of_what_stays_go_before_rows_of_what_changes() -> None:
    made = many(700, action=Action.NONE)
    comment = plan_markdown(made)
    assert len(comment) <= COMMENT_LIMIT
    assert "<summary>697 unchanged</summary>" in comment
    assert re.search(r"Cut to fit a comment\*\*: \d+ rows of the table \(\d+ unchanged\)", comment)


def test_a_longer_limit_cuts_less() -> None:
    made = many(60)
    comment, summary = plan_markdown(made), plan_markdown(made, limit=SUMMARY_LIMIT)
    assert "Cut to fit" in comment
    assert "Cut to fit" not in summary
    assert summary.count("<details>") == 60
    assert len(summary.encode()) < 1024 * 1024


def test_a_tag_stands_in_the_marker_and_the_headline() -> None:
    lines = plan_markdown(decisions.live_plan(), tag="prod").splitlines()
    assert lines[0] == "<!-- planner:plan:prod -->"
    assert lines[1].startswith("### planner, prod: 1 to delete, ")
