"""What rules an offering out before any sizing; each rule returns None or a Rejection."""

from __future__ import annotations

from collections.abc import Callable
from fnmatch import fnmatchcase

from planner.model.candidate import Rejection
from planner.model.catalog import Kind, Limit, Measure, Offering
from planner.model.units import format_duration, format_size
from planner.model.workload import Compute
from planner.solver.ask import Ask
from planner.solver.pinning import pinned_capacity

Rule = Callable[[Ask, Offering], Rejection | None]


def _hosting(ask: Ask, offering: Offering) -> Rejection | None:
    pin, allowed = ask.workload.pin.hosting, ask.workload.constraints.hosting
    if pin is not None and offering.hosting != pin:
        return Rejection(
            code="pinned", measured=offering.hosting, allowed=pin, path="spec.pin.hosting"
        )
    if allowed is not None and offering.hosting not in allowed:
        return Rejection(
            code="hosting-not-allowed",
            measured=offering.hosting,
            allowed=", ".join(allowed),
            path="spec.constraints.hosting",
        )
    return None


def _shared_needs_several(ask: Ask, offering: Offering) -> Rejection | None:
    if offering.hosting == "multi-model" and len(ask.workload.models) < 2:
        return Rejection(
            code="single-model-spec", measured="1 model", allowed="2 models or more",
            path="spec.models",
        )  # fmt: skip
    return None


def _unmodelled(ask: Ask, _: Offering) -> Rejection | None:
    slo = ask.workload.slo
    if slo.ttft or slo.itl:
        name = "ttft" if slo.ttft else "itl"
        return Rejection(
            code="unmodelled-objective",
            measured=f"slo.{name}",
            allowed="latency percentiles: token streams are not modelled in this version",
            path=f"spec.slo.{name}",
        )
    return None


def _instance(ask: Ask, offering: Offering) -> Rejection | None:
    pin, constraints = ask.workload.pin.instance, ask.workload.constraints
    name = offering.instance_type
    if pin is not None:
        if name == pin:
            return None
        return Rejection(code="pinned", measured=name, allowed=pin, path="spec.pin.instance")
    for glob in constraints.instances_exclude:
        if fnmatchcase(name, glob):
            path = "spec.constraints.instances.exclude"
            return Rejection(
                code="instance-excluded", measured=name, allowed=f"not {glob}", path=path
            )
    include = constraints.instances_include
    if include and not any(fnmatchcase(name, glob) for glob in include):
        path = "spec.constraints.instances.include"
        return Rejection(
            code="instance-not-included", measured=name, allowed=", ".join(include), path=path
        )
    if not (include or offering.current_generation or name in ask.measured_types()):
        return Rejection(
            code="previous-generation",
            measured="an older generation",
            allowed="current generation, or name it in constraints.instances.include",
            path="spec.constraints.instances.include",
        )
    return None


def _accelerator(ask: Ask, offering: Offering) -> Rejection | None:
    wanted = ask.workload.constraints.accelerators
    have = offering.hardware.accelerator
    if not wanted or any(name.lower() in have.lower() for name in wanted):
        return None
    return Rejection(
        code="accelerator",
        measured=have or "no accelerator",
        allowed=", ".join(wanted),
        path="spec.constraints.accelerators",
    )


def _refusal(_: Ask, offering: Offering) -> Rejection | None:
    found = offering.refusal
    if found is None:
        return None
    return Rejection(
        code=found.code,
        measured=found.measured,
        allowed=found.allowed,
        path=f"spec.providers.{offering.provider}",
        source=found.source,
    )


def _compute(ask: Ask, offering: Offering) -> Rejection | None:
    accelerated = offering.hardware.accelerators > 0
    wrong = ask.first_with(Compute.CPU if accelerated else Compute.GPU)
    if wrong is None:
        return None
    if accelerated:
        return Rejection(
            code="compute",
            measured="compute: cpu on a type with accelerators",
            allowed="CPU types only",
            path=f"spec.models[{wrong}].compute",
            source_id="D4",
        )
    known = next((e for e in offering.excludes if e.feature == "gpu"), None)
    return Rejection(
        code="excluded-feature" if known else "compute",
        measured="compute: gpu",
        allowed=known.reason if known else "CPU only on this type",
        path=f"spec.models[{wrong}].compute",
        source=known.source if known else "",
        source_id=known.source_id if known else "D4",
    )


def _features(ask: Ask, offering: Offering) -> Rejection | None:
    if not offering.excludes:
        return None
    excluded = {e.feature: e for e in offering.excludes}
    for feature in ask.features(offering.provider):
        found = excluded.get(feature.name)
        if found is not None:
            return Rejection(
                code="excluded-feature",
                measured=f"{feature.name}: {feature.value}" if feature.value else feature.name,
                allowed=found.reason,
                path=feature.path,
                source=found.source,
                source_id=found.source_id,
            )
    return None


def possible(ask: Ask, offering: Offering) -> bool:
    """Whether the platform could run this workload at all, whatever its goals and constraints."""
    forbids = (_compute, _features, static_limits)
    return all(rule(ask, offering) is None for rule in forbids)


def static_limits(ask: Ask, offering: Offering) -> Rejection | None:
    """The first limit that the workload breaks whatever its size."""
    for limit in offering.limits:
        if limit.advisory:
            continue
        measured = static_measure(ask, limit.measure)
        if measured is not None and measured[0] > limit.value:
            return over_limit(limit, measured[0], measured[1])
    return None


