"""`planner fmt` as a person, a hook and a pipe use it."""

from __future__ import annotations

from pathlib import Path

import pytest

from planner.cli.starter import Pattern
from planner.errors import ExitCode
from tests.support.command import codes, planner
from tests.support.specs import STEADY

HEAD, REST = STEADY.split("spec:\n")
MIXED = f"spec:\n{REST}{HEAD}".replace(
    "framework: xgboost\n      size: 120MiB", "size: 120MiB   # packed\n      framework: xgboost"
)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "planner.yaml").write_text(MIXED)
    (tmp_path / "fine.planner.yaml").write_text(STEADY)
    return tmp_path


def test_files_are_written_in_order_and_then_left_alone(home: Path) -> None:
    done = planner("fmt", cwd=home)
    assert (done.code, done.out, done.err) == (0, "", "reformatted planner.yaml\n")
    text = (home / "planner.yaml").read_text()
    assert text == STEADY.replace("size: 120MiB", "size: 120MiB   # packed")
    assert (home / "fine.planner.yaml").read_text() == STEADY
    assert planner("fmt", "--check", cwd=home).code == 0
    assert planner("fmt", cwd=home).err == ""


@pytest.mark.parametrize("option", ["--check", "--diff"])
def test_a_check_writes_nothing_and_fails(home: Path, option: str) -> None:
    done = planner("fmt", option, "planner.yaml", "fine.planner.yaml", cwd=home)
    assert done.code == ExitCode.ERROR
    assert "would reformat planner.yaml" in done.err
    assert "fine.planner.yaml" not in done.err
    assert (home / "planner.yaml").read_text() == MIXED
    assert done.out.startswith("--- planner.yaml\n") is (option == "--diff")


def test_a_stream_is_formatted_to_a_stream(home: Path) -> None:
    done = planner("fmt", "-", cwd=home, stdin=MIXED.encode())
    assert (done.code, done.out) == (0, STEADY.replace("size: 120MiB", "size: 120MiB   # packed"))
    assert planner("fmt", "-", cwd=home, stdin=STEADY.encode()).out == STEADY
    checked = planner("fmt", "-", "--check", cwd=home, stdin=MIXED.encode())
    assert (checked.code, checked.out) == (ExitCode.ERROR, "")


def test_what_is_no_yaml_is_an_error_at_its_place_and_the_others_are_formatted(home: Path) -> None:
    (home / "bad.planner.yaml").write_text("spec: {a: 1\n")
    done = planner("fmt", ".", "none.yaml", cwd=home)
    assert done.code == ExitCode.INVALID_SPEC
    assert set(codes(done)) == {"missing-file", "yaml-syntax"}
    assert "bad.planner.yaml:2:1" in done.err
    assert (home / "planner.yaml").read_text() != MIXED


@pytest.mark.parametrize("pattern", list(Pattern))
def test_what_init_writes_is_formatted(home: Path, pattern: Pattern) -> None:
    written = planner("init", "-", "--pattern", pattern.value, cwd=home).stdout
    assert planner("fmt", "-", "--check", cwd=home, stdin=written).code == 0


def test_a_file_keeps_its_mark_of_the_order_of_bytes_away(home: Path) -> None:
    (home / "planner.yaml").write_bytes(b"\xef\xbb\xbf" + STEADY.replace("\n", "\r\n").encode())
    assert planner("fmt", "planner.yaml", cwd=home).code == 0
    assert (home / "planner.yaml").read_bytes() == STEADY.encode()
