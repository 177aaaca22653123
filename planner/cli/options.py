"""Options of commands as values: one frozen dataclass per command, shared groups inherited.

    class Options(SpecOptions, ResultOptions): ...
    attach(app, "plan", Options, run)

Each field is `Annotated` for typer; `attach` makes the fields the parameters of the command.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, fields
from enum import StrEnum
from inspect import Parameter, Signature
from typing import Annotated, Any, TypeVar, get_type_hints

import typer

from planner.cli.idle import refuse_idle
from planner.cli.processors import processors
from planner.cli.typed import default_of
from planner.errors import ExitCode
from planner.model.change import Risk
from planner.model.effort import Effort


class Format(StrEnum):
    """Formats every result can be shown in."""

    TABLE = "table"
    JSON = "json"
    YAML = "yaml"


class ReportFormat(StrEnum):
    """Formats that findings can be shown in, too."""

    TABLE = "table"
    JSON = "json"
    YAML = "yaml"
    MARKDOWN = "markdown"
    GITHUB = "github"
    SARIF = "sarif"
    JUNIT = "junit"


class PlanFormat(StrEnum):
    """Formats that a plan can be shown in, too."""

    TABLE = "table"
    JSON = "json"
    YAML = "yaml"
    MARKDOWN = "markdown"
    GITHUB = "github"
    SARIF = "sarif"
    JUNIT = "junit"
    GITLAB = "gitlab"


class Prices(StrEnum):
    """Which prices a catalog has."""

    REFRESHED = "refreshed"
    BUNDLED = "bundled"


class EventFormat(StrEnum):
    """How a command tells what it does while it runs."""

    TABLE = "table"
    JSONL = "jsonl"


@dataclass(frozen=True, slots=True, kw_only=True)
class Manners:
    """How the whole run behaves: `color` None lets the terminal decide."""

    color: bool | None = None
    verbosity: int = 0

    def note(self, text: str, *, level: int = 0) -> None:
        """Say something beside the result; `-q` silences level 0, `-v` shows level 1."""
        if self.verbosity >= level:
            # Who does not read it does not stop the work.
            with suppress(OSError):
                sys.stderr.write(f"{text}\n")
                sys.stderr.flush()


CatalogOption = Annotated[
    Prices,
    typer.Option(
        "--catalog",
        envvar="PLANNER_CATALOG",
        help="Prices that `catalog refresh` has read, where it has, or the bundled ones.",
    ),
]
LimitsOption = Annotated[
    list[str],
    typer.Option(
        "--limits",
        metavar="FILE",
        envvar="PLANNER_LIMITS",
        help="Limits of a `kind: Limits` file, in place of the catalog's.",
    ),
]


@dataclass(frozen=True, kw_only=True)
class SpecOptions:
    """Which specs, and what is changed about them before they are read."""

    paths: Annotated[
        list[str],
        typer.Argument(
            metavar="SPEC",
            help="Spec files, directories that hold them, or - for standard input.",
            show_default="the current directory",
        ),
    ] = field(default_factory=list)
    overlay: Annotated[
        list[str],
        typer.Option(
            "--overlay", "-f", metavar="FILE", help="Merge FILE over every spec; may be repeated."
        ),
    ] = field(default_factory=list)
    sets: Annotated[
        list[str],
        typer.Option(
            "--set",
            metavar="PATH=VALUE",
            help="Change one value below `spec`: traffic.rate=2x, slo.latency.p99=30ms.",
        ),
    ] = field(default_factory=list)
    limits: LimitsOption = field(default_factory=list)
    catalog: CatalogOption = Prices.REFRESHED
    lock: Annotated[
        str | None,
        typer.Option(
            "--lock",
            metavar="FILE",
            envvar="PLANNER_LOCK",
            help="Lock file, in place of the planner.lock.yaml beside the specs.",
        ),
    ] = None
    no_lock: Annotated[bool, typer.Option("--no-lock", help="Decide anew, whatever is locked.")] = (
        False
    )


@dataclass(frozen=True, kw_only=True)
class SelectOptions:
    """Which of the specs: endpoints do not depend on each other."""

    only: Annotated[
        list[str],
        typer.Option("--only", metavar="NAME", help="Only specs of this name or pattern."),
    ] = field(default_factory=list)
    exclude: Annotated[
        list[str],
        typer.Option("--exclude", metavar="NAME", help="All but specs of this name or pattern."),
    ] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class PolicyOptions:
    """What every plan is held to."""

    policy: Annotated[
        list[str],
        typer.Option(
            "--policy",
            metavar="FILE",
            envvar="PLANNER_POLICY",
            help="Hold the plan to the rules of a `kind: Policy` file; may be repeated.",
        ),
    ] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class PruneOptions:
    """What happens to endpoints of a spec that it does not want any more."""

    prune: Annotated[
        bool, typer.Option("--prune", help="Delete endpoints that the specs no longer want.")
    ] = False


@dataclass(frozen=True, kw_only=True)
class OutOptions:
    """Where else the result goes."""

    out: Annotated[
        str | None,
        typer.Option("--out", metavar="FILE", help="Also write the result to FILE as JSON."),
    ] = None


@dataclass(frozen=True, kw_only=True)
class ResultOptions(OutOptions):
    """How the result is shown, and where else it goes."""

    output: Annotated[
        Format,
        typer.Option("--output", "-o", envvar="PLANNER_OUTPUT", help="Format of the result."),
    ] = Format.TABLE


_GITHUB = "Format of the result; github also adds to the file of $GITHUB_STEP_SUMMARY"
TagOption = Annotated[
    str,
    typer.Option(
        "--comment-tag",
        metavar="TEXT",
        envvar="PLANNER_COMMENT_TAG",
        help="Tells this markdown from others of the same pull request: an environment, say.",
    ),
]


@dataclass(frozen=True, kw_only=True)
class ReportOptions(OutOptions):
    """The same for results with findings in them."""

    output: Annotated[
        ReportFormat,
        typer.Option("--output", "-o", envvar="PLANNER_OUTPUT", help=f"{_GITHUB}."),
    ] = ReportFormat.TABLE
    comment_tag: TagOption = ""


@dataclass(frozen=True, kw_only=True)
class PlanViewOptions(OutOptions):
    """The same for plans."""

    output: Annotated[
        PlanFormat,
        typer.Option(
            "--output",
            "-o",
            envvar="PLANNER_OUTPUT",
            help=f"{_GITHUB} and of $GITHUB_OUTPUT.",
        ),
    ] = PlanFormat.TABLE
    comment_tag: TagOption = ""


@dataclass(frozen=True, kw_only=True)
class VerifyOptions:
    """How hard the finalists are held against a simulation."""

    verify: Annotated[
        bool,
        typer.Option(
            "--verify/--no-verify",
            envvar="PLANNER_VERIFY",
            help="Simulate the finalists, or let the closed form decide alone.",
        ),
    ] = True
    verify_requests: Annotated[
        int,
        typer.Option(
            "--verify-requests",
            metavar="N",
            min=2_000,
            max=1_000_000_000,
            help="Simulate at most about N requests for one candidate.",
        ),
    ] = Effort().requests
    seed: Annotated[
        int, typer.Option("--seed", metavar="N", min=0, help="Seed of all random draws.")
    ] = 0

    @property
    def effort(self) -> Effort:
        """As the solver takes it."""
        return Effort(requests=self.verify_requests, seed=self.seed, processes=processors())


@dataclass(frozen=True, kw_only=True)
class SandboxOptions:
    """Which cloud a command asks."""

    sandbox: Annotated[
        bool,
        typer.Option("--sandbox", envvar="PLANNER_SANDBOX", help="A stand-in for the cloud, here."),
    ] = False
    sandbox_state: Annotated[
        str,
        typer.Option(
            "--sandbox-state",
            metavar="FILE",
            help="Where the sandbox keeps what it has. Refused without --sandbox: "
            "a file does not choose the cloud.",
        ),
    ] = ".planner/sandbox.sqlite3"

    @property
    def state(self) -> str | None:
        """The file of the sandbox, None for the cloud itself."""
        return self.sandbox_state if self.sandbox else None


@dataclass(frozen=True, kw_only=True)
class LiveOptions(SandboxOptions):
    """Which cloud a command is about, and how many endpoints at a time."""

    parallelism: Annotated[
        int,
        typer.Option(
            "--parallelism",
            metavar="N",
            min=1,
            max=64,
            envvar="PLANNER_PARALLELISM",
            help="Endpoints at a time.",
        ),
    ] = 10


@dataclass(frozen=True, kw_only=True)
class WriteOptions(SpecOptions, SelectOptions, LiveOptions):
    """Options of commands that change a cloud."""

    auto_approve: Annotated[
        bool, typer.Option("--auto-approve", help="Do not ask before the first write.")
    ] = False
    timeout: Annotated[
        float, typer.Option("--timeout", metavar="SECONDS", min=1, help="Longest wait for one.")
    ] = 3600.0
    wait: Annotated[
        bool, typer.Option("--wait/--no-wait", help="Wait until endpoints are ready, and verify.")
    ] = True
    accept: Annotated[
        list[Risk],
        typer.Option("--accept", metavar="RISK", help="Take a risk: one-way, downtime."),
    ] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class ActOptions(WriteOptions):
    """Options of commands that take their time to change a cloud."""

    output: Annotated[
        EventFormat,
        typer.Option(
            "--output",
            "-o",
            help="jsonl: events on standard output while it runs, all else on standard error.",
        ),
    ] = EventFormat.TABLE
    heartbeat: Annotated[
        float,
        typer.Option(
            "--heartbeat", metavar="SECONDS", min=0.1, help="Longest silence while it waits."
        ),
    ] = 10.0

    @property
    def warming(self) -> bool | None:
        """Whether endpoints are called for a test; None: those that are written."""
        return None


OptionsT = TypeVar("OptionsT")


def attach(
    app: typer.Typer,
    name: str,
    options: type[OptionsT],
    run: Callable[[OptionsT, Manners], ExitCode],
) -> None:
    """Make `run` a command of `app`, with the fields of `options` as its parameters.

    The docstring of `run` is the help. A field without a default is a required argument.
    """

    def command(ctx: typer.Context, **values: Any) -> ExitCode:
        given = options(**values)
        refuse_idle(ctx, given)
        return run(given, ctx.obj)

    hints = get_type_hints(options, include_extras=True)
    parameters = [
        Parameter(
            one.name,
            Parameter.KEYWORD_ONLY,
            annotation=hints[one.name],
            default=default_of(one),
        )
        for one in fields(options)  # type: ignore[arg-type]
    ]
    ctx = Parameter("ctx", Parameter.POSITIONAL_OR_KEYWORD, annotation=typer.Context)
    command.__signature__ = Signature([ctx, *parameters])  # type: ignore[attr-defined]
    command.__doc__ = run.__doc__
    app.command(name)(command)
