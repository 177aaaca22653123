"""Options that would do nothing for the want of another, or beside it: refused, not ignored.

What is ignored in silence is taken for done: a state file of the sandbox without --sandbox would
let a command loose on the cloud itself.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from planner.cli.typed import names_of, retyped
from planner.errors import UsageError

if TYPE_CHECKING:
    import typer


@dataclass(frozen=True, slots=True, kw_only=True)
class Idle:
    """Fields that do nothing unless `needs` is given too, or as soon as `beside` is.

    Only what was typed counts: a variable of the environment is there for every command.
    """

    names: tuple[str, ...]
    why: str
    needs: str = ""
    beside: str = ""

    @property
    def partner(self) -> str:
        """The field that decides."""
        return self.needs or self.beside


COMMON = (
    Idle(
        names=("sandbox_state",),
        needs="sandbox",
        why="a file does not choose the cloud, and the real one would be asked",
    ),
    Idle(names=("prune", "parallelism"), beside="offline", why="nothing that lives is read"),
    Idle(names=("seed", "verify_requests"), needs="verify", why="nothing is simulated"),
    Idle(names=("lock",), beside="no_lock", why="no lock is read"),
    Idle(names=("force", "add"), needs="out", why="no file is written"),
)
"""Of every command that has both the option and its partner."""


def refuse_idle(ctx: typer.Context, options: Any) -> None:
    """Raise UsageError for the first option that was typed and would do nothing."""
    known = {one.name for one in fields(options)}
    for rule in (*COMMON, *getattr(options, "idle", ())):
        if rule.partner in known and bool(getattr(options, rule.partner)) is bool(rule.beside):
            for name in rule.names:
                if name in known and _is_typed(ctx, name):
                    raise _refusal(ctx, options, rule, name)


def _is_typed(ctx: typer.Context, name: str) -> bool:
    source = ctx.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


def _refusal(ctx: typer.Context, options: Any, rule: Idle, name: str) -> UsageError:
    option, partner = (
        names_of(type(options), one)[0].partition("/")[0] for one in (name, rule.partner)
    )
    word = "with" if rule.beside else "without"
    verb = ctx.command_path.partition(" ")[2]
    if rule.beside:
        hint = retyped(options, verb, without={name})
    else:
        more = [partner, *_placeholder(ctx, rule.partner)]
        hint = retyped(options, verb, without={rule.partner}, more=more)
    return UsageError(
        f"{option[2:]}-{word}-{partner[2:]}",
        f"{option} does nothing {word} {partner}: {rule.why}",
        hint=hint,
    )


def _placeholder(ctx: typer.Context, name: str) -> list[str]:
    """What stands for the value of an option that takes one."""
    (found,) = (one for one in ctx.command.params if one.name == name)
    return [] if getattr(found, "is_flag", False) else [str(found.metavar)]
