"""The test calls of an endpoint as a JSON value, and back."""

from __future__ import annotations

from base64 import b64decode, b64encode
from typing import Any

from planner.model.candidate import Decision
from planner.model.warm_up import Sample, Target, Warming, WarmUp
from planner.model.workload import Workload
from planner.plans.numbers import rounded

Part = dict[str, Any]


def warming_of(workload: Workload | None, decision: Decision) -> Warming | None:
    """The calls that a spec asks for of one of its endpoints, the models of most traffic first."""
    warm_up = None if workload is None else workload.rollout.warm_up
    if workload is None or warm_up is None:
        return None
    served = set(decision.models)
    models = [one for one in workload.models if one.name in served]
    models.sort(key=lambda one: (-one.weight, one.name))
    return Warming(
        warm_up=warm_up,
        targets=tuple(
            Target(model=one.name, artifact=one.artifact) for one in models[: warm_up.models]
        ),
        served=len(models),
    )


def warming_part(warming: Warming | None, *, bodies: bool) -> Part | None:
    """The calls; the sample's body stands in it, as base64, only where `bodies` are asked for."""
    if warming is None:
        return None
    warm_up = warming.warm_up
    body = warm_up.sample.body if bodies else None
    return {
        "models": [{"artifact": one.artifact, "name": one.model} for one in warming.targets],
        "models_max": warm_up.models,
        "models_served": warming.served,
        "requests_max": warm_up.requests,
        "sample": {
            "body": None if body is None else b64encode(body).decode("ascii"),
            "bytes": warm_up.sample.size_bytes,
            "content_type": warm_up.sample.content_type,
            "sha256": warm_up.sample.sha256,
        },
        "timeout_s": rounded(warm_up.timeout_s, 3),
    }


def warming_read(part: Part | None) -> Warming | None:
    """The calls of a document, without the body where the document has none."""
    if part is None:
        return None
    sample, body = part["sample"], part["sample"]["body"]
    return Warming(
        warm_up=WarmUp(
            sample=Sample(
                body=None if body is None else b64decode(body),
                content_type=sample["content_type"],
                sha256=sample["sha256"],
                size_bytes=sample["bytes"],
            ),
            requests=part["requests_max"],
            models=part["models_max"],
            timeout_s=part["timeout_s"],
        ),
        targets=tuple(
            Target(model=one["name"], artifact=one["artifact"]) for one in part["models"]
        ),
        served=part["models_served"],
    )
