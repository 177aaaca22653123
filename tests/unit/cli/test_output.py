"""Results reach their file whole or not at all."""

from __future__ import annotations

import os
from io import StringIO
from pathlib import Path

import pytest

from planner.cli.output import style_of, write_file
from planner.errors import PlannerError


def _names(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


def test_a_file_is_replaced(tmp_path: Path) -> None:
    target = tmp_path / "plan.json"
    target.write_text("a longer text than the new one")
    write_file(str(target), b"new")
    assert target.read_bytes() == b"new"
    assert _names(tmp_path) == ["plan.json"]


def test_a_link_keeps_pointing_where_it_does(tmp_path: Path) -> None:
    (tmp_path / "real.json").write_text("old")
    (tmp_path / "link.json").symlink_to("real.json")
    write_file(str(tmp_path / "link.json"), b"new")
    assert (tmp_path / "link.json").is_symlink()
    assert (tmp_path / "real.json").read_bytes() == b"new"


def test_a_pipe_is_written_to(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    write_file(str(pipe), b"new")
    assert os.read(reader, 10) == b"new"
    os.close(reader)
    assert pipe.is_fifo()


@pytest.mark.parametrize("name", ["none/plan.json", "plan\0.json", "."])
def test_what_cannot_be_written_leaves_nothing_behind(tmp_path: Path, name: str) -> None:
    with pytest.raises(PlannerError) as caught:
        write_file(f"{tmp_path}/{name}", b"new")
    assert caught.value.code == "cannot-write"
    assert caught.value.exit_code == 1
    assert _names(tmp_path) == []


def test_the_old_file_stays_when_the_new_one_cannot_be_written(tmp_path: Path) -> None:
    target = tmp_path / "plan.json"
    target.write_text("old")
    # A directory stands where the draft would be written.
    (tmp_path / f".plan.json.{os.getpid()}.draft").mkdir()
    with pytest.raises(PlannerError):
        write_file(str(target), b"new")
    assert target.read_text() == "old"


class _Terminal(StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("env", "flag", "expected"),
    [
        ({"TERM": "xterm"}, None, True),
        ({"TERM": "dumb"}, None, False),
        ({"TERM": "xterm", "NO_COLOR": "1"}, None, False),
        ({"TERM": "xterm", "NO_COLOR": ""}, None, True),
        ({"TERM": "xterm"}, False, False),
    ],
)
def test_color_on_a_terminal(
    monkeypatch: pytest.MonkeyPatch, env: dict[str, str], flag: bool | None, expected: bool
) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    assert style_of(_Terminal(), color=flag).color is expected


def test_width(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "140")
    assert style_of(_Terminal(), color=None).width == 140
    assert style_of(StringIO(), color=None).width == 100
    monkeypatch.setenv("COLUMNS", "20")
    assert style_of(_Terminal(), color=None).width == 60


class _Encoded(StringIO):
    def __init__(self, encoding: str | None) -> None:
        super().__init__()
        self._encoding = encoding

    @property
    def encoding(self) -> str | None:  # type: ignore[override]
        return self._encoding


@pytest.mark.parametrize(
    ("encoding", "expected"),
    [
        ("utf-8", True),
        ("utf-16", True),
        ("ascii", False),
        ("latin-1", False),
        ("cp1252", False),
        ("no-such-encoding", False),
        (None, False),
    ],
)
def test_block_characters_where_the_encoding_has_them(
    encoding: str | None, *, expected: bool
) -> None:
    assert style_of(_Encoded(encoding), color=None).blocks is expected
