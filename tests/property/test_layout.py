"""`planner fmt`: whatever order and style keys are written in, they mean the same afterwards."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel
from ruamel.yaml import YAML

from planner.provider import registry
from planner.spec import Source
from planner.spec.layout import formatted
from planner.spec.order import key_order
from tests.support.code import ROOT

EXAMPLES = sorted((ROOT / "examples").rglob("*.yaml"))


@cache
def settings_model(name: str) -> type[BaseModel] | None:
    return registry.get(name).settings_model()


def laid_out(text: str) -> str:
    return formatted(Source(name="planner.yaml", text=text.encode()), settings_model)


def meaning(text: str) -> list[Any]:
    """As a reader that is not ours understands it."""
    reader = YAML(typ="safe", pure=True)
    return list(reader.load_all(text))


def comments(text: str) -> list[str]:
    return sorted(re.findall(r"(?:^|\s)(#.*?)\s*$", text, re.MULTILINE))


DATA = meaning((ROOT / "examples/fraud-scorer/planner.yaml").read_text())[0]
DATA["spec"]["models"][0]["external_calls"] = [
    {"name": "features", "latency": "2ms"},
    {"name": "other", "error_rate": 0.01, "latency": "5ms"},
]
DATA["spec"]["models"].append({"name": "second", "environment": {"B": "x", "A": "y"}})
DATA["spec"]["description"] = "a text"
order = key_order("Endpoint", settings_model)


@st.composite
def written(draw: st.DrawFn) -> str:
    """The spec with its keys in any order, in blocks or braces, with comments that name a key."""
    return "\n".join([*_block(draw, DATA, (), 0), ""])


def _block(draw: st.DrawFn, data: Any, path: tuple[Any, ...], margin: int) -> Iterator[str]:
    pad = " " * margin
    for place, key in enumerate(draw(st.permutations(list(data)))):
        value, own = data[key], (*path, key)
        said = ".".join(map(str, own))
        # What stands above everything is about the page.
        if (path or place) and draw(st.integers(0, 3)) == 0:
            yield from draw(st.sampled_from([[], [""], ["", "  "]]))
            yield f"{pad}# above {said}"
        behind = draw(st.sampled_from(["", "", f"   # beside {said}"]))
        if isinstance(value, dict) and value and draw(st.booleans()):
            yield f"{pad}{key}:{behind}"
            yield from _block(draw, value, own, margin + draw(st.sampled_from([2, 4])))
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            yield f"{pad}{key}:{behind}"
            yield from _items(draw, value, own, margin + draw(st.sampled_from([0, 2])))
        else:
            yield f"{pad}{key}: {_flow(draw, value)}{behind}"


def _items(draw: st.DrawFn, items: list[Any], path: tuple[Any, ...], margin: int) -> Iterator[str]:
    pad = " " * margin
    for index, item in enumerate(items):
        if draw(st.booleans()):
            yield f"{pad}- {_flow(draw, item)}"
            continue
        lines = list(_block(draw, item, (*path, index), margin + 2))
        if any(line.strip().startswith("#") or not line.strip() for line in lines[:1]):
            yield f"{pad}-"
        else:
            lines[0] = f"{pad}- {lines[0].lstrip()}"
        yield from lines


def _flow(draw: st.DrawFn, value: Any) -> str:
    if isinstance(value, dict):
        pairs = (f"{key}: {_flow(draw, value[key])}" for key in draw(st.permutations(list(value))))
        return "{" + ", ".join(pairs) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_flow(draw, one) for one in value) + "]"
    return f'"{value}"' if isinstance(value, str) and not value.isalnum() else str(value)


@settings(deadline=None, max_examples=120)
@given(written())
def test_the_same_is_said_in_order_and_once_is_enough(text: str) -> None:
    done = laid_out(text)
    assert meaning(done) == meaning(text)
    assert comments(done) == comments(text)
    assert laid_out(done) == done
    assert _in_order(meaning(done)[0], ())
    _comments_are_where_they_belong(done)


def _in_order(data: Any, path: tuple[Any, ...]) -> bool:
    if isinstance(data, list):
        return all(_in_order(item, (*path, index)) for index, item in enumerate(data))
    if not isinstance(data, dict):
        return True
    known = order(path)
    ranks = [known.index(key) if key in known else len(known) for key in data]
    return ranks == sorted(ranks) and all(_in_order(data[key], (*path, key)) for key in data)


def _comments_are_where_they_belong(text: str) -> None:
    lines = text.splitlines()
    for number, line in enumerate(lines):
        above = re.search(r"# above (\S+)$", line)
        beside = re.search(r"(\w+):.*# beside (\S+)$", line)
        if above is not None:
            following = next(
                one for one in lines[number + 1 :] if not re.match(r"\s*(#.*|-)?$", one)
            )
            assert re.match(rf"[\s-]*{above[1].split('.')[-1]}:", following), (line, following)
        if beside is not None:
            assert f"{beside[2].split('.')[-1]}:" in line


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: str(path.relative_to(ROOT)))
def test_examples_are_in_order(path: Any) -> None:
    text = path.read_text()
    if "apiVersion: planner/" in text or path.parent.name == "overlays":
        assert laid_out(text) == text


KEPT = {
    "block scalar": "spec:\n  slo: {}\n  description: |\n    # no comment\n\n\n    end\n  # yes\n",
    "folded": "spec:\n  slo: 1\n  description: 'a\n\n\n    that # goes  \n    on'\n",
    "merge": "spec:\n  models:\n  - &m\n    size: 1\n    name: a\n  - weight: 1\n    <<: *m\n",
    "documents": "# one\nspec: {slo: {}, models: []}\n---  # two\nspec:\n  slo: {}\n  models: []\n",
    "directive": "%YAML 1.2\n---\nspec: {slo: 1, models: 2}\n...\n",
    "wide": "spec: {slo: {measured_at: x,\n   latency: {}},\n  models: 'ü ☃ 𝄞'}  # end\n",
    "unknown": "spec:\n  what: 1\n  slo: 2\n  ever: 3\n  models: 4\n",
    "dash alone": "spec:\n  models:\n  -\n    size: 1\n    # that\n    name: a\n  - b: 1\n",
    "empty": "",
    "only comments": "# a\n\n\n# b\n",
    "null": "spec:\nmetadata:\n  labels:\n  name: a\n",
    "nothing known": "kind: Other\napiVersion: x\n",
    "windows": "spec:\r\n  slo: 1\r\n  models: 2\r\n",
    "stars": "spec:\n  slo: '*'  # *not* one\n  models: 2 * 2\n",
    "tail": "spec:\n  slo: 1\n  models: 2\n  # of models\n\n# of the page\n",
}


@pytest.mark.parametrize("text", KEPT.values(), ids=KEPT)
def test_what_is_kept(text: str) -> None:
    done = laid_out(text)
    assert meaning(done) == meaning(text)
    assert comments(done) == comments(text)
    assert laid_out(done) == done


def test_comments_of_a_block_move_with_it_and_those_of_the_page_stay() -> None:
    text = """\
