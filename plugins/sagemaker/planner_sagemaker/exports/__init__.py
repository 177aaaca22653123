"""Formats of `render --to`."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from planner.provider.interface import Calling, Export, FileExport, Metrics, Series
from planner_sagemaker.exports.ack import manifests
from planner_sagemaker.exports.api import api_calls
from planner_sagemaker.exports.calling import SageMakerCalling
from planner_sagemaker.exports.client import clients
from planner_sagemaker.exports.cloudformation import templates
from planner_sagemaker.exports.dashboards import bodies
from planner_sagemaker.exports.metrics import SageMakerMetrics
from planner_sagemaker.exports.series import SageMakerSeries
from planner_sagemaker.exports.terraform import configuration

EXPORTS: Mapping[str, Export] = MappingProxyType({"api": api_calls})


def files() -> Mapping[str, FileExport]:
    """Its own formats that are files for other tools."""
    return {
        "ack": manifests,
        "client": clients,
        "cloudformation": templates,
        "cloudwatch-dashboard": bodies,
        "terraform": configuration,
    }


def calling() -> Calling:
    """How load tests call an endpoint."""
    return SageMakerCalling()


def metrics() -> Metrics:
    """Where requests are counted."""
    return SageMakerMetrics()


def series() -> Series:
    """What Prometheus can watch."""
    return SageMakerSeries()
