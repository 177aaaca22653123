"""The plan as a comment on a pull request: what changes and costs, the worst first.

Everything is there as long as it fits. Then details go before rows, and what stays as it is before
what changes; the comment says what was cut. The five worst endpoints are always told in full.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial

from planner.model.change import Action
from planner.model.check import Check, Verdict
from planner.model.plan import EndpointPlan, Mode, Plan
from planner.model.value import value
from planner.views.endpoint_markdown import (
    NUMBERS,
    TITLES,
    endpoint_block,
    endpoint_row,
    removal_block,
    removal_row,
    total_text,
)
from planner.views.lock_wording import lock_texts
from planner.views.markdown import (
    COMMENT_LIMIT,
    code,
    extent,
    folded,
    marker,
    plain,
    row,
    table,
    within_html,
)
from planner.views.plan_wording import (
    breach_text,
    check_text,
    miss_texts,
    prices_of,
    relaxation_texts,
)
from planner.views.policy_wording import label_of, place_texts, policy_texts, violation_text
from planner.views.severity import STOPPING, Severity, ranked
from planner.views.wording import counted

IN_FULL = 5
"""Endpoints whose details are kept before any row of the table is."""
_LISTED = 10
_RESERVE = 600
"""Characters kept for saying what was cut."""
_BLOCK_SHARE = 8
"""One endpoint's details take at most one of so many parts of the whole comment."""
_MODE = {
    Mode.OFFLINE: "offline: held against nothing that runs",
    Mode.SANDBOX: "held against the sandbox",
    Mode.LIVE: "held against what runs",
}


@value
class _Item:
    """One line of the table with the details behind it, which are written where there is room.

    Those of equal `kind` are counted.
    """

    kind: str
    line: str
    block: Callable[[], list[str]]
    stays: bool = False


