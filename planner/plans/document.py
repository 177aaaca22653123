"""The plan as a JSON value: `schemas/plan.v1.json`.

Keys and lists are sorted, so that two documents can be compared line by line. Three lists keep
their order because it is their meaning: `changes` (order of execution), `misses` (nearest first)
and `relaxations` (smallest first).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from planner.model.candidate import Alternative, Exclusions, Infeasible, Rejection
from planner.model.change import Action, Change, ChangeSet, FieldChange
from planner.model.check import Check
from planner.model.plan import CatalogStamp, EndpointPlan, LimitBreach, Locking, Pending, Plan
from planner.model.resource import DesiredState
from planner.plans.changes import concealed
from planner.plans.decision_document import decision_part, latency_part, range_part
from planner.plans.judgement_document import policy_part
from planner.plans.numbers import canonical, money, rounded, total
from planner.plans.text import to_bytes
from planner.plans.warm_up_document import warming_part

if TYPE_CHECKING:
    from hashlib import _Hash

FORMAT_VERSION = "1.0"
"""Version of the plan document; the first number changes when a key goes or changes its meaning."""

Part = dict[str, Any]


def document(plan: Plan, *, bodies: bool = False) -> Part:
    """The whole plan; no time stamp, secret or machine path stands in it.

    Only with the `bodies` of sample requests can all of it be applied: they are for files.
    """
    parts = [endpoint_part(endpoint, bodies=bodies) for endpoint in plan.endpoints]
    part = _whole(plan, parts)
    return dict(sorted({**part, "seal": seal(part)}.items()))


def document_pieces(plan: Plan) -> Iterator[bytes]:
    """The text of `document`, one endpoint after the other: a thousand would take half a GB."""
    part = _whole(plan, [])
    digest = sha256()
    _begin(digest, part)
    text = to_bytes(dict(sorted({**part, "seal": ""}.items())))
    before, _, after = text.partition(_NONE)
    yield before
    for index, endpoint in enumerate(plan.endpoints):
        piece = endpoint_part(endpoint)
        # Made in order; to sort it once more takes a tenth of a plan of a thousand.
        digest.update(to_bytes({"endpoints": piece}))
        yield b"," if index else b'"endpoints": ['
        yield to_bytes({"endpoints": [piece]})[len(_OPENED) : -len(_CLOSED)]
    yield b"\n  ]" if plan.endpoints else _NONE
    upto, _, rest = after.rpartition(b'"seal": ""')
    yield upto + b'"seal": "' + _stated(digest).encode() + b'"' + rest


_NONE = b'"endpoints": []'
_OPENED = b'{\n  "endpoints": ['
_CLOSED = b"\n  ]\n}\n"


def seal(part: Part) -> str:
    """SHA-256 over everything else in a document, by which an edited one is known."""
    digest = sha256()
    _begin(digest, part)
    for endpoint in part["endpoints"]:
        _add(digest, "endpoints", endpoint)
    return _stated(digest)


def _begin(digest: _Hash, part: Part) -> None:
    for key in sorted(set(part) - {"endpoints", "seal"}):
        _add(digest, key, part[key])


def _add(digest: _Hash, key: str, piece: Any) -> None:
    digest.update(to_bytes({key: canonical(piece)}))


def _stated(digest: _Hash) -> str:
    return f"sha256:{digest.hexdigest()}"


def _whole(plan: Plan, endpoints: Iterable[Part]) -> Part:
    """Everything but the seal."""
    return {
        "catalogs": [catalog_stamp_part(stamp) for stamp in plan.catalogs],
        "checks": [_check_part(check) for check in plan.checks],
        "endpoints": endpoints,
        "fingerprint": plan.fingerprint,
        "format_version": FORMAT_VERSION,
        "infeasible": [infeasible_part(outcome) for outcome in plan.infeasible],
        "limits_exceeded": [_breach_part(breach) for breach in plan.breaches],
        "locks": [_lock_part(lock) for lock in plan.locks],
        "mode": plan.mode.value,
        "planner_version": plan.planner_version,
        "policy": policy_part(plan.policy),
        "removals": [pending_part(one) for one in plan.removals],
        "strays": list(plan.strays),
        "summary": summary_part(plan),
        "verified": plan.verified,
    }


def summary_part(plan: Plan) -> Part:
    """Endpoints by what happens to them, and what all cost before and after."""
    actions = [endpoint.action for endpoint in plan.endpoints]
    return {
        "create": actions.count(Action.CREATE),
        "delete": actions.count(Action.DELETE) + len(plan.removals),
        "monthly_usd_after": total(plan.monthly_usd_after),
        "monthly_usd_before": total(plan.monthly_usd_before),
        "replace": actions.count(Action.REPLACE),
        "unchanged": actions.count(Action.NONE),
        "update": actions.count(Action.UPDATE),
    }


def endpoint_part(endpoint: EndpointPlan, *, bodies: bool = False) -> Part:
    """One cloud endpoint: the decision, what else was looked at, and the changes it needs."""
    return {
        "action": endpoint.action.value,
        "alternatives": alternatives_part(endpoint.alternatives),
        "changes": [change_part(change) for change in endpoint.changes.changes],
        "decision": decision_part(endpoint.decision),
        "desired": None if endpoint.desired is None else _desired_part(endpoint.desired),
        "excluded": excluded_part(endpoint.excluded),
        "expected_s": _expected_part(endpoint.changes),
        "labels": dict(sorted(endpoint.labels)),
        "monthly_usd_before": total(endpoint.monthly_usd_before),
        "name": endpoint.name,
        "notes": list(endpoint.changes.notes),
        "provider": endpoint.decision.provider,
        "region": endpoint.decision.region,
        "sync": None if endpoint.sync is None else endpoint.sync.value,
        "warm_up": warming_part(endpoint.warming, bodies=bodies),
        "workload": endpoint.workload,
        "zones": endpoint.zones,
    }


def pending_part(pending: Pending) -> Part:
    """An endpoint's changes without a decision, with all that making them needs."""
    return {
        "action": pending.changes.action.value,
        "changes": [change_part(change) for change in pending.changes.changes],
        "desired": _desired_part(pending.desired),
        "name": pending.desired.endpoint,
        "notes": list(pending.changes.notes),
        "workload": pending.owner,
    }


