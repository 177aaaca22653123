"""Expectations kept as files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.code import ROOT

Compare = Callable[[Path, bytes], None]


@pytest.fixture
def expected(request: pytest.FixtureRequest) -> Compare:
    """Compare with a file, or rewrite it; an empty output has no file."""
    update = request.config.getoption("--update-golden")

    def compare(path: Path, actual: bytes) -> None:
        if update and actual:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(actual)
        elif update:
            path.unlink(missing_ok=True)
        wanted = path.read_bytes() if path.exists() else b""
        hint = f"{path.relative_to(ROOT)}: run pytest --update-golden and read the difference"
        assert actual.decode().splitlines() == wanted.decode().splitlines(), hint
        assert actual == wanted, hint  # the lines above are only for reading

    return compare
