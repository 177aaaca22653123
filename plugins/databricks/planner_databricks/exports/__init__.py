"""Formats of `render --to`."""

from __future__ import annotations

from collections.abc import Mapping

from planner.provider.interface import Calling, FileExport, Metrics, Series
from planner_databricks.exports.bundle import resources
from planner_databricks.exports.calling import DatabricksCalling
from planner_databricks.exports.client import clients
from planner_databricks.exports.metrics import DatabricksMetrics
from planner_databricks.exports.queries import queries
from planner_databricks.exports.series import DatabricksSeries
from planner_databricks.exports.terraform import configuration


def files() -> Mapping[str, FileExport]:
    """Its own formats that are files for other tools."""
    return {
        "client": clients,
        "dabs": resources,
        "databricks-queries": queries,
        "terraform": configuration,
    }


def calling() -> Calling:
    """How load tests call an endpoint."""
    return DatabricksCalling()


def metrics() -> Metrics:
    """Where requests are counted."""
    return DatabricksMetrics()


def series() -> Series:
    """What Prometheus can watch."""
    return DatabricksSeries()
