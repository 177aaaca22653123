"""CreateEndpoint, DescribeEndpoint, ListEndpoints, UpdateEndpoint, DeleteEndpoint.

States follow the documentation of DescribeEndpoint: an UpdateEndpoint that is rolled back stays
`Updating` and ends `InService` with the old config; `RollingBack` is for weights and capacities.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from planner_sagemaker.sandbox import endpoint_configs, fleets, quotas, targets
from planner_sagemaker.sandbox.artifacts import image_problem
from planner_sagemaker.sandbox.cloud import Call, Handler
from planner_sagemaker.sandbox.deployments import extra_instances, problems, waits_s
from planner_sagemaker.sandbox.errors import (
    already_exists,
    in_progress,
    invalid,
    not_found,
    wrong_status,
)
from planner_sagemaker.sandbox.faults import Effect
from planner_sagemaker.sandbox.listing import listed
from planner_sagemaker.sandbox.store import Document
from planner_sagemaker.sandbox.tags import given_tags
from planner_sagemaker.sandbox.transitions import KIND, Step, save

TITLE = "endpoint"
NO_CAPACITY = (
    "CapacityError: Unable to provision requested ML compute capacity due to "
    "InsufficientInstanceCapacity error. Please retry using a different ML instance type or "
    "after some time."
)
UNHEALTHY = (
    "The primary container for production variant {variant} did not pass the ping health check. "
    "Please check CloudWatch logs for this endpoint."
)
_BUSY = {"Creating", "Updating", "SystemUpdating", "RollingBack", "Deleting"}


def create_endpoint(call: Call) -> Mapping[str, Any]:
    """Begin an endpoint; names differ by more than case."""
    asked = call.parameters
    name = asked["EndpointName"]
    arn = call.arn(KIND, name)
    tags = given_tags(asked)
    if call.cloud.store.spelled(call.key(KIND, name)) is not None:
        raise already_exists(TITLE, arn)
    config = endpoint_configs.existing(call, asked["EndpointConfigName"])
    members = fleets.deployed(call, config)
    deployment = asked.get("DeploymentConfig")
    _check_deployment(deployment, members)
    needed = fleets.needs(members)
    quotas.check(call, needed)
    endpoint = {
        "EndpointName": name,
        "EndpointArn": arn,
        "EndpointConfigName": asked["EndpointConfigName"],
        "EndpointStatus": "Creating",
        "CreationTime": call.now,
        "LastModifiedTime": call.now,
        "PendingDeploymentSummary": fleets.pending(members, call.now),
        "_tags": tags,
        "_next": {**members, "LastDeploymentConfig": deployment},
        "_extra": needed,
        "_steps": _creation(call, members),
    }
    save(call.cloud, call.key(KIND, name), endpoint)
    return {"EndpointArn": arn}


def _creation(call: Call, members: Document) -> list[Step]:
    at = call.now + call.cloud.pace.create_s
    effect = call.fault.effect if call.fault else None
    if effect is Effect.STUCK:
        return []
    if effect in {Effect.NO_CAPACITY, Effect.FAIL, Effect.ROLLBACK}:
        return [{"at": at, "do": "fail", "reason": _reason(call, members)}]
    missing = image_problem(call, fleets.images(members))
    if missing:
        return [{"at": at, "do": "fail", "reason": missing}]
    return [{"at": at, "do": "serve"}]


def _reason(call: Call, members: Document) -> str:
    assert call.fault is not None
    if call.fault.message is not None:
        return call.fault.message
    if call.fault.effect is Effect.NO_CAPACITY:
        return NO_CAPACITY
    return UNHEALTHY.format(variant=members["_ProductionVariants"][0]["VariantName"])


def _check_deployment(deployment: Mapping[str, Any] | None, members: Document) -> None:
    for problem in problems(deployment or {}, fleets.instances(members)):
        raise invalid(problem)


def describe_endpoint(call: Call) -> Mapping[str, Any]:
    """The endpoint now; its variants appear once it has served."""
    return existing(call, call.parameters["EndpointName"])


def list_endpoints(call: Call) -> Mapping[str, Any]:
    """One page of the endpoints of a region."""
    return listed(call, KIND, member="Endpoints", name="EndpointName")


def update_endpoint(call: Call) -> Mapping[str, Any]:
    """Begin to put another config in place."""
    asked = call.parameters
    endpoint = updatable(call, asked["EndpointName"])
    config = endpoint_configs.existing(call, asked["EndpointConfigName"])
    members = fleets.deployed(call, config)
    _check_conversion(endpoint, members)
    _check_targets(call, endpoint, members)
    if asked.get("RetainAllVariantProperties"):
        listed_out = asked.get("ExcludeRetainedVariantProperties") or ()
        excluded = {one["VariantPropertyType"] for one in listed_out}
        members = fleets.retained(members, endpoint, excluded)
    deployment = asked.get("DeploymentConfig")
    if deployment is None and asked.get("RetainDeploymentConfig"):
        deployment = endpoint.get("LastDeploymentConfig")
    _check_deployment(deployment, members)
    extra = _extra(endpoint, members, deployment or {})
    quotas.check(call, extra)
    changed = {
        **endpoint,
        "EndpointStatus": "Updating",
        "LastModifiedTime": call.now,
        "PendingDeploymentSummary": fleets.pending(members, call.now),
        "_next": {**members, "LastDeploymentConfig": deployment},
        "_extra": extra,
        "_steps": _update_steps(call, members, deployment or {}),
    }
    save(call.cloud, call.key(KIND, endpoint["EndpointName"]), changed)
    return {"EndpointArn": endpoint["EndpointArn"]}


def _check_conversion(endpoint: Document, members: Document) -> None:
    """Serverless to real-time is allowed, and there is no way back (serverless-endpoints.md)."""
    if fleets.is_serverless(members) and not fleets.is_serverless(endpoint):
        raise invalid(
            f'Cannot update endpoint "{endpoint["EndpointArn"]}": a real-time endpoint cannot be '
            "converted to a serverless endpoint."
        )


def _check_targets(call: Call, endpoint: Document, members: Document) -> None:
    """A scaled variant keeps its type and its place until it is deregistered.

    The rule is that of endpoint-scaling-update; the wording is ours.
    """
    new = {one["VariantName"]: one for one in members["_ProductionVariants"]}
    old = {one["VariantName"]: one for one in endpoint["_ProductionVariants"]}
    for name in sorted(targets.scaled_variants(call, endpoint["EndpointName"]) & set(old)):
        if new.get(name, {}).get("InstanceType") != old[name].get("InstanceType"):
            raise invalid(
                f'Cannot update endpoint "{endpoint["EndpointArn"]}": variant {name} is registered '
                "as a scalable target with Application Auto Scaling. Deregister it before it is "
                "removed or its instance type is changed."
            )


def _extra(endpoint: Document, members: Document, deployment: Mapping[str, Any]) -> Counter[str]:
    """What an update takes beside the fleet that serves: two fleets run at once."""
    before, after = fleets.needs(endpoint), fleets.needs(members)
    return Counter(
        {
            quota: amount - before[quota]
            if quota in {quotas.SERVERLESS_ENDPOINTS, quotas.SERVERLESS_CONCURRENCY}
            else max(amount - before[quota], extra_instances(deployment, amount))
            for quota, amount in after.items()
        }
    )


def _update_steps(call: Call, members: Document, deployment: Mapping[str, Any]) -> list[Step]:
    pace = call.cloud.pace
    effect = call.fault.effect if call.fault else None
    at = call.now + pace.update_s + pace.waits * waits_s(deployment, fleets.instances(members))
    if effect is Effect.STUCK:
        return []
    if effect in {Effect.FAIL, Effect.ROLLBACK_FAILED}:
        status = "Failed" if effect is Effect.FAIL else "UpdateRollbackFailed"
        return [{"at": at, "do": "fail", "reason": _reason(call, members), "status": status}]
    if effect is Effect.NO_CAPACITY:
        reason = _reason(call, members)
        return [{"at": at + pace.rollback_s, "do": "restore", "reason": reason}]
    if effect is Effect.ROLLBACK:
        # hashicorp/terraform-provider-aws#49020: no reason is left after a silent rollback.
        reason = (call.fault.message if call.fault else None) or ""
        return [{"at": at + pace.rollback_s, "do": "restore", "reason": reason}]
    missing = image_problem(call, fleets.images(members))
    if missing:
        return [{"at": at + pace.rollback_s, "do": "restore", "reason": missing}]
    return [{"at": at, "do": "serve"}]


def delete_endpoint(call: Call) -> Mapping[str, Any]:
    """Begin to delete; not while something else goes on. Scaling targets go at once."""
    name = call.parameters["EndpointName"]
    endpoint = existing(call, name)
    if endpoint["EndpointStatus"] in _BUSY:
        raise in_progress(endpoint["EndpointArn"])
    targets.deregister(call, name)
    stuck = call.befallen(Effect.STUCK)
    gone: Step = {"at": call.now + call.cloud.pace.delete_s, "do": "vanish"}
    endpoint.update(
        EndpointStatus="Deleting", LastModifiedTime=call.now, _steps=[] if stuck else [gone]
    )
    save(call.cloud, call.key(KIND, name), endpoint)
    return {}


def existing(call: Call, name: str) -> Document:
    """The endpoint as a read finds it, or the refusal."""
    found = call.seen(KIND, name)
    if found is None:
        raise not_found(TITLE, call.arn(KIND, name))
    return found


def updatable(call: Call, name: str) -> Document:
    """An endpoint that may be changed now, or the refusal."""
    endpoint = existing(call, name)
    if endpoint["EndpointStatus"] in _BUSY:
        raise in_progress(endpoint["EndpointArn"])
    if endpoint["EndpointStatus"] == "Failed":
        raise wrong_status(endpoint["EndpointArn"], "Failed")
    return endpoint


HANDLERS: Mapping[str, Handler] = {
    "CreateEndpoint": create_endpoint,
    "DescribeEndpoint": describe_endpoint,
    "ListEndpoints": list_endpoints,
    "UpdateEndpoint": update_endpoint,
    "DeleteEndpoint": delete_endpoint,
}
