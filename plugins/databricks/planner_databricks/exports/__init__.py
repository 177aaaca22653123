"""Formats of `render --to`."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from planner.provider.interface import FileExport
from planner_databricks.exports.bundle import resources
from planner_databricks.exports.terraform import configuration

FILES: Mapping[str, FileExport] = MappingProxyType({"dabs": resources, "terraform": configuration})
