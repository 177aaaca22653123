from dataclasses import replace

import pytest

from planner.model.candidate import Rejection
from planner.model.catalog import Hardware, Offering
from planner.model.workload import Compute, ExternalCall, Model
from planner.solver.hardware import Slots, slot_options
from tests.support.asks import MIB, curve, machine, measured, model, on_demand, units

TYPES = {
    "ref": Hardware(vcpus=2.0, memory_bytes=4096 * MIB),
    "big-ref": Hardware(vcpus=8.0, memory_bytes=16_384 * MIB),
    "gpu-ref": Hardware(vcpus=4.0, memory_bytes=16_384 * MIB, accelerator="T4", accelerators=1),
}
REF = curve(0.1, on="ref")


def slots(asked: Model, offering: Offering) -> tuple[Slots, ...]:
    found = slot_options(asked, offering, TYPES.get)
    assert not isinstance(found, Rejection), found
    return found


def refused(asked: Model, offering: Offering) -> Rejection:
    found = slot_options(asked, offering, TYPES.get)
    assert isinstance(found, Rejection), found
    return found


def gpu(offering: Offering, count: int = 1) -> Offering:
    return replace(
        offering,
        hardware=replace(
            offering.hardware,
            accelerator="T4",
            accelerators=count,
            accelerator_memory_bytes=16_384 * MIB,
        ),
    )


@pytest.mark.parametrize(
    ("changed", "count", "bound"),
    [
        ({}, 4, "vCPUs"),
        ({"vcpus_per_request": 2.0}, 2, "vCPUs"),
        ({"vcpus_per_request": 0.5}, 8, "vCPUs"),
        ({"memory_bytes": 6000 * MIB}, 2, "memory"),
        ({"max_concurrency": 3}, 3, "max_concurrency"),
        ({"max_concurrency": 9}, 4, "vCPUs"),
    ],
)
def test_the_scarcest_of_vcpus_memory_and_the_model_bounds_the_slots(
    changed: dict[str, float], count: int, bound: str
) -> None:
    (found,) = slots(model(curves=(REF,), **changed), machine("m", 4, 1.0))
    assert (found.count, found.bound) == (count, bound)
    assert found.service.mean_s == pytest.approx(0.1)


def test_another_cpu_type_is_an_assumption_and_the_measured_one_is_none() -> None:
    asked = model(curves=(curve(0.1, 0.2, on="ref"),))
    (elsewhere,) = slots(asked, machine("m", 4, 1.0))
    (here,) = slots(asked, machine("ref", 2, 1.0))
    assert [a.subject for a in elsewhere.assumptions] == ["service time on m"]
    assert here.assumptions == ()


def test_a_mean_without_percentile_is_an_assumption() -> None:
    (found,) = slots(model(curves=(REF,)), machine("ref", 2, 1.0))
    assert [a.subject for a in found.assumptions] == ["spread of the service time"]


def test_a_model_that_does_not_fit_in_memory() -> None:
    found = refused(model(curves=(REF,), memory_bytes=9000 * MIB), machine("m", 2, 1.0))
    assert (found.code, found.path) == ("memory", "spec.models.memory")
    assert found.shortfall == pytest.approx(9000 / 8192)


def test_an_accelerator_is_never_estimated() -> None:
    found = refused(model(curves=(REF,)), gpu(machine("g", 4, 1.0)))
    assert found.code == "no-profile"
    assert "ref" in found.measured


def test_a_measurement_on_an_accelerator_says_nothing_of_cpus() -> None:
    asked = model(curves=(curve(0.01, on="gpu-ref"),))
    assert refused(asked, machine("m", 4, 1.0)).code == "no-profile"


def test_another_architecture_is_never_estimated() -> None:
    arm = machine("a", 4, 1.0)
    arm = replace(arm, hardware=replace(arm.hardware, arch="arm64"))
    assert refused(model(curves=(REF,)), arm).code == "no-profile"
    assert slots(model(curves=(curve(0.1, on="a"),)), arm)[0].count == 4


def test_one_measured_point_on_an_accelerator_serves_as_many_as_were_measured() -> None:
    (found,) = slots(model(curves=(curve(0.02, on="g"),)), gpu(machine("g", 16, 1.0)))
    assert (found.count, found.bound) == (1, "measured concurrency")


