"""Laws of every body that the Databricks plugin renders."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from planner_databricks.resources.names import entity_names
from planner_databricks.resources.shares import percents

from planner.model.candidate import Range
from tests.support.databricks_rules import violations
from tests.support.databricks_values import body, decision, model, workload

WEIGHTS = st.lists(st.floats(min_value=0, max_value=1e9), min_size=1, max_size=50)
STEPS = st.integers(min_value=0, max_value=256)


@given(WEIGHTS)
def test_percents_sum_to_100_and_are_off_by_less_than_one(weights: list[float]) -> None:
    shares = percents(tuple(weights))
    assert sum(shares) == 100
    assert all(0 <= share <= 100 for share in shares)
    total = sum(map(Fraction, weights))
    if total > 1e-6:
        for share, weight in zip(shares, weights, strict=True):
            assert abs(share - 100 * Fraction(weight) / total) < 1 + 1e-6


@given(WEIGHTS)
def test_a_heavier_model_never_gets_less(weights: list[float]) -> None:
    ranked = sorted(zip(weights, percents(tuple(weights)), strict=True))
    heavier = pairwise(ranked)
    assert all(low[1] <= high[1] for low, high in heavier if low[0] < high[0])


@given(st.lists(st.text(min_size=1, max_size=80), min_size=1, max_size=20, unique=True))
def test_entity_names_are_unique_and_valid(models: list[str]) -> None:
    names = list(entity_names(tuple(models)).values())
    assert len(set(names)) == len(models)
    assert all(0 < len(name) <= 63 and name.isascii() for name in names)


@given(
    st.lists(st.tuples(STEPS, STEPS, st.floats(min_value=0.01, max_value=1)), max_size=10),
    st.booleans(),
)
def test_every_body_obeys_the_rules(models: list[tuple[int, int, float]], routed: bool) -> None:
    sizes = [
        (4 * min(a, b), max(4, 4 * max(a, b)), weight) for a, b, weight in models or [(1, 1, 1)]
    ]
    zero = any(least == 0 for least, _, _ in sizes)
    names = tuple(f"model {index}" for index in range(len(sizes)))
    asked = workload(
        *(model(name, weight=size[2]) for name, size in zip(names, sizes, strict=True))
    )
    own = tuple(
        (f"units:{name}", f"{size[0]}-{size[1]}") for name, size in zip(names, sizes, strict=True)
    )
    flags = (("route_optimized", str(routed).lower()), ("scale_to_zero", str(zero).lower()))
    made = decision(models=names, units=Range(min=4, max=4), options=flags + own)
    assert violations(body(made, asked)) == []
