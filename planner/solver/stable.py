"""Whether what runs is kept although something else would be cheaper, or has to be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from planner.model.candidate import Alternative, Decision, Rejection, Solved
from planner.model.catalog import Catalog
from planner.model.effort import Effort
from planner.model.workload import Workload
from planner.solver.solve import solve

REFUSED = "conversion-refused"
"""Code of what would be cheaper and is out of reach for what runs."""


def stable(
    workload: Workload,
    catalogs: Mapping[str, Catalog],
    best: Solved,
    *,
    pins: Mapping[str, str],
    effort: Effort | None,
) -> Solved:
    """The instance type that runs, sized anew, where `best` saves no more than the spec asks.

    `pins` tell what runs (`objective.stability` is the saving asked). `best` itself where it is
    what runs, saves more, or where what runs cannot meet the spec or is not one plain endpoint.
    """
    running = pins.get("instance")
    if running is None or len(best.decisions) != 1 or workload.pin.instance is not None:
        return best
    provider = pins.get("provider", best.decisions[0].provider)
    if (best.decisions[0].instance_type, best.decisions[0].provider) == (running, provider):
        return best
    if _unwanted(best, running):
        return best
    pinned = replace(
        workload,
        pin=replace(workload.pin, instance=running),
        providers=tuple(one for one in workload.providers if one.name == provider),
    )
    kept = solve(pinned, catalogs, effort)
    if not isinstance(kept, Solved) or len(kept.decisions) != 1 or not kept.decisions[0].met:
        return best
    saving = 1.0 - best.monthly_usd / kept.monthly_usd if kept.monthly_usd > 0 else 0.0
    if saving > workload.objective.stability:
        return best
    others = (one for one in best.alternatives if one.instance_type != running)
    return Solved(
        workload=kept.workload,
        decisions=kept.decisions,
        alternatives=(passed_over(best.decisions[0]), *others),
        excluded=best.excluded,
    )


def _unwanted(best: Solved, instance: str) -> bool:
    """Whether the spec excludes a type by name; a pin would let it in."""
    return any(
        instance in group.instance_types
        and group.rejection.path.startswith("spec.constraints.instances")
        for group in best.excluded
    )


def reached(
    workload: Workload,
    catalogs: Mapping[str, Catalog],
    best: Solved,
    *,
    hostings: tuple[str, ...],
    reason: str,
    effort: Effort | None,
) -> Solved:
    """The cheapest of the hosting modes that what runs can become, with `best` as refused.

    `best` itself where none of them meets the spec; `reason` says why the others are out of reach.
    """
    allowed = workload.constraints.hosting
    within = tuple(one for one in hostings if allowed is None or one in allowed)
    if not within:
        return best
    limits = replace(workload.constraints, hosting=within)
    found = solve(replace(workload, constraints=limits), catalogs, effort)
    if not isinstance(found, Solved):
        return best
    refused = Rejection(
        code=REFUSED,
        measured=reason,
        allowed="a new metadata.name",
        path="metadata.name",
        source="what runs now",
    )
    others = (passed_over(one, refused) for one in best.decisions)
    return replace(found, alternatives=(*others, *found.alternatives))


def passed_over(decision: Decision, rejection: Rejection | None = None) -> Alternative:
    """A decision as an alternative to another one."""
    return Alternative(
        rejection=rejection,
        provider=decision.provider,
        hosting=decision.hosting,
        instance_type=decision.instance_type,
        replicas=decision.replicas,
        monthly_usd=decision.cost.monthly_usd,
        latency=decision.latency,
        variant=next((value for name, value in decision.options if name == "variant"), ""),
    )
