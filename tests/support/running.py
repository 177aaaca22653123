"""A command that runs beside the test, and is interrupted."""

from __future__ import annotations

import signal
import subprocess

from tests.support.command import PLANNER, environment
from tests.support.live import Person


class Running:
    """A command in a process of its own, whose standard error is read as it comes."""

    def __init__(self, somebody: Person, *words: str) -> None:
        self._out = somebody.home / "out"
        with self._out.open("wb") as out:
            self._process = subprocess.Popen(
                [*PLANNER, *words],
                cwd=somebody.home,
                env=environment(somebody.env),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.PIPE,
            )

    def until(self, word: str) -> None:
        """Wait until standard error has said a word."""
        assert self._process.stderr is not None
        for line in self._process.stderr:
            if word in line.decode():
                return
        raise AssertionError(f"it ended without {word}: {self._out.read_text()}")

    def interrupt(self) -> None:
        self._process.send_signal(signal.SIGINT)

    def ended(self) -> tuple[int, str, str]:
        """Exit code, and what was said until then on standard output and, from now on, error."""
        assert self._process.stderr is not None
        said = self._process.stderr.read().decode()
        self._process.stderr.close()
        code = self._process.wait(timeout=30)
        return code, self._out.read_text(encoding="utf-8"), said
