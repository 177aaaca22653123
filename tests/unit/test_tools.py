"""How the environment with the programs of others is made."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.tools import UnreachableError, make_node_once, make_once

ELSEWHERE = {"PIP_CONFIG_FILE": os.devnull, "PIP_EXTRA_INDEX_URL": "", "PIP_FIND_LINKS": ""}


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name, text in ELSEWHERE.items():
        monkeypatch.setenv(name, text)
    return monkeypatch


def test_an_index_that_does_not_answer_is_told_from_a_fault(
    environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    environment.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/")
    with pytest.raises(UnreachableError, match="NewConnectionError"):
        make_once(tmp_path / "tools")
    environment.setenv("PIP_INDEX_URL", tmp_path.as_uri())
    with pytest.raises(subprocess.CalledProcessError):
        make_once(tmp_path / "tools")
    assert not (tmp_path / "tools" / "complete").exists()


@pytest.mark.skipif(not shutil.which("npm"), reason="npm is not here")
def test_so_it_is_of_npm(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("npm_config_cache", str(tmp_path / "cache"))
    monkeypatch.setenv("npm_config_registry", "http://127.0.0.1:9/")
    with pytest.raises(UnreachableError, match="ECONNREFUSED"):
        make_node_once(tmp_path / "node")
    assert not (tmp_path / "node" / "complete").exists()


def test_what_is_complete_is_not_made_again(tmp_path: Path) -> None:
    home = tmp_path / "tools"
    home.mkdir()
    (home / "complete").touch()
    make_once(home)
    assert [path.name for path in home.iterdir()] == ["complete"]
