"""Formats of `render --to`."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from planner.provider.interface import Export, FileExport
from planner_sagemaker.exports.ack import manifests
from planner_sagemaker.exports.api import api_calls
from planner_sagemaker.exports.cloudformation import templates
from planner_sagemaker.exports.terraform import configuration

EXPORTS: Mapping[str, Export] = MappingProxyType({"api": api_calls})

FILES: Mapping[str, FileExport] = MappingProxyType(
    {"ack": manifests, "cloudformation": templates, "terraform": configuration}
)
