"""Specs in, diagnostics or values out: every document of every yaml file here is one case.

title     what the case shows
base      a file of `bases/` that `edit` changes by replacing text, or
files     texts by name; `planner.yaml` is the spec unless `sources` says otherwise
binary    files given as hexadecimal
overlays, sets, env, directories
without   a package whose absence the case shows
expected  diagnostics, all of them and in order: code, at ("file:line:column", or "line:column"
          in planner.yaml), path, and parts of message, hint and excerpt; or
usage     code, and parts of message and hint; or
values    attributes of the workload by path
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Any, Literal

import pytest
import yaml

from planner.errors import SpecError, UsageError
from planner.spec import Source, Spec, load
from planner.spec.quantities import DnsLabel, Flag, PositiveDuration, SpecBlock, Text

HERE = Path(__file__).parent
_STEP = re.compile(r"([A-Za-z_0-9-]+)|\[(\d+)\]")


class Cloud(SpecBlock):
    """Stands for a plugin's block."""

    region: Literal["north-1", "south-1"]
    role: Text | None = None
    idle: PositiveDuration = 60.0
    private: Flag = False


class Lakehouse(SpecBlock):
    catalog: DnsLabel | None = None


PROVIDERS: dict[str, type[SpecBlock]] = {"cloud": Cloud, "lakehouse": Lakehouse}


def cases() -> Iterator[Any]:
    for file in sorted(HERE.glob("*.yaml")):
        for index, case in enumerate(yaml.safe_load_all(file.read_text(encoding="utf-8"))):
            yield pytest.param(case, id=f"{file.stem}-{index}-{case['title']}".replace(" ", "-"))


def texts(case: dict[str, Any]) -> dict[str, bytes]:
    files = {name: text.encode() for name, text in case.get("files", {}).items()}
    files |= {name: bytes.fromhex(text) for name, text in case.get("binary", {}).items()}
    if "base" in case:
        text = (HERE / "bases" / case["base"]).read_text(encoding="utf-8")
        for old, new in case.get("edit", {}).items():
            assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in the base"
            text = text.replace(old, new)
        files["planner.yaml"] = text.encode()
    return files


def run(case: dict[str, Any]) -> tuple[Spec, ...]:
    files = texts(case)

    def read(name: str) -> bytes:
        if name in case.get("directories", ()):
            raise IsADirectoryError(21, "Is a directory")
        if name not in files:
            raise FileNotFoundError(2, "No such file or directory")
        return files[name]

    return load(
        [Source(name=name, text=files[name]) for name in case.get("sources", ["planner.yaml"])],
        reader=read,
        settings_models=PROVIDERS.get,
        provider_names=tuple(PROVIDERS),
        overlays=[Source(name=name, text=files[name]) for name in case.get("overlays", ())],
        sets=case.get("sets", ()),
        env=case.get("env", {}),
    )


def listed(value: Any) -> Any:
    return [listed(item) for item in value] if isinstance(value, tuple) else value


def is_number(value: Any) -> bool:
    first = value[0] if isinstance(value, list) and value else value
    return isinstance(first, float)


def value_at(value: Any, path: str) -> Any:
    for name, index in _STEP.findall(path):
        value = value[int(index)] if index else getattr(value, name)
    if isinstance(value, Enum):
        return value.value
    return listed(value)


def check_values(case: dict[str, Any], specs: tuple[Spec, ...]) -> None:
    for path, expected in case["values"].items():
        found = value_at(specs, path if path.startswith("[") else f"[0].workload.{path}")
        assert found == (pytest.approx(expected) if is_number(expected) else expected), path


@pytest.mark.parametrize("case", list(cases()))
def test_case(case: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    if "without" in case:
        monkeypatch.setitem(sys.modules, case["without"], None)  # its import fails
    if "values" in case:
        check_values(case, run(case))
        return
    if "usage" in case:
        with pytest.raises(UsageError) as usage:
            run(case)
        assert usage.value.code == case["usage"]["code"]
        assert case["usage"]["message"] in usage.value.message
        assert case["usage"]["hint"] in usage.value.hint
        return
    with pytest.raises(SpecError) as raised:
        run(case)
    found = raised.value.diagnostics
    places = [str(d.location).removeprefix("planner.yaml:") for d in found]
    expected = case["expected"]
    shown = "\n".join(f"{d.location} {d.code}: {d.message} | {d.hint}" for d in found)
    assert [d.code for d in found] == [one["code"] for one in expected], shown
    assert places == [one["at"] for one in expected], shown
    for diagnostic, one in zip(found, expected, strict=True):
        assert one.get("message", "") in diagnostic.message
        assert one.get("hint", "") in diagnostic.hint
        assert one.get("excerpt", "") in diagnostic.excerpt
        assert diagnostic.path == one.get("path", diagnostic.path)
        assert diagnostic.excerpt or one.get("excerpt") is None
        assert diagnostic.hint, f"{diagnostic.code} has no fix"
