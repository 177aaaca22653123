"""The one way from text to workloads."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from planner.diagnostics import Location
from planner.errors import SpecError
from planner.model.workload import Feature
from planner.spec import Source, load
from planner.spec.quantities import SpecBlock, Text

BASES = Path(__file__).parents[2] / "cases" / "spec" / "bases"
STEADY = (BASES / "steady.yaml").read_text(encoding="utf-8")
TRACE = (BASES / "trace.yaml").read_text(encoding="utf-8")


class Cloud(SpecBlock):
    region: Text
    vpc: Text | None = None


def load_texts(*texts: str, files: dict[str, bytes] | None = None, **options: Any) -> Any:
    defaults: dict[str, Any] = {
        "reader": lambda name: (files or {})[name],
        "settings_models": lambda name: Cloud,
        "provider_names": ("cloud", "other"),
    }
    sources = [Source(name=f"{n}.yaml", text=text.encode()) for n, text in enumerate(texts)]
    return load(sources, **{**defaults, **options})


def test_places_of_values_blocks_and_what_is_not_there() -> None:
    (spec,) = load_texts(STEADY)
    assert spec.locate("spec.traffic.rate") == Location(file="0.yaml", line=18, column=11)
    assert spec.locate("spec.models[0].size") == Location(file="0.yaml", line=9, column=13)
    assert spec.locate("spec.constraints") == Location(file="0.yaml", line=23, column=3)
    assert spec.locate("spec.constraints.zones") == Location(file="0.yaml", line=23, column=3)
    assert spec.locate("spec.traffic.rate.deeper") == Location(file="0.yaml", line=18, column=5)
    assert spec.locate("spec.models.size") == spec.locate("spec.models[0].size")
    assert spec.locate("spec.models[7].size") == Location(file="0.yaml", line=7, column=3)
    assert spec.locate("metadata.name") == Location(file="0.yaml", line=4, column=9)
    assert spec.locate("no..path") == Location(file="0.yaml", line=1, column=1)
    assert spec.excerpt("spec.traffic.rate") == "    rate: 1200/s\n          ^^^^^^"


def test_models_of_a_file_are_placed_at_their_rows() -> None:
    text = (BASES / "fleet.yaml").read_text(encoding="utf-8")
    files = {"models.csv": b"merchant,bytes,per_day\na,1Mi,1\nb,1Mi,1\n"}
    (spec,) = load_texts(text, files=files)
    assert spec.locate("spec.models[1].size") == Location(file="models.csv", line=3, column=1)
    assert spec.locate("spec.models_from") == Location(file="0.yaml", line=5, column=3)


def test_specs_compare_by_what_they_say() -> None:
    assert load_texts(STEADY) == load_texts(STEADY)
    assert load_texts(STEADY) != load_texts(STEADY.replace("1200/s", "1100/s"))


def test_order_of_files_is_kept_and_changes_nothing_else() -> None:
    other = STEADY.replace("scorer", "other")
    both = load_texts(STEADY, other)
    swapped = load_texts(other, STEADY)
    assert [spec.workload.name for spec in both] == ["scorer", "other"]
    assert [spec.workload for spec in both] == [spec.workload for spec in reversed(swapped)]


def test_features_get_their_place_in_the_spec() -> None:
    text = STEADY.replace("region: north-1", "region: north-1\n      vpc: v1")
    (spec,) = load_texts(
        text, features_of=lambda name, block: (Feature(name="vpc", path="vpc", value=block.vpc),)
    )
    assert spec.workload.providers[0].features == (
        Feature(name="vpc", path="spec.providers.cloud.vpc", value="v1"),
    )
    assert spec.locate("spec.providers.cloud.vpc") == Location(file="0.yaml", line=35, column=12)


def test_only_the_providers_of_the_spec_are_loaded() -> None:
    asked: list[str] = []

    def settings_models(name: str) -> type[Cloud]:
        asked.append(name)
        return Cloud

    load_texts(STEADY, settings_models=settings_models)
    assert asked == ["cloud"]


def test_modes_of_the_providers_are_valid_modes() -> None:
    text = STEADY.replace("[dedicated, single-model]", "[dedicated, burst-pool]")
    with pytest.raises(SpecError, match="burst-pool"):
        load_texts(text)
    (spec,) = load_texts(text, hostings_of=lambda _name: ("burst-pool",))
    assert spec.workload.constraints.hosting == ("dedicated", "burst-pool")


def test_a_file_that_many_endpoints_name_is_read_once() -> None:
    reads: list[str] = []

    def reader(name: str) -> bytes:
        reads.append(name)
        return b"t\n0.5\n1.5\n"

    specs = load_texts(TRACE, TRACE.replace("embedder", "second"), reader=reader)
    assert len(specs) == 2
    assert reads == ["requests.csv"]


def test_files_lie_beside_the_spec() -> None:
    reads: list[str] = []

    def reader(name: str) -> bytes:
        reads.append(name)
        return b"t\n0.5\n1.5\n"

    load(
        [Source(name="specs/prod/planner.yaml", text=TRACE.encode())],
        reader=reader,
        settings_models=lambda name: Cloud,
        provider_names=("cloud",),
    )
    assert reads == [str(Path("specs/prod/requests.csv"))]


def test_errors_of_all_files_come_in_one_run() -> None:
    broken = STEADY.replace("1200/s", "1200/m").replace("scorer", "second")
    with pytest.raises(SpecError) as raised:
        load_texts("", broken, "a: b: c", TRACE, files={"requests.csv": b"t\n2\n1\n"})
    found = [(d.code, str(d.location)) for d in raised.value.diagnostics]
    assert found == [
        ("empty-file", "0.yaml:1:1"),
        ("invalid-value", "1.yaml:18:11"),
        ("yaml-syntax", "2.yaml:1:5"),
        ("unsorted-trace", "requests.csv:3:1"),
    ]


def test_field_types_cost_a_plugin_neither_yaml_nor_the_loader() -> None:
    code = (
        "import sys; from planner.spec import Spec; from planner.spec.quantities import SpecBlock;"
        "print([m for m in ('yaml', 'planner.spec.loading', 'croniter') if m in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