def _desired_part(desired: DesiredState) -> Part:
    """Everything that applying needs; values that look like secrets are hidden."""
    return {
        "digest": desired.digest,
        "place": dict(sorted(desired.place.items())),
        "provider": desired.provider,
        "region": desired.region,
        "resources": [
            {
                "address": resource.address,
                "after": list(resource.after),
                "body": canonical(concealed(resource.body)),
                "kind": resource.kind,
                "name": resource.name,
            }
            for resource in desired.resources
        ],
    }


def _expected_part(changes: ChangeSet) -> Part | None:
    if changes.expected_s is None:
        return None
    least, most = changes.expected_s
    return {"max": rounded(most, 0), "min": rounded(least, 0)}


def _check_part(check: Check) -> Part:
    return {
        "detail": check.detail,
        "hint": check.hint,
        "name": check.name,
        "subject": check.subject,
        "verdict": check.verdict.value,
    }


def change_part(change: Change) -> Part:
    """One object's change with its fields by path."""
    return {
        "action": change.action.value,
        "address": change.address,
        "fields": [_field_part(field) for field in sorted(change.fields, key=_by_path)],
        "reason": change.reason,
        "risk": change.risk.value,
    }


def _by_path(field: FieldChange) -> str:
    return field.path


def _field_part(field: FieldChange) -> Part:
    return {
        "action": field.action.value,
        "desired": canonical(field.desired),
        "live": canonical(field.live),
        "path": field.path,
        "reason": field.reason,
    }


def alternatives_part(alternatives: Sequence[Alternative]) -> list[Part]:
    """Every candidate that was sized and not taken, in order."""
    return [alternative_part(alternative) for alternative in alternatives_in_order(alternatives)]


