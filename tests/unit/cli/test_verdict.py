"""What a plan means for the exit code."""

from __future__ import annotations

from planner.cli.verdict import outcome_code, verdict
from planner.errors import ExitCode
from planner.model.candidate import Alternative, Infeasible, Rejection
from planner.model.catalog import Limit, Measure, Scope
from planner.model.plan import LimitBreach, Mode, Plan


def _miss(code: str) -> Alternative:
    return Alternative(
        provider="acme",
        hosting="dedicated",
        instance_type="rover-2",
        rejection=Rejection(code=code, measured="2", allowed="1"),
    )


def _infeasible(*codes: str) -> Infeasible:
    return Infeasible(
        workload="+".join(codes),
        misses=tuple(_miss(code) for code in codes),
        relaxations=(),
        excluded=(),
    )


BREACH = LimitBreach(
    provider="acme",
    region="moon-1",
    limit=Limit(
        name="endpoints",
        measure=Measure.ENDPOINTS,
        scope=Scope.REGION,
        value=1,
        source="acme",
        as_of="2026-01-01",
    ),
    measured=2,
    endpoints=("a", "b"),
)


def _plan(*infeasible: Infeasible, breaches: tuple[LimitBreach, ...] = ()) -> Plan:
    return Plan(
        mode=Mode.OFFLINE,
        fingerprint="",
        planner_version="",
        endpoints=(),
        infeasible=infeasible,
        breaches=breaches,
    )


def test_nothing_in_the_way() -> None:
    assert verdict(_plan()) is ExitCode.DONE
    assert verdict(_plan(), changes_count=True) is ExitCode.DONE


def test_only_the_budget() -> None:
    assert verdict(_plan(_infeasible("budget"))) is ExitCode.POLICY
    assert verdict(_plan(_infeasible("latency", "budget"))) is ExitCode.POLICY
    assert outcome_code(_infeasible("budget")) is ExitCode.POLICY


def test_anything_else_weighs_more() -> None:
    assert verdict(_plan(_infeasible("latency"))) is ExitCode.INFEASIBLE
    assert verdict(_plan(_infeasible("budget"), _infeasible("latency"))) is ExitCode.INFEASIBLE
    assert verdict(_plan(_infeasible())) is ExitCode.INFEASIBLE
    assert verdict(_plan(breaches=(BREACH,))) is ExitCode.INFEASIBLE
    assert verdict(_plan(_infeasible("budget"), breaches=(BREACH,))) is ExitCode.INFEASIBLE
