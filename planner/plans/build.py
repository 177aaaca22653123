"""From outcomes and changes to the plan, with the fingerprint that identifies it."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field, replace
from hashlib import sha256
from typing import Any

from planner.model.candidate import Decision, Infeasible, Outcome, Solved
from planner.model.catalog import Catalog
from planner.model.change import ChangeSet
from planner.model.check import Check
from planner.model.drift import Sync
from planner.model.plan import CatalogStamp, EndpointPlan, LimitBreach, Locking, Mode, Pending, Plan
from planner.model.resource import DesiredState
from planner.model.traffic import Trace
from planner.model.value import value
from planner.model.workload import Workload
from planner.plans.decision_document import decision_part
from planner.plans.document import catalog_stamp_part, change_part, pending_part
from planner.plans.text import to_bytes
from planner.plans.warm_up_document import warming_of, warming_part

_CONFIGURES = (
    "autoscaling",
    "concurrency",
    "cost",
    "hosting",
    "instance_type",
    "models",
    "options",
    "replicas",
    "routing",
    "units",
)


@value
class RunStamp:
    """What a run was made with; `spec_digest` stands for everything the specs ask."""

    mode: Mode
    planner_version: str
    spec_digest: str
    catalogs: tuple[CatalogStamp, ...] = ()
    locks: tuple[Locking, ...] = ()
    workloads: tuple[Workload, ...] = ()


@value
class Held:
    """What the decisions were held against, by the name of the cloud endpoint.

    `changes` has every endpoint; `desired`, `sync` and `monthly_usd_before` those that were read
    live.
    """

    changes: Mapping[str, ChangeSet]
    monthly_usd_before: Mapping[str, float] = field(default_factory=dict)
    desired: Mapping[str, DesiredState] = field(default_factory=dict)
    sync: Mapping[str, Sync] = field(default_factory=dict)
    removals: tuple[Pending, ...] = ()
    strays: tuple[str, ...] = ()
    checks: tuple[Check, ...] = ()


def build_plan(
    outcomes: Iterable[Outcome],
    held: Held,
    *,
    stamp: RunStamp,
    breaches: Sequence[LimitBreach] = (),
) -> Plan:
    """The plan of one run, sorted and fingerprinted.

    Every solved decision needs its change set. The order of `outcomes` does not matter.
    """
    asked = {workload.name: workload for workload in stamp.workloads}
    endpoints: list[EndpointPlan] = []
    infeasible: list[Infeasible] = []
    for outcome in outcomes:
        match outcome:
            case Solved():
                endpoints.extend(_endpoints(outcome, held, asked.get(outcome.workload)))
            case Infeasible():
                infeasible.append(outcome)
    catalogs = tuple(sorted(set(stamp.catalogs), key=_stamp_key))
    plan = Plan(
        mode=stamp.mode,
        fingerprint="",
        planner_version=stamp.planner_version,
        endpoints=tuple(sorted(endpoints, key=lambda endpoint: endpoint.name)),
        infeasible=tuple(sorted(infeasible, key=lambda outcome: outcome.workload)),
        breaches=tuple(sorted(breaches, key=_breach_key)),
        catalogs=catalogs,
        removals=held.removals,
        strays=held.strays,
        checks=held.checks,
        locks=tuple(sorted(stamp.locks, key=lambda lock: lock.workload)),
    )
    return replace(plan, fingerprint=_fingerprint(plan, stamp.spec_digest))


def stamp_of(catalog: Catalog) -> CatalogStamp:
    """Which data a catalog is."""
    return CatalogStamp(
        provider=catalog.provider,
        region=catalog.region,
        version=catalog.version,
        as_of=catalog.as_of,
    )


def workloads_digest(workloads: Iterable[Workload]) -> str:
    """Digest of everything the specs ask, whatever file or order it was written in."""
    digest = sha256()
    for workload in sorted(workloads, key=lambda each: each.name):
        for chunk in _chunks(workload):
            digest.update(chunk)
    return digest.hexdigest()


def _chunks(workload: Workload) -> Iterator[bytes]:
    pattern = workload.traffic.pattern
    if isinstance(pattern, Trace):
        # Packed, because a trace holds up to millions of numbers; nameless, because the same trace
        # in another directory asks for the same.
        for numbers in (pattern.stamps_s, pattern.counts):
            yield struct.pack(f"<q{len(numbers)}d", len(numbers), *numbers)
        bare = replace(pattern, file="", stamps_s=(), counts=())
        workload = replace(workload, traffic=replace(workload.traffic, pattern=bare))
    yield repr(workload).encode()


def _endpoints(solved: Solved, held: Held, asked: Workload | None) -> Iterator[EndpointPlan]:
    ordered = sorted(solved.decisions, key=lambda decision: decision.endpoint)
    for index, decision in enumerate(ordered):
        yield EndpointPlan(
            workload=solved.workload,
            decision=decision,
            changes=held.changes[decision.endpoint],
            alternatives=solved.alternatives if index == 0 else (),
            excluded=solved.excluded if index == 0 else (),
            monthly_usd_before=held.monthly_usd_before.get(decision.endpoint, 0.0),
            desired=held.desired.get(decision.endpoint),
            sync=held.sync.get(decision.endpoint),
            labels=() if asked is None else asked.labels,
            zones=1 if asked is None else asked.constraints.zones,
            warming=warming_of(asked, decision),
        )


def _stamp_key(stamp: CatalogStamp) -> tuple[str, str, str, str]:
    return (stamp.provider, stamp.region, stamp.version, stamp.as_of)


def _breach_key(breach: LimitBreach) -> tuple[str, str, str]:
    return (breach.provider, breach.region, breach.limit.name)


def _fingerprint(plan: Plan, spec_digest: str) -> str:
    content = {
        "catalogs": [catalog_stamp_part(stamp) for stamp in plan.catalogs],
        "endpoints": [_identity(endpoint) for endpoint in plan.endpoints],
        "infeasible": [outcome.workload for outcome in plan.infeasible],
        "mode": plan.mode.value,
        "removals": [pending_part(one) for one in plan.removals],
        "spec": spec_digest,
    }
    return f"sha256:{sha256(to_bytes(content)).hexdigest()}"


def _identity(endpoint: EndpointPlan) -> dict[str, Any]:
    # Where nothing is called there is no key, so that plans are known by what they were.
    calls = warming_part(endpoint.warming, bodies=False)
    return {
        **({} if calls is None else {"warm_up": calls}),
        "changes": [change_part(change) for change in endpoint.changes.changes],
        "decision": _configuration(endpoint.decision),
        "name": endpoint.name,
        "provider": endpoint.decision.provider,
        "region": endpoint.decision.region,
    }


def _configuration(decision: Decision) -> dict[str, Any]:
    part = decision_part(decision)
    return {key: part[key] for key in _CONFIGURES}
