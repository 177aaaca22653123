"""SageMaker endpoints for tests of exports, each with something special."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from planner.model.candidate import Autoscaling, Decision, Range, ScheduledAction
from planner.model.export import Asked
from planner.model.workload import LatencyTarget, Workload
from tests.support.exports import asked
from tests.support.sagemaker_values import decision, model, render, serverless, workload

TRACKING = Autoscaling(
    metric="SageMakerVariantInvocationsPerInstance",
    target=1234.5,
    cooldown_up_s=300.0,
    cooldown_down_s=300.0,
    average=2.5,
    scheduled=(ScheduledAction(name="lunch", cron="45 11 * * 1-5", min=4, max=9),),
    timezone="Europe/Berlin",
)
SCALED = decision(hosting="single-model", autoscaling=TRACKING)
WARM = serverless(
    autoscaling=TRACKING,
    units=Range(min=2, max=9),
    options=(("memory_mb", "4096"), ("prewarm", "2")),
)
FLEET = tuple(model(f"m-{number}", weight=0.25) for number in range(4))
KEY = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-44cd-96ef-1234567890ab"
VPC = {"subnets": ["subnet-0a1b2c3d"], "security_groups": ["sg-0a1b2c3d"]}


def one(chosen: Decision, wanted: Workload | None = None, **block: Any) -> Asked:
    wanted = wanted or workload()
    return asked(render(chosen, wanted, **block), chosen, wanted)


def named(name: str, **changed: Any) -> Asked:
    return one(decision(endpoint=name, **changed), workload(name=name))


def shown(kind: str, name: str, **more: Any) -> Asked:
    """One of the special endpoints under a name of its own, with more of a workload."""
    chosen, wanted, block = SPECIAL[kind]
    changed: dict[str, Any] = {"name": name, **wanted, **more}
    models = changed.pop("models", ())
    made = {"endpoint": name, "models": tuple(m.name for m in models) or ("fraud",)}
    return one(replace(chosen, **made), workload(*models, **changed), **block)


SPECIAL: dict[str, tuple[Decision, dict[str, Any], dict[str, Any]]] = {
    "fixed": (decision(), {}, {}),
    "scaled": (SCALED, {}, {}),
    "serverless": (serverless(), {}, {}),
    "warm": (WARM, {}, {}),
    "captured": (decision(), {}, {"data_capture": {"s3_uri": "s3://b/c", "percentage": "5%"}}),
    "encrypted": (
        decision(),
        {},
        {"data_capture": {"s3_uri": "s3://b/c", "percentage": "5%"}, "kms_key": KEY},
    ),
    "aliased": (decision(), {}, {"kms_key": "alias/models"}),
    "private": (decision(), {}, {"vpc": VPC, "network_isolation": True}),
    "fleet": (
        decision(hosting="multi-model", options=(("model_cache", "disabled"),)),
        {"models": FLEET},
        {"model_prefix": "s3://models/risk/"},
    ),
    "alerted": (
        replace(SCALED, peak_per_s=100.0),
        {
            "slo": replace(
                workload().slo, latency=(LatencyTarget(label="p99", quantile=0.99, seconds=0.1),)
            )
        },
        {"alerts": {"topics": ["arn:aws:sns:us-east-1:123456789012:on-call"]}},
    ),
    "alerted-serverless": (
        serverless(cold_start_fraction=0.02, peak_per_s=1.0),
        {},
        {"alerts": {"dashboard": False, "skip": ["idle"]}},
    ),
    "alerted-fleet": (
        decision(hosting="multi-model", cold_start_fraction=0.1, peak_per_s=10.0),
        {"models": FLEET},
        {"model_prefix": "s3://models/risk/", "alerts": {}},
    ),
    "variables": (
        decision(),
        {"models": (model("fraud", environment=(("A_B", "${x} %{if} a\\b"), ("MAX_ID", "7"))),)},
        {},
    ),
}
"""What is decided, what of the workload and what of the block is special."""
