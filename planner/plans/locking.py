"""Locks made from decisions: the digest of what was asked, the configuration, the lock document."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from enum import Enum
from hashlib import sha256
from typing import Any

from pydantic import BaseModel

from planner.model.candidate import Autoscaling, Decision, Solved
from planner.model.lock import Lock, LockedEndpoint
from planner.model.plan import CatalogStamp
from planner.model.traffic import Trace
from planner.model.workload import Workload
from planner.plans.numbers import money, rounded

API_VERSION = "planner/v1alpha1"

_NO_INPUT = {
    "Workload": {"labels", "description", "rollout", "assumptions"},
    "Trace": {"file", "stamps_s", "counts"},
}
"""Fields that decide nothing: names, how an update goes, words; and numbers that are packed."""


def input_digest(workload: Workload) -> str:
    """Digest of everything in a spec that the decision can depend on.

    Fields that have their defaults are left out, so that a later version, which knows more fields,
    finds the same digest.
    """
    digest = sha256()
    pattern = workload.traffic.pattern
    if isinstance(pattern, Trace):
        for numbers in (pattern.stamps_s, pattern.counts):
            digest.update(struct.pack(f"<q{len(numbers)}d", len(numbers), *numbers))
    for chunk in _chunks(workload):
        digest.update(chunk.encode())
    return f"sha256:{digest.hexdigest()}"


def _chunks(value: Any) -> Iterator[str]:
    """Text of a value: of blocks the name and what is not as it is by default."""
    match value:
        case Enum():
            yield repr(value.value)
        case BaseModel():
            set_ = {
                name for name, one in type(value).model_fields.items() if _told(value, name, one)
            }
            yield from _block(value, sorted(set_))
        case _ if is_dataclass(value):
            left_out = _NO_INPUT.get(type(value).__name__, set())
            told = (one.name for one in fields(value) if _differs(value, one))
            yield from _block(value, sorted(set(told) - left_out))
        case tuple() | list():
            yield "["
            for item in value:
                yield from _chunks(item)
                yield ","
            yield "]"
        case dict():
            yield from _chunks(sorted(value.items()))
        case _:
            yield repr(value)


def _block(value: Any, names: Iterable[str]) -> Iterator[str]:
    yield f"{type(value).__name__}("
    for name in names:
        yield f"{name}="
        yield from _chunks(getattr(value, name))
        yield ","
    yield ")"


def _told(value: BaseModel, name: str, known: Any) -> bool:
    return bool(getattr(value, name) != known.get_default(call_default_factory=True))


def _differs(value: Any, known: Field[Any]) -> bool:
    if not known.repr:
        return False
    default = known.default
    if default is MISSING and known.default_factory is not MISSING:
        default = known.default_factory()
    return bool(getattr(value, known.name) != default)


def locked(
    solved: Solved, workload: Workload, catalogs: Iterable[CatalogStamp], *, version: str
) -> Lock:
    """The lock of a decision that was made by this `version` from these catalogs."""
    return Lock(
        workload=workload.name,
        input=input_digest(workload),
        planner_version=version,
        catalogs=tuple(sorted(catalogs, key=lambda one: (one.provider, one.region))),
        endpoints=configuration(solved),
    )


def configuration(solved: Solved) -> tuple[LockedEndpoint, ...]:
    """What is to be held of a decision, by the names of its endpoints."""
    several = len(solved.decisions) > 1
    found = (_endpoint(decision, several=several) for decision in solved.decisions)
    return tuple(sorted(found, key=lambda one: one.name))


def _endpoint(decision: Decision, *, several: bool) -> LockedEndpoint:
    return LockedEndpoint(
        name=decision.endpoint,
        provider=decision.provider,
        region=decision.region,
        hosting=decision.hosting,
        instance_type=decision.instance_type,
        models=_models(decision.models) if several else "",
        replicas=decision.replicas,
        units=decision.units,
        concurrency=decision.concurrency,
        scaling=_scaling(decision.autoscaling),
        routing=decision.routing,
        options=tuple(sorted(decision.options)),
        monthly_usd=money(decision.cost.monthly_usd) or 0.0,
    )


def _models(names: tuple[str, ...]) -> str:
    """One name, or the digest of many: a fleet has thousands."""
    if len(names) == 1:
        return names[0]
    digest = sha256("\n".join(sorted(names)).encode()).hexdigest()
    return f"{len(names)} sha256:{digest[:16]}"


def _scaling(scaling: Autoscaling | None) -> Autoscaling | None:
    if scaling is None:
        return None
    return Autoscaling(
        metric=scaling.metric,
        target=rounded(scaling.target, 6) or 0.0,
        cooldown_up_s=rounded(scaling.cooldown_up_s, 3) or 0.0,
        cooldown_down_s=rounded(scaling.cooldown_down_s, 3) or 0.0,
        average=0.0,
        scheduled=tuple(sorted(scaling.scheduled, key=lambda one: one.name)),
        timezone=scaling.timezone,
    )


def lock_document(locks: Mapping[str, Lock]) -> dict[str, Any]:
    """The lock file as a JSON value, sorted, without what is not there."""
    return {
        "apiVersion": API_VERSION,
        "kind": "Lock",
        "specs": {name: _entry(lock) for name, lock in sorted(locks.items())},
    }


def _entry(lock: Lock) -> dict[str, Any]:
    return {
        "input": lock.input,
        "planner": lock.planner_version,
        "prices": [
            {
                "provider": one.provider,
                "region": one.region,
                "date": one.as_of,
                "catalog": one.version,
            }
            for one in lock.catalogs
        ],
        "endpoints": {one.name: _endpoint_part(one) for one in lock.endpoints},
    }


def _endpoint_part(one: LockedEndpoint) -> dict[str, Any]:
    part = {
        "provider": one.provider,
        "region": one.region,
        "hosting": one.hosting,
        "instance": one.instance_type,
        "models": one.models or None,
        "replicas": one.replicas and {"min": one.replicas.min, "max": one.replicas.max},
        "units": one.units and {"min": one.units.min, "max": one.units.max},
        "concurrency": {"per_replica": one.concurrency.per_replica, "max": one.concurrency.max},
        "scaling": one.scaling and _scaling_part(one.scaling),
        "routing": one.routing or None,
        "options": dict(one.options) or None,
        "monthly_usd": one.monthly_usd,
    }
    return {key: item for key, item in part.items() if item is not None}


def _scaling_part(scaling: Autoscaling) -> dict[str, Any]:
    part: dict[str, Any] = {
        "metric": scaling.metric,
        "target": scaling.target,
        "cooldown_up": scaling.cooldown_up_s,
        "cooldown_down": scaling.cooldown_down_s,
        "timezone": scaling.timezone,
    }
    scheduled = [
        {"name": one.name, "cron": one.cron, "min": one.min, "max": one.max}
        for one in scaling.scheduled
    ]
    return {**part, "scheduled": scheduled} if scheduled else part
