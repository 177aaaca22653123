"""The documented example of the Python API runs as it is written."""

from __future__ import annotations

import doctest
import os

import pytest

import planner
from planner import workflow
from tests.support.code import ROOT


def test_the_example_in_the_docstring(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    assert os.path.isdir("examples/fraud-scorer")  # noqa: PTH112
    results = doctest.testmod(workflow, raise_on_error=False)
    assert results.attempted >= 6
    assert results.failed == 0


def test_the_package_offers_the_stages_and_nothing_unknown() -> None:
    assert planner.load is workflow.load
    assert planner.plan is workflow.plan
    with pytest.raises(AttributeError, match="has no attribute 'aply'"):
        planner.aply  # noqa: B018
