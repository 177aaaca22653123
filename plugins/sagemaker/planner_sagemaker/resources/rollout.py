"""DeploymentConfig: how an update reaches traffic, and which alarms roll it back.

What SageMaker never takes is refused at its line in the spec. What only this configuration cannot
have (a serverless endpoint, a single instance) gives way to all-at-once, the one way that every
endpoint has: the solver chose the configuration, and may choose another tomorrow.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from planner.errors import ProviderError
from planner.model.candidate import Decision, Range
from planner.model.workload import Rollout, Workload
from planner_sagemaker.settings import SageMakerSettings

ALL_AT_ONCE = "all-at-once"
MOST_ALARMS = 10
_LONGEST_WAIT_S = 3600
_LONGEST_S = 28_800
_SHORTEST_S = 600
_FLEET_S = 3600
"""What a fleet is given to start: the longest start-up health check that a config may ask for."""

_PERCENT = {"canary": (1, 50), "linear": (10, 50), "rolling": (5, 50)}
"""Least and most of a step (TrafficRoutingConfig, RollingUpdatePolicy); a size is at least 1."""


def unguarded(decision: Decision, settings: SageMakerSettings) -> str:
    """What of an endpoint makes SageMaker ignore deployment guardrails; empty where it has them.

    docs.aws.amazon.com sagemaker/latest/dg deployment-guardrails: for real-time and asynchronous
    endpoints only; deployment-guardrails-exclusions: no Marketplace containers, no Inf1.
    """
    if decision.hosting == "serverless":
        return "serverless endpoints"
    if settings.marketplace:
        return "Marketplace models"
    return "Inf1 instances" if decision.instance_type.startswith("ml.inf1.") else ""


def deployment(
    decision: Decision, workload: Workload, settings: SageMakerSettings, alarms: Sequence[str]
) -> dict[str, Any]:
    """The config of every update of the endpoint, watched by `alarms`; empty for SageMaker's own.

    Raises ProviderError for what the spec states and SageMaker cannot do.
    """
    rollout = workload.rollout
    exempt = unguarded(decision, settings)
    strategy = _strategy(rollout, decision, exempt)
    if exempt:
        return {}
    found = _rolling if strategy == "rolling" else _blue_green
    body = found(strategy, rollout, decision, watched=bool(alarms))
    if alarms:
        body["AutoRollbackConfiguration"] = {"Alarms": [{"AlarmName": name} for name in alarms]}
    return body


def watching(own: Sequence[str], rollout: Rollout) -> tuple[str, ...]:
    """Names of the alarms that roll an update back: the endpoint's own and the spec's."""
    named = tuple(dict.fromkeys((*own, *rollout.alarms)))
    if len(named) > MOST_ALARMS:
        raise ProviderError(
            "too-many-alarms",
            f"{len(named)} alarms would watch an update; SageMaker takes {MOST_ALARMS}, and "
            f"{len(own)} are the endpoint's own",
            hint=f"name at most {MOST_ALARMS - len(own)}, or combine some in another alarm",
            path="spec.rollout.alarms",
        )
    for name in named:
        plain = name.strip() and not any(char < " " or char == "\x7f" for char in name)
        if len(name) > 255 or not plain:
            raise ProviderError(
                "invalid-alarm-name",
                f"CloudWatch has no alarm of this name: {name[:40]!r}",
                hint="1 to 255 characters, not only blanks and no control characters",
                path="spec.rollout.alarms",
            )
    return named


def passed_over(decision: Decision, workload: Workload, settings: SageMakerSettings) -> str:
    """What the spec states of its rollout and this configuration cannot have; empty for nothing."""
    rollout, exempt = workload.rollout, unguarded(decision, settings)
    stated = [
        key
        for key, given in (
            ("strategy", rollout.strategy != ALL_AT_ONCE),
            ("bake", bool(rollout.bake_s)),
            ("alarms", bool(rollout.alarms)),
        )
        if given and key in rollout.stated
    ]
    if exempt and stated:
        named = ", ".join(f"rollout.{key}" for key in stated)
        return f"SageMaker updates {exempt} all at once and watches no alarms: {named} does nothing"
    if not exempt and "strategy" in stated and _fewest(decision) < 2:
        return f"{rollout.strategy} needs two instances: with one, updates go all at once"
    return ""


def _strategy(rollout: Rollout, decision: Decision, exempt: str) -> str:
    """The strategy, or all-at-once where the configuration cannot have it."""
    return ALL_AT_ONCE if exempt or _fewest(decision) < 2 else rollout.strategy


def _fewest(decision: Decision) -> int:
    return max(1, decision.replicas.min) if decision.replicas else 1


def _blue_green(
    strategy: str, rollout: Rollout, decision: Decision, *, watched: bool
) -> dict[str, Any]:
    bake_s = _wait_s("bake", rollout, watched=watched)
    routing: dict[str, Any] = {"Type": strategy.replace("-", "_").upper()}
    steps, interval_s = 0, 0
    if strategy != ALL_AT_ONCE:
        interval_s = _wait_s("interval", rollout, watched=watched)
        percent = _percent(strategy, rollout)
        member = "CanarySize" if strategy == "canary" else "LinearStepSize"
        routing[member] = _share(percent)
        steps = 1 if strategy == "canary" else _most_steps(percent, decision.replicas)
    routing["WaitIntervalInSeconds"] = interval_s
    policy = {
        "TrafficRoutingConfiguration": routing,
        "TerminationWaitInSeconds": bake_s,
        "MaximumExecutionTimeoutInSeconds": _limit_s(steps * interval_s + bake_s, fleets=1),
    }
    return {"BlueGreenUpdatePolicy": policy}


def _rolling(
    strategy: str, rollout: Rollout, decision: Decision, *, watched: bool
) -> dict[str, Any]:
    if rollout.bake_s:
        raise ProviderError(
            "rollout-unsupported",
            "a rolling update keeps no old fleet that could wait",
            hint="remove bake: interval is how long each batch is watched",
            path="spec.rollout.bake",
        )
    interval_s = _wait_s("interval", rollout, watched=watched)
    percent = _percent(strategy, rollout)
    batches = _most_steps(percent, decision.replicas)
    policy = {
        "MaximumBatchSize": _share(percent),
        "WaitIntervalInSeconds": interval_s,
        "MaximumExecutionTimeoutInSeconds": _limit_s(batches * interval_s, fleets=batches),
    }
    return {"RollingUpdatePolicy": policy}


def _wait_s(key: str, rollout: Rollout, *, watched: bool) -> int:
    """Whole seconds of a wait; without alarms there is nothing to wait for.

    docs.aws.amazon.com sagemaker/latest/dg deployment-guardrails-configuration: alarms are a
    prerequisite of baking periods.
    """
    seconds = round(rollout.bake_s if key == "bake" else rollout.interval_s)
    if seconds > _LONGEST_WAIT_S:
        raise ProviderError(
            "rollout-too-long",
            f"SageMaker waits at most {_LONGEST_WAIT_S} s, not {seconds} s",
            hint=f"write {key}: 1h",
            path=f"spec.rollout.{key}",
        )
    if watched or not seconds:
        return seconds
    if key in rollout.stated:
        raise ProviderError(
            "rollout-needs-alarms",
            "SageMaker waits while alarms watch, and rollback: false leaves none",
            hint=f"remove {key}, or write rollback: true",
            path=f"spec.rollout.{key}",
        )
    return 0


def _percent(strategy: str, rollout: Rollout) -> int:
    """The step as a whole number of percent, which is all that the API takes."""
    least, most = _PERCENT[strategy]
    asked = rollout.step * 100
    if not least - 1e-9 <= asked <= most + 1e-9:
        raise ProviderError(
            "rollout-step",
            f"SageMaker takes steps of {least}% to {most}% for {strategy}, not {asked:g}%",
            hint=f"write step: {least if asked < least else most}%",
            path="spec.rollout.step",
        )
    return min(most, max(least, round(asked)))


def _share(percent: int) -> dict[str, Any]:
    """A share, not a count: the fleet has the size that its autoscaler gave it."""
    return {"Type": "CAPACITY_PERCENT", "Value": percent}


def _most_steps(percent: int, counts: Range | None) -> int:
    """The most steps that a fleet within these counts may take, should shares be rounded down."""
    assert counts is not None, "steps are asked for where there are instances"
    # Up to twice 100/percent instances the steps grow with the fleet, then they come and go.
    sizes = range(counts.min, min(counts.max, counts.min + 200 // percent) + 1)
    return max(math.ceil(size / max(1, percent * size // 100)) for size in sizes)


def _limit_s(waits_s: int, *, fleets: int) -> int:
    """Room for all waits and, an hour for each fleet or batch, for instances to start.

    MaximumExecutionTimeoutInSeconds must exceed the waits, and is at most eight hours.
    """
    if waits_s + _SHORTEST_S > _LONGEST_S:
        raise ProviderError(
            "rollout-too-long",
            f"an update may take {_LONGEST_S // 3600} h, and its waits may add up to "
            f"{waits_s / 3600:.3g} h",
            hint="shorten interval, or take larger steps",
            path="spec.rollout.interval",
        )
    return min(_LONGEST_S, waits_s + fleets * _FLEET_S)
