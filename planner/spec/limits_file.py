"""Limits that the user knows better than the catalog: `kind: Limits` files.

apiVersion: planner/v1alpha1
kind: Limits
metadata: {name: our-workspace}
spec:
  source: support case 4711
  date: "2026-11-20"
  limits:
    acme: {served-entities: 15}
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from planner.model.catalog import LimitOverride
from planner.spec.blocks import Metadata
from planner.spec.construct import Constructor
from planner.spec.document import compose
from planner.spec.places import join_path, place_of
from planner.spec.quantities import SpecBlock, Text
from planner.spec.report import Finding, Report
from planner.spec.validate import Sheet, validate
from planner.spec.value import Source


class LimitsBlock(SpecBlock):
    """Limits by provider and name, in bytes, seconds, requests per second or counts."""

    source: Text
    date: Text
    limits: dict[str, dict[str, Annotated[float, Field(ge=0)]]]


class LimitsDocument(SpecBlock):
    """A file of limits."""

    apiVersion: Literal["planner/v1alpha1"]  # noqa: N815  the key in the file
    kind: Literal["Limits"]
    metadata: Metadata
    spec: LimitsBlock


def read_limits(source: Source, *, env: Mapping[str, str]) -> tuple[LimitOverride, ...]:
    """Every override of one file; SpecError with all that is wrong in it."""
    report = Report()
    nodes = compose(source.name, source.text, report)
    if report.count == 0 and len(nodes) != 1:
        finding = Finding(
            "limits-documents",
            f"a limits file holds one document, not {len(nodes)}",
            "write one kind: Limits document",
        )
        report.add(finding, None)
    report.raise_any()
    sheet = Sheet(nodes[0], Constructor(report, env).data(nodes[0]), report)
    document = validate(sheet, LimitsDocument, sheet.data, ())
    report.raise_any()
    assert document is not None
    body = document.spec
    found: list[LimitOverride] = []
    for provider, named in body.limits.items():
        for name, value in named.items():
            steps = ("spec", "limits", provider, name)
            place = place_of(nodes[0], steps, key=True)
            override = LimitOverride(
                provider=provider,
                name=name,
                value=value,
                source=f"{source.name}: {body.source}",
                as_of=body.date,
                path=join_path(steps),
                location=place.location,
            )
            found.append(override)
    return tuple(found)
