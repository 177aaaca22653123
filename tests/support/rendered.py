"""What is rendered for the SageMaker examples, and how it is found again in what a cloud shows."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from tests.support.code import ROOT
from tests.support.command import planner

INFEASIBLE = {"tight-latency"}
SAGEMAKER = tuple(
    sorted(
        path.parent.name
        for path in (ROOT / "examples").glob("*/planner.yaml")
        if "\n    sagemaker:" in path.read_text(encoding="utf-8")
        and path.parent.name not in INFEASIBLE
    )
)


def rendered(example: str, *more: str) -> list[dict[str, Any]]:
    """The SageMaker endpoints of an example with the calls that create them, in order."""
    done = planner("render", f"examples/{example}", "--to", "api", *more, cwd=ROOT)
    assert done.code == 0, done.err
    endpoints = [one for one in json.loads(done.stdout) if one["provider"] == "sagemaker"]
    assert endpoints, f"{example} decides for SageMaker"
    return endpoints


def untagged(sent: Mapping[str, Any]) -> dict[str, Any]:
    """A request without its tags, which clouds list and do not describe."""
    return {name: item for name, item in sent.items() if name != "Tags"}


def missing(sent: Any, shown: Any, place: str = "") -> list[str]:
    """Places where what was sent is not shown; a cloud may show more members than were sent."""
    pairs: list[tuple[Any, Any, str]] = []
    if isinstance(sent, dict) and isinstance(shown, dict):
        pairs = [(item, shown.get(name), f"{place}.{name}") for name, item in sent.items()]
    elif isinstance(sent, list) and isinstance(shown, list) and len(sent) == len(shown):
        pairs = [(item, shown[at], f"{place}[{at}]") for at, item in enumerate(sent)]
    elif sent != shown:
        return [f"{place}: {sent!r} was sent, {shown!r} is shown"]
    return [found for pair in pairs for found in missing(*pair)]
