"""What a sample may not be, where a case would be a file of megabytes."""

from __future__ import annotations

from pathlib import Path

import pytest

from planner.errors import SpecError
from planner.spec import Source, Spec, load
from planner.spec.quantities import SpecBlock, Text
from planner.spec.sample import MOST_BYTES

STEADY = (Path(__file__).parents[2] / "cases/spec/bases/steady.yaml").read_text(encoding="utf-8")
CALLED = STEADY.replace(
    "interval: 10m}", "interval: 10m, warm_up: {file: one.bin, content_type: image/png}}"
)


class Cloud(SpecBlock):
    region: Text


def loaded(size: int, of: bytes = b"x", text: str = CALLED) -> Spec:
    (spec,) = load(
        [Source(name="planner.yaml", text=text.encode())],
        reader=lambda _: of * size,
        settings_models=lambda _: Cloud,
        provider_names=("cloud",),
    )
    return spec


def test_a_sample_is_as_large_as_one_request_may_be() -> None:
    warm_up = loaded(MOST_BYTES).workload.rollout.warm_up
    assert warm_up is not None
    assert warm_up.sample.size_bytes == MOST_BYTES
    with pytest.raises(SpecError) as error:
        loaded(MOST_BYTES + 1)
    (found,) = error.value.diagnostics
    assert (found.code, found.path) == ("sample-too-large", "spec.rollout.warm_up.file")
    assert "6 MiB" in found.message


def test_lists_within_lists_are_no_internal_error() -> None:
    text = CALLED.replace(", content_type: image/png", "")
    with pytest.raises(SpecError) as error:
        loaded(100_000, b"[", text)
    assert [one.code for one in error.value.diagnostics] == ["sample-not-json"]


def test_what_is_sent_is_printed_with_nothing() -> None:
    workload = loaded(3).workload
    assert workload.rollout.warm_up is not None
    assert "xxx" not in repr(workload)
    assert "xxx" not in repr(workload.rollout.warm_up)
