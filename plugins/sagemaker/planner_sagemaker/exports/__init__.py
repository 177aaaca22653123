"""Formats of `render --to`."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from planner.provider.interface import Export
from planner_sagemaker.exports.api import api_calls

EXPORTS: Mapping[str, Export] = MappingProxyType({"api": api_calls})
