"""Whatever can be planned converges: what was applied needs nothing, one state after another."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from planner_databricks import tables
from planner_databricks.gateway import DatabricksGateway
from planner_databricks.live import DatabricksLive
from planner_databricks.sandbox.serve import running
from planner_databricks.sandbox.workspace import Pace

from planner.diff import compared
from planner.engine.apply import operations_of
from planner.model.change import Action, ChangeSet
from planner.model.live import Health
from planner.model.resource import DesiredState
from planner.provider.lifecycle import read_lifecycle
from tests.support.databricks_rules import violations
from tests.support.databricks_values import decision, model, rendered, workload
from tests.support.sandbox import watch
from tests.support.workspace import Workspace

LIFECYCLE = read_lifecycle("planner_databricks")
RULES = DatabricksLive()
WORDS = st.from_regex(r"[a-h][a-h0-9_-]{0,7}", fullmatch=True)
NAMES = st.lists(WORDS, min_size=1, max_size=6, unique=True)
TYPES = st.sampled_from([kind.name for kind in tables.types_of("aws") if kind.offered])
VALUES = st.one_of(
    st.text(st.characters(codec="ascii", exclude_characters="{}"), min_size=1, max_size=12),
    st.just("{{secrets/prod/key}}"),
)
TABLES = st.builds(lambda a, b: {"catalog": "main", "schema": a, "prefix": b}, WORDS, WORDS)
ALERTS = st.fixed_dictionaries(
    {"warehouse": WORDS, "every": st.sampled_from(["15m", "1h", "24h"])},
    optional={
        "emails": st.lists(st.just("a@example.com") | st.just("b@example.com"), unique=True),
        "destinations": st.lists(WORDS, max_size=2, unique=True),
        "folder": st.just("/Shared/alerts"),
        "skip": st.lists(st.sampled_from(["errors", "refused"]), unique=True),
    },
)
MAILS = st.lists(WORDS.map(lambda w: f"{w}@example.com"), max_size=2, unique=True)


def _fours(least: int, most: int) -> st.SearchStrategy[int]:
    return st.integers(least, most).map(lambda n: 4 * n)


@st.composite
def _models(draw: Any) -> tuple[Any, ...]:
    return tuple(
        model(
            name,
            artifact=f"uc:main.shop.{name.replace('-', '_')}/{draw(st.integers(1, 30))}",
            weight=draw(st.floats(0.01, 10)),
            environment=tuple(sorted(draw(st.dictionaries(WORDS, VALUES, max_size=4)).items())),
        )
        for name in draw(NAMES)
    )


@st.composite
def states(draw: Any) -> DesiredState:
    models = draw(_models())
    least = draw(_fours(1, 8))
    units = {
        f"units:{one.name}": f"{low}-{low + draw(_fours(0, 8))}"
        for one in models
        for low in [draw(_fours(1, 8))]
    }
    options = {
        **(units if len(models) > 1 else {}),
        "route_optimized": str(draw(st.booleans())).lower(),
        "scale_to_zero": str(draw(st.booleans())).lower(),
    }
    made = decision(
        models=tuple(one.name for one in models),
        instance_type=draw(TYPES),
        units=decision().units.__class__(min=least, max=least + draw(_fours(0, 16))),
        options=tuple(sorted(options.items())),
    )
    block: dict[str, Any] = {"tags": draw(st.dictionaries(WORDS, WORDS, max_size=4))}
    table = draw(st.none() | TABLES)
    mails = draw(MAILS)
    if table is not None:
        block["inference_table"] = table
    if mails:
        block["email_notifications"] = {"on_update_failure": mails}
    told = draw(st.none() | ALERTS)
    if told is not None:
        block["alerts"] = told
    return rendered(made, workload(*models), **block)


@pytest.fixture(scope="module")
def served() -> Iterator[Workspace]:
    with running(":memory:", pace=Pace(create_s=0, update_s=0)) as url:
        workspace = Workspace(url=url)
        workspace.post("quotas", {"writes": 10**6})
        yield workspace


def _needed(gateway: DatabricksGateway, state: DesiredState) -> ChangeSet:
    live = gateway.read(state)
    return RULES.ordered(compared(state, live, LIFECYCLE, owner="shop"), state, live)


def _applied(gateway: DatabricksGateway, state: DesiredState) -> None:
    for operation in operations_of(state, _needed(gateway, state)):
        gateway.write(operation)
        gone = operation.action is Action.DELETE and operation.kind == "endpoint"
        ready = Health.ABSENT if gone else Health.READY
        assert gateway.settle(state, watch(5)).health is ready
    found = _needed(gateway, state)
    acting = [f for c in found.changes for f in c.fields if f.action is not Action.NONE]
    assert (found.action, acting) == (Action.NONE, [])


@settings(max_examples=30, deadline=None)
@given(before=states(), after=states())
def test_one_state_after_another(
    served: Workspace, before: DesiredState, after: DesiredState
) -> None:
    gateway = DatabricksGateway(None, served.url)
    for state in (before, after):
        assert violations(state.resources[0].body) == []
        _applied(gateway, state)
    written = len(served.get("calls", mutating="true"))
    _applied(gateway, after)
    assert len(served.get("calls", mutating="true")) == written
