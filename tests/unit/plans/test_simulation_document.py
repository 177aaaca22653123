import csv
import json
from io import StringIO
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from planner.model.candidate import Range
from planner.plans import to_bytes
from planner.plans.simulation_document import COLUMNS, simulation_document, simulation_rows
from planner.plans.simulation_schema import SimulationDocument, simulation_schema
from tests.support import decisions, simulated

PUBLISHED = Path(__file__).parents[3] / "schemas" / "simulation.v1.json"
MADE = {
    "nothing": (),
    "one": (simulated.simulation(),),
    "missed": (simulated.missed(),),
    "without requests": (simulated.empty(),),
    "one window": (simulated.simulation(windows=(simulated.window(0.0),)),),
    "units": (
        simulated.simulation(
            decision=decisions.decision(
                replicas=None, units=Range(min=4, max=8), autoscaling=None, instance_type="CPU"
            )
        ),
    ),
    "two": (simulated.simulation(endpoint="b"), simulated.missed(endpoint="a")),
}


def document(name: str) -> dict:
    made = simulation_document(MADE[name], planner_version="0.1.0")
    return json.loads(to_bytes(made))


def test_the_published_schema_is_generated_from_the_models() -> None:
    assert PUBLISHED.read_bytes() == to_bytes(simulation_schema())


@pytest.mark.parametrize("name", MADE)
def test_every_document_is_valid(name: str) -> None:
    Draft202012Validator.check_schema(simulation_schema())
    Draft202012Validator(simulation_schema()).validate(document(name))


@pytest.mark.parametrize("name", MADE)
def test_no_document_has_a_key_that_the_schema_does_not_describe(name: str) -> None:
    made = document(name)
    assert SimulationDocument.model_validate(made).model_dump(mode="json") == made


@pytest.mark.parametrize("name", MADE)
def test_keys_are_sorted_and_numbers_are_numbers(name: str) -> None:
    made = simulation_document(MADE[name], planner_version="0.1.0")
    plain = json.dumps(made, allow_nan=False)
    assert plain == json.dumps(made, sort_keys=True)


def test_one_endpoint() -> None:
    made = document("one")
    assert (made["kind"], made["format_version"], made["met"]) == ("Simulation", "1.0", True)
    (endpoint,) = made["endpoints"]
    assert endpoint["latency_ms"] == {
        "mean": 9.8,
        "p50": 8.1,
        "p90": 18.3,
        "p95": 25.4,
        "p99": 41.2,
    }
    assert endpoint["intervals_ms"]["p99"] == {"high": 42.436, "low": 39.964}
    assert endpoint["capacity"] == {"max": 9, "mean": 5.5, "min": 5, "unit": "replicas"}
    assert endpoint["configuration"]["replicas"] == {"max": 9, "min": 5}
    assert endpoint["cost"]["monthly_usd"] == 612.4
    assert [each["objective"] for each in endpoint["slo"]["margins"]] == [
        "cold starts",
        "latency p50",
        "latency p99",
    ]
    assert endpoint["windows"][12] == {
        "capacity": 5,
        "cold_fraction": 0.01,
        "late_fraction": 0.084,
        "p50_ms": 21,
        "p99_ms": 190,
        "rate_per_s": 1200,
        "refused_fraction": 0.002,
        "seconds": 3600,
        "start_s": 43200,
        "utilization": 0.97,
    }


def test_one_missed_objective_is_enough() -> None:
    made = document("two")
    assert [each["name"] for each in made["endpoints"]] == ["a", "b"]
    assert [each["slo"]["met"] for each in made["endpoints"]] == [False, True]
    assert made["met"] is False


def test_what_has_no_finite_value_is_null() -> None:
    (endpoint,) = document("without requests")["endpoints"]
    assert set(endpoint["latency_ms"].values()) == {None}
    assert endpoint["cold_start_fraction"] is None
    assert endpoint["capacity"] == {"max": None, "mean": 0, "min": None, "unit": "replicas"}


def test_what_capacity_counts() -> None:
    assert document("units")["endpoints"][0]["capacity"]["unit"] == "units"
    serverless = decisions.decision(replicas=None, autoscaling=None)
    made = simulation_document([simulated.simulation(decision=serverless)], planner_version="0.1.0")
    assert made["endpoints"][0]["capacity"]["unit"] == "busy instances"


def test_the_order_given_changes_nothing() -> None:
    ahead = simulated.simulation(windows=simulated.day())
    behind = simulated.simulation(windows=simulated.day()[::-1])
    assert simulation_document([ahead], planner_version="1") == simulation_document(
        [behind], planner_version="1"
    )
    assert simulation_rows(MADE["two"]) == simulation_rows(MADE["two"][::-1])


def test_rows_are_one_window_each() -> None:
    lines = simulation_rows(MADE["two"]).splitlines()
    assert lines[0] == (
        "endpoint,start_s,seconds,rate_per_s,capacity,utilization,"
        "late_fraction,refused_fraction,cold_fraction,p50_ms,p99_ms"
    )
    assert lines[1] == "a,0.0,3600.0,0.0,5.0,0.0,0.0,0.0,0.0,,"
    assert lines[13] == "a,43200.0,3600.0,1200.0,5.0,0.97,0.084,0.002,0.01,21.0,190.0"
    assert len(lines) == 1 + 2 * 24
    assert lines[25].startswith("b,0.0,")


def test_rows_without_windows_are_the_header_alone() -> None:
    assert simulation_rows(()) == ",".join(COLUMNS) + "\n"
    assert simulation_rows(MADE["without requests"]) == ",".join(COLUMNS) + "\n"


def test_an_endpoint_with_a_comma_stays_one_cell() -> None:
    made = simulated.simulation(endpoint="a,b", windows=(simulated.window(0.0),))
    rows = list(csv.DictReader(StringIO(simulation_rows([made]))))
    assert [row["endpoint"] for row in rows] == ["a,b"]
