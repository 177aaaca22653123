"""From outcomes and changes to the plan, with the fingerprint that identifies it."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from typing import Any

from planner.model.candidate import Decision, Infeasible, Outcome, Solved
from planner.model.catalog import Catalog
from planner.model.change import ChangeSet
from planner.model.plan import CatalogStamp, EndpointPlan, LimitBreach, Mode, Plan
from planner.model.traffic import Trace
from planner.model.value import value
from planner.model.workload import Workload
from planner.plans.decision_document import decision_part
from planner.plans.document import catalog_stamp_part, change_part
from planner.plans.text import to_bytes

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


def build_plan(
    outcomes: Iterable[Outcome],
    changes: Mapping[str, ChangeSet],
    *,
    stamp: RunStamp,
    breaches: Sequence[LimitBreach] = (),
    monthly_usd_before: Mapping[str, float] | None = None,
) -> Plan:
    """The plan of one run, sorted and fingerprinted; `changes` by the name of the cloud endpoint.

    Every solved decision needs its change set. The order of `outcomes` does not matter.
    """
    before = monthly_usd_before or {}
    endpoints: list[EndpointPlan] = []
    infeasible: list[Infeasible] = []
    for outcome in outcomes:
        match outcome:
            case Solved():
                endpoints.extend(_endpoints(outcome, changes, before))
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


def _endpoints(
    solved: Solved, changes: Mapping[str, ChangeSet], before: Mapping[str, float]
) -> Iterator[EndpointPlan]:
    ordered = sorted(solved.decisions, key=lambda decision: decision.endpoint)
    for index, decision in enumerate(ordered):
        yield EndpointPlan(
            workload=solved.workload,
            decision=decision,
            changes=changes[decision.endpoint],
            alternatives=solved.alternatives if index == 0 else (),
            excluded=solved.excluded if index == 0 else (),
            monthly_usd_before=before.get(decision.endpoint, 0.0),
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
        "spec": spec_digest,
    }
    return f"sha256:{sha256(to_bytes(content)).hexdigest()}"


def _identity(endpoint: EndpointPlan) -> dict[str, Any]:
    return {
        "changes": [change_part(change) for change in endpoint.changes.changes],
        "decision": _configuration(endpoint.decision),
        "name": endpoint.name,
        "provider": endpoint.decision.provider,
        "region": endpoint.decision.region,
    }


def _configuration(decision: Decision) -> dict[str, Any]:
    part = decision_part(decision)
    return {key: part[key] for key in _CONFIGURES}