def alternatives_in_order(alternatives: Sequence[Alternative]) -> list[Alternative]:
    """By hosting mode, feasible before rejected, then by cost and type."""
    return sorted(alternatives, key=rank)


def rank(alternative: Alternative) -> tuple[str, bool, float, str, str, str]:
    """Sort key of alternatives; those without a price come last in their group."""
    cost = float("inf") if alternative.monthly_usd is None else alternative.monthly_usd
    rejected = alternative.rejection is not None
    kind = (alternative.instance_type, alternative.provider, alternative.variant)
    return (alternative.hosting, rejected, cost, *kind)


def alternative_part(alternative: Alternative) -> Part:
    """One candidate that was not taken; `rejection` null means feasible, only dearer."""
    return {
        "hosting": alternative.hosting,
        "instance_type": alternative.instance_type,
        "latency_ms": latency_part(alternative.latency),
        "monthly_usd": money(alternative.monthly_usd),
        "provider": alternative.provider,
        "rejection": None if alternative.rejection is None else _rejection(alternative.rejection),
        "replicas": range_part(alternative.replicas),
        "variant": alternative.variant,
    }


@lru_cache(maxsize=4096)
def _rejection(rejection: Rejection) -> Part:
    """One object for equal ones, of which a run of many endpoints has hundreds each."""
    return {
        "allowed": rejection.allowed,
        "code": rejection.code,
        "measured": rejection.measured,
        "shortfall": rounded(rejection.shortfall, 6),
        "source": rejection.source,
        "source_id": rejection.source_id,
        "spec_path": rejection.path,
    }


def excluded_part(groups: Sequence[Exclusions]) -> list[Part]:
    """Candidates that fell at the same bound before sizing, one entry per bound."""
    ordered = sorted(groups, key=lambda group: (group.provider, group.hosting, _reason_key(group)))
    return [_group(group) for group in ordered]


@lru_cache(maxsize=1024)
def _group(group: Exclusions) -> Part:
    return {
        "hosting": group.hosting,
        "instance_types": sorted(group.instance_types),
        "provider": group.provider,
        "rejection": _rejection(group.rejection),
    }


def _reason_key(group: Exclusions) -> tuple[str, str, str, tuple[str, ...]]:
    reason = group.rejection
    return (reason.code, reason.measured, reason.allowed, group.instance_types)


def infeasible_part(outcome: Infeasible) -> Part:
    """A workload that nothing can serve as asked."""
    return {
        "excluded": excluded_part(outcome.excluded),
        "misses": [alternative_part(miss) for miss in outcome.misses],
        "relaxations": [
            {
                "current": relaxation.current,
                "monthly_usd": money(relaxation.monthly_usd),
                "needed": relaxation.needed,
                "spec_path": relaxation.path,
            }
            for relaxation in outcome.relaxations
        ],
        "workload": outcome.workload,
    }


def _breach_part(breach: LimitBreach) -> Part:
    return {
        "allowed": rounded(breach.limit.value, 6),
        "as_of": breach.limit.as_of,
        "endpoints": sorted(breach.endpoints),
        "limit": breach.limit.name,
        "measure": breach.limit.measure.value,
        "measured": rounded(breach.measured, 6),
        "provider": breach.provider,
        "region": breach.region,
        "scope": breach.limit.scope.value,
        "source": breach.limit.source,
        "source_id": breach.limit.source_id,
    }


def _lock_part(lock: Locking) -> Part:
    offer = lock.offer
    return {
        "offer": None
        if offer is None
        else {
            "configuration": offer.configuration,
            "locked_monthly_usd": total(offer.locked_monthly_usd),
            "monthly_usd": total(offer.monthly_usd),
            "saving": rounded(offer.saving, 6),
        },
        "reason": lock.reason,
        "state": lock.state.value,
        "workload": lock.workload,
    }


def catalog_stamp_part(stamp: CatalogStamp) -> Part:
    """Which data priced the plan."""
    return {
        "as_of": stamp.as_of,
        "provider": stamp.provider,
        "region": stamp.region,
        "version": stamp.version,
    }
