"""Whatever stands in a file, the reader answers with specs or with diagnostics."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from planner.errors import SpecError, UsageError
from planner.spec import Source, Spec, load
from planner.spec.quantities import PositiveDuration, SpecBlock, Text

BASES = Path(__file__).parents[1] / "cases" / "spec" / "bases"
TEXTS = [path.read_text(encoding="utf-8") for path in sorted(BASES.glob("*.yaml"))]
LINES = sorted({line.strip() for text in TEXTS for line in text.splitlines()})


class Cloud(SpecBlock):
    region: Text
    idle: PositiveDuration = 60.0


def read(text: bytes, *, rows: bytes = b"", **options: Any) -> tuple[Spec, ...]:
    return load(
        [Source(name="planner.yaml", text=text)],
        reader=lambda name: rows,
        settings_models=lambda name: Cloud,
        provider_names=("cloud",),
        **options,
    )


def answers(text: bytes, **options: Any) -> None:
    """Read it; a refusal has a place and a fix for each finding."""
    try:
        specs = read(text, **options)
    except SpecError as error:
        bare = [d for d in error.diagnostics if not (d.code and d.hint and d.location)]
        if bare:
            raise AssertionError(f"without code, fix or place: {bare}") from error
    except UsageError as error:
        if not error.hint:
            raise AssertionError("without fix") from error
    else:
        assert all(abs(sum(m.weight for m in s.workload.models) - 1) < 1e-9 for s in specs)


@settings(max_examples=150, deadline=None)
@given(
    text=st.sampled_from(TEXTS),
    at=st.floats(0, 1),
    length=st.integers(0, 12),
    put=st.one_of(
        st.text(alphabet="{}[]:,&*!|>'\"%@`#-? \n\tax0.", max_size=6),
        st.sampled_from(LINES),
        st.sampled_from(["null", "[]", "{}", "-1", "1e400", "50", "x", "~", "true"]),
    ),
)
def test_a_spec_with_a_few_characters_changed(text: str, at: float, length: int, put: str) -> None:
    start = int(at * len(text))
    answers((text[:start] + put + text[start + length :]).encode(), rows=b"t\n0.5\n1.5\n")


@settings(max_examples=100, deadline=None)
@given(text=st.sampled_from(TEXTS), old=st.data(), new=st.data())
def test_a_spec_with_one_value_changed(text: str, old: st.DataObject, new: st.DataObject) -> None:
    lines = [n for n, line in enumerate(text.splitlines()) if ": " in line]
    number = old.draw(st.sampled_from(lines))
    key = text.splitlines()[number].partition(": ")[0]
    value = new.draw(
        st.sampled_from(
            ["null", "[]", "{}", "[a]", "{a: b}", "-1", "0", "1e400", "50", "50ms", "65%", "'1'"]
        )
    )
    changed = [
        f"{key}: {value}" if index == number else line
        for index, line in enumerate(text.splitlines())
    ]
    answers("\n".join(changed).encode(), rows=b"t\n0.5\n1.5\n")


@settings(max_examples=100, deadline=None)
@given(text=st.binary(max_size=60))
def test_any_bytes_as_a_spec(text: bytes) -> None:
    answers(text)


@settings(max_examples=100, deadline=None)
@given(
    name=st.sampled_from(["trace.yaml", "fleet.yaml", "diurnal.yaml"]),
    rows=st.one_of(
        st.binary(max_size=40),
        st.text(alphabet='t,name\n"0123456789.-:TZ', max_size=60).map(str.encode),
    ),
)
def test_any_bytes_in_the_files_that_a_spec_names(name: str, rows: bytes) -> None:
    answers((BASES / name).read_bytes(), rows=rows)
    answers((BASES / name).read_bytes(), rows=b"t\n" + rows)


@settings(max_examples=100, deadline=None)
@given(
    path=st.one_of(
        st.text(alphabet="abmodelstrfic.[]0", max_size=14),
        st.sampled_from(["traffic.rate", "models[0].size", "slo", "slo.latency.p99", "traffic"]),
    ),
    value=st.one_of(
        st.text(max_size=6), st.sampled_from(["2x", "0x", "1e3x", "{a: 1}", "[1]", "9ms", "null"])
    ),
)
def test_any_setting(path: str, value: str) -> None:
    answers(TEXTS[2].encode(), sets=[f"{path}={value}"], rows=b"t\n0.5\n1.5\n")


@given(factor=st.integers(1, 1000))
def test_multiplying_the_rate_multiplies_the_rate(factor: int) -> None:
    base = (BASES / "steady.yaml").read_bytes()
    sets = [f"traffic.burst.rate={factor}x", f"traffic.rate={factor}x"]
    pattern: Any = read(base, sets=sets)[0].workload.traffic.pattern
    assert pattern.rate == 1200 * factor
    assert pattern.burst.rate == 1800 * factor
