"""Options of the whole test run."""

from __future__ import annotations

import pytest

pytest.register_assert_rewrite("planner.provider.testing")

pytest_plugins = ["tests.support.golden", "tests.support.recorded", "tests.support.tools"]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden",
        action="store_true",
        help="rewrite what is expected under tests/golden; read the difference before you commit",
    )