def plan_markdown(plan: Plan, *, tag: str = "", limit: int = COMMENT_LIMIT) -> str:
    """The whole comment, never longer than `limit` characters; a bot finds it by its first line.

    `tag` tells this plan from others of the same pull request.
    """
    head = [marker("plan", tag), f"### {_headline(plan, tag)}", "", *_problems(plan)]
    foot = list(_footer(plan))
    items = list(_items(plan, limit // _BLOCK_SHARE))
    body = _fitted(items, limit - extent(head) - extent(foot) - _RESERVE)
    return "\n".join([*head, *body, *foot]) + "\n"


def _headline(plan: Plan, tag: str) -> str:
    parts = [_counts(plan), total_text(plan.monthly_usd_before, plan.monthly_usd_after)]
    missing = sum(not endpoint.decision.met for endpoint in plan.endpoints)
    if missing:
        parts.append(f"{missing:,} of {len(plan.endpoints):,} miss their SLO")
    elif plan.endpoints and not plan.infeasible:
        parts.append("every SLO met")
    name = f"planner, {tag}" if tag else "planner"
    return plain(f"{name}: {' · '.join(parts)}")


def _counts(plan: Plan) -> str:
    actions = Counter(endpoint.action for endpoint in plan.endpoints)
    actions[Action.DELETE] += len(plan.removals)
    order = (Action.REPLACE, Action.DELETE, Action.UPDATE, Action.CREATE)
    parts = [f"{len(plan.infeasible):,} infeasible"] if plan.infeasible else []
    parts += [f"{actions[one]:,} to {one.value}" for one in order if actions[one]]
    return ", ".join(parts) or "no changes"


def _problems(plan: Plan) -> Iterator[str]:
    """What keeps the plan from being applied, in front of everything else."""
    failed = [check for check in plan.checks if check.verdict in STOPPING]
    several = (
        *_judged(plan),
        ("infeasible", [_infeasible(outcome.workload) for outcome in plan.infeasible]),
        ("limit exceeded", [plain(breach_text(breach)) for breach in plan.breaches]),
        ("would fail", [_check(check) for check in failed]),
    )
    found = [(label, texts) for label, texts in several if texts]
    for label, texts in found:
        yield from (f"- **{label}**: {text}" for text in texts[:_LISTED])
        if len(texts) > _LISTED:
            yield f"- **{label}**: {len(texts) - _LISTED:,} more"
    if found:
        yield ""


def _judged(plan: Plan) -> Iterator[tuple[str, list[str]]]:
    """What policies say against the plan, by how much it weighs."""
    found = plan.policy.violations if plan.policy is not None else ()
    for label in dict.fromkeys(map(label_of, found)):
        own = [one for one in found if label_of(one) == label]
        yield label, [plain("; ".join((violation_text(one), *place_texts(one)))) for one in own]


def _infeasible(workload: str) -> str:
    return f"{plain(workload, 80)}: nothing in the searched space meets its spec"


def _check(check: Check) -> str:
    return plain(f"{check_text(check)}; {check.hint}" if check.hint else check_text(check))


def _items(plan: Plan, limit: int) -> Iterator[_Item]:
    """Everything that has a row, the worst first."""
    for outcome in plan.infeasible:
        name, would_do = plain(outcome.workload, 80), relaxation_texts(outcome)
        told = [f"- **nearest**: {plain(text)}" for text in miss_texts(outcome)]
        told += [f"- **would do**: {plain(text)}" for text in would_do]
        instead = f"would do: {plain(would_do[0], 120)}" if would_do else ""
        title = f"<b>{within_html(outcome.workload, 80)}</b> is infeasible"
        yield _Item(
            kind="infeasible",
            line=row((name, "**infeasible**", "", instead, "", "", "")),
            block=partial(folded, title, told),
        )
    prices = prices_of(plan.endpoints)
    removals = [
        _Item(
            kind="to delete",
            line=removal_row(removal),
            block=partial(removal_block, removal, limit=limit),
        )
        for removal in plan.removals
    ]
    for rank, endpoint in ranked(plan):
        if rank > Severity.DELETED:
            yield from removals
            removals = []
        yield _item(endpoint, prices[endpoint.workload], plan.checks, limit)
    yield from removals


def _item(
    endpoint: EndpointPlan, prices: Sequence[float], checks: Sequence[Check], limit: int
) -> _Item:
    stays = endpoint.action is Action.NONE
    own = [
        check
        for check in checks
        if check.subject == endpoint.name and check.verdict is not Verdict.PASSED
    ]
    return _Item(
        kind="unchanged" if stays else f"to {endpoint.action.value}",
        line=endpoint_row(endpoint),
        block=partial(endpoint_block, endpoint, prices, own, limit=limit),
        stays=stays,
    )


def _fitted(items: Sequence[_Item], room: int) -> list[str]:
    """As much as there is room for, in the order of what matters, and what was left out."""
    acting = [item for item in items if not item.stays]
    staying = [item for item in items if item.stays]
    room -= extent(table(TITLES, ())) * 2 + extent(folded(_unchanged(staying), ()))
    first, room = _taken((item.block() for item in acting[:IN_FULL]), room)
    rows, room = _taken([(item.line,) for item in acting], room)
    more, room = _taken((item.block() for item in acting[IN_FULL:]), room)
    still, room = _taken([(item.line,) for item in staying], room)
    lines = [*table(TITLES, rows, numbers=NUMBERS), ""] if rows else []
    lines += [*first, *more]
    if still:
        lines += folded(_unchanged(staying), table(TITLES, still, numbers=NUMBERS))
    told = sum(line.startswith("<details>") for line in (*first, *more))
    return [*lines, *_cut(acting[len(rows) :], len(acting) - told, staying[len(still) :])]


def _taken(pieces: Iterable[Sequence[str]], room: int) -> tuple[list[str], int]:
    """Lines of pieces up to the first that does not fit, and the room that is left."""
    lines: list[str] = []
    for piece in pieces:
        needed = extent(piece)
        if needed > room:
            return lines, 0
        lines += piece
        room -= needed
    return lines, room


def _unchanged(staying: Sequence[_Item]) -> str:
    return f"{len(staying):,} unchanged"


def _cut(rows: Sequence[_Item], details: int, staying: Sequence[_Item]) -> Iterator[str]:
    """Say what did not fit: details of so many, rows of so many of each kind."""
    parts = []
    counts = Counter(item.kind for item in (*rows, *staying))
    if counts:
        kinds = ", ".join(f"{number:,} {kind}" for kind, number in counts.items())
        parts.append(f"{counted(counts.total(), 'row')} of the table ({kinds})")
    if details:
        parts.append(f"the details of {counted(details, 'endpoint')}")
    if parts:
        yield f"**Cut to fit a comment**: {' and '.join(parts)}. The plan document has them all."
        yield ""


def _footer(plan: Plan) -> Iterator[str]:
    for text in policy_texts(plan):
        yield f"- **policy**: {plain(text)}"
    locked = lock_texts(plan)
    yield from (f"- **lock**: {plain(text)}" for text in locked[:_LISTED])
    if len(locked) > _LISTED:
        yield f"- **lock**: {len(locked) - _LISTED:,} more"
    if locked or plan.policy is not None:
        yield ""
    if plan.strays:
        names = ", ".join(plan.strays[:_LISTED])
        more = len(plan.strays) - _LISTED
        rest = f" and {more:,} more" if more > 0 else ""
        yield f"No longer wanted, and kept: {plain(names)}{rest}. `--prune` deletes."
        yield ""
    if plan.checks:
        passed = sum(check.verdict is Verdict.PASSED for check in plan.checks)
        yield f"Checked before the first write: {passed:,} of {len(plan.checks):,} passed."
        yield ""
    if plan.endpoints and not plan.verified:
        yield "Not verified: some latencies rest on the closed form alone."
        yield ""
    prices = [f"{one.provider} {one.region} {one.as_of}" for one in plan.catalogs[:_LISTED]]
    parts = [_MODE[plan.mode], *([f"prices {', '.join(prices)}"] if prices else [])]
    parts.append(f"planner {plan.planner_version}")
    yield f"{code(plan.fingerprint)} · {' · '.join(map(plain, parts))}"
