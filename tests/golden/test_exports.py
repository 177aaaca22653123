"""Every example in every format of files for other tools, kept under tests/golden/exports.

pytest tests/golden --update-golden     rewrites what is expected
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from planner.views.export_text import file_bytes
from tests.support.code import ROOT
from tests.support.command import planner
from tests.support.exports import EXAMPLES, exported
from tests.support.field_tables import kubernetes, terraform
from tests.support.golden import Compare
from tests.support.openslo_rules import violations

HERE = Path(__file__).parent / "exports"
FORMATS = (
    *("ack", "client", "cloudformation", "cloudwatch-dashboard", "dabs"),
    *("databricks-queries", "k6", "locust", "openslo", "prometheus-rules", "terraform"),
)
LONG = 20_000
"""Bytes from which a file is kept without the lists that make it long."""


@pytest.mark.parametrize("to", FORMATS)
@pytest.mark.parametrize("example", EXAMPLES)
def test_example(example: str, to: str, expected: Compare) -> None:
    for file in exported(example, to):
        text = file_bytes(file)
        if len(text) > LONG:
            text = re.sub(rb'(\["[^"]*", [0-9.]+\], )+|("[^"]*": "[^"]*", ){20,}', b"", text)
        expected(_kept(example, file.name), text)


def _kept(example: str, name: str) -> Path:
    """Where a file is kept; Python under another name, which no linter reads as ours."""
    return HERE / example / (f"{name}.txt" if name.endswith(".py") else name)


def test_no_expectation_is_left_behind() -> None:
    known = {
        _kept(example, file.name)
        for example in EXAMPLES
        for to in FORMATS
        for file in exported(example, to)
    }
    assert {path for path in HERE.rglob("*") if path.is_file()} == known


@pytest.mark.parametrize("example", EXAMPLES)
def test_fields_and_rules_are_those_of_the_tools(example: str) -> None:
    for file in exported(example, "terraform"):
        tool = "terraform_aws" if "aws" in file.content["provider"] else "terraform_databricks"
        assert terraform(file.content, tool) == []
    for file in exported(example, "ack"):
        assert [wrong for one in file.content for wrong in kubernetes(one)] == []
    for file in exported(example, "openslo"):
        assert violations(list(file.content)) == []


def test_the_command_writes_the_same_and_says_what_is_left_out(tmp_path: Path) -> None:
    spec = str(ROOT / "examples" / "shop-ranker")
    out = tmp_path / "stack.yaml"
    done = planner("render", spec, "--to", "ack", "--out", str(out))
    (file,) = exported("shop-ranker", "ack")
    assert done.stdout == out.read_bytes() == file_bytes(file)
    assert [line for line in done.err.splitlines() if line.startswith("note: ")] == [
        f"note: {note}" for note in file.notes
    ]
    assert tuple(yaml.safe_load_all(done.stdout)) == file.content
