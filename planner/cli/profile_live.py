"""What `planner profile calibrate` takes from a running endpoint, and where it keeps it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from planner.cli.options import Manners
from planner.errors import ExitCode, PlannerError, UsageError

if TYPE_CHECKING:
    from planner.checkup import Running, Watched
    from planner.cli.profile_calibrate import Options
    from planner.model.workload import Correction, Model, ServicePoint
    from planner.profiling.witness import Witnessed
    from planner.spec import Spec
    from planner.spec.profile_blocks import CalibrationBlock, ProfileDocument


def calibrate_live(options: Options, manners: Manners) -> ExitCode:
    """Correct the service time of a spec by the metrics of its endpoint, where the spec has it."""
    from planner.cli.output import emit_text
    from planner.cli.profile_calibrate import said
    from planner.profiling.witness import told, witnessed

    watched = _watched(options, manners)
    running = watched.running
    (model,) = _models(running)
    points, document = _points(running, model)
    found = witnessed(points, running.simulation, watched.windows)
    block = _block(options, watched, model, found, points)
    emit_text(said(block, found.found, before=_before(model, block), rests_on=told(found)))
    if not options.dry_run:
        manners.note(f"wrote {_kept(options, watched, model, block, document)}")
    return ExitCode.DONE


def _watched(options: Options, manners: Manners) -> Watched:
    from planner import checkup
    from planner.cli.doctor import LONGEST_S, parse_since
    from planner.cli.running import watched_one
    from planner.cli.specs import by_name, read, selected

    looking = checkup.Looking(
        seconds=parse_since(options.since, "--since", LONGEST_S),
        looks=options.looks,
        parallel=options.parallelism,
    )
    options = by_name(options)
    specs = selected(read(options, manners), options)
    if len(specs) > 1:
        raise UsageError(
            "which-endpoint",
            f"{len(specs)} specs are here; one is calibrated at a time",
            hint=f"--only {specs[0].workload.name}",
        )
    return watched_one(specs, looking, sandbox=options.state, model=options.model)


def _before(model: Model, block: CalibrationBlock) -> Correction | None:
    """What held for this type until now."""
    found = (c.correction for c in model.curves if c.correction is not None)
    return next((one for one in found if one.observed_on == block.instance), None)


def _models(running: Running) -> list[Model]:
    return [one for one in running.spec.workload.models if one.name in running.decision.models]


def _points(
    running: Running, model: Model
) -> tuple[tuple[ServicePoint, ...], ProfileDocument | None]:
    """What was measured or stated of this instance type, uncorrected; and the profile it is in."""
    from planner.cli.profiles import profile_at
    from planner.profiling.document import points_of

    path = _profile(model)
    document = None if path is None else profile_at(path)
    measured = {} if document is None else points_of(document)
    points = measured.get(running.decision.instance_type) or (_stand_in(running, model),)
    outside_s = _outside_s(model)
    return tuple(
        replace(one, mean_s=one.mean_s + outside_s, p99_s=_later(one.p99_s, outside_s))
        for one in points
    ), document


def _profile(model: Model) -> str | None:
    return next((curve.profile for curve in model.curves if curve.profile), None)


def _outside_s(model: Model) -> float:
    """What a model waits for others, which no factor of its own makes longer."""
    return sum(call.latency_s for call in model.external_calls)


def _later(took_s: float | None, more_s: float) -> float | None:
    return None if took_s is None else took_s + more_s


def _stand_in(running: Running, model: Model) -> ServicePoint:
    """What the plan takes for a type that nothing is measured on, without its correction."""
    from planner.model.workload import ServicePoint

    conditions, instance = running.simulation.conditions, running.decision.instance_type
    assert conditions is not None
    factors = {1.0 if c.correction is None else c.correction.factor for c in model.curves}
    if len(factors) != 1:
        raise PlannerError(
            "not-measured",
            f"nothing is measured on {instance}, and what stands in for it is corrected in "
            "different ways",
            hint=f"planner profile import ... --instance {instance}",
        )
    own_s = (conditions.service_s - _outside_s(model)) / factors.pop()
    alone = model.curves[0].points[0]
    spread = None if alone.p99_s is None else alone.p99_s / alone.mean_s * own_s
    return ServicePoint(concurrency=conditions.slots, mean_s=own_s, p99_s=spread)


def _block(
    options: Options,
    watched: Watched,
    model: Model,
    found: Witnessed,
    points: tuple[ServicePoint, ...],
) -> CalibrationBlock:
    from planner.cli.profiles import day_at
    from planner.profiling.witness import why
    from planner.spec.profile_blocks import CalibrationBlock

    seen, whole_s, outside_s = found.found.seen, points[-1].mean_s, _outside_s(model)
    factor = (found.found.factor * whole_s - outside_s) / (whole_s - outside_s)
    return CalibrationBlock.model_construct(
        instance=_observed_on(watched.running, model),
        factor=round(factor, 4),
        date=options.date or day_at(watched.windows[-1].until_s),
        reason=options.reason or why(found, watched.running.simulation),
        scv=None if found.found.scv is None else round(found.found.scv, 4),
        rate=seen.rate_per_s,
        replicas=seen.replicas,
        concurrency=seen.concurrency,
        observed=dict(seen.latency),
        predicted=dict(found.found.predicted),
    )


def _observed_on(running: Running, model: Model) -> str:
    """What it runs on; what is measured elsewhere and corrected there is corrected there again."""
    instance = running.decision.instance_type
    if all(curve.instance_type != instance for curve in model.curves):
        for curve in model.curves:
            if (
                curve.profile
                and curve.correction
                and curve.correction.observed_on == (curve.instance_type)
            ):
                return curve.instance_type
    return instance


def _kept(
    options: Options,
    watched: Watched,
    model: Model,
    block: CalibrationBlock,
    document: ProfileDocument | None,
) -> str:
    """Write it into the profile, or below the service time in the spec; the file that has it."""
    from planner.cli.output import write_file
    from planner.cli.profiles import head_of, profile_text
    from planner.profiling.document import with_calibration

    path, spec = _profile(model), watched.running.spec
    if path is not None and document is not None:
        text = profile_text(with_calibration(document, block), head=head_of(path))
        write_file(path, text.encode())
        return path
    index = [one.name for one in spec.workload.models].index(model.name)
    at = spec.locate(f"spec.models[{index}].service_time")
    elsewhere = any(one.startswith("models") for one in options.sets)
    stated = at is not None and at.file == spec.source and not elsewhere
    write_file(spec.source, _amended(spec, index, block, stated=stated).encode())
    return spec.source


def _amended(spec: Spec, index: int, block: CalibrationBlock, *, stated: bool) -> str:
    """The text of a spec with the block; PlannerError where the service time is not of that text.

    An overlay or a setting may replace what is `stated` there, and the factor is on what holds.
    """
    from planner.sources import read_files
    from planner.spec import Source
    from planner.spec.amend import Spot, block_of, with_calibration

    entries: dict[str, str | float] = {
        "instance": block.instance,
        "factor": block.factor,
        "date": block.date,
        "reason": block.reason,
    }
    if block.scv is not None:
        entries["scv"] = block.scv
    text = None
    if stated:
        (source,) = read_files([spec.source])
        if isinstance(source, Source):
            text = with_calibration(source, Spot(document=spec.index, model=index), entries)
    if text is None:
        raise PlannerError(
            "cannot-amend",
            f"the service time of {spec.workload.models[index].name} does not stand in "
            f"{spec.source} alone; write this beside it",
            hint=block_of(entries),
        )
    return text
