"""Paths on a command line -> the bytes of specs and overlays.

Everything that cannot be read becomes a diagnostic, so that one run reports all of them.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterable, Iterator
from contextlib import suppress
from difflib import get_close_matches
from pathlib import Path
from typing import BinaryIO, TypeAlias

from planner.diagnostics import Diagnostic
from planner.spec import Source

Given: TypeAlias = str | os.PathLike[str] | Source

SPEC_FILES = ("planner.yaml", "planner.yml", "*.planner.yaml", "*.planner.yml")
"""What a directory is searched for; not below it."""

_LARGE = 4 << 20

Read: TypeAlias = Source | Diagnostic


def read_specs(given: Iterable[Given]) -> tuple[Read, ...]:
    """Each file, and each spec file of each directory, read or as a diagnostic.

    A file that is named twice, or by its directory too, is read once.
    """
    found: dict[object, Read] = {}
    for item in given:
        for one in _specs_at(item):
            if isinstance(one, Source) and not isinstance(item, Source):
                found.setdefault(os.path.realpath(one.name), one)
            else:
                found[len(found)] = one
    return tuple(found.values())


def read_files(given: Iterable[Given]) -> tuple[Read, ...]:
    """Each file, read or as a diagnostic; a directory is an error."""
    return tuple(
        item if isinstance(item, Source) else _read(Path(item), is_spec=False) for item in given
    )


def read_beside(name: str) -> bytes | BinaryIO:
    """Read a file that a spec names, or open it if large; its path is already relative to here."""
    path = Path(name)
    return path.open("rb") if path.stat().st_size > _LARGE else path.read_bytes()


def _specs_at(item: Given) -> Iterator[Read]:
    if isinstance(item, Source):
        yield item
        return
    if not os.fspath(item):
        yield Diagnostic(
            code="missing-file",
            message="an empty path names no spec",
            hint="planner plan . --offline",
        )
        return
    path = Path(item)
    if not os.path.isdir(path):  # noqa: PTH112  Path.is_dir raises for names too long
        yield _read(path)
        return
    found = sorted({file for pattern in SPEC_FILES for file in path.glob(pattern)})
    if not found:
        yield Diagnostic(
            code="no-spec-in-directory",
            message=f"{path}: no spec here; searched for {', '.join(SPEC_FILES)}",
            hint=_command("planner", "init", path / "planner.yaml"),
        )
    yield from (_read(file) for file in found)


def _read(path: Path, *, is_spec: bool = True) -> Read:
    try:
        return Source(name=str(path), text=path.read_bytes())
    except FileNotFoundError:
        return Diagnostic(
            code="missing-file",
            message=f"{path}: no such file",
            hint=_instead_of(path, is_spec=is_spec),
        )
    except IsADirectoryError:
        return Diagnostic(
            code="not-a-file",
            message=f"{path}: is a directory; a file is needed here",
            hint=_command("ls", path),
        )
    except OSError as error:
        return Diagnostic(
            code="unreadable-file",
            message=f"{path}: {error.strerror or error}",
            hint=_command("ls", "-l", path),
        )
    except ValueError:  # a NUL in the name
        return Diagnostic(
            code="missing-file",
            message=f"{str(path)!r}: no file can have this name",
            hint="write the path without control characters",
        )


def _instead_of(path: Path, *, is_spec: bool) -> str:
    if path.is_symlink():
        return _command("ls", "-l", path)
    with suppress(OSError):
        near = get_close_matches(path.name, [file.name for file in path.parent.iterdir()], n=1)
        if near:
            return f"did you mean {path.parent / near[0]}?"
    return _command("planner", "init", path) if is_spec else _command("ls", path.parent)


def _command(*words: str | Path) -> str:
    """A command that can be copied, whatever its paths are called."""
    return shlex.join(map(str, words))
