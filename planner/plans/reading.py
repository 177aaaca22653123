"""A plan document read back into the plan that it was made of.

Numbers are as the document rounds them, and lists in its order; what it does not hold (the
arithmetic, values that look like secrets) is not there. The document of what is read is the
document again.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from planner.model.candidate import (
    Alternative,
    Exclusions,
    Infeasible,
    Latency,
    Rejection,
    Relaxation,
)
from planner.model.catalog import Limit, Measure, Scope
from planner.model.change import Action, Change, ChangeSet, FieldChange, Risk
from planner.model.check import Check, Verdict
from planner.model.drift import Sync
from planner.model.plan import (
    CatalogStamp,
    EndpointPlan,
    LimitBreach,
    Locking,
    LockState,
    Mode,
    Offer,
    Pending,
    Plan,
)
from planner.model.resource import DesiredState, Resource
from planner.plans.decision_reading import decision_of, latency_of, range_of
from planner.plans.judgement_document import judgement_of
from planner.plans.warm_up_document import warming_read

Part = dict[str, Any]


def plan_of(document: Part) -> Plan:
    """The plan in a document of this version."""
    return Plan(
        mode=Mode(document["mode"]),
        fingerprint=document["fingerprint"],
        planner_version=document["planner_version"],
        endpoints=tuple(_endpoint(part) for part in document["endpoints"]),
        infeasible=tuple(_infeasible(part) for part in document["infeasible"]),
        breaches=tuple(_breach(part) for part in document["limits_exceeded"]),
        catalogs=tuple(CatalogStamp(**part) for part in document["catalogs"]),
        removals=tuple(pending_of(part) for part in document["removals"]),
        strays=tuple(document["strays"]),
        checks=tuple(
            Check(**{**part, "verdict": Verdict(part["verdict"])}) for part in document["checks"]
        ),
        policy=judgement_of(document.get("policy")),
        locks=tuple(_lock(part) for part in document.get("locks", ())),
    )


def _lock(part: Part) -> Locking:
    offer = part["offer"]
    return Locking(
        workload=part["workload"],
        state=LockState(part["state"]),
        reason=part["reason"],
        offer=None
        if offer is None
        else Offer(
            configuration=offer["configuration"],
            monthly_usd=offer["monthly_usd"],
            locked_monthly_usd=offer["locked_monthly_usd"],
        ),
    )


def pending_of(part: Part) -> Pending:
    """Changes of one endpoint with all that making them needs."""
    return Pending(
        owner=part["workload"],
        desired=_desired(part["name"], part["desired"]),
        changes=changes_of(part),
        warming=warming_read(part.get("warm_up")),
    )


def changes_of(part: Part) -> ChangeSet:
    """The changes of one endpoint, in their order."""
    expected = part.get("expected_s")
    return ChangeSet(
        endpoint=part["name"],
        action=Action(part["action"]),
        changes=tuple(_change(one) for one in part["changes"]),
        notes=tuple(part["notes"]),
        expected_s=None if expected is None else (expected["min"], expected["max"]),
    )


def _endpoint(part: Part) -> EndpointPlan:
    desired, sync = part["desired"], part["sync"]
    return EndpointPlan(
        workload=part["workload"],
        decision=decision_of(part),
        changes=changes_of(part),
        alternatives=_alternatives(part["alternatives"]),
        excluded=_exclusions(part["excluded"]),
        monthly_usd_before=part["monthly_usd_before"],
        desired=None if desired is None else _desired(part["name"], desired),
        sync=None if sync is None else Sync(sync),
        labels=tuple(part.get("labels", {}).items()),
        zones=part.get("zones", 1),
        warming=warming_read(part.get("warm_up")),
    )


def _desired(endpoint: str, part: Part) -> DesiredState:
    return DesiredState(
        endpoint=endpoint,
        provider=part["provider"],
        region=part["region"],
        resources=tuple(
            Resource(**{**one, "after": tuple(one["after"])}) for one in part["resources"]
        ),
        place=part["place"],
        digest=part["digest"],
    )


def _change(part: Part) -> Change:
    return Change(
        address=part["address"],
        action=Action(part["action"]),
        reason=part["reason"],
        risk=Risk(part["risk"]),
        fields=tuple(
            FieldChange(**{**one, "action": Action(one["action"])}) for one in part["fields"]
        ),
    )


def _infeasible(part: Part) -> Infeasible:
    return Infeasible(
        workload=part["workload"],
        misses=_alternatives(part["misses"]),
        relaxations=tuple(
            Relaxation(
                path=one["spec_path"],
                current=one["current"],
                needed=one["needed"],
                monthly_usd=one["monthly_usd"],
            )
            for one in part["relaxations"]
        ),
        excluded=_exclusions(part["excluded"]),
    )


def _alternatives(parts: Iterable[Part]) -> tuple[Alternative, ...]:
    return tuple(
        Alternative(
            provider=part["provider"],
            hosting=part["hosting"],
            instance_type=part["instance_type"],
            replicas=range_of(part["replicas"]),
            monthly_usd=part["monthly_usd"],
            latency=_latency(part["latency_ms"]),
            rejection=None if part["rejection"] is None else _rejection(part["rejection"]),
            variant=part["variant"],
        )
        for part in parts
    )


def _latency(part: Part | None) -> Latency | None:
    return None if part is None else latency_of(part)


def _exclusions(parts: Iterable[Part]) -> tuple[Exclusions, ...]:
    return tuple(
        Exclusions(
            provider=part["provider"],
            hosting=part["hosting"],
            instance_types=tuple(part["instance_types"]),
            rejection=_rejection(part["rejection"]),
        )
        for part in parts
    )


def _rejection(part: Part) -> Rejection:
    shortfall = part["shortfall"]
    return Rejection(
        code=part["code"],
        measured=part["measured"],
        allowed=part["allowed"],
        path=part["spec_path"],
        source=part["source"],
        source_id=part["source_id"],
        shortfall=float("inf") if shortfall is None else shortfall,
    )


def _breach(part: Part) -> LimitBreach:
    return LimitBreach(
        provider=part["provider"],
        region=part["region"],
        limit=Limit(
            name=part["limit"],
            measure=Measure(part["measure"]),
            scope=Scope(part["scope"]),
            value=part["allowed"],
            source=part["source"],
            as_of=part["as_of"],
            source_id=part["source_id"],
        ),
        measured=part["measured"],
        endpoints=tuple(part["endpoints"]),
    )
