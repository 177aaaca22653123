import json
from dataclasses import replace
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from planner.model.checkup import Checkup, Condition, Finding, Severity
from planner.plans import to_bytes
from planner.plans.checkup_document import checkup_document
from planner.plans.checkup_schema import CheckupDocument, checkup_schema

PUBLISHED = Path(__file__).parents[3] / "schemas" / "checkup.v1.json"
SLOW = Finding(
    rule="service-time",
    source_id="D8",
    severity=Severity.ERROR,
    cause="the model takes 1.67 times as long as the spec says",
    action="measure it",
    measured="1.67 x the predicted median",
    expected="the service time of the spec",
)
AILING = Checkup(
    endpoint="b",
    workload="ranker",
    provider="sagemaker",
    region="us-east-1",
    since_s=1e9,
    until_s=1e9 + 3600.0,
    condition=Condition.AILING,
    requests=4_391_481.4567,
    monthly_usd=931.187,
    findings=(SLOW, replace(SLOW, severity=Severity.NOTE, saves_monthly_usd=-12.345)),
    unmeasured=("CPU",),
    notes=("the last minute only",),
)
ABSENT = replace(
    AILING,
    endpoint="a",
    condition=Condition.ABSENT,
    requests=0.0,
    monthly_usd=None,
    findings=(),
)
MADE = {"nothing": (), "one": (AILING,), "two": (AILING, ABSENT)}


def document(name: str) -> dict:
    return json.loads(to_bytes(checkup_document(MADE[name])))


def test_the_published_schema_is_generated_from_the_models() -> None:
    assert PUBLISHED.read_bytes() == to_bytes(checkup_schema())


@pytest.mark.parametrize("name", MADE)
def test_every_document_is_valid_and_has_no_key_that_the_schema_does_not_describe(
    name: str,
) -> None:
    Draft202012Validator.check_schema(checkup_schema())
    made = document(name)
    Draft202012Validator(checkup_schema()).validate(made)
    again = CheckupDocument.model_validate(made).model_dump(mode="json", by_alias=True)
    assert again == made
    assert json.dumps(made) == json.dumps(made, sort_keys=True)


def test_what_does_not_exist_was_looked_at_at_no_time() -> None:
    absent, ailing = document("two")["endpoints"]
    assert (absent["name"], absent["since"], absent["until"]) == ("a", None, None)
    assert (ailing["since"], ailing["requests"]) == ("2001-09-09T01:46:40Z", 4_391_481.5)
    assert [one["saves_monthly_usd"] for one in ailing["findings"]] == [None, -12.35]


@pytest.mark.parametrize(
    ("place", "wrong"),
    [
        (("summary", "no-data"), -1),
        (("kind",), "Plan"),
        (("endpoints", 0, "condition"), "dead"),
        (("endpoints", 0, "findings", 0, "source_id"), "X1"),
        (("endpoints", 0, "since"), "yesterday"),
    ],
)
def test_what_is_no_checkup_is_refused(place: tuple[str | int, ...], wrong: object) -> None:
    made = document("one")
    inner = made
    for step in place[:-1]:
        inner = inner[step]
    inner[place[-1]] = wrong
    assert not Draft202012Validator(checkup_schema()).is_valid(made)
