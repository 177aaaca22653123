from dataclasses import replace
from typing import Any

import pytest

from planner.model.change import Action, Risk
from planner.plans import desired_changes
from planner.plans.changes import concealed, shown
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


def test_a_body_is_concealed_by_the_names_its_values_stand_under() -> None:
    (model, endpoint) = decisions.desired().resources
    assert concealed(model.body) == {
        **model.body,
        "Environment": {"HF_TOKEN": "(hidden)", "MAX_TOKENS": "512"},
    }
    assert concealed(endpoint.body) == endpoint.body


@pytest.mark.parametrize(
    ("body", "hidden"),
    [
        ({"Containers": [{"apiKey": "k"}]}, {"Containers": [{"apiKey": "(hidden)"}]}),
        ({"passwords": "two", "password": ["one"]}, {"passwords": "two", "password": ["(hidden)"]}),
        ({"HF_TOKEN": 7, "password": None}, {"HF_TOKEN": 7, "password": None}),
        ({"HF_TOKEN": "{{secrets/a/b}}"}, {"HF_TOKEN": "{{secrets/a/b}}"}),
        ({"secret": {"scope": "models"}}, {"secret": {"scope": "models"}}),
    ],
)
def test_what_is_concealed(body: dict[str, Any], hidden: dict[str, Any]) -> None:
    assert concealed(body) == hidden


@pytest.mark.parametrize("names", [("Key", "Value"), ("key", "value")])
def test_a_tag_is_concealed_by_its_key(names: tuple[str, str]) -> None:
    def tags(*values: str) -> list[dict[str, str]]:
        return [
            dict(zip(names, pair, strict=True))
            for pair in zip(("db_password", "team"), values, strict=True)
        ]

    assert concealed({"Tags": tags("s3cr3t", "risk")}) == {"Tags": tags("(hidden)", "risk")}


@pytest.mark.parametrize(
    "body",
    [
        {"Environment": {"HF_TOKEN": "s3cr3t"}},
        {"Args": {"password": ["s3cr3t"]}},
        {"Tags": [{"Key": "db_password", "Value": "s3cr3t"}]},
    ],
)
def test_changes_hide_what_bodies_conceal(body: dict[str, Any]) -> None:
    resource = replace(decisions.desired().resources[0], body=body)
    made = desired_changes(replace(decisions.desired(), resources=(resource,)), reason="r")
    assert "s3cr3t" not in repr(made)
    assert "s3cr3t" not in repr(concealed(body))
