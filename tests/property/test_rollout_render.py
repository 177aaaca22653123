"""Whatever rollout is asked for: it is refused at its line, or SageMaker may take it."""

from __future__ import annotations

import math
from typing import Any

from hypothesis import event, given, settings
from hypothesis import strategies as st
from planner_sagemaker.provider import provider

from planner.errors import ProviderError
from planner.model.candidate import Decision
from planner.model.resource import DesiredState
from planner.model.workload import ColdStart, LatencyTarget, MeasuredAt, Rollout, Slo, Workload
from tests.property.test_sagemaker_render import decisions
from tests.support.botocore_walk import violations
from tests.support.sagemaker_values import bodies, render, workload

STRATEGIES = ("canary", "linear", "rolling", "all-at-once")
WAITS = st.sampled_from([0.0, 59.6, 300.0, 600.0, 3600.0]) | st.floats(0, 4000)
STEPS = st.sampled_from([0.05, 0.1, 0.125, 0.333, 0.5]) | st.floats(0.001, 1.0)
ALARMS = st.from_regex(r"[ -~]{1,30}", fullmatch=True) | st.just("x" * 255)
TARGETS = st.lists(
    st.sampled_from([("p50", 0.5), ("p99", 0.99), ("p99.9", 0.999), ("mean", None), ("max", 1.0)]),
    max_size=3,
    unique=True,
)


@st.composite
def rollouts(draw: st.DrawFn) -> Rollout:
    """Some keys stated, the others at their defaults."""
    rollback = draw(st.booleans())
    values = {
        "strategy": st.sampled_from(STRATEGIES),
        "step": STEPS,
        "interval_s": WAITS,
        "bake_s": WAITS,
    }
    stated = draw(st.sets(st.sampled_from(sorted(values))))
    asked: dict[str, Any] = {key: draw(values[key]) for key in sorted(stated)}
    if rollback:
        asked["alarms"] = tuple(draw(st.lists(ALARMS, max_size=10)))
    names = (key.removesuffix("_s") for key in asked)
    return Rollout(**asked, rollback=rollback, stated=tuple(sorted(names)))


@st.composite
def objectives(draw: st.DrawFn) -> Slo:
    seconds = st.floats(0.001, 60.0)
    return Slo(
        latency=tuple(
            LatencyTarget(label=label, quantile=quantile, seconds=draw(seconds))
            for label, quantile in draw(TARGETS)
        ),
        cold_start=ColdStart(allowed=False),
        measured_at=draw(st.sampled_from(list(MeasuredAt))),
        availability=draw(st.none() | st.floats(0.5, 1.0)),
    )


@settings(max_examples=250, deadline=None)
@given(decisions(), rollouts(), objectives())
def test_a_rollout_is_refused_at_its_line_or_allowed(
    chosen: Decision, rollout: Rollout, slo: Slo
) -> None:
    state = _rendered(chosen, workload(rollout=rollout, slo=slo))
    if isinstance(state, ProviderError):
        event(f"refused: {state.code}")
        assert state.hint
        assert state.path.removeprefix("spec.rollout.") in rollout.stated
        return
    for call in provider.exports()["api"](state):
        assert violations(call.service, call.operation, call.parameters) == []
    deployment = bodies(state)["endpoint"].get("DeploymentConfig")
    event("allowed" if deployment else "left to SageMaker")
    alarms = [one.name for one in state.resources if one.kind == "alarm"]
    if deployment is None:
        assert alarms == []
        if "strategy" in rollout.stated and rollout.strategy != "all-at-once":
            assert "rollout.strategy" in state.notes[0]
        return
    assert chosen.hosting != "serverless"
    assert not chosen.instance_type.startswith("ml.inf1.")
    _policies(deployment, chosen, rollout)
    _watched(deployment, alarms, rollout)


def _rendered(chosen: Decision, asked: Workload) -> DesiredState | ProviderError:
    try:
        return render(chosen, asked)
    except ProviderError as error:
        return error


def _watched(deployment: dict[str, Any], alarms: list[str], rollout: Rollout) -> None:
    named = [
        one["AlarmName"]
        for one in deployment.get("AutoRollbackConfiguration", {"Alarms": []})["Alarms"]
    ]
    assert len(named) == len(set(named)) <= 10
    assert set(named) == {*alarms, *rollout.alarms}
    assert bool(named) == rollout.rollback


def _policies(deployment: dict[str, Any], chosen: Decision, rollout: Rollout) -> None:
    """What the references of BlueGreenUpdatePolicy and RollingUpdatePolicy say in words."""
    blue, rolling = (
        deployment.get(member) for member in ("BlueGreenUpdatePolicy", "RollingUpdatePolicy")
    )
    assert (blue is None) is not (rolling is None)
    assert chosen.replicas is not None
    fleets = range(max(1, chosen.replicas.min), max(1, chosen.replicas.max) + 1)
    kind = "ROLLING" if blue is None else blue["TrafficRoutingConfiguration"]["Type"]
    wanted = rollout.strategy.upper().replace("-", "_")
    assert kind in {wanted, "ALL_AT_ONCE"}
    if kind != wanted:
        assert fleets[0] < 2
    routing = rolling if blue is None else blue["TrafficRoutingConfiguration"]
    members = {
        "CANARY": ("CanarySize", 1, 50),
        "LINEAR": ("LinearStepSize", 10, 50),
        "ROLLING": ("MaximumBatchSize", 5, 50),
    }
    sizes = {member for member, _, _ in members.values()} & set(routing)
    waits = 0
    if kind == "ALL_AT_ONCE":
        assert sizes == set()
    else:
        member, least, most = members[kind]
        assert sizes == {member}
        assert fleets[0] >= 2
        share = routing[member]
        assert share["Type"] == "CAPACITY_PERCENT"
        assert least <= share["Value"] <= most
        assert abs(share["Value"] - rollout.step * 100) <= 0.5 + 1e-9
        steps = 1 if kind == "CANARY" else _most_steps(share["Value"], fleets)
        waits = steps * routing["WaitIntervalInSeconds"]
    policy = blue or rolling
    waits += policy.get("TerminationWaitInSeconds", 0)
    assert policy["MaximumExecutionTimeoutInSeconds"] > waits
    if not rollout.rollback:
        assert waits == 0


def _most_steps(percent: int, fleets: range) -> int:
    """Steps of a share, however it is rounded to instances."""
    down = (math.ceil(size / max(1, percent * size // 100)) for size in fleets)
    up = (math.ceil(size / max(1, math.ceil(percent * size / 100))) for size in fleets)
    return max(*down, *up, 1)
