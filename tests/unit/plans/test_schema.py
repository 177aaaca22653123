import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from planner.model.candidate import Latency, Range
from planner.plans import document, to_bytes
from planner.plans.schema import PlanDocument, plan_schema
from tests.support import decisions

PUBLISHED = Path(__file__).parents[3] / "schemas" / "plan.v1.json"

PLANS = {
    "empty": decisions.plan(),
    "solved": decisions.plan(decisions.solved()),
    "infeasible": decisions.plan(decisions.infeasible()),
    "all at once": decisions.plan(
        decisions.solved(), decisions.infeasible(), breaches=(decisions.breach(),)
    ),
    "live": decisions.live_plan(),
    "without numbers": decisions.plan(
        decisions.solved(
            decisions=(
                decisions.decision(
                    replicas=None,
                    units=Range(min=4, max=8),
                    autoscaling=None,
                    latency=Latency(
                        p50_s=0.1,
                        p90_s=float("nan"),
                        p95_s=float("inf"),
                        p99_s=float("inf"),
                        mean_s=0.1,
                    ),
                ),
            )
        )
    ),
}


def test_the_published_schema_is_generated_from_the_models() -> None:
    assert json.loads(PUBLISHED.read_bytes()) == plan_schema()
    assert PUBLISHED.read_bytes() == to_bytes(plan_schema())


@pytest.mark.parametrize("name", PLANS)
def test_every_document_is_valid(name: str) -> None:
    Draft202012Validator.check_schema(plan_schema())
    Draft202012Validator(plan_schema()).validate(json.loads(to_bytes(document(PLANS[name]))))


@pytest.mark.parametrize("name", PLANS)
def test_no_document_has_a_key_that_the_schema_does_not_describe(name: str) -> None:
    made = json.loads(to_bytes(document(PLANS[name])))
    assert PlanDocument.model_validate(made).model_dump(mode="json") == made
