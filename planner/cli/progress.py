"""How far a long run is, on standard error: a line that moves on a terminal, a heartbeat off it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from time import monotonic
from types import TracebackType
from typing import Self, TextIO

QUIET_S = 0.5
"""What is done sooner shows nothing."""

TICK_S = 0.1
HEARTBEAT_S = 10.0


class Progress:
    """Says `text` with the share that is done, on `stream`, while its block runs; None: nothing.

    `now` gives seconds that only grow. Who does not read the stream does not stop the work.
    """

    def __init__(
        self, text: str, *, stream: TextIO | None, now: Callable[[], float] = monotonic
    ) -> None:
        self._text = text
        self._stream = stream
        self._now = now
        self._terminal = stream is not None and stream.isatty()
        self._start = now()
        self._next = self._start + (QUIET_S if self._terminal else HEARTBEAT_S)
        self._width = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leave an empty line where one moved, also after an interrupt."""
        if self._width:
            self._write(f"\r{' ' * self._width}\r")

    def __call__(self, done: int, total: int) -> None:
        """Tell that `done` of `total` is done."""
        at = self._now()
        if at < self._next:
            return
        self._next = at + (TICK_S if self._terminal else HEARTBEAT_S)
        line = f"{self._text}: {_share(done, total)}, {at - self._start:.0f} s"
        if self._terminal:
            # Blanks over what was longer: not every terminal knows a sequence that clears a line.
            self._write(f"\r{line.ljust(self._width)}")
            self._width = len(line)
        else:
            self._write(f"{line}\n")

    def _write(self, text: str) -> None:
        if self._stream is not None:
            with suppress(OSError, ValueError):
                self._stream.write(text)
                self._stream.flush()


def _share(done: int, total: int) -> str:
    return f"{min(done / total, 1.0):.0%} done" if total > 0 else f"{done:,} done"
