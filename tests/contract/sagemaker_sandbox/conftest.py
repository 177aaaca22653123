"""One sandbox for all tests here, with a clock that stands still, emptied before each."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from planner_sagemaker.sandbox.serve import running

from tests.support.sandbox import Sandbox


@pytest.fixture(scope="session")
def served() -> Iterator[Sandbox]:
    with running(":memory:", frozen=True) as url:
        yield Sandbox(url=url)


@pytest.fixture
def sandbox(served: Sandbox) -> Iterator[Sandbox]:
    served.post("reset")
    served.faulty.clear()
    yield served
    assert served.faulty == [], "answers that the service model forbids"
