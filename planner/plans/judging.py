"""A plan held against the rules of policies, pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from planner.model.change import Action
from planner.model.plan import EndpointPlan, Mode, Plan
from planner.model.policy import Judgement, Names, Rule, Violation
from planner.model.units import format_fraction, format_usd

Found = Iterator[Violation]


def judge(plan: Plan, rules: Iterable[Rule]) -> Judgement:
    """Every violation of every rule, mandatory ones first; the order of rules stays otherwise.

    What a plan that was held against nothing cannot tell, such as an increase, is listed as untold.
    """
    ordered = tuple(rules)
    violations: list[Violation] = []
    untold: list[str] = []
    for rule in ordered:
        matched = [one for one in plan.endpoints if rule.fits(one.workload, dict(one.labels))]
        for check in _CHECKS:
            violations.extend(check(rule, matched))
        if plan.mode is Mode.OFFLINE:
            untold.extend(_untold(rule))
        else:
            violations.extend(_increases(rule, matched))
            violations.extend(_risks(rule, plan, matched))
    return Judgement(
        rules=len(ordered),
        violations=tuple(sorted(violations, key=lambda one: one.level.value, reverse=True)),
        untold=tuple(untold),
    )


def _violation(
    rule: Rule,
    code: str,
    key: str,
    message: str,
    endpoints: Sequence[EndpointPlan],
    *,
    spec_path: str = "",
) -> Violation:
    places = dict(rule.places)
    return Violation(
        code=f"policy-{code}",
        level=rule.level,
        policy=rule.policy,
        rule=rule.name,
        message=message,
        endpoints=tuple(one.name for one in endpoints),
        reason=rule.reason,
        place=places.get(key),
        workload=endpoints[0].workload if len(endpoints) == 1 else "",
        spec_path=spec_path if len(endpoints) == 1 else "",
    )


def _budgets(rule: Rule, matched: Sequence[EndpointPlan]) -> Found:
    total, each = rule.bounds.total_usd, rule.bounds.endpoint_usd
    cost = sum(one.monthly_usd_after for one in matched)
    if total is not None and round(cost, 2) > total:
        message = f"{_together(matched)} {format_usd(cost)} a month, {format_usd(total)} allowed"
        path = "spec.constraints.budget"
        yield _violation(rule, "budget", "budget.monthly", message, matched, spec_path=path)
    for one in matched if each is not None else ():
        if each is not None and round(one.monthly_usd_after, 2) > each:
            cost = one.monthly_usd_after
            message = f"{one.name} costs {format_usd(cost)} a month, {format_usd(each)} allowed"
            path = "spec.constraints.budget"
            yield _violation(rule, "budget", "budget.endpoint", message, [one], spec_path=path)


def _together(matched: Sequence[EndpointPlan]) -> str:
    if len(matched) == 1:
        return f"{matched[0].name} costs"
    return f"{len(matched):,} endpoints together cost"


def _increases(rule: Rule, matched: Sequence[EndpointPlan]) -> Found:
    before = sum(one.monthly_usd_before for one in matched)
    more = sum(one.monthly_usd_after for one in matched) - before
    most, share = rule.bounds.increase_usd, rule.bounds.increase
    unpriced = [one.name for one in matched if _unpriced(one)]
    note = f"; what runs of {', '.join(unpriced[:3])} has no price" if unpriced else ""
    if most is not None and round(more, 2) > most:
        message = f"{format_usd(more)} a month more, {format_usd(most)} allowed{note}"
        yield _violation(rule, "increase", "increase.monthly", message, matched)
    # Of nothing there is no share: what is new is for the other bound.
    if share is not None and before > 0 and more / before > share:
        message = (
            f"{format_fraction(more / before)} a month more ({format_usd(before)} -> "
            f"{format_usd(before + more)}), {format_fraction(share)} allowed{note}"
        )
        yield _violation(rule, "increase", "increase.fraction", message, matched)


def _unpriced(one: EndpointPlan) -> bool:
    return one.action is not Action.CREATE and one.monthly_usd_before == 0


def _names(rule: Rule, matched: Sequence[EndpointPlan]) -> Found:
    bounds = rule.bounds
    for one in matched:
        decision, provider = one.decision, f"spec.providers.{one.decision.provider}"
        asked: tuple[tuple[str, str, Names, str, str], ...] = (
            ("region", "regions", bounds.regions, decision.region, f"{provider}.region"),
            ("provider", "providers", bounds.providers, decision.provider, provider),
            ("instance", "instances", bounds.instances, decision.instance_type, _INSTANCES),
            ("hosting", "hosting", bounds.hosting, decision.hosting, "spec.constraints.hosting"),
        )
        for code, key, names, name, path in asked:
            why = names.refuses(name)
            if why:
                at = f"{key}.{'forbid' if 'forbidden' in why else 'allow'}"
                message = f"{one.name}: {code} {name}; {why}"
                yield _violation(rule, code, at, message, [one], spec_path=path)


_INSTANCES = "spec.constraints.instances"


def _labels(rule: Rule, matched: Sequence[EndpointPlan]) -> Found:
    for one in matched:
        missing = [label for label in rule.bounds.labels if label not in dict(one.labels)]
        if missing:
            message = f"{one.name} lacks the label{'s' * (len(missing) > 1)} {', '.join(missing)}"
            path = "metadata.labels"
            yield _violation(rule, "label", "labels", message, [one], spec_path=path)


def _redundancy(rule: Rule, matched: Sequence[EndpointPlan]) -> Found:
    """Capacity that is not counted in replicas has none to hold against a rule."""
    for one in matched:
        replicas, least = one.decision.replicas, rule.bounds.replicas
        if least is not None and replicas is not None and replicas.min < least:
            message = f"{one.name} has {replicas.min} replicas at the least, {least} needed"
            path = "spec.constraints.replicas"
            yield _violation(rule, "replicas", "replicas", message, [one], spec_path=path)
        zones = rule.bounds.zones
        if zones is not None and replicas is not None and min(one.zones, replicas.min) < zones:
            message = f"{one.name} is spread over {one.zones} zones by its spec, {zones} needed"
            path = "spec.constraints.zones"
            yield _violation(rule, "zones", "zones", message, [one], spec_path=path)


def _cold_starts(rule: Rule, matched: Sequence[EndpointPlan]) -> Found:
    for one in matched if rule.bounds.cold_start_forbidden else ():
        share = one.decision.cold_start_fraction
        if share > 0:
            message = f"{format_fraction(share)} of the requests of {one.name} start cold"
            path = "spec.slo.cold_start"
            yield _violation(rule, "cold-start", "cold_start", message, [one], spec_path=path)


def _risks(rule: Rule, plan: Plan, matched: Sequence[EndpointPlan]) -> Found:
    forbidden = rule.bounds.risks_forbidden
    for one in matched:
        if one.changes.risk in forbidden:
            message = f"the change of {one.name} has the risk {one.changes.risk.value}"
            path = "metadata.name"
            yield _violation(rule, "risk", "risk.forbid", message, [one], spec_path=path)
    # What a removal's labels were, nobody knows any more: it fits where they were not asked for.
    for removal in plan.removals:
        if removal.changes.risk in forbidden and rule.fits(removal.owner, {}):
            name = removal.desired.endpoint
            yield Violation(
                code="policy-risk",
                level=rule.level,
                policy=rule.policy,
                rule=rule.name,
                message=f"the removal of {name} has the risk {removal.changes.risk.value}",
                endpoints=(name,),
                reason=rule.reason,
                place=dict(rule.places).get("risk.forbid"),
                workload=removal.owner,
                spec_path="metadata.name",
            )


def _untold(rule: Rule) -> Iterator[str]:
    bounds = rule.bounds
    if bounds.increase_usd is not None or bounds.increase is not None:
        yield f"{rule.name}: increase, as nothing that runs was read"
    if bounds.risks_forbidden:
        yield f"{rule.name}: risk, as nothing that runs was read"


_CHECKS: tuple[Callable[[Rule, Sequence[EndpointPlan]], Found], ...] = (
    _budgets,
    _names,
    _labels,
    _redundancy,
    _cold_starts,
)
