"""What tools that only know a wanted state do otherwise than the planner does."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from planner.model.resource import DesiredState, Resource

COUNT = "sagemaker:variant:DesiredInstanceCount"
PROVISIONED = "sagemaker:variant:DesiredProvisionedConcurrency"
SCALING = ("scalable-target", "scaling-policy", "scheduled-action")

KEPT = ("DesiredWeight", "DataCaptureConfig")
"""Properties of variants that an update sets while it retains counts."""

_NAMED = 3


def autoscaled(state: DesiredState) -> bool:
    """Whether an autoscaler sets the count of instances."""
    return any(one.body.get("ScalableDimension") == COUNT for one in state.resources)


def warm_scaling(resource: Resource) -> bool:
    """Whether an object scales provisioned concurrency."""
    return resource.kind in SCALING and resource.body["ScalableDimension"] == PROVISIONED


def warmed(state: DesiredState) -> bool:
    """Whether an autoscaler sets provisioned concurrency."""
    return any(map(warm_scaling, state.resources))


def notes(states: Sequence[DesiredState], tool: str) -> Iterator[str]:
    """What any tool that goes by a state of its own does otherwise with these endpoints."""
    # docs.aws.amazon.com sagemaker/latest/dg endpoint-scaling-update
    yield from about(
        states,
        autoscaled,
        "SageMaker refuses another instance type while a variant has a scalable target; "
        f"{tool} does not take the target away first, `planner apply` does",
    )
    yield (
        f"{tool} goes by its own state: it writes the tag planner:owner, and does not look whose "
        "the objects are that exist"
    )


def about(
    states: Sequence[DesiredState], holds: Callable[[DesiredState], bool], said: str
) -> Iterator[str]:
    """A note that names the endpoints it holds for; nothing where there are none."""
    names = [state.endpoint for state in states if holds(state)]
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    if names:
        yield f"{', '.join(names[:_NAMED])}{more}: {said}"
