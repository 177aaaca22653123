"""What commands that change a cloud share: consent, progress, an interrupt, the exit code."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Sequence
from time import monotonic
from typing import TYPE_CHECKING

from planner.cli.options import ActOptions, Manners, WriteOptions
from planner.cli.output import emit_text, emit_view
from planner.cli.typed import retyped
from planner.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from planner.cli.journal import Journal
    from planner.engine import Applied, Connections, Event, Manner
    from planner.model.plan import Pending


def carried_out(
    pending: Sequence[Pending],
    connections: Connections,
    options: ActOptions,
    manners: Manners,
    *,
    verb: str,
    journal: Journal,
) -> ExitCode:
    """Ask, make the changes, and tell how each endpoint ended."""
    from planner import live
    from planner.engine import Manner
    from planner.views.apply_text import render_applied

    again = command(options, verb)
    live.refuse_risks(pending, options.accept, again)
    approve(options, verb)
    teller = _Teller(manners, journal, options.heartbeat)
    halt = threading.Event()
    manner = Manner(
        tell=teller,
        halt=halt,
        timeout_s=options.timeout,
        wait=options.wait,
        warm=options.warming,
    )
    with journal.beating(options.heartbeat):
        results = _through(pending, connections, manner, options, journal)
    journal.outcomes(results)
    if halt.is_set():
        manners.note("\ninterrupted: nothing new was begun", level=-2)
    emit_view(lambda out, style: render_applied(results, out=out, style=style), manners)
    if not _well(results):
        emit_text(f"help: {_next(again, results)}\n")
    return ExitCode.INTERRUPTED if halt.is_set() else code_of(results)


def _through(
    pending: Sequence[Pending],
    connections: Connections,
    manner: Manner,
    options: WriteOptions,
    journal: Journal,
) -> Sequence[Applied]:
    from planner import live

    try:
        return live.carry_out(pending, connections, manner, parallel=options.parallelism)
    except KeyboardInterrupt:
        sys.stderr.write("interrupted twice: left at once; the cloud goes on with what was begun\n")
        sys.stderr.flush()
        journal.ended(ExitCode.INTERRUPTED)
        # The threads that wait for an answer would hold up a normal end.
        os._exit(int(ExitCode.INTERRUPTED))


def approve(options: WriteOptions, verb: str) -> None:
    """Ask a person, unless the options answer; raises UsageError for anything but `yes`."""
    if options.auto_approve:
        return
    if not sys.stdin.isatty():
        raise UsageError(
            "not-approved",
            f"{verb} asks before it writes, and nobody can answer here",
            hint=f"{command(options, verb)} --auto-approve",
        )
    emit_text(f"\nDo you want to {verb} this? Only `yes` is taken: ")
    if sys.stdin.readline().strip() != "yes":
        raise UsageError("not-approved", "nothing was done", hint=command(options, verb))


def command(options: WriteOptions, verb: str) -> str:
    """The same command, to copy, with all that was given but the consent."""
    return retyped(options, verb, without={"auto_approve"})


_SAID = {"wrote", "wait", "called"}
"""Stages that a person is told of."""


class _Teller:
    """Says every write at once, and what an endpoint waits for when it changes or lasts."""

    def __init__(self, manners: Manners, journal: Journal, heartbeat_s: float) -> None:
        self._manners = manners
        self._heartbeat_s = heartbeat_s
        self._journal = journal
        self._said: dict[str, tuple[str, float]] = {}
        self._lock = threading.Lock()

    def __call__(self, event: Event) -> None:
        self._journal.tell(event)
        if event.stage.value not in _SAID:
            return
        state, now = event.text.partition(",")[0], monotonic()
        with self._lock:
            before, at = self._said.get(event.address, ("", 0.0))
            if state == before and now - at < self._heartbeat_s:
                return
            self._said[event.address] = (state, now)
            self._manners.note(f"{event.endpoint}: {event.address}: {event.text}")


def _well(results: Sequence[Applied]) -> bool:
    from planner.engine import Outcome

    return all(one.outcome in {Outcome.APPLIED, Outcome.UNCHANGED} for one in results)


def _next(again: str, results: Sequence[Applied]) -> str:
    """The command that goes on: where all is written, there is nothing but the calls to repeat."""
    from planner.engine import Outcome

    bad = {one.outcome for one in results} - {Outcome.APPLIED, Outcome.UNCHANGED}
    if bad != {Outcome.UNANSWERED}:
        return f"{again}  # goes on from here"
    called = again if "--warm-up" in again else f"{again} --warm-up"
    return f"{called}  # writes nothing, and calls again"


def code_of(results: Sequence[Applied]) -> ExitCode:
    """7 where an endpoint failed, was rolled back or does not answer, 6 where some were stale."""
    from planner.engine import Outcome

    ended = {one.outcome for one in results}
    if ended & {Outcome.FAILED, Outcome.ROLLED_BACK, Outcome.STOPPED, Outcome.UNANSWERED}:
        return ExitCode.PARTLY_APPLIED
    return ExitCode.STALE_PLAN if Outcome.STALE in ended else ExitCode.DONE