# yaml-language-server: $schema=x
spec:
  # what is promised
  slo:
    latency: {p99: 1s}
    # cold_start: allow

  # what runs
  models: []   # none yet

# the end
apiVersion: planner/v1alpha1
# last words
"""
    assert (
        laid_out(text)
        == """\
# yaml-language-server: $schema=x
# the end
apiVersion: planner/v1alpha1

spec:
  # what runs
  models: []   # none yet

  # what is promised
  slo:
    latency: {p99: 1s}
    # cold_start: allow
# last words
"""
    )


def test_a_document_with_aliases_keeps_its_order() -> None:
    text = "spec:\n  slo: &a {latency: 1}\n  payload: *a\n"
    assert laid_out(text) == text
    stars = "spec:\n  slo: '*'  # *not* one\n  payload: 2 * 2\n"
    assert laid_out(stars) != stars


def test_the_page_is_in_the_order_of_the_models() -> None:
    page = (ROOT / "docs" / "spec.md").read_text()
    places = {
        "## `spec.models[]`": ("spec", "models", 0),
        "## `spec.models_from`": ("spec", "models_from"),
        "## `spec.payload`": ("spec", "payload"),
        "## `spec.slo`": ("spec", "slo"),
        "## `spec.constraints`": ("spec", "constraints"),
        "`sagemaker`\n": ("spec", "providers", "sagemaker"),
        "`databricks`\n": ("spec", "providers", "databricks"),
    }
    for head, path in places.items():
        section = page[page.index(f"\n{head}") + len(head) :]
        table = section[section.index("\n| ") : section.index("\n\n", section.index("\n| "))]
        cells = re.findall(r"^\| (`.*?) \|", table, re.MULTILINE)
        told = [name for cell in cells for name in re.findall(r"`(\w+)(?:\[\])?`", cell)]
        assert told == [name for name in order(path) if name in told], head
        assert len(told) > 2
