"""A decision as SageMaker objects: model, config, alarms, endpoint, what scales and shows it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from planner.model.candidate import Decision
from planner.model.resource import DesiredState, Resource
from planner.model.workload import Workload
from planner_sagemaker.resources.alarms import Alarms, alarms
from planner_sagemaker.resources.dashboard import dashboard
from planner_sagemaker.resources.endpoint import endpoint, endpoint_config
from planner_sagemaker.resources.model import model
from planner_sagemaker.resources.names import digest
from planner_sagemaker.resources.rollout import deployment, passed_over, watching
from planner_sagemaker.resources.scaling import scaling
from planner_sagemaker.resources.tags import DASHBOARD, stamped, tags_of
from planner_sagemaker.settings import SageMakerSettings

__all__ = ["render"]


def render(decision: Decision, workload: Workload, settings: SageMakerSettings) -> DesiredState:
    """The cloud objects of one decision, in order of creation.

    Models and endpoint configs are immutable in SageMaker, so they are named by the hash of their
    content: an equal body has an equal name, a changed one a new name.
    """
    own = alarms(decision, workload, settings, tags_of(workload, settings))
    resources = tuple(_resources(decision, workload, settings, own))
    whole = digest({one.address: _lasting(one.body) for one in resources})
    return DesiredState(
        endpoint=decision.endpoint,
        provider=decision.provider,
        region=decision.region,
        resources=tuple(
            replace(one, body=stamped(one.body, whole)) if one.kind == "endpoint" else one
            for one in resources
        ),
        place={"region": settings.region},
        digest=whole,
        notes=tuple(filter(None, [passed_over(decision, workload, settings), *own.notes])),
    )


def _lasting(body: dict[str, Any]) -> dict[str, Any]:
    """What of a body says how things are to be, not how an update gets there."""
    return {key: item for key, item in body.items() if key != "DeploymentConfig"}


def _resources(
    decision: Decision, workload: Workload, settings: SageMakerSettings, own: Alarms
) -> Iterator[Resource]:
    tags = tags_of(workload, settings)
    served = model(decision, workload, settings, tags)
    config = endpoint_config(decision, settings, served, tags)
    watched = watching(own.rollback, workload.rollout) if own.rollback else ()
    rollout = deployment(decision, workload, settings, watched)
    shown = _dashboard(decision, workload, settings, own)
    known = {**tags, DASHBOARD: shown.name} if shown is not None else tags
    live = endpoint(decision, config, own.rollback, deployment=rollout, tags=known)
    yield served
    yield config
    yield from own.resources
    yield live
    yield from scaling(decision, live)
    if shown is not None:
        yield shown


def _dashboard(
    decision: Decision, workload: Workload, settings: SageMakerSettings, own: Alarms
) -> Resource | None:
    if settings.alerts is None or not settings.alerts.dashboard:
        return None
    names = [one.name for one in own.resources]
    tags = tags_of(workload, settings)
    return dashboard(decision, workload, settings, alarms=names, tags=tags)
