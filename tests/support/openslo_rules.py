"""The rules that the OpenSLO v1 specification (README of OpenSLO/OpenSLO) states for documents.

Our own reading of them: OpenSLO's project gave its JSON Schemas up for a library in Go, and we
found no package of PyPI or npm with either. Where somebody keeps the schemas, they are asked too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\Z")
DURATION = re.compile(r"[1-9][0-9]*[mhdwMQY]\Z")
SPEC = {
    "SLO": {
        *("description", "service", "indicator", "indicatorRef", "timeWindow"),
        *("budgetingMethod", "objectives", "alertPolicies"),
    },
    "Service": {"description"},
}
OBJECTIVE = {
    *("displayName", "op", "value", "target", "targetPercent", "timeSliceTarget"),
    *("timeSliceWindow", "indicator", "indicatorRef", "compositeWeight"),
}
SOURCE = {"metricSourceRef", "type", "spec"}


def violations(documents: list[dict[str, Any]]) -> list[str]:
    """Everything in a stream that the specification forbids."""
    services = {one["metadata"]["name"] for one in documents if one["kind"] == "Service"}
    names = [(one["kind"], one["metadata"]["name"]) for one in documents]
    found = [f"{kind} {name}: twice" for kind, name in names if names.count((kind, name)) > 1]
    for one in documents:
        place = f"{one['kind']} {one['metadata']['name']}"
        found += [f"{place}: {wrong}" for wrong in _document(one, services)]
    return found


def _document(one: dict[str, Any], services: set[str]) -> Iterator[str]:
    if one.keys() != {"apiVersion", "kind", "metadata", "spec"}:
        yield f"has {sorted(one)}"
    if one["apiVersion"] != "openslo/v1":
        yield f"apiVersion {one['apiVersion']}"
    yield from _metadata(one["metadata"])
    spec = one["spec"]
    yield from (f"spec.{name}: unknown" for name in spec.keys() - SPEC[one["kind"]])
    if len(spec.get("description", "")) > 1050:
        yield "description is too long"
    if one["kind"] == "SLO":
        yield from _slo(spec, services)


def _metadata(metadata: dict[str, Any]) -> Iterator[str]:
    yield from (
        f"metadata.{name}: unknown"
        for name in metadata.keys() - {"name", "displayName", "labels", "annotations"}
    )
    if not NAME.match(metadata["name"]):
        yield f"name {metadata['name']}"


def _slo(spec: dict[str, Any], services: set[str]) -> Iterator[str]:
    if spec["service"] not in services:
        yield f"service {spec['service']} is not described"
    if ("indicator" in spec) == ("indicatorRef" in spec):
        yield "one of indicator and indicatorRef"
    if spec["budgetingMethod"] not in ("Occurrences", "Timeslices", "RatioTimeslices"):
        yield f"budgetingMethod {spec['budgetingMethod']}"
    (window,) = spec["timeWindow"]
    if not DURATION.match(window["duration"]) or window["isRolling"] is not True:
        yield f"timeWindow {window}"
    yield from _metadata(spec["indicator"]["metadata"])
    yield from _indicator(spec["indicator"]["spec"])
    for objective in spec["objectives"]:
        yield from _objective(objective, spec)
    if not spec["objectives"]:
        yield "no objectives"


def _indicator(spec: dict[str, Any]) -> Iterator[str]:
    if len(spec.keys() & {"thresholdMetric", "ratioMetric"}) != 1:
        yield "one of thresholdMetric and ratioMetric"
    ratio = spec["ratioMetric"]
    if ("good" in ratio) == ("bad" in ratio) or "total" not in ratio:
        yield "total, and one of good and bad"
    if not isinstance(ratio["counter"], bool):
        yield "counter is true or false"
    for part in ratio.keys() - {"counter"}:
        source = ratio[part]["metricSource"]
        if source.keys() - SOURCE or not isinstance(source["spec"], dict):
            yield f"{part}: {source}"
        if "type" not in source and "metricSourceRef" not in source:
            yield f"{part}: neither type nor metricSourceRef"


def _objective(objective: dict[str, Any], spec: dict[str, Any]) -> Iterator[str]:
    yield from (f"objectives.{name}: unknown" for name in objective.keys() - OBJECTIVE)
    if ("target" in objective) == ("targetPercent" in objective):
        yield "one of target and targetPercent"
    if not 0.0 <= objective.get("target", 0.0) < 1.0:
        yield f"target {objective['target']}"
    sliced = spec["budgetingMethod"] != "Occurrences"
    if sliced != ("timeSliceWindow" in objective):
        yield "timeSliceWindow goes with time slices"
