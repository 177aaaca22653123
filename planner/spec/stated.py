"""A service time that stands in the spec itself, as a curve of one point."""

from __future__ import annotations

from planner.model.workload import Correction, ServiceCurve, ServicePoint
from planner.spec.blocks import ModelBlock
from planner.spec.tails import p99_of


def stated_curve(block: ModelBlock, index: int) -> ServiceCurve:
    """The curve of a model that has a `service_time`, corrected where an endpoint showed it."""
    mean, tail, found = block.service_time, block.service_time_p99, block.calibration
    assert mean is not None
    source, correction = f"spec.models[{index}].service_time", None
    if found is not None:
        mean *= found.factor
        tail = None if tail is None else tail * found.factor
        if found.scv is not None:
            tail = p99_of(mean, found.scv)
        source += f"; calibrated x {found.factor:.3g} on {found.date}"
        correction = Correction(
            factor=found.factor,
            observed_on=found.instance or block.reference_instance or "its instance type",
            date=found.date,
            reason=found.reason,
        )
    return ServiceCurve(
        instance_type=block.reference_instance or "",
        points=(ServicePoint(concurrency=1, mean_s=mean, p99_s=tail),),
        source=source,
        correction=correction,
    )
