"""Limits of a region, by what the spec or the account says of its quotas."""

from __future__ import annotations

from dataclasses import replace

from planner.model.catalog import Limit, Measure, Scope
from planner_sagemaker import listed as by_list
from planner_sagemaker import tables
from planner_sagemaker.options import SPEC, CatalogOptions

_GIVEN = {
    "serverless-endpoints": "serverless_endpoints",
    "serverless-total-concurrency": "serverless_concurrency",
}
"""Limits that a spec's quotas stand in for."""


def limits_of(options: CatalogOptions, hosting: str) -> tuple[Limit, ...]:
    """Limits of a hosting mode in a region, with the quotas of spec or account in their place."""
    limits = []
    for row in tables.limits(options.region):
        if hosting in row.hostings:
            name = row.limit.name
            own = _quota(_GIVEN[name], options, f" ({name})") if name in _GIVEN else None
            limits.append(row.limit if own is None else _by(row.limit, own))
    if hosting != "serverless":
        limits.extend(replica_quota("endpoint-instances", "endpoint_instances", options))
    return tuple(limits)


def _quota(name: str, options: CatalogOptions, more: str = "") -> by_list.Granted | None:
    """A quota as the spec has it, else as the account has it."""
    value = dict(options.quotas).get(name)
    if value is None:
        return by_list.granted(options.listed, name, options.account)
    return by_list.Granted(amount=float(value), source=f"{SPEC}.quotas{more}", as_of="")


def _by(limit: Limit, own: by_list.Granted) -> Limit:
    return replace(limit, value=own.amount, source=own.source, as_of=own.as_of)


def replica_quota(limit: str, name: str, options: CatalogOptions) -> tuple[Limit, ...]:
    """A limit of replicas over the region by a quota; none where nobody said one."""
    own = _quota(name, options)
    if own is None:
        return ()
    return (
        Limit(
            name=limit,
            measure=Measure.REPLICAS,
            scope=Scope.REGION,
            value=own.amount,
            source=own.source,
            as_of=own.as_of,
        ),
    )
