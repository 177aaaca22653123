"""`planner apply` and what `destroy` shares with it."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING, Annotated

import typer

from planner.cli.options import LiveOptions, Manners, SpecOptions, VerifyOptions
from planner.cli.output import emit_text, style_of
from planner.cli.specs import read
from planner.cli.verdict import verdict
from planner.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from planner.engine import Applied, Connections, Event
    from planner.workflow import PlanRun


HEARTBEAT_S = 10.0


@dataclass(frozen=True, kw_only=True)
class WriteOptions(SpecOptions, VerifyOptions, LiveOptions):
    """Options of commands that change a cloud."""

    auto_approve: Annotated[
        bool, typer.Option("--auto-approve", help="Do not ask before the first write.")
    ] = False
    timeout: Annotated[
        float, typer.Option("--timeout", metavar="SECONDS", min=1, help="Longest wait for one.")
    ] = 3600.0


@dataclass(frozen=True, kw_only=True)
class Options(WriteOptions):
    """Options of `apply`."""


def run(options: Options, manners: Manners) -> ExitCode:
    """Make every spec's plan real.

    Shows the plan, asks, writes in order, waits for each endpoint and checks that it is as planned.
    Running it again goes on from wherever it ended, and writes nothing where nothing is to do.

    Exits with 6 when the cloud moved since the plan was shown, 7 when an endpoint failed or was
    rolled back, and as `plan` does otherwise.
    """
    from planner import workflow

    def act(found: PlanRun, connections: Connections, tell: Tell) -> Sequence[Applied]:
        return workflow.apply(found, connections, tell=tell, timeout_s=options.timeout)

    return written(options, manners, verb="apply", act=act)


Tell = Callable[["Event"], None]
Act = Callable[["PlanRun", "Connections", Tell], "Sequence[Applied]"]


def written(options: WriteOptions, manners: Manners, *, verb: str, act: Act) -> ExitCode:
    """Plan against what lives, show it, ask, act, and tell how each endpoint ended."""
    from planner import workflow
    from planner.engine import connected
    from planner.views.apply_text import render_applied
    from planner.views.plan_text import render_plan

    state = options.state(verb)
    specs = read(options, manners)
    with connected(sandbox=state) as connections:
        found = workflow.plan(
            specs, verify=options.verify, effort=options.effort, connections=connections
        )
        style = style_of(sys.stdout, color=manners.color)
        if verb == "apply":
            render_plan(found.plan, out=sys.stdout, style=style)
            code = verdict(found.plan)
            if code is not ExitCode.DONE:
                return code
        _approved(options, verb)
        teller = _Teller(manners)
        try:
            results = act(found, connections, teller)
        except KeyboardInterrupt:
            return _interrupted(teller, _again(options, verb))
    render_applied(results, out=sys.stdout, style=style)
    return _code(results)


def _approved(options: WriteOptions, verb: str) -> None:
    if options.auto_approve:
        return
    if not sys.stdin.isatty():
        raise UsageError(
            "not-approved",
            f"{verb} asks before it writes, and nobody can answer here",
            hint=f"{_again(options, verb)} --auto-approve",
        )
    emit_text(f"\nDo you want to {verb} this? Only `yes` is taken: ")
    if sys.stdin.readline().strip() != "yes":
        raise UsageError("not-approved", "nothing was done", hint=_again(options, verb))


def _again(options: WriteOptions, verb: str) -> str:
    """The same command, to copy."""
    overlays = [word for path in options.overlay for word in ("-f", path)]
    sets = [word for setting in options.sets for word in ("--set", setting)]
    return shlex.join(["planner", verb, *options.paths, *overlays, *sets, "--sandbox"])


def _interrupted(teller: _Teller, command: str) -> ExitCode:
    """What was written until somebody had enough, and what goes on without us."""
    sys.stderr.write(f"\ninterrupted; {len(teller.written)} changes were made\n")
    for text in teller.written:
        sys.stderr.write(f"  {text}\n")
    sys.stderr.write(
        "what the cloud has begun goes on there; nothing is undone\n"
        f"help: {command}  # goes on from here\n"
    )
    return ExitCode.INTERRUPTED


class _Teller:
    """Says every write at once, and what an endpoint waits for when it changes or lasts."""

    def __init__(self, manners: Manners) -> None:
        self._manners = manners
        self._said: dict[str, tuple[str, float]] = {}
        self.written: list[str] = []

    def __call__(self, event: Event) -> None:
        if event.wrote:
            self.written.append(f"{event.text} {event.address}")
        state, now = event.text.partition(",")[0], monotonic()
        before, at = self._said.get(event.address, ("", 0.0))
        if state == before and now - at < HEARTBEAT_S:
            return
        self._said[event.address] = (state, now)
        self._manners.note(f"{event.endpoint}: {event.address}: {event.text}")


def _code(results: Sequence[Applied]) -> ExitCode:
    from planner.engine import Outcome

    ended = {one.outcome for one in results}
    if ended & {Outcome.FAILED, Outcome.ROLLED_BACK}:
        return ExitCode.PARTLY_APPLIED
    return ExitCode.STALE_PLAN if Outcome.STALE in ended else ExitCode.DONE
