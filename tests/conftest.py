"""Options of the whole test run."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("ci", derandomize=True)
if os.environ.get("CI"):
    # The same examples in every run: what fails there fails again on a laptop with CI=true.
    settings.load_profile("ci")

# Nobody's cache of prices has a say in what is expected here.
os.environ["PLANNER_CACHE"] = str(Path(__file__).with_name("no-such-cache"))

pytest.register_assert_rewrite("planner.provider.testing")

pytest_plugins = [
    "tests.support.golden",
    "tests.support.recorded",
    "tests.support.tools",
    "tests.support.reports",  # after what it imports
]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden",
        action="store_true",
        help="rewrite what is expected under tests/golden; read the difference before you commit",
    )
