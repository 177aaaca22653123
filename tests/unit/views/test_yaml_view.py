from io import StringIO
from typing import Any

import pytest
import yaml
from ruamel.yaml import YAML

from planner.plans import document
from planner.views.style import Style
from planner.views.yaml_view import render_document
from tests.support import decisions

AWKWARD = ["no", "on", "1e5", "0o17", "1.0", "12:30", "null", "~", "", "2026-11-21", "é", "- a"]


def shown(value: Any) -> str:
    out = StringIO()
    render_document(value, out=out, style=Style())
    return out.getvalue()


@pytest.mark.parametrize("text", AWKWARD)
def test_text_stays_text_in_both_yaml_versions(text: str) -> None:
    written = shown({"value": text})
    assert yaml.safe_load(written) == {"value": text}
    assert YAML(typ="safe", pure=True).load(written) == {"value": text}


def test_a_plan_reads_back_as_it_was() -> None:
    made = document(decisions.plan(decisions.solved(), decisions.infeasible()))
    assert yaml.safe_load(shown(made)) == made


def test_shared_values_are_written_out() -> None:
    shared = [1, 2]
    assert shown({"a": shared, "b": shared}) == "a:\n- 1\n- 2\nb:\n- 1\n- 2\n"


def test_numbers_and_nothing() -> None:
    assert yaml.safe_load(shown({"a": 1e22, "b": 1e-7, "c": None, "d": True})) == {
        "a": 1e22,
        "b": 1e-7,
        "c": None,
        "d": True,
    }
