"""Validated sections to the workload that the solver reads; total, as all errors are out by now."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeVar

from planner.model.units import format_duration, format_size
from planner.model.warm_up import Sample, WarmUp
from planner.model.workload import (
    ColdStart,
    Constraints,
    ExternalCall,
    LatencyTarget,
    LlmShape,
    Model,
    Objective,
    Payload,
    Pin,
    PinnedScaling,
    ProviderChoice,
    Rollout,
    ScheduledAction,
    ServiceCurve,
    Slo,
    TokenCount,
    Workload,
)
from planner.spec.assumptions import Notes
from planner.spec.blocks import (
    ColdStartBlock,
    ConstraintsBlock,
    LlmBlock,
    ModelBlock,
    ObjectiveBlock,
    PayloadBlock,
    PinBlock,
    PinnedRangeBlock,
    RolloutBlock,
    SloBlock,
    TokensBlock,
    quantile_of,
)
from planner.spec.convert_traffic import to_traffic
from planner.spec.sections import Sections
from planner.spec.stated import stated_curve

if TYPE_CHECKING:
    from planner.spec.profile import Profile

_MIB = 1024 * 1024
_REQUEST_BYTES = 4096
_RESPONSE_BYTES = 1024
_Value = TypeVar("_Value")


def to_workload(sections: Sections, providers: tuple[ProviderChoice, ...]) -> Workload:
    """Return the workload of sections without errors; every guess stands in its assumptions."""
    metadata = _present(sections.metadata)
    assert sections.traffic is not None  # not by _present, which would forget which kinds there are
    notes = Notes()
    return Workload(
        name=metadata.name,
        models=_models(sections, notes),
        traffic=to_traffic(sections.traffic, sections.recording, notes),
        slo=_slo(_present(sections.slo)),
        payload=_payload(_present(sections.payload), notes),
        constraints=_constraints(_present(sections.constraints)),
        objective=_objective(_present(sections.objective)),
        rollout=_rollout(_present(sections.rollout), sections.sample),
        pin=_pin(_present(sections.pin)),
        providers=providers,
        labels=tuple(sorted(metadata.labels.items())),
        description=sections.description,
        assumptions=notes.all(),
    )


def _present(value: _Value | None) -> _Value:
    assert value is not None, "a section without errors has a value"
    return value


def _models(sections: Sections, notes: Notes) -> tuple[Model, ...]:
    blocks = [_present(block) for block in sections.models]
    weights = [1.0 if block.weight is None else block.weight for block in blocks]
    total = sum(weights)
    if len(blocks) > 1 and all(block.weight is None for block in blocks):
        notes.add("spec.models[*].weight", "equal", "no model has a weight")
    return tuple(
        _model(block, index, weight / total, profiles=sections.profiles, notes=notes)
        for index, (block, weight) in enumerate(zip(blocks, weights, strict=True))
    )


def _model(
    block: ModelBlock,
    index: int,
    weight: float,
    *,
    profiles: Mapping[str, Profile],
    notes: Notes,
) -> Model:
    return Model(
        name=block.name,
        weight=weight,
        size_bytes=block.size,
        memory_bytes=_memory(block, index, notes),
        load_s=_load(block, index, notes),
        compute=block.compute,
        artifact=block.artifact or "",
        framework=block.framework or "",
        image=block.image or "",
        image_bytes=block.image_size,
        max_concurrency=block.max_concurrency,
        vcpus_per_request=block.vcpus_per_request,
        curves=_curves(block, index, profiles=profiles, notes=notes),
        external_calls=_calls(block),
        llm=None if block.llm is None else _llm(block.llm),
        latency=targets(block.latency),
        environment=tuple(sorted(block.environment.items())),
    )


def _calls(block: ModelBlock) -> tuple[ExternalCall, ...]:
    return tuple(
        ExternalCall(
            name=call.name,
            latency_s=call.latency,
            rate_limit_per_s=call.rate_limit,
            error_rate=call.error_rate,
        )
        for call in block.external_calls
    )


def _memory(block: ModelBlock, index: int, notes: Notes) -> int:
    if block.memory is not None:
        return block.memory
    memory = block.size * 3 // 2 + 200 * _MIB
    notes.of_model(
        index,
        "memory",
        format_size(memory),
        rule="1.5 x size + 200 MiB",
        reason="no memory is given",
    )
    return memory


def _load(block: ModelBlock, index: int, notes: Notes) -> float:
    if block.load_time is not None:
        return block.load_time
    seconds = block.size / (100 * _MIB) + 2.0
    notes.of_model(
        index,
        "load_time",
        format_duration(seconds),
        rule="size / 100 MiB/s + 2 s",
        reason="no load_time is given",
    )
    return seconds


def _curves(
    block: ModelBlock, index: int, *, profiles: Mapping[str, Profile], notes: Notes
) -> tuple[ServiceCurve, ...]:
    curves: tuple[ServiceCurve, ...] = ()
    profile = profiles.get(block.profile or "")
    if profile is not None:
        curves = profile.curves
        _note_profile(profile, block, index, notes=notes)
    if block.service_time is None:
        return curves
    if block.reference_instance is None:
        notes.of_model(
            index,
            "reference_instance",
            "any instance",
            rule="any instance",
            reason="the service_time names no machine it was measured on",
        )
    return (*curves, stated_curve(block, index))


def _note_profile(profile: Profile, block: ModelBlock, index: int, *, notes: Notes) -> None:
    if profile.dropped_p99:
        notes.of_model(
            index,
            "profile",
            "means only",
            rule="means only",
            reason=f"{profile.name} was measured in a closed loop, whose percentiles miss queueing",
        )
    _note_calibration(profile, index, notes=notes)
    if profile.model is not None and profile.model != block.name:
        notes.of_model(
            index,
            "profile of another model",
            profile.name,
            rule=f"measured on {profile.model}",
            reason=f"{profile.name} was measured on another model name",
        )


def _note_calibration(profile: Profile, index: int, *, notes: Notes) -> None:
    """Say of which instance types nobody saw what holds for them now."""
    for curve in profile.curves:
        found = curve.correction
        if found is not None and found.observed_on != curve.instance_type:
            others = [c.instance_type for c in profile.curves if c.correction == found]
            unseen = ", ".join(one for one in others if one != found.observed_on)
            notes.of_model(
                index,
                "profile calibration",
                f"x {found.factor:.3g} on {unseen} too",
                rule=f"as seen on {found.observed_on}",
                reason="seen on one instance type; what its requests showed holds on all",
            )
            return


def _llm(block: LlmBlock) -> LlmShape:
    return LlmShape(
        input_tokens=_tokens(block.input_tokens),
        output_tokens=_tokens(block.output_tokens),
        shared_prefix=block.shared_prefix,
        precision=block.precision,
        streaming=block.streaming,
    )


def _tokens(block: TokensBlock) -> TokenCount:
    return TokenCount(mean=block.mean, std=block.std, p99=block.p99, max=block.max)


def targets(given: Mapping[str, float] | None) -> tuple[LatencyTarget, ...]:
    """Return latency targets by rising percentile, the mean first."""
    found = [
        LatencyTarget(label=label, quantile=quantile_of(label), seconds=seconds)
        for label, seconds in (given or {}).items()
    ]
    return tuple(sorted(found, key=lambda target: target.quantile or 0.0))


def _slo(block: SloBlock) -> Slo:
    return Slo(
        latency=targets(block.latency),
        cold_start=_cold_start(block.cold_start),
        measured_at=block.measured_at,
        ttft=targets(block.ttft),
        itl=targets(block.itl),
        availability=block.availability,
        errors=block.errors,
    )


def _cold_start(given: str | ColdStartBlock) -> ColdStart:
    if isinstance(given, ColdStartBlock):
        return ColdStart(allowed=True, max_s=given.max, fraction=given.fraction)
    return ColdStart(allowed=given == "allow")


def _payload(block: PayloadBlock, notes: Notes) -> Payload:
    request = _REQUEST_BYTES if block.request is None else block.request
    response = _RESPONSE_BYTES if block.response is None else block.response
    if block.request is None:
        notes.add("spec.payload.request", format_size(request), "no size of a request is given")
    if block.response is None:
        notes.add("spec.payload.response", format_size(response), "no size of a response is given")
    largest = block.max_request
    if largest is None:
        notes.add(
            "spec.payload.max_request",
            format_size(request),
            "no largest request is given, so the mean one is taken",
        )
    return Payload(
        request_bytes=request,
        response_bytes=response,
        max_request_bytes=request if largest is None else largest,
    )


def _constraints(block: ConstraintsBlock) -> Constraints:
    to_zero = block.scale_to_zero == "allow"
    least = block.replicas.min
    return Constraints(
        hosting=block.hosting,
        instances_include=block.instances.include,
        instances_exclude=block.instances.exclude,
        accelerators=block.accelerators,
        replicas_min=(0 if to_zero else 1) if least is None else least,
        replicas_max=block.replicas.max,
        zones=block.zones,
        utilization=block.utilization,
        scale_to_zero=to_zero,
        budget_monthly_usd=block.budget.monthly,
        budget_hourly_usd=block.budget.hourly,
    )


def _objective(block: ObjectiveBlock) -> Objective:
    return Objective(minimize=block.minimize, tie_break=block.tie_break, stability=block.stability)


def _rollout(block: RolloutBlock, sample: bytes | None) -> Rollout:
    asked = block.warm_up
    return Rollout(
        strategy=block.strategy,
        step=block.step,
        interval_s=block.interval,
        bake_s=block.bake,
        alarms=block.alarms,
        rollback=block.rollback,
        stated=tuple(sorted(block.model_fields_set - {"warm_up"})),
        warm_up=None
        if asked is None
        else WarmUp(
            sample=Sample.of(_present(sample), asked.content_type),
            requests=asked.requests,
            models=asked.models,
            timeout_s=asked.timeout,
        ),
    )


def _pin(block: PinBlock) -> Pin:
    counts, slots = block.replicas, block.concurrency
    return Pin(
        hosting=block.hosting,
        instance=block.instance,
        replicas=None if isinstance(counts, PinnedRangeBlock) else counts,
        scaling=_scaling(block),
        concurrency=None if isinstance(slots, PinnedRangeBlock) else slots,
        prewarm=block.prewarm,
        routing=block.routing,
    )


def _scaling(block: PinBlock) -> PinnedScaling | None:
    counts, slots = block.replicas, block.concurrency
    if isinstance(slots, PinnedRangeBlock):
        return PinnedScaling(minimum=slots.min, maximum=slots.max, units=True)
    if not isinstance(counts, PinnedRangeBlock):
        return None
    return PinnedScaling(
        minimum=counts.min,
        maximum=counts.max,
        target=block.target,
        schedule=tuple(
            ScheduledAction(name=one.name, cron=one.at, min=one.min, max=one.max)
            for one in block.schedule
        ),
    )
