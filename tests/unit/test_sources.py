"""Paths become bytes or diagnostics."""

from __future__ import annotations

from pathlib import Path

import pytest

from planner.diagnostics import Diagnostic
from planner.sources import Read, read_files, read_specs
from planner.spec import Source


def _diagnostic(read: tuple[Read, ...]) -> Diagnostic:
    (one,) = read
    assert isinstance(one, Diagnostic)
    return one


def test_a_directory_gives_its_specs_sorted_and_nothing_below(tmp_path: Path) -> None:
    for name in ("b.planner.yaml", "planner.yml", "a.planner.yml", "other.yaml"):
        (tmp_path / name).write_text(name)
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / "planner.yaml").touch()
    read = read_specs([tmp_path])
    assert read == tuple(
        Source(name=str(tmp_path / name), text=name.encode())
        for name in ("a.planner.yml", "b.planner.yaml", "planner.yml")
    )


def test_what_is_read_already_passes() -> None:
    source = Source(name="<stdin>", text=b"x")
    assert read_specs([source]) == read_files([source]) == (source,)


def test_a_missing_file_gets_the_nearest_beside_it(tmp_path: Path) -> None:
    (tmp_path / "checkout.planner.yaml").touch()
    found = _diagnostic(read_specs([tmp_path / "chekout.planner.yaml"]))
    assert found.code == "missing-file"
    assert found.hint == f"did you mean {tmp_path / 'checkout.planner.yaml'}?"
    none = _diagnostic(read_specs([tmp_path / "zzz" / "planner.yaml"]))
    assert none.hint == f"planner init {tmp_path / 'zzz' / 'planner.yaml'}"


@pytest.mark.parametrize("name", ["a\0b.yaml", "x" * 300 + ".yaml"])
def test_a_name_no_file_can_have(tmp_path: Path, name: str) -> None:
    assert _diagnostic(read_specs([tmp_path / name])).code in {"missing-file", "unreadable-file"}


def test_an_overlay_is_a_file(tmp_path: Path) -> None:
    assert _diagnostic(read_files([tmp_path])).code == "not-a-file"


def test_a_directory_without_a_spec(tmp_path: Path) -> None:
    found = _diagnostic(read_specs([tmp_path]))
    assert found.code == "no-spec-in-directory"
    assert found.hint == f"planner init {tmp_path / 'planner.yaml'}"


def test_a_link_that_leads_nowhere_is_not_its_own_suggestion(tmp_path: Path) -> None:
    link = tmp_path / "checkout.planner.yaml"
    link.symlink_to(tmp_path / "gone")
    found = _diagnostic(read_specs([link]))
    assert (found.code, found.hint) == ("missing-file", f"ls -l {link}")


def test_nobody_is_told_to_write_a_spec_where_another_file_is_missing(tmp_path: Path) -> None:
    assert _diagnostic(read_files([tmp_path / "limits.yaml"])).hint == f"ls {tmp_path}"


def test_a_hint_can_be_copied_whatever_the_path_is_called(tmp_path: Path) -> None:
    found = _diagnostic(read_specs([tmp_path / "my specs" / "x.yaml"]))
    assert found.hint == f"planner init '{tmp_path / 'my specs' / 'x.yaml'}'"


def test_a_file_named_twice_is_read_once(tmp_path: Path) -> None:
    spec = tmp_path / "a.planner.yaml"
    spec.write_text("a: 1\n")
    found = read_specs([spec, tmp_path, tmp_path / "." / "a.planner.yaml"])
    assert [one.name for one in found if isinstance(one, Source)] == [str(spec)]


def test_an_empty_path_is_not_the_current_directory() -> None:
    (found,) = read_specs([""])
    assert isinstance(found, Diagnostic)
    assert found.message == "an empty path names no spec"