def static_measure(ask: Ask, measure: Measure) -> tuple[float, str] | None:
    """Value and spec path of a measure that needs no sizing; None for the others."""
    key = ("measure", measure)
    if key not in ask.memo:
        ask.memo[key] = _static_measure(ask, measure)
    found: tuple[float, str] | None = ask.memo[key]
    return found


def _static_measure(ask: Ask, measure: Measure) -> tuple[float, str] | None:
    models, payload = ask.workload.models, ask.workload.payload
    match measure:
        case Measure.PAYLOAD_BYTES:
            return float(payload.max_request_bytes), "spec.payload.max_request"
        case Measure.MODEL_BYTES:
            return _largest([m.size_bytes for m in models], "size")
        case Measure.IMAGE_BYTES:
            return _largest([m.image_bytes or 0 for m in models], "image_size")
        case Measure.ENVIRONMENT_VARIABLES:
            return _largest([len(m.environment) for m in models], "environment")
        case Measure.MEMORY_BYTES:
            return _largest([m.memory_bytes for m in models], "memory")
        case Measure.RATE_PER_S:
            return ask.load(0.0).peak, "spec.traffic"
        case _:
            return None


def _largest(values: list[int], field: str) -> tuple[float, str]:
    """The largest value over all models, and its place."""
    most = max(values)
    return float(most), f"spec.models[{values.index(most)}].{field}"


def over_limit(limit: Limit, measured: float, path: str = "") -> Rejection:
    """The rejection of a limit that is exceeded, with the limit's name and source."""
    return Rejection(
        code=f"limit-{limit.measure.value.replace('_', '-')}",
        measured=format_measure(limit.measure, measured),
        allowed=f"{format_measure(limit.measure, limit.value)} ({limit.name}, per {limit.scope})",
        path=path,
        source=f"{limit.source} ({limit.as_of})",
        source_id=limit.source_id,
        shortfall=measured / limit.value if limit.value > 0 else float("inf"),
    )


_NOUNS = {
    Measure.ENDPOINTS: "endpoints",
    Measure.MODELS: "models",
    Measure.REPLICAS: "replicas",
    Measure.ENVIRONMENT_VARIABLES: "variables",
}


def format_measure(measure: Measure, value: float) -> str:
    """A limit's value in its own unit."""
    if measure.value.endswith("_bytes"):
        return format_size(value)
    if measure is Measure.REQUEST_SECONDS:
        return format_duration(value)
    if measure is Measure.RATE_PER_S:
        return f"{value:,.0f}/s"
    noun = _NOUNS.get(measure, "")
    return f"{value:,.0f} {noun}".rstrip()


def _price(_: Ask, offering: Offering) -> Rejection | None:
    if offering.price is None:
        return Rejection(
            code="no-price",
            measured="no sourced price in this region",
            allowed=f"a price: set providers.{offering.provider}.prices",
            path=f"spec.providers.{offering.provider}.prices",
        )
    return None


def _scale_to_zero(ask: Ask, offering: Offering) -> Rejection | None:
    if offering.cold is None or offering.kind is Kind.ON_DEMAND or zero_allowed(ask):
        return None
    return Rejection(
        code="scale-to-zero-forbidden",
        measured="capacity leaves when idle",
        allowed="constraints.scale_to_zero: allow",
        path="spec.constraints.scale_to_zero",
    )


def zero_allowed(ask: Ask) -> bool:
    """True when the spec lets capacity go to zero: by its constraint, or by naming serverless."""
    named = ask.workload.constraints.hosting or ()
    pinned = ask.workload.pin.hosting
    return ask.workload.constraints.scale_to_zero or "serverless" in (*named, pinned)


def _cold_start_time(ask: Ask, offering: Offering) -> Rejection | None:
    cold = ask.workload.slo.cold_start
    if offering.cold is None or offering.kind is Kind.ON_DEMAND:
        return None
    if not cold.allowed:
        return Rejection(
            code="cold-start-forbidden",
            measured="starts from zero",
            allowed="no cold start",
            path="spec.slo.cold_start",
        )
    return None


def _external_rate(ask: Ask, _: Offering) -> Rejection | None:
    for index, model in enumerate(ask.workload.models):
        for call in model.external_calls:
            peak = ask.load(0.0).peak * model.weight
            if call.rate_limit_per_s is not None and peak > call.rate_limit_per_s:
                return Rejection(
                    code="external-rate-limit",
                    measured=f"{peak:,.0f}/s at the peak",
                    allowed=f"{call.rate_limit_per_s:,.0f}/s by {call.name}",
                    path=f"spec.models[{index}].external_calls",
                    source_id="D10",
                    shortfall=peak / call.rate_limit_per_s,
                )
    return None


def _routing(ask: Ask, offering: Offering) -> Rejection | None:
    routing = ask.workload.pin.routing
    if routing is None or offering.kind is Kind.ON_DEMAND or routing in offering.routing:
        return None
    return Rejection(
        code="routing",
        measured=routing,
        allowed=", ".join(offering.routing),
        path="spec.pin.routing",
    )


SHAPE_RULES: tuple[Rule, ...] = (
    _hosting,
    pinned_capacity,
    _shared_needs_several,
    _instance,
    _compute,
    _accelerator,
    _refusal,
    _features,
    _scale_to_zero,
    _cold_start_time,
    _unmodelled,
    _routing,
    _price,
)
"""Rules that see the kind of workload and never its numbers."""

NUMBER_RULES: tuple[Rule, ...] = (static_limits, _external_rate)
"""Rules that see sizes and rates."""
