"""A profile as a person would write it: one line to a point, long lines folded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TextIO

from planner.views.style import Style
from planner.views.yaml_view import scalar_text

_FOLD = 98


def render_profile(
    document: Mapping[str, Any], *, head: Sequence[str], out: TextIO, style: Style
) -> None:
    """Write a profile document, `head` above it as comments; `style` changes nothing."""
    del style
    for line in head:
        out.write(f"# {line}\n" if line else "#\n")
    for key, value in document.items():
        if key != "spec":
            out.write(f"{key}: {_flow(value)}\n")
            continue
        out.write("spec:\n")
        for line in _body(value):
            out.write(f"{line}\n")


def _body(spec: Mapping[str, Any]) -> Iterator[str]:
    for key, value in spec.items():
        if not isinstance(value, list):
            yield from _folded(f"  {key}: ", value)
            continue
        yield f"  {key}:"
        for one in value:
            yield from _folded("    - ", one)


def _folded(start: str, value: Any) -> Iterator[str]:
    """A value on one line, or folded between the entries of a mapping."""
    whole = f"{start}{_flow(value)}"
    if len(whole) <= _FOLD or not isinstance(value, Mapping):
        yield whole
        return
    line, margin = f"{start}{{", " " * (len(start) + 1)
    entries = [f"{_key(key)}: {_flow(one)}" for key, one in value.items()]
    for index, entry in enumerate(entries):
        end = "}" if index == len(entries) - 1 else ","
        if len(line) > len(margin) and len(line) + len(entry) + 1 > _FOLD:
            yield line.rstrip()
            line = margin
        line += f"{entry}{end} "
    yield line.rstrip()


def _flow(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_key(key)}: {_flow(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_flow, value)) + "]"
    return scalar_text(value, flow=True)


def _key(key: Any) -> str:
    return scalar_text(key, flow=True)
