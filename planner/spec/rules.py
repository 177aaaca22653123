"""Rules over several fields: contradictions that no single field shows.

A rule yields findings with the paths they rest on; the first is where the finding is shown, and
a finding that rests on a broken path is dropped, as it only follows from that error.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple, TypeAlias

from planner.model.units import format_duration
from planner.spec.blocks import ColdStartBlock, quantile_of
from planner.spec.places import Step
from planner.spec.report import Finding
from planner.spec.sections import Sections
from planner.spec.validate import Sheet

Path: TypeAlias = tuple[Step, ...]


class Breach(NamedTuple):
    """A finding and the paths it rests on."""

    finding: Finding
    paths: Sequence[Path]


Rule: TypeAlias = Callable[[Sections], Iterator[Breach]]

_SLO: Path = ("spec", "slo")


def check(sheet: Sheet, sections: Sections, rules: Sequence[Rule]) -> None:
    """Report every breach of every rule that does not follow from another error."""
    for rule in rules:
        for finding, paths in rule(sections):
            if not any(sheet.is_broken(path) for path in paths):
                sheet.wrong(finding, paths[0])


def breach(code: str, message: str, hint: str, *paths: Path) -> Breach:
    """Return a finding that rests on `paths` and is shown at the first."""
    return Breach(Finding(code, message, hint), paths)


def percentiles(targets: Mapping[str, float] | None, path: Path) -> Iterator[Breach]:
    """Find percentiles that allow less time than a lower one, and a max below the mean."""
    limits = targets or {}
    ranked = sorted(
        (quantile, label) for label in limits if (quantile := quantile_of(label)) is not None
    )
    pairs = [(low, high) for (_, low), (_, high) in pairwise(ranked)]
    if "mean" in limits and "max" in limits:
        pairs.append(("mean", "max"))
    for low, high in pairs:
        if limits[high] < limits[low]:
            yield breach(
                "percentiles-contradict",
                f"{high} allows {format_duration(limits[high])}, less than {low} "
                f"with {format_duration(limits[low])}",
                f"raise {high}, or lower {low}",
                (*path, high),
                (*path, low),
            )


def _objectives(sections: Sections) -> Iterator[Breach]:
    slo = sections.slo
    if slo is None:
        return
    maps = {"latency": slo.latency, "ttft": slo.ttft, "itl": slo.itl}
    if not any(maps.values()):
        yield breach(
            "no-latency-objective",
            "the slo names no latency",
            "add latency: {p99: 100ms}, or ttft and itl for a language model",
            *((*_SLO, name) for name in ("latency", "ttft", "itl")),
        )
    for name, targets in maps.items():
        yield from percentiles(targets, (*_SLO, name))
    only_tokens = not slo.latency and (slo.ttft or slo.itl)
    if only_tokens and sections.models and not any(m is None or m.llm for m in sections.models):
        yield breach(
            "contradiction",
            "ttft and itl are objectives of language models, and no model has an llm block",
            "use latency, or add llm: {input_tokens: ..., output_tokens: ...}",
            (*_SLO, "ttft" if slo.ttft else "itl"),
        )


def _cold_start(sections: Sections) -> Iterator[Breach]:
    block = sections.slo.cold_start if sections.slo is not None else None
    if not isinstance(block, ColdStartBlock):
        return
    path = (*_SLO, "cold_start")
    if block.max is None and block.fraction is None:
        yield breach(
            "missing-key",
            "cold_start bounds nothing",
            "write cold_start: allow, or {max: 10s, fraction: 5%}",
            path,
        )
    if block.fraction == 0:
        yield breach(
            "contradiction",
            "no request may be cold, and yet cold ones are bounded",
            "write cold_start: forbid",
            (*path, "fraction"),
        )


def _payload(sections: Sections) -> Iterator[Breach]:
    block = sections.payload
    if block is None or block.request is None or block.max_request is None:
        return
    if block.max_request < block.request:
        path = ("spec", "payload")
        yield breach(
            "contradiction",
            "the largest request is smaller than the mean one",
            "raise max_request, or lower request",
            (*path, "max_request"),
            (*path, "request"),
        )


SLO_RULES: tuple[Rule, ...] = (_payload, _objectives, _cold_start)
