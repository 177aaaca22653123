"""UpdateEndpointWeightsAndCapacities: the change that needs no new config."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from planner_sagemaker.sandbox import fleets, quotas
from planner_sagemaker.sandbox.cloud import Call, Handler
from planner_sagemaker.sandbox.endpoints import updatable
from planner_sagemaker.sandbox.errors import invalid
from planner_sagemaker.sandbox.faults import Effect
from planner_sagemaker.sandbox.store import Document
from planner_sagemaker.sandbox.transitions import KIND, Step, save

_CAPACITY = ("DesiredInstanceCount", "ServerlessUpdateConfig")


def update_weights_and_capacities(call: Call) -> Mapping[str, Any]:
    """Begin to change weights of variants, or the capacity of one."""
    asked = call.parameters["DesiredWeightsAndCapacities"]
    name = call.parameters["EndpointName"]
    endpoint = updatable(call, name)
    for problem in _problems(endpoint, asked):
        raise invalid(problem)
    wanted = {one["VariantName"]: one for one in asked}
    before = endpoint["ProductionVariants"]
    desired = [_desired(one, wanted.get(one["VariantName"], {})) for one in before]
    raw = [_resized(one, wanted.get(one["VariantName"], {})) for one in _raw(endpoint)]
    after = {"ProductionVariants": [_reached(one) for one in desired], "_ProductionVariants": raw}
    needed = fleets.needs({**endpoint, **after})
    needed.subtract(fleets.needs(endpoint))
    extra = {quota: amount for quota, amount in needed.items() if amount > 0}
    quotas.check(call, extra)
    changed = {
        **endpoint,
        "EndpointStatus": "Updating",
        "LastModifiedTime": call.now,
        "ProductionVariants": desired,
        "_next": after,
        "_back": {"ProductionVariants": before},
        "_extra": Counter({q: n for q, n in extra.items() if q == quotas.SERVERLESS_CONCURRENCY}),
        "_steps": _steps(call),
    }
    save(call.cloud, call.key(KIND, name), changed)
    return {"EndpointArn": endpoint["EndpointArn"]}


def _raw(endpoint: Document) -> list[Document]:
    found: list[Document] = endpoint["_ProductionVariants"]
    return found


def _problems(endpoint: Document, asked: list[Document]) -> Iterator[str]:
    names = {one["VariantName"] for one in endpoint["ProductionVariants"]}
    unknown = [one["VariantName"] for one in asked if one["VariantName"] not in names]
    if unknown:
        # The text of getmoto/moto#5082, which was taken from AWS.
        yield (
            f'The variant name(s) "{", ".join(unknown)}" is/are not present within endpoint '
            f'configuration "{endpoint["EndpointConfigName"]}".'
        )
    if sum(any(member in one for member in _CAPACITY) for one in asked) > 1:
        yield "The capacity of only one variant can be updated at a time."
    serverless = fleets.is_serverless(endpoint)
    for one in asked:
        if serverless and "DesiredInstanceCount" in one:
            yield "DesiredInstanceCount is not supported for serverless variants."
        if not serverless and "ServerlessUpdateConfig" in one:
            yield "ServerlessUpdateConfig is supported for serverless variants only."
        if one.get("DesiredInstanceCount") == 0 and not endpoint.get("AsyncInferenceConfig"):
            yield "DesiredInstanceCount must be at least 1 for real-time variants."


def _desired(variant: Document, wanted: Mapping[str, Any]) -> Document:
    """What is shown while it is not reached yet; a member that was not given stays."""
    changed = dict(variant)
    for member in ("DesiredInstanceCount", "DesiredWeight"):
        if member in wanted:
            changed[member] = wanted[member]
    if "ServerlessUpdateConfig" in wanted:
        current = variant["CurrentServerlessConfig"]
        changed["DesiredServerlessConfig"] = {**current, **wanted["ServerlessUpdateConfig"]}
    return changed


def _reached(variant: Document) -> Document:
    reached = {**variant, "CurrentWeight": variant["DesiredWeight"]}
    if "DesiredInstanceCount" in variant:
        reached["CurrentInstanceCount"] = variant["DesiredInstanceCount"]
    if "DesiredServerlessConfig" in variant:
        reached["CurrentServerlessConfig"] = reached.pop("DesiredServerlessConfig")
    return reached


def _resized(raw: Document, wanted: Mapping[str, Any]) -> Document:
    if "ServerlessUpdateConfig" not in wanted:
        return raw
    return {
        **raw,
        "ServerlessConfig": {**raw["ServerlessConfig"], **wanted["ServerlessUpdateConfig"]},
    }


def _steps(call: Call) -> list[Step]:
    """`RollingBack` is shown for these changes only (documentation of EndpointStatus)."""
    pace = call.cloud.pace
    at = call.now + pace.update_s
    effect = call.fault.effect if call.fault else None
    if effect is Effect.STUCK:
        return []
    if effect in {Effect.ROLLBACK, Effect.NO_CAPACITY, Effect.FAIL}:
        reason = (call.fault.message if call.fault else None) or ""
        return [
            {"at": at, "do": "mark", "status": "RollingBack"},
            {"at": at + pace.rollback_s, "do": "restore", "reason": reason},
        ]
    return [{"at": at, "do": "serve"}]


HANDLERS: Mapping[str, Handler] = {
    "UpdateEndpointWeightsAndCapacities": update_weights_and_capacities,
}
