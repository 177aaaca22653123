"""Every example in every format, planned once for all tests of a run."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import planner
from planner.errors import UsageError
from planner.model.candidate import Decision
from planner.model.export import Asked, ExportedFile
from planner.model.resource import DesiredState
from planner.model.workload import Workload
from planner.views.export_text import file_bytes
from planner.workflow import PlanRun
from tests.support.code import ROOT

EXAMPLES = tuple(
    sorted(
        path.parent.name
        for path in (ROOT / "examples").glob("*/planner.yaml")
        if path.parent.name != "tight-latency"  # infeasible, and meant to be
    )
)


@cache
def planned(example: str) -> PlanRun:
    return planner.plan(planner.load([str(ROOT / "examples" / example)]))


def exported(example: str, to: str) -> tuple[ExportedFile, ...]:
    """The files of an example; none where its provider does not have the format."""
    try:
        return planner.export(planned(example), to=to)
    except UsageError as error:
        if error.code != "unknown-format":
            raise
        return ()


def everywhere(to: str) -> dict[str, ExportedFile]:
    """All files of a format by example and name."""
    found = {
        f"{example}/{file.name}": file for example in EXAMPLES for file in exported(example, to)
    }
    assert found, f"no example has {to}"
    return found


def asked(state: DesiredState, decision: Decision, workload: Workload) -> Asked:
    return Asked(owner=workload.name, state=state, decision=decision, workload=workload)


def written(directory: Path, files: dict[str, ExportedFile]) -> list[Path]:
    """The files on disk, each under a name of its own."""
    paths = []
    for name, file in files.items():
        path = directory / name.replace("/", ".")
        path.write_bytes(file_bytes(file))
        paths.append(path)
    return paths
