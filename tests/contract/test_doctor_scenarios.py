"""Every row of the documents about running endpoints, once ill and once well, over HTTP.

What was really like is simulated traffic that the sandbox turns into the cloud's own metrics, in
places changed by hand; what is found is read through the gateway.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import pytest

import planner
from planner.doctor import diagnosed
from planner.engine import Connections
from planner.model.checkup import Finding, Severity
from planner.model.minute import Minute, Times
from planner.model.traffic import Steady
from planner.model.workload import Workload
from planner.spec import Source, Spec
from tests.support.code import ROOT
from tests.support.specs import STEADY, fixed, fleet, named, pinned, serverless
from tests.support.ward import Patient, Traffic, admitted, ward

HOUR = 3600.0


def spec(name: str, text: str) -> list[Spec]:
    return list(planner.load([Source(name="planner.yaml", text=named(name, text).encode())]))


FIXED = fixed()
QUIET = FIXED.replace("rate: 100/s", "rate: 3/s")
RARE = FIXED.replace("rate: 100/s", "rate: 0.01/s").replace("p99: 100ms", "p90: 100ms")
CALLING = QUIET.replace(
    "      load_time: 3s",
    "      load_time: 3s\n      external_calls: [{name: features, latency: 4ms}]",
)
SCALED = pinned("{hosting: single-model, instance: ml.c7i.large, replicas: {min: 2, max: 6}}")
SERVERLESS, FLEET = serverless(), fleet()
BRICKS = STEADY[: STEADY.index("  providers:")].replace(
    "s3://risk-models/fraud/model.tar.gz", "uc:main.risk.fraud/3"
).replace("ml.c7i.large", "CPU").replace(
    "    replicas: {min: 1, max: 40}", "    hosting: [dedicated]"
).replace("{p99: 100ms}", "{p99: 250ms}") + (
    "  providers:\n    databricks: {cloud: aws, region: us-east-1, route_optimized: false}\n"
)


@pytest.fixture(scope="module")
def connections() -> Iterator[Connections]:
    with ward() as found:
        yield found


@pytest.fixture(scope="module")
def patients(connections: Connections) -> Callable[[str], Patient]:
    texts = {
        "fixed": FIXED,
        "quiet": QUIET,
        "rare": RARE,
        "calling": CALLING,
        "scaled": SCALED,
        "serverless": SERVERLESS,
        "fleet": FLEET,
        "bricks": BRICKS,
    }
    known: dict[str, Patient] = {}

    def patient(name: str) -> Patient:
        if name not in known:
            (known[name],) = admitted(connections, spec(name, texts[name]))
        return known[name]

    return patient


Patients = Callable[[str], Patient]


def rows(found: Sequence[Finding]) -> dict[str, str]:
    return {one.rule: one.source_id for one in found}


def only(found: Sequence[Finding]) -> Finding:
    (one,) = found
    return one


def slower(workload: Workload, factor: float) -> Workload:
    """The same model, slower."""
    (model,) = workload.models
    curves = tuple(
        replace(
            curve,
            points=tuple(replace(point, mean_s=point.mean_s * factor) for point in curve.points),
        )
        for curve in model.curves
    )
    return replace(workload, models=(replace(model, curves=curves),))


def busier(workload: Workload, rate: float) -> Workload:
    return replace(workload, traffic=replace(workload.traffic, pattern=Steady(rate=rate)))


def times(factor: float, given: Times, *, more_s: float = 0.0) -> Times:
    return tuple((took * factor + more_s, many) for took, many in given)


@pytest.mark.parametrize(
    "name", ["fixed", "quiet", "rare", "calling", "scaled", "serverless", "fleet", "bricks"]
)
def test_what_does_as_predicted_is_left_in_peace(patients: Patients, name: str) -> None:
    case = patients(name).case(Traffic(minutes_long=90))
    assert case.vitals.requests > 50
    assert diagnosed(case) == ()


EXAMPLES = sorted(
    path.parent.name
    for path in (ROOT / "examples").glob("*/planner.yaml")
    if path.parent.name not in {"overlays", "tight-latency"}  # no example of its own; infeasible
)


@pytest.mark.parametrize("example", EXAMPLES)
def test_a_verified_plan_under_its_own_traffic_raises_no_alarm(
    connections: Connections, example: str
) -> None:
    for patient in admitted(
        connections, planner.load([str(ROOT / "examples" / example)]), verify=True
    ):
        case = patient.case(Traffic(on_monday=True))
        assert case.vitals.measured
        assert diagnosed(case) == ()


# Traffic and errors.


def test_d7_traffic_unlike_the_spec_with_what_re_planning_saves(patients: Patients) -> None:
    patient = patients("fixed")
    few = only(patient.under(busier(patient.workload, 30.0)))
    assert (few.rule, few.source_id, few.severity) == ("traffic-unlike-spec", "D7", Severity.NOTE)
    assert few.cause.startswith("traffic unlike the spec: you asked for 100/s, it gets ")
    assert few.saves_monthly_usd is not None
    assert patient.under(busier(patient.workload, 110.0)) == ()


def test_d7_failed_requests(patients: Patients) -> None:
    def failing(share: float) -> Callable[[int, Minute], Minute]:
        return lambda _, one: replace(one, failed=share * one.requests)

    found = only(patients("fixed").under(change=failing(0.03)))
    assert (found.rule, found.source_id, found.measured) == ("server-errors", "D7", "3 %")
    assert "logs" in found.action
    assert patients("fixed").under(change=failing(0.005)) == ()


@pytest.mark.parametrize(("name", "word"), [("cpu", "instance"), ("memory", "more memory")])
def test_d7_processors_and_memory(patients: Patients, name: str, word: str) -> None:
    found = only(patients("fixed").under(change=lambda _, one: replace(one, **{name: 0.93})))
    assert (found.rule, found.source_id, found.measured) == (f"high-{name}", "D7", "93 %")
    assert word in found.action
    assert patients("fixed").under(change=lambda _, one: replace(one, **{name: 0.75})) == ()


def test_d6_what_clients_do_wrong(patients: Patients) -> None:
    def refusing(share: float) -> Callable[[int, Minute], Minute]:
        return lambda _, one: replace(one, refused=share * one.requests)

    found = only(patients("fixed").under(change=refusing(0.05)))
    assert (found.rule, found.source_id) == ("client-errors", "D6")
    assert "back off exponentially" in found.action
    assert patients("fixed").under(change=refusing(0.004)) == ()


# Capacity.


def test_d9_queueing_at_a_fixed_count(patients: Patients) -> None:
    patient = patients("fixed")
    found = patient.under(busier(patient.workload, 700.0))
    assert rows(found) | {"traffic-unlike-spec": "D7", "queueing": "D9"} == rows(found)
    (queueing,) = (one for one in found if one.rule == "queueing")
    assert "requests queue" in queueing.cause
    assert "queueing" not in rows(patient.under(busier(patient.workload, 200.0)))


def scaling(capacities: Callable[[int], int], late: range) -> Callable[[int, Minute], Minute]:
    """Instances by the minute, and minutes in which they are too few."""

    def change(number: int, one: Minute) -> Minute:
        kept = replace(one, capacity=float(capacities(number)))
        if number not in late:
            return kept
        return replace(kept, model=times(40.0, one.model), cpu=0.97)

    return change


@pytest.mark.parametrize(
    ("capacities", "rule", "word"),
    [
        (lambda minute: 3 if minute < 30 else 5, "autoscaling-slow", "traffic.spikes"),
        (lambda minute: 2 if minute < 30 else 3, "minimum", "constraints.replicas.min"),
        (lambda minute: 3 if minute < 18 else 6, "maximum", "constraints.replicas.max"),
    ],
    ids=["slow", "minimum", "maximum"],
)
def test_d9_autoscaling_that_is_too_slow_too_low_or_at_its_end(
    patients: Patients, capacities: Callable[[int], int], rule: str, word: str
) -> None:
    patient = patients("scaled")
    found = patient.under(change=scaling(capacities, range(20, 30)))
    told = rows(found)
    assert told.pop("high-cpu", "D7") == "D7"
    assert told == {rule: "D9"}
    assert word in found[0].action
    assert patient.under(change=scaling(capacities, range(0))) == ()


def test_d9_refused_while_capacity_is_full(patients: Patients) -> None:
    def full(_: int, one: Minute) -> Minute:
        return replace(one, refused=0.2 * one.requests, cpu=0.99)

    found = patients("fixed").under(change=full)
    assert rows(found) == {"throttled": "D9", "high-cpu": "D7"}
    assert "retry with exponential back-off" in found[0].action


def test_d9_the_queue_of_databricks_is_measured_itself(patients: Patients) -> None:
    def waiting(_: int, one: Minute) -> Minute:
        return replace(
            one,
            total=times(1.0, one.total, more_s=0.9),
            model=times(1.0, one.model, more_s=0.9),
            queue=((0.9, one.requests),),
        )

    found = only(patients("bricks").under(change=waiting))
    assert (found.rule, found.source_id) == ("queueing", "D9")
    assert found.measured.endswith("of the time waiting")


# Where the latency is lost.


def test_l1_overhead_that_is_not_the_model(patients: Patients) -> None:
    def added(seconds: float) -> Callable[[int, Minute], Minute]:
        return lambda _, one: replace(one, overhead=times(1.0, one.overhead, more_s=seconds))

    found = only(patients("fixed").under(change=added(0.3)))
    assert (found.rule, found.source_id) == ("overhead", "L1")
    assert "not the model" in found.cause
    assert patients("fixed").under(change=added(0.02)) == ()


def test_l4_rare_calls_find_everything_cold(patients: Patients) -> None:
    def cold(_: int, one: Minute) -> Minute:
        return replace(one, overhead=times(1.0, one.overhead, more_s=0.4))

    found = only(patients("rare").under(change=cold, minutes_long=24 * 60))
    assert (found.rule, found.source_id) == ("overhead", "L4")
    assert "calls are rare" in found.cause
    assert "send a call every minute" in found.action


def test_l4_idle_with_its_price(patients: Patients) -> None:
    def nobody(_: int, one: Minute) -> Minute:
        silent = dict.fromkeys(("model", "overhead", "total", "queue"), ())
        return replace(one, requests=0.0, **silent)

    patient = patients("quiet")
    assert patient.under() == ()
    short = patient.under(change=nobody, minutes_long=120)
    assert "idle" not in rows(short)
    found = only(patient.under(change=nobody, minutes_long=30 * 60))
    assert (found.rule, found.source_id) == ("idle", "L4")
    assert f"${patient.running.decision.cost.monthly_usd:,.2f} a month" in found.cause
    assert "planner destroy" in found.action


def test_l3_d5_d8_a_model_that_no_number_of_replicas_makes_fast(patients: Patients) -> None:
    patient = patients("quiet")
    found = patient.under(slower(patient.workload, 25.0))
    assert rows(found) == {"service-time": "D8", "slow-model": "L3", "large-model": "D5"}
    told = {one.source_id: one.action for one in found}
    assert "Inferentia" in told["L3"]
    assert "quantized" in told["D5"]
    assert "planner profile import" in told["D8"]
    assert patient.under(slower(patient.workload, 1.1)) == ()


def test_d8_a_model_that_is_slower_than_its_spec_and_still_fast_enough(
    patients: Patients,
) -> None:
    patient = patients("quiet")
    found = only(patient.under(slower(patient.workload, 1.7)))
    assert (found.rule, found.source_id, found.severity) == ("service-time", "D8", Severity.NOTE)
    assert "times as long as the spec says" in found.cause
    assert patient.under(slower(patient.workload, 1.05)) == ()


@pytest.mark.parametrize(("name", "factor"), [("fixed", 7.0), ("bricks", 10.0)])
def test_d8_a_slower_model_is_the_cause_of_its_queue(
    patients: Patients, name: str, factor: float
) -> None:
    patient = patients(name)
    found = patient.under(slower(patient.workload, factor))
    told = rows(found)
    assert told.pop("high-cpu", "D7") == "D7"
    assert told.pop("throttled", "D9") == "D9"
    assert told == {"service-time": "D8"}
    (slow,) = (one for one in found if one.rule == "service-time")
    assert slow.severity is Severity.ERROR
    assert slow.command == "planner profile calibrate"
    assert patient.under() == ()


def test_d10_a_call_of_the_model_to_others(patients: Patients) -> None:
    patient = patients("calling")

    def calls(seconds: float) -> Workload:
        (model,) = patient.workload.models
        (call,) = model.external_calls
        slow = replace(model, external_calls=(replace(call, latency_s=seconds),))
        return replace(patient.workload, models=(slow,))

    found = only(patient.under(calls(0.25)))
    assert (found.rule, found.source_id) == ("external-call", "D10")
    assert "features" in found.cause
    assert patient.under(calls(0.0045)) == ()


def test_m5_slow_first_calls_after_an_update(patients: Patients) -> None:
    patient = patients("fixed")

    def settling(end: int) -> Callable[[int, Minute], Minute]:
        return lambda number, one: (
            replace(one, model=times(40.0, one.model)) if number < end else one
        )

    updated_s = patient.connections.stand_in("sagemaker").now_s()  # type: ignore[union-attr]
    case = patient.case(Traffic(change=settling(8)))
    case = replace(case, vitals=replace(case.vitals, updated_s=updated_s))
    found = only(diagnosed(case))
    assert (found.rule, found.source_id, found.severity) == (
        *("slow-after-update", "M5"),
        Severity.WARNING,
    )
    assert "send a few calls to every model" in found.action
    case = replace(case, vitals=replace(case.vitals, updated_s=updated_s - 5 * HOUR))
    assert "slow-after-update" not in rows(diagnosed(case))
    case = patient.case(Traffic())
    case = replace(case, vitals=replace(case.vitals, updated_s=case.vitals.since_s))
    assert diagnosed(case) == ()


def test_m5_slowness_that_does_not_end_is_no_matter_of_the_update(patients: Patients) -> None:
    patient = patients("fixed")
    case = patient.case(Traffic(workload=slower(patient.workload, 7.0), minutes_long=20))
    case = replace(case, vitals=replace(case.vitals, updated_s=case.vitals.since_s))
    assert "slow-after-update" not in rows(diagnosed(case))


# Cold starts, and models that share memory.


def test_s5_cold_starts(patients: Patients) -> None:
    patient = patients("serverless")

    def colder(share: float) -> Callable[[int, Minute], Minute]:
        def change(_: int, one: Minute) -> Minute:
            count = share * one.requests
            return replace(one, cold=((5.0, count),) if count else ())

        return change

    found = only(patient.under(change=colder(0.4), minutes_long=180))
    assert (found.rule, found.source_id) == ("cold-starts", "S5")
    assert found.measured == "40 %"
    assert "warm" in found.action
    assert patient.under(change=colder(0.003), minutes_long=180) == ()


def test_s5_cold_starts_that_take_too_long(patients: Patients) -> None:
    def long(_: int, one: Minute) -> Minute:
        return replace(one, cold=((45.0, 0.003 * one.requests),) if one.requests else ())

    found = only(patients("serverless").under(change=long, minutes_long=180))
    assert (found.rule, found.source_id, found.measured) == ("slow-cold-start", "S5", "45 s")


def missing(
    share: float, *, wait_s: float = 1.0, load_s: float = 1.0, unloaded: float = 1.0
) -> Callable[[int, Minute], Minute]:
    """Requests that wait for a model, how long it takes itself, and models that go for it."""

    def change(_: int, one: Minute) -> Minute:
        count = share * one.requests
        return replace(one, loads=((wait_s, count),), load_s=load_s, unloads=unloaded * count)

    return change


def test_m3_models_push_each_other_out(patients: Patients) -> None:
    found = only(patients("fleet").under(change=missing(0.6)))
    assert (found.rule, found.source_id, found.measured) == ("cache-thrash", "M3", "40 % hits")
    assert "more memory" in found.action
    assert patients("fleet").under(change=missing(0.02)) == ()


def test_m6_a_cache_that_hardly_ever_hits(patients: Patients) -> None:
    found = only(patients("fleet").under(change=missing(0.95)))
    assert (found.rule, found.source_id) == ("cache-pointless", "M6")
    assert "ModelCacheSetting Disabled" in found.action
    assert patients("fleet").under(change=missing(0.02)) == ()


def test_l2_models_that_take_long_to_load(patients: Patients) -> None:
    found = only(patients("fleet").under(change=missing(0.02, wait_s=4.0, load_s=4.0)))
    assert (found.rule, found.source_id, found.measured) == ("slow-loads", "L2", "4 s")
    assert "most of it reading it in" in found.cause
    assert patients("fleet").under(change=missing(0.02)) == ()


def test_l2_loads_that_wait_for_each_other(patients: Patients) -> None:
    found = only(patients("fleet").under(change=missing(0.02, wait_s=3.0)))
    assert (found.rule, found.source_id, found.measured) == ("loads-queue", "L2", "3 s")
    assert "more instances" in found.action


def test_l2_models_that_are_called_for_the_first_time(patients: Patients) -> None:
    found = only(patients("fleet").under(change=missing(0.09, unloaded=0.0)))
    assert (found.rule, found.source_id, found.measured) == ("hit-rate", "L2", "91 % hits")
    assert "warm the models up" in found.action


def test_m4_models_that_were_added_without_a_plan(patients: Patients) -> None:
    found = only(patients("fleet").under(change=lambda _, one: replace(one, resident=40.0)))
    assert (found.rule, found.source_id, found.measured) == (
        *("models-unplanned", "M4"),
        "40 models",
    )
    assert patients("fleet").under(change=lambda _, one: replace(one, resident=24.0)) == ()


def test_m2_models_that_do_not_belong_together(patients: Patients) -> None:
    def hot(seconds: float) -> Callable[[int, Minute], Minute]:
        def change(_: int, one: Minute) -> Minute:
            ordered = sorted(one.model)
            cut = 15
            return replace(
                one,
                loads=(),
                overhead=((0.005, one.requests),),
                model=(*ordered[:cut], *((seconds, many) for _, many in ordered[cut:])),
            )

        return change

    found = only(patients("fleet").under(change=hot(3.0)))
    assert (found.rule, found.source_id) == ("models-unlike", "M2")
    assert "an endpoint of its own" in found.action
    assert patients("fleet").under(change=hot(0.05)) == ()
