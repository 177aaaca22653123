"""Options of the whole test run."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

# Nobody's cache of prices has a say in what is expected here.
os.environ["PLANNER_CACHE"] = str(Path(__file__).with_name("no-such-cache"))

pytest.register_assert_rewrite("planner.provider.testing")

pytest_plugins = ["tests.support.golden", "tests.support.recorded", "tests.support.tools"]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden",
        action="store_true",
        help="rewrite what is expected under tests/golden; read the difference before you commit",
    )
