"""Runs `planner` as a person does: in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.support.code import ROOT

PLANNER = (sys.executable, "-m", "planner")
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
    for name, value in (extra or {}).items():
        clean.pop(name, None)
        if value is not None:
            clean[name] = value
    return clean


def planner(
    *arguments: str,
    cwd: Path = ROOT,
    env: Mapping[str, str | None] | None = None,
    stdin: bytes = b"",
) -> Done:
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


def codes(done: Done) -> Sequence[str]:
    """Codes of the diagnostics on standard error, in order."""
    return [
        line.split("[", 1)[1].split("]", 1)[0]
        for line in done.err.splitlines()
        if line.startswith("error[")
    ]
