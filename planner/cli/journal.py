"""What a command that changes a cloud does, as JSON lines on standard output while it runs.

Every line is one event: `version`, `planned`, `begin`, `wrote`, `wait`, `done`, `called`, `warmed`,
`heartbeat`, `outcome`, `diagnostic`, and as the last one `summary` with the exit code, however the
run ends.
What is meant for people goes to standard error then.
"""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from time import monotonic
from typing import TYPE_CHECKING, Any, TextIO

from planner import __version__
from planner.cli.options import EventFormat
from planner.cli.output import emit_bytes
from planner.errors import ExitCode
from planner.model.change import Action

if TYPE_CHECKING:
    from planner.engine import Applied, Event
    from planner.model.plan import Pending
    from planner.model.warm_up import Warmed

FORMAT_VERSION = "1.0"
"""Version of the events; the first number changes when a key goes or changes its meaning."""


class Journal:
    """Writes events to `stream`, from any thread and in order; None: nowhere."""

    def __init__(self, stream: TextIO | None) -> None:
        self._stream = stream
        self._lock = threading.Lock()
        self._start = monotonic()
        self._closed = False
        self._waits: dict[str, str] = {}

    def planned(
        self, summary: Mapping[str, Any], *, mode: str | None = None, fingerprint: str | None = None
    ) -> None:
        """What is going to be done: endpoints by what happens to them, and what all cost."""
        self._say("planned", fingerprint=fingerprint, mode=mode, summary=dict(summary))

    def pending(self, pending: Sequence[Pending]) -> None:
        """The same where nothing was decided, so that nothing has a price."""
        actions = [one.changes.action for one in pending]
        names = {action: action.value for action in Action if action is not Action.NONE}
        counts = {name: actions.count(action) for action, name in names.items()}
        counts["unchanged"] = actions.count(Action.NONE)
        self.planned(dict(sorted(counts.items())))

    def tell(self, event: Event) -> None:
        """A stage of one write; a wait only where it waits for something else than before.

        The same holds for test calls, of which the first of each model is told, and the result.
        """
        from planner.engine import Stage

        if event.warmed is not None:
            self._waits.pop(event.address, None)
            self._say("warmed", endpoint=event.endpoint, **warmed_part(event.warmed))
            return
        if event.stage not in {Stage.WAIT, Stage.CALLED}:
            self._waits.pop(event.address, None)
            self._say(
                event.stage.value,
                endpoint=event.endpoint,
                address=event.address,
                action=event.text,
            )
            return
        state = event.text.partition(",")[0]
        if self._waits.get(event.address) != state:
            self._waits[event.address] = state
            self._say(
                event.stage.value, endpoint=event.endpoint, address=event.address, text=event.text
            )

    @contextmanager
    def beating(self, every_s: float) -> Iterator[None]:
        """Say every so many seconds that the run is alive, and what it waits for."""
        if self._stream is None:
            yield
            return
        ended = threading.Event()

        def beat() -> None:
            while not ended.wait(every_s):
                self._say("heartbeat", waits=dict(sorted(self._waits.copy().items())))

        thread = threading.Thread(target=beat, daemon=True, name="planner-heartbeat")
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()

    def outcomes(self, results: Sequence[Applied]) -> None:
        """How each endpoint ended."""
        for one in results:
            self._say(
                "outcome",
                endpoint=one.endpoint,
                outcome=one.outcome.value,
                detail=one.detail,
                hint=one.hint,
                done=list(one.done),
                left=list(one.left),
                warm_up=[warmed_part(result) for result in one.warmed],
            )

    def failed(self, error: Exception) -> ExitCode:
        """Why there is no result; gives the exit code."""
        from planner.cli.failures import diagnostics_of, exit_code_of

        for one in diagnostics_of(error):
            self._say(
                "diagnostic",
                severity=one.severity,
                code=one.code,
                message=one.message,
                hint=one.hint,
                location=None if one.location is None else str(one.location),
            )
        return exit_code_of(error)

    def ended(self, code: ExitCode) -> None:
        """The last line, once; nothing is said after it."""
        self._say("summary", last=True, exit_code=int(code))

    def _say(self, event: str, *, last: bool = False, **values: Any) -> None:
        if self._stream is None:
            return
        elapsed_s = round(monotonic() - self._start, 3)
        line = json.dumps({"event": event, "elapsed_s": elapsed_s, **values}, ensure_ascii=True)
        with self._lock:
            if not self._closed:
                self._closed = last
                emit_bytes(f"{line}\n".encode(), to=self._stream)

    def opened(self, command: str) -> None:
        """The first line."""
        self._say(
            "version",
            command=command,
            format_version=FORMAT_VERSION,
            planner_version=__version__,
        )


def warmed_part(one: Warmed) -> dict[str, Any]:
    """What the test calls of one model came to."""
    from planner.plans.numbers import milliseconds

    return {
        "model": one.model,
        "calls": one.calls,
        "answered": one.answered,
        "failed": one.failed,
        "settled": one.settled,
        "mute": one.mute,
        "first_ms": milliseconds(one.first_s),
        "settled_ms": milliseconds(one.settled_s),
        "detail": one.detail,
        "hint": one.hint,
    }


def journaled(output: EventFormat, command: str, act: Callable[[Journal], ExitCode]) -> ExitCode:
    """Run a command with a journal, which tells every way that it can end; gives its exit code."""
    if output is not EventFormat.JSONL:
        return act(Journal(None))
    journal = Journal(sys.stdout)
    with redirect_stdout(sys.stderr):
        journal.opened(command)
        try:
            code = act(journal)
        except KeyboardInterrupt:
            journal.ended(ExitCode.INTERRUPTED)
            raise
        except Exception as error:
            journal.ended(journal.failed(error))
            raise
        journal.ended(code)
        return code
