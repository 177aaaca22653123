"""The examples: their inputs come from the script beside them, and every spec fits the schema."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest
import yaml

from tests.support.code import ROOT

EXAMPLES = ROOT / "examples"
SPECS = sorted(EXAMPLES.glob("*/planner.yaml"))


def test_the_script_writes_every_input_byte_for_byte(tmp_path: Path) -> None:
    script = EXAMPLES / "make_inputs.py"
    subprocess.run([sys.executable, script, tmp_path], check=True, capture_output=True)
    written = {path.relative_to(tmp_path) for path in tmp_path.rglob("*") if path.is_file()}
    beside = {
        path.relative_to(EXAMPLES)
        for spec in SPECS
        for path in spec.parent.glob("**/*")
        if (path.is_file() and path.suffix in {".csv", ".jsonl"}) or path.parent.name == "profiles"
    }
    assert written == beside
    for name in written:
        assert (tmp_path / name).read_bytes() == (EXAMPLES / name).read_bytes(), name


@pytest.mark.parametrize("spec", SPECS, ids=lambda path: path.parent.name)
def test_an_example_says_what_it_shows_and_fits_the_published_schema(spec: Path) -> None:
    text = spec.read_text()
    assert text.startswith("# ")
    schema = json.loads((ROOT / "schemas" / "endpoint.v1alpha1.json").read_text())
    jsonschema.Draft202012Validator(schema).validate(yaml.safe_load(text))


def test_examples_name_nobody_real() -> None:
    accounts = {"123456789012", "683313688378", "763104351884"}
    """Fictional, and the two that publish the clouds' own images."""
    for path in EXAMPLES.glob("**/*.yaml"):
        words = path.read_text().replace(":", " ").replace(".", " ").split()
        numbers = {word for word in words if word.isdigit() and len(word) == 12}
        assert numbers <= accounts, path