def test_every_measured_concurrency_is_an_option_up_to_what_the_model_takes() -> None:
    asked = model(curves=(measured("m", (1, 0.1), (2, 0.12), (8, 0.4)),))
    assert [o.count for o in slots(asked, machine("m", 4, 1.0))] == [1, 2, 8]
    limited = slots(replace(asked, max_concurrency=4), machine("m", 4, 1.0))
    assert [(o.count, o.service.mean_s) for o in limited] == [(1, 0.1), (2, 0.12)]


def test_a_profile_above_what_the_model_takes_is_refused_with_its_place() -> None:
    asked = model(curves=(measured("m", (4, 0.1), (8, 0.2)),), max_concurrency=2)
    found = refused(asked, machine("m", 4, 1.0))
    assert (found.code, found.path) == ("no-profile", "spec.models.profile")
    assert "concurrency 2 or less" in found.allowed


def test_a_unit_serves_one_request_and_a_step_its_units() -> None:
    (found,) = slots(model(curves=(REF,), max_concurrency=1), units(0.07))
    assert found.count == 4


def test_a_step_on_an_accelerator_is_full_and_as_slow_as_measured_or_saturated() -> None:
    (alone,) = slots(model(curves=(curve(0.02, on="UNIT"),)), gpu(units(0.07)))
    assert (alone.count, alone.service.mean_s) == (4, pytest.approx(0.08))
    assert any("saturated" in a.reason for a in alone.assumptions)
    several = model(curves=(measured("UNIT", (1, 0.02), (4, 0.03), (8, 0.05)),))
    (found,) = slots(several, gpu(units(0.07)))
    assert (found.count, found.service.mean_s) == (4, 0.03)
    assert found.assumptions == ()


def test_less_than_a_vcpu_is_slower_unless_it_was_measured_there() -> None:
    half = on_demand(0.0001, 0.01)
    half = replace(half, hardware=replace(half.hardware, vcpus=0.5))
    assert slots(model(curves=(REF,)), half)[0].service.mean_s == pytest.approx(0.2)
    there = model(curves=(curve(0.15, on="function"),))
    assert slots(there, half)[0].service.mean_s == pytest.approx(0.15)


def test_a_machine_that_is_used_up_tells_what_a_request_takes() -> None:
    # Twice the requests take twice as long: one request keeps all eight vCPUs busy.
    asked = model(curves=(measured("big-ref", (1, 0.1), (2, 0.2), (4, 0.4)),))
    (same,) = slots(asked, machine("m", 8, 1.0))
    assert (same.count, same.service.mean_s) == (1, pytest.approx(0.1))
    (double,) = slots(asked, machine("m", 16, 1.0))
    assert double.count == 2
    (quarter,) = slots(asked, machine("m", 2, 1.0))
    assert (quarter.count, quarter.service.mean_s) == (1, pytest.approx(0.4))


def test_a_curve_that_still_rises_in_step_tells_nothing_of_it() -> None:
    asked = model(curves=(measured("big-ref", (1, 0.1), (2, 0.1), (4, 0.101)),))
    assert slots(asked, machine("m", 8, 1.0))[0].count == 8


def test_the_measured_type_nearest_in_size_stands_for_another() -> None:
    asked = model(curves=(curve(0.1, on="ref"), curve(0.04, on="big-ref")))
    assert slots(asked, machine("m", 16, 1.0))[0].service.mean_s == 0.04
    assert slots(asked, machine("m", 2, 1.0))[0].service.mean_s == 0.1


def test_calls_to_others_take_time_too() -> None:
    calls = (ExternalCall(name="features", latency_s=0.03),)
    (found,) = slots(model(curves=(REF,), external_calls=calls), machine("ref", 2, 1.0))
    assert found.service.mean_s == pytest.approx(0.13)


@pytest.mark.parametrize(("compute", "taken"), [(Compute.CPU, True), (Compute.ANY, False)])
def test_a_machine_nobody_knows_counts_as_a_cpu_only_for_a_model_that_needs_no_more(
    compute: Compute, taken: bool
) -> None:
    asked = model(curves=(curve(0.1, on="from-another-cloud"),), compute=compute)
    found = slot_options(asked, machine("m", 4, 1.0), TYPES.get)
    assert isinstance(found, Rejection) is not taken
    if isinstance(found, Rejection):
        assert found.code == "no-profile"
