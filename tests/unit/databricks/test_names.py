"""Names that the service accepts."""

from __future__ import annotations

import pytest
from planner_databricks.resources.names import endpoint_name, entity_names

from planner.errors import ProviderError


@pytest.mark.parametrize("name", ["a", "shop-ranker_2", "x" * 63])
def test_a_valid_endpoint_name_stays(name: str) -> None:
    assert endpoint_name(name) == name


@pytest.mark.parametrize(
    ("name", "code", "hint"),
    [
        ("databricks-shop", "name-reserved", "metadata.name: shop"),
        ("databricks-", "name-reserved", "metadata.name: my-endpoint"),
        ("shop.ranker", "name-invalid", "metadata.name: shop-ranker"),
        ("x" * 64, "name-invalid", "metadata.name: " + "x" * 63),
        ("é", "name-invalid", "metadata.name: my-endpoint"),
        ("", "name-invalid", "metadata.name: my-endpoint"),
        ("shop\n", "name-invalid", "metadata.name: shop"),
    ],
)
def test_other_endpoint_names_are_refused_with_one_that_works(
    name: str, code: str, hint: str
) -> None:
    with pytest.raises(ProviderError) as caught:
        endpoint_name(name)
    assert (caught.value.code, caught.value.hint) == (code, hint)
    assert endpoint_name(hint.removeprefix("metadata.name: "))


def test_model_names_stay_where_they_can() -> None:
    assert entity_names(("a", "b_2")) == {"a": "a", "b_2": "b_2"}


def test_other_model_names_get_a_digest_that_keeps_them_apart() -> None:
    made = entity_names(("a.b", "a/b", "a-b", "x" * 70, "ünï"))
    assert len(set(made.values())) == 5
    assert all(len(name) <= 63 for name in made.values())
    assert made["a.b"].startswith("a-b-")
    assert made["a.b"] == entity_names(("a.b",))["a.b"]
