from __future__ import annotations

import re
from typing import Any

import pytest
from planner_databricks.provider import provider

from planner.model.export import Asked, ExportedFile
from tests.support.databricks_values import decision, model, rendered, workload
from tests.support.exports import asked
from tests.support.field_tables import terraform

ALIAS = workload(model(artifact="uc:main.search.ranker@champion"))
SPECIAL = {
    "plain": (decision(), workload(), {}),
    "logged": (decision(), workload(), {"inference_table": {"catalog": "main", "schema": "logs"}}),
    "mails": (decision(), workload(), {"email_notifications": {"on_update_failure": ["a@b.c"]}}),
    "alias": (decision(), ALIAS, {}),
    "variables": (
        decision(),
        workload(model(environment=(("A", "{{secrets/s/k}}"), ("B", "${x} %{y}")))),
        {},
    ),
}


def endpoint(kind: str, **block: Any) -> Asked:
    made, wanted, special = SPECIAL[kind]
    return asked(rendered(made, wanted, **{**special, **block}), made, wanted)


def files(to: str, *endpoints: Asked) -> tuple[ExportedFile, ...]:
    return tuple(provider.exporting().files()[to](endpoints))


def unreferenced(value: Any) -> Any:
    """Variables and look-ups made alike, and text as it was before it was escaped."""
    if isinstance(value, list):
        return [unreferenced(item) for item in value]
    if isinstance(value, dict):
        return "?" if "$from" in value else {name: unreferenced(one) for name, one in value.items()}
    if isinstance(value, str) and re.fullmatch(r"\$\{var\.\w+\}", value):
        return "?"
    return value.replace("$${", "${").replace("%%{", "%{") if isinstance(value, str) else value


@pytest.mark.parametrize("kind", sorted(SPECIAL))
def test_a_configuration_asks_for_what_the_planner_would_send(kind: str) -> None:
    one = endpoint(kind)
    (file,) = files("terraform", one)
    assert terraform(file.content, "terraform_databricks") == []
    found = file.content["resource"]["databricks_model_serving"]["shop"]
    assert unreferenced(found) == unreferenced(one.state.resources[0].body)


@pytest.mark.parametrize("kind", sorted(SPECIAL))
def test_a_bundle_asks_for_what_the_planner_would_send(kind: str) -> None:
    one = endpoint(kind)
    (file,) = files("dabs", one)
    found = file.content["resources"]["model_serving_endpoints"]["shop"]
    assert unreferenced(found) == unreferenced(one.state.resources[0].body)


@pytest.mark.parametrize(("to", "key"), [("terraform", "variable"), ("dabs", "variables")])
def test_an_alias_is_a_variable_that_is_named(to: str, key: str) -> None:
    (file,) = files(to, endpoint("alias"))
    assert list(file.content[key]) == ["shop_ranker_champion_version"]
    assert any("shop_ranker_champion_version" in note for note in file.notes)
    assert "${var.shop_ranker_champion_version}" in str(file.content)
    (plain,) = files(to, endpoint("plain"))
    assert key not in plain.content


def test_a_workspace_has_a_provider_and_a_bundle_of_its_own() -> None:
    one, other = endpoint("plain", profile="prod"), endpoint("logged", profile="dev")
    (file,) = files("terraform", one, other)
    assert file.content["provider"]["databricks"] == [
        {"alias": "dev", "profile": "dev"},
        {"alias": "prod", "profile": "prod"},
    ]
    assert [file.name for file in files("dabs", one, other)] == [
        "dev.bundle.yaml",
        "prod.bundle.yaml",
    ]


def test_a_value_that_a_bundle_would_read_otherwise_is_said() -> None:
    (file,) = files("dabs", endpoint("variables"))
    assert any("shop: a bundle reads ${...}" in note for note in file.notes)
    assert not any("reads ${...}" in note for note in files("dabs", endpoint("plain"))[0].notes)
