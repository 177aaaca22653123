"""Options that would do nothing are refused, in every command that has them."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import dataclass, fields
from enum import Enum
from importlib import import_module
from keyword import iskeyword
from pathlib import Path
from typing import Any

import pytest

from planner.cli.app import COMMANDS, GROUPS, MORE_COMMANDS, command
from planner.cli.idle import COMMON, Idle
from planner.errors import ExitCode
from tests.support.command import Done, codes, planner
from tests.support.specs import STEADY


@dataclass(frozen=True, kw_only=True)
class Known:
    """A command as it is typed, with its options as they are declared and as they are parsed."""

    words: tuple[str, ...]
    options: type[Any]
    parsed: Any

    @property
    def rules(self) -> Iterator[tuple[Idle, str]]:
        """Rules with the option that each is of here."""
        names = {one.name for one in fields(self.options)}
        for rule in (*COMMON, *getattr(self.options, "idle", ())):
            if rule.partner in names:
                yield from ((rule, name) for name in rule.names if name in names)

    def typed(self, name: str) -> list[str]:
        """An option with a value that it takes."""
        (one,) = (one for one in self.parsed.params if one.name == name)
        if one.param_type_name == "argument":
            return ["here"]
        option = next(text for text in one.opts if text.startswith("--"))
        if getattr(one, "is_flag", False):
            return [option]
        kind = one.type_descriptor.annotation
        if isinstance(kind, type) and issubclass(kind, Enum):
            return [option, str(next(iter(kind)).value)]
        return [option, str(max(2, one.min or 0))]

    def off(self, name: str) -> list[str]:
        """What has a switch that holds else not hold."""
        (one,) = (one for one in self.parsed.params if one.name == name)
        return list(one.secondary_opts[:1]) if one.default is True else []

    @property
    def arguments(self) -> list[str]:
        """Words for the arguments that have to be there."""
        return [
            "here"
            for one in self.parsed.params
            if one.param_type_name == "argument" and one.required
        ]


def known() -> Iterator[Known]:
    tree = command([]).commands
    for name in (*COMMANDS, *MORE_COMMANDS):
        module = import_module(f"planner.cli.{name}{'_' * iskeyword(name)}")
        yield Known(words=(name,), options=module.Options, parsed=tree[name])
    for group, (own, _) in GROUPS.items():
        for name, place in own.items():
            module = import_module(f"planner.cli.{place}")
            parsed = tree[group].commands[name]
            yield Known(words=(group, name), options=module.Options, parsed=parsed)


EVERY = tuple(known())
CASES = [(one, rule, name) for one in EVERY for rule, name in one.rules]


def help_of(done: Done) -> str:
    return done.err.split("help: ", 1)[1].splitlines()[0]


def test_every_command_that_can_ask_a_cloud_has_the_state_file_under_guard() -> None:
    names = {one.words: {each.name for each in one.parsed.params} for one in EVERY}
    having = {words for words, own in names.items() if "sandbox_state" in own}
    assert {("plan",), ("apply",), ("destroy",), ("import",), ("trace", "import")} <= having
    assert having == {words for words, own in names.items() if "sandbox" in own}
    assert having == {one.words for one, _, name in CASES if name == "sandbox_state"}


@pytest.mark.parametrize(
    ("one", "rule", "name"),
    [pytest.param(*case, id=f"{'-'.join(case[0].words)}-{case[2]}") for case in CASES],
)
def test_what_would_do_nothing_is_refused(
    one: Known, rule: Idle, name: str, tmp_path: Path
) -> None:
    option = one.typed(name)
    beside = one.typed(rule.beside) if rule.beside else one.off(rule.needs)
    done = planner(*one.words, *one.arguments, *option, *beside, cwd=tmp_path)
    partner = one.typed(rule.partner)[0]
    word = "with" if rule.beside else "without"
    assert done.code == ExitCode.USAGE, done.err
    assert codes(done) == [f"{option[0][2:]}-{word}-{partner[2:]}"]
    assert rule.why in done.err
    again = shlex.split(help_of(done))
    assert again[: 1 + len(one.words)] == ["planner", *one.words]
    assert (option[0] in again, partner in again) == (not rule.beside, True)
    assert list(tmp_path.iterdir()) == []


def test_the_fix_can_be_copied(tmp_path: Path) -> None:
    (tmp_path / "planner.yaml").write_text(STEADY)
    words = ("plan", "planner.yaml", "--no-verify", "--sandbox-state", "other file.db")
    refused = planner(*words, cwd=tmp_path)
    assert help_of(refused) == (
        "planner plan planner.yaml --sandbox-state 'other file.db' --no-verify --sandbox"
    )
    done = planner(*shlex.split(help_of(refused))[1:], cwd=tmp_path)
    assert done.code == 0, done.err
    assert (tmp_path / "other file.db").exists()


def test_the_environment_speaks_to_every_command_and_is_not_refused(tmp_path: Path) -> None:
    (tmp_path / "planner.yaml").write_text(STEADY)
    bare = ("plan", "--no-verify")
    there = {"PLANNER_SANDBOX": "1"}
    named = planner(*bare, "--sandbox-state", "s.db", cwd=tmp_path, env=there)
    assert (named.code, (tmp_path / "s.db").exists()) == (0, True), named.err
    many = planner(*bare, "--offline", cwd=tmp_path, env={"PLANNER_PARALLELISM": "4"})
    assert many.code == 0, many.err
    pruned = planner(*bare, "--prune", cwd=tmp_path, env={"PLANNER_OFFLINE": "1"})
    assert codes(pruned) == ["prune-with-offline"]
    assert help_of(pruned) == "planner plan --no-verify --offline"
