"""One sandbox for all tests here, with a clock that stands still, emptied before each."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from planner_databricks.sandbox.serve import running

from tests.support.workspace import Workspace


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    nothing = tmp_path_factory.mktemp("home") / "databrickscfg"
    with pytest.MonkeyPatch.context() as patch, running(":memory:", frozen=True) as url:
        # No profile of this machine is read, and no variable of it.
        patch.setenv("DATABRICKS_CONFIG_FILE", str(Path(nothing)))
        yield Workspace(url=url)


@pytest.fixture
def workspace(served: Workspace) -> Workspace:
    served.post("reset")
    return served
