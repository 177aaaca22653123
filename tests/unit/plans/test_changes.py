import pytest

from planner.model.change import Action, Risk
from planner.plans import desired_changes
from planner.plans.changes import shown
from tests.support import decisions


def test_everything_is_created_in_order_with_its_reason() -> None:
    made = desired_changes(decisions.desired(), reason="no live state read")
    assert made.endpoint == "fraud-scorer"
    assert made.action is Action.CREATE
    assert [(change.address, change.action, change.risk) for change in made.changes] == [
        ("model/fraud-scorer-3f9c01", Action.CREATE, Risk.NONE),
        ("endpoint/fraud-scorer", Action.CREATE, Risk.NONE),
    ]
    assert {change.reason for change in made.changes} == {"no live state read"}


def test_fields_are_the_leaves_by_path() -> None:
    endpoint = desired_changes(decisions.desired(), reason="r").changes[1]
    assert [(field.path, field.desired, field.live) for field in endpoint.fields] == [
        ("Name", "fraud-scorer", None),
        ("Variants[0].Count", 5, None),
        ("Variants[0].Weight", 1.0, None),
    ]


def test_a_secret_never_gets_into_a_change() -> None:
    model = desired_changes(decisions.desired(), reason="r").changes[0]
    fields = {field.path: field.desired for field in model.fields}
    assert fields["Environment.HF_TOKEN"] == "(hidden)"
    assert fields["Environment.MAX_TOKENS"] == "512"
    assert "hf-very-secret" not in repr(model)


@pytest.mark.parametrize(
    "name",
    ["HF_TOKEN", "db_password", "apiKey", "AWS_SECRET_ACCESS_KEY", "clientSecret", "PRIVATE_KEY"],
)
def test_names_of_secrets(name: str) -> None:
    assert shown(f"Environment.{name}", "value") == "(hidden)"


@pytest.mark.parametrize(
    "name", ["MAX_TOKENS", "TOKENIZER", "Key", "KmsKeyId", "secret_scope", "PARTITION_KEY", ""]
)
def test_names_that_are_no_secrets(name: str) -> None:
    assert shown(f"Environment.{name}", "value") == "value"


def test_a_reference_to_a_secret_is_shown() -> None:
    assert shown("HF_TOKEN", "{{secrets/models/hf}}") == "{{secrets/models/hf}}"


def test_a_tag_that_names_a_secret_is_hidden() -> None:
    assert shown("Tags[db_password]", "value") == "(hidden)"
    assert shown("Tags[team]", "risk") == "risk"
