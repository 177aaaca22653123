"""Hand-made values of the later stages, for tests that need no solver."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

from planner.model.candidate import (
    Advice,
    Alternative,
    Autoscaling,
    Concurrency,
    Cost,
    CostLine,
    Decision,
    Exclusions,
    Infeasible,
    Latency,
    Margin,
    Range,
    Rejection,
    Relaxation,
    ScheduledAction,
    Sensitivity,
    Solved,
    Step,
)
from planner.model.catalog import Limit, Measure, Scope
from planner.model.change import Action, Change, ChangeSet, FieldChange, Risk
from planner.model.check import Check, Verdict
from planner.model.plan import CatalogStamp, LimitBreach, Mode, Pending, Plan
from planner.model.resource import DesiredState, Resource
from planner.model.traffic import Trace, Traffic
from planner.model.workload import (
    Assumption,
    ColdStart,
    Constraints,
    Model,
    Objective,
    Payload,
    Pin,
    Rollout,
    Slo,
    Workload,
)
from planner.plans import Held, RunStamp, build_plan, desired_changes

SOURCE = "price list of the made-up cloud"
STAMP = CatalogStamp(provider="cloud", region="north-1", version="7", as_of="2026-11-19")


def latency(p99_s: float = 0.0412) -> Latency:
    return Latency(p50_s=0.0081, p90_s=0.0183, p95_s=0.0254, p99_s=p99_s, mean_s=0.0098)


def cost(monthly_usd: float = 612.4) -> Cost:
    return Cost(
        monthly_usd=monthly_usd,
        per_million_usd=0.194216,
        lines=(
            CostLine(
                name="storage",
                quantity=5.0,
                unit="GB-month",
                usd_per_unit=0.14,
                monthly_usd=0.7,
                source=SOURCE,
                as_of="2026-11-19",
                assumption="one copy per replica",
            ),
            CostLine(
                name="replicas",
                quantity=4526.0,
                unit="replica-hour",
                usd_per_unit=0.1071,
                monthly_usd=monthly_usd - 0.7,
                source=SOURCE,
                as_of="2026-11-19",
            ),
        ),
    )


def autoscaling() -> Autoscaling:
    return Autoscaling(
        metric="InvocationsPerReplica",
        target=12345.6,
        cooldown_up_s=60.0,
        cooldown_down_s=300.0,
        average=6.2,
        scheduled=(ScheduledAction(name="lunch", cron="45 11 * * 1-5", min=8, max=9),),
        timezone="Europe/Berlin",
    )


def decision(**changed: Any) -> Decision:
    """A single-model endpoint of five to nine small replicas that meets its objectives."""
    made = Decision(
        endpoint="fraud-scorer",
        provider="cloud",
        region="north-1",
        hosting="single-model",
        instance_type="small.2",
        models=("fraud",),
        replicas=Range(min=5, max=9),
        units=None,
        concurrency=Concurrency(per_replica=2, max=18),
        autoscaling=autoscaling(),
        routing="least-outstanding",
        options=(("zone_aware", "true"),),
        cost=cost(),
        latency=latency(),
        cold_start_fraction=0.0,
        margins=(
            Margin(objective="latency p99", target=0.05, predicted=0.0412, unit="s", met=True),
            Margin(objective="latency p50", target=0.015, predicted=0.0081, unit="s", met=True),
            Margin(
                objective="availability", target=0.9995, predicted=0.9999, unit="fraction", met=True
            ),
        ),
        method="closed-form",
        assumptions=(
            Assumption(subject="overhead", value="10 ms", reason="nothing published", source="L4"),
            Assumption(subject="burstiness", value="1", reason="no trace", source=""),
        ),
        warnings=("the burst of 1,800/s is shorter than the 480 s it takes to scale up",),
        advice=(
            Advice(
                rule="start-on-cpu",
                source_id="D4",
                trigger="6 ms on one CPU",
                text="stay on CPU; GPU would idle",
                saves_monthly_usd=1445.6,
            ),
        ),
        arithmetic=(
            Step(label="offered load", expression="1,200/s x 6 ms", value="7.2", source="spec"),
            Step(label="rule of the provider", expression="ceil(7.2)", value="8", source="D3"),
        ),
    )
    return replace(made, **changed)


def alternatives() -> tuple[Alternative, ...]:
    return (
        Alternative(
            provider="cloud",
            hosting="serverless",
            instance_type="serverless-4096",
            rejection=Rejection(
                code="concurrency-limit",
                measured="217 concurrent requests",
                allowed="200",
                path="spec.traffic.rate",
                source="limits page, 2026-11-19",
                source_id="S4",
                shortfall=1.085,
            ),
        ),
        Alternative(
            provider="cloud",
            hosting="dedicated",
            instance_type="large.8",
            replicas=Range(min=3, max=3),
            monthly_usd=1389.9,
            latency=latency(0.038),
        ),
        Alternative(
            provider="cloud",
            hosting="dedicated",
            instance_type="small.2",
            replicas=Range(min=9, max=9),
            monthly_usd=703.5,
            latency=latency(0.0398),
        ),
        Alternative(
            provider="cloud",
            hosting="dedicated",
            instance_type="tiny.1",
            replicas=Range(min=20, max=20),
            monthly_usd=500.0,
            latency=latency(0.063),
            rejection=Rejection(
                code="latency-p99", measured="63 ms", allowed="50 ms", shortfall=1.26
            ),
        ),
    )


def excluded() -> tuple[Exclusions, ...]:
    return (
        Exclusions(
            provider="cloud",
            hosting="multi-model",
            instance_types=("small.2", "large.8"),
            rejection=Rejection(
                code="excluded-feature",
                measured="data-capture",
                allowed="none",
                path="spec.providers.cloud.data_capture",
                source="vendor guide",
                source_id="M3",
            ),
        ),
    )


def solved(workload: str = "fraud-scorer", **changed: Any) -> Solved:
    made = Solved(
        workload=workload,
        decisions=(decision(endpoint=workload),),
        alternatives=alternatives(),
        excluded=excluded(),
    )
    return replace(made, **changed)


def infeasible(workload: str = "too-fast") -> Infeasible:
    return Infeasible(
        workload=workload,
        misses=(alternatives()[3], alternatives()[0]),
        relaxations=(
            Relaxation(
                path="spec.slo.latency.p99", current="50 ms", needed="63 ms", monthly_usd=500.0
            ),
        ),
        excluded=excluded(),
    )


def sensitivities() -> tuple[Sensitivity, ...]:
    return (
        Sensitivity(
            subject="traffic.rate", now="1,200/s", changes_at="1,480/s", to="one more replica"
        ),
        Sensitivity(subject="service_time", now="6 ms", changes_at=None, to="single-model small.2"),
    )


def desired(endpoint: str = "fraud-scorer") -> DesiredState:
    return DesiredState(
        endpoint=endpoint,
        provider="cloud",
        region="north-1",
        resources=(
            Resource(
                address=f"model/{endpoint}-3f9c01",
                kind="model",
                name=f"{endpoint}-3f9c01",
                body={
                    "Name": f"{endpoint}-3f9c01",
                    "Environment": {"HF_TOKEN": "hf-very-secret", "MAX_TOKENS": "512"},
                    "Tags": [],
                },
            ),
            Resource(
                address=f"endpoint/{endpoint}",
                kind="endpoint",
                name=endpoint,
                body={"Variants": [{"Count": 5, "Weight": 1.0}], "Name": endpoint},
                after=(f"model/{endpoint}-3f9c01",),
            ),
        ),
    )


def changes(action: Action) -> ChangeSet:
    """One object of `fraud-scorer` under an action, with a field that moves and one ignored."""
    return ChangeSet(
        endpoint="fraud-scorer",
        action=action,
        changes=(
            Change(
                address="endpoint/fraud-scorer",
                action=action,
                reason="a cheaper type meets the objectives",
                risk=Risk.ROLLING,
                fields=(
                    FieldChange(
                        path="Variants[0].Type",
                        desired="small.2",
                        live="large.8",
                        action=Action.UPDATE,
                        reason="spec.constraints",
                    ),
                    FieldChange(
                        path="Variants[0].Count",
                        desired=5,
                        live=7,
                        action=Action.NONE,
                        reason="autoscaling moved it",
                    ),
                ),
            ),
        ),
    )


def removal(endpoint: str = "old-scorer") -> Pending:
    """An endpoint of an earlier spec that is to go."""
    gone = Change(
        address=f"endpoint/{endpoint}",
        action=Action.DELETE,
        reason="is to be destroyed",
        risk=Risk.DOWNTIME,
    )
    return Pending(
        owner="fraud-scorer",
        desired=replace(desired(endpoint), resources=(), place={"region": "north-1"}),
        changes=ChangeSet(endpoint=endpoint, action=Action.DELETE, changes=(gone,)),
    )


def live_plan(**given: Any) -> Plan:
    """A plan with everything that only a cloud can tell."""
    moved = replace(changes(Action.UPDATE), notes=("7 are kept",), expected_s=(210.0, 600.0))
    values: dict[str, Any] = {
        "changes": {"fraud-scorer": moved},
        "desired": {"fraud-scorer": replace(desired(), place={"region": "north-1"}, digest="d1")},
        "monthly_usd_before": {"fraud-scorer": 830.0},
        "removals": (removal(),),
        "strays": ("stray-scorer",),
        "checks": (
            Check(
                name="credentials",
                subject="account 1",
                verdict=Verdict.DENIED,
                detail="nobody",
                hint="cloud login",
            ),
        ),
        "stamp": stamp(mode=Mode.LIVE),
        **given,
    }
    return plan(solved(), **values)


def workload(
    name: str,
    *,
    trace: str = "a.csv",
    stamps_s: tuple[float, ...] = (0.0, 1.0, 2.0),
    counts: tuple[float, ...] = (),
) -> Workload:
    """A trace-driven workload."""
    return Workload(
        name=name,
        models=(Model(name="m", weight=1.0, size_bytes=1, memory_bytes=2, load_s=0.5),),
        traffic=Traffic(pattern=Trace(file=trace, stamps_s=stamps_s, counts=counts)),
        slo=Slo(latency=(), cold_start=ColdStart(allowed=True)),
        payload=Payload(request_bytes=1, response_bytes=1, max_request_bytes=1),
        constraints=Constraints(),
        objective=Objective(),
        rollout=Rollout(),
        pin=Pin(),
        providers=(),
    )


def breach() -> LimitBreach:
    return LimitBreach(
        provider="cloud",
        region="north-1",
        limit=Limit(
            name="endpoints per region",
            measure=Measure.ENDPOINTS,
            scope=Scope.REGION,
            value=1.0,
            source="limits page",
            as_of="2026-11-19",
            source_id="L9",
        ),
        measured=2.0,
        endpoints=("ranker", "fraud-scorer"),
    )


_OF_HELD = tuple(field.name for field in fields(Held))


def plan(*outcomes: Solved | Infeasible, **given: Any) -> Plan:
    """A plan from nothing: every endpoint of the outcomes is created, unless `changes` differ."""
    names = [
        each.endpoint
        for outcome in outcomes
        if isinstance(outcome, Solved)
        for each in outcome.decisions
    ]
    changes = {name: desired_changes(desired(name), reason="no live state read") for name in names}
    changes |= given.pop("changes", {})
    held = Held(changes=changes, **{key: given.pop(key) for key in _OF_HELD if key in given})
    return build_plan(outcomes, held, **{"stamp": stamp(), **given})


def stamp(**changed: Any) -> RunStamp:
    made = RunStamp(
        mode=Mode.OFFLINE, planner_version="0.1.0", spec_digest="5ec", catalogs=(STAMP,)
    )
    return replace(made, **changed)
