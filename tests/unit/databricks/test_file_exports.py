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
    "alerts": (decision(peak_per_s=10.0), workload(), {"alerts": {"warehouse": "w"}}),
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


@pytest.mark.parametrize(("to", "kind"), [("terraform", "databricks_alert_v2"), ("dabs", "alerts")])
def test_alerts_are_resources_beside_the_endpoint(to: str, kind: str) -> None:
    one = endpoint("alerts")
    (file,) = files(to, one)
    content = file.content["resource" if to == "terraform" else "resources"]
    found = content[kind]
    wanted = {alert.name: alert.body for alert in one.state.resources[1:]}
    assert list(found) == list(wanted) == ["shop-errors", "shop-refused", "shop-rate", "shop-idle"]
    for name, body in found.items():
        needed = body.pop("depends_on", None)
        assert needed == (["databricks_model_serving.shop"] if to == "terraform" else None)
        assert unreferenced(body) == wanted[name]
    (plain,) = files(to, endpoint("plain"))
    assert kind not in str(plain.content)


def test_queries_without_a_table_say_what_they_rest_on() -> None:
    (file,) = files("databricks-queries", endpoint("plain"))
    assert file.name == "shop.sql"
    assert any("usage is tracked where its AI gateway is told to" in note for note in file.notes)
    assert "seconds_" not in str(file.content)
    (logged,) = files("databricks-queries", endpoint("logged"))
    assert "`main`.`logs`.`shop_payload`" in str(logged.content)
