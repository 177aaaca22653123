"""A decision as SageMaker objects: model, endpoint config, endpoint, and what scales it."""

from __future__ import annotations

from collections.abc import Iterator

from planner.model.candidate import Decision
from planner.model.resource import DesiredState, Resource
from planner.model.workload import Workload
from planner_sagemaker.resources.endpoint import endpoint, endpoint_config
from planner_sagemaker.resources.model import model
from planner_sagemaker.resources.scaling import scaling
from planner_sagemaker.resources.tags import tags_of
from planner_sagemaker.settings import SageMakerSettings

__all__ = ["render"]


def render(decision: Decision, workload: Workload, settings: SageMakerSettings) -> DesiredState:
    """The cloud objects of one decision, in order of creation.

    Models and endpoint configs are immutable in SageMaker, so they are named by the hash of their
    content: an equal body has an equal name, a changed one a new name.
    """
    return DesiredState(
        endpoint=decision.endpoint,
        provider=decision.provider,
        region=decision.region,
        resources=tuple(_resources(decision, workload, settings)),
    )


def _resources(
    decision: Decision, workload: Workload, settings: SageMakerSettings
) -> Iterator[Resource]:
    tags = tags_of(workload, settings)
    served = model(decision, workload, settings, tags)
    config = endpoint_config(decision, settings, served, tags)
    live = endpoint(decision, config, tags)
    yield served
    yield config
    yield live
    yield from scaling(decision, live)
