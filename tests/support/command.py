"""Runs `planner` as a person does."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import chdir
from dataclasses import dataclass
from io import BytesIO, TextIOWrapper
from pathlib import Path

import pytest

from planner.cli.main import main
from tests.support.code import ROOT

PLANNER = (sys.executable, "-m", "planner")
NO_CACHE = str(ROOT / "tests" / "no-such-cache")
"""Where nobody keeps prices: what was refreshed has no say in what is expected."""

_TERMINAL = {"NO_COLOR", "FORCE_COLOR", "TERM", "COLUMNS", "LINES"}


@dataclass(frozen=True, kw_only=True)
class Done:
    code: int
    stdout: bytes
    stderr: bytes

    @property
    def out(self) -> str:
        return self.stdout.decode()

    @property
    def err(self) -> str:
        return self.stderr.decode()


def environment(extra: Mapping[str, str | None] | None = None) -> dict[str, str]:
    """This process's environment without what would change the output; None removes a variable."""
    clean = {
        name: value
        for name, value in os.environ.items()
        if name not in _TERMINAL and not name.startswith("PLANNER_")
    }
    clean["PLANNER_CACHE"] = NO_CACHE
    for name, value in (extra or {}).items():
        clean.pop(name, None)
        if value is not None:
            clean[name] = value
    return clean


def process(
    *arguments: str | bytes,
    cwd: Path = ROOT,
    env: Mapping[str, str | None] | None = None,
    stdin: bytes = b"",
) -> Done:
    """Run the command in a process of its own: for what depends on start, streams or signals."""
    done = subprocess.run(
        [*PLANNER, *arguments],
        cwd=cwd,
        env=environment(env),
        input=stdin,
        capture_output=True,
        timeout=120,
        check=False,
    )
    return Done(code=done.returncode, stdout=done.stdout, stderr=done.stderr)


def planner(
    *arguments: str,
    cwd: Path = ROOT,
    env: Mapping[str, str | None] | None = None,
    stdin: bytes = b"",
) -> Done:
    """Run the command's entry point in this process, with streams, place and environment given."""
    given, out, err = (TextIOWrapper(BytesIO(text), encoding="utf-8") for text in (stdin, b"", b""))
    streams, variables = (sys.stdin, sys.stdout, sys.stderr), dict(os.environ)
    try:
        sys.stdin, sys.stdout, sys.stderr = given, out, err
        os.environ.clear()
        os.environ.update(environment(env))
        with chdir(cwd), pytest.raises(SystemExit) as left:
            main(list(arguments))
    finally:
        sys.stdin, sys.stdout, sys.stderr = streams
        os.environ.clear()
        os.environ.update(variables)
    out.flush()
    err.flush()
    return Done(
        code=int(left.value.code or 0),
        stdout=out.buffer.getvalue(),  # type: ignore[attr-defined]
        stderr=err.buffer.getvalue(),  # type: ignore[attr-defined]
    )


def codes(done: Done) -> Sequence[str]:
    """Codes of the diagnostics on standard error, in order."""
    return [
        line.split("[", 1)[1].split("]", 1)[0]
        for line in done.err.splitlines()
        if line.startswith("error[")
    ]
