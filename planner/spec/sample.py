"""The sample request of `rollout.warm_up`: a text in the spec, or a file beside it."""

from __future__ import annotations

import json

from planner.model.units import format_size
from planner.spec.blocks import WarmUpBlock
from planner.spec.files import Files, beside
from planner.spec.places import Step
from planner.spec.report import Finding
from planner.spec.validate import Sheet

_AT: tuple[Step, ...] = ("spec", "rollout", "warm_up")
MOST_BYTES = 6_291_456
"""What all of the clouds take, if not in every mode: one that takes less refuses the call."""


def read_sample(sheet: Sheet, block: WarmUpBlock, files: Files, *, source: str) -> bytes | None:
    """Return the body; what is wrong with it is reported without quoting it."""
    if (block.body is None) == (block.file is None):
        finding = Finding(
            "missing-key" if block.body is None else "contradiction",
            "a warm-up sends one sample request: body, or a file that holds it",
            "write file: sample.json, or remove one of the two",
        )
        sheet.wrong(finding, _AT, key=True)
        return None
    if block.file is None:
        name, steps = "body", _AT
        body = (block.body or "").encode()
    else:
        name, steps = beside(source, block.file), (*_AT, "file")
        read = files.read(sheet, name, steps)
        if read is None:
            return None
        body = read
    problem = _problem(name, body, block.content_type)
    if problem is not None:
        # At the key, not at the body: what is reported shows its line.
        sheet.wrong(problem, steps, key=steps == _AT)
        return None
    return body


def _problem(name: str, body: bytes, content_type: str) -> Finding | None:
    if not body:
        return Finding("empty-file", f"{name} is empty", "write one request into it")
    if len(body) > MOST_BYTES:
        return Finding(
            "sample-too-large",
            f"{name} has {format_size(len(body))}, and at most {format_size(MOST_BYTES)} are sent",
            "take a smaller request: it only has to be one that the model answers",
        )
    if content_type.partition(";")[0].strip().lower() != "application/json":
        return None
    try:
        json.loads(body)
    except (ValueError, RecursionError) as error:
        # The error of a text that is no UTF-8 would quote it.
        told = f" (line {error.lineno})" if isinstance(error, json.JSONDecodeError) else ""
        return Finding(
            "sample-not-json",
            f"{name} is not JSON{told}, and content_type says that it is",
            "correct it, or write content_type: text/csv",
        )
    return None
