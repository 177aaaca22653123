"""The dashboard of each endpoint in CloudWatch, as the body that PutDashboard takes."""

from __future__ import annotations

from collections.abc import Sequence

from planner.model.export import Asked, ExportedFile
from planner_sagemaker.resources.dashboard import dashboard_body
from planner_sagemaker.resources.names import dashboard_name


def bodies(asked: Sequence[Asked]) -> tuple[ExportedFile, ...]:
    """One file per endpoint, whether or not its spec wants a dashboard; its name is the file's."""
    return tuple(map(_file, asked))


def _file(one: Asked) -> ExportedFile:
    settings = next(p.settings for p in one.workload.providers if p.name == "sagemaker")
    alarms = [resource.name for resource in one.state.resources if resource.kind == "alarm"]
    name = dashboard_name(one.decision.endpoint, settings.region)
    return ExportedFile(
        name=f"{name}.dashboard.json",
        syntax="json",
        content=dashboard_body(one.decision, one.workload, settings, alarms),
    )
