"""Options as they were typed: commands that can be copied."""

from __future__ import annotations

import shlex
from collections.abc import Collection, Iterator, Sequence
from dataclasses import MISSING, Field, fields
from inspect import Parameter
from typing import Any, get_type_hints


def default_of(one: Field[Any]) -> Any:
    """The default of a field, `Parameter.empty` where it has none."""
    if one.default is not MISSING:
        return one.default
    return Parameter.empty if one.default_factory is MISSING else one.default_factory()


def names_of(options: type[Any], name: str) -> Sequence[str]:
    """How a field is typed, its long name first; nothing for an argument, which has no name."""
    (option,) = get_type_hints(options, include_extras=True)[name].__metadata__
    # In an annotation the first name stands where the default would.
    names = [text for text in (option.default, *(option.param_decls or ())) if _is_name(text)]
    return sorted(names, key=lambda text: not text.startswith("--"))


def retyped(
    options: Any, verb: str, *, without: Collection[str] = (), more: Sequence[str] = ()
) -> str:
    """The same command, to copy, with all that was given but these fields, and with more words."""
    arguments, words = list[str](), list[str]()
    for one in fields(options):
        given = getattr(options, one.name)
        if one.name in without or given == default_of(one):
            continue
        names = names_of(type(options), one.name)
        if names:
            words += _as_typed(names[0], given)
        else:
            arguments += given if isinstance(given, list) else [str(given)]
    return shlex.join(["planner", *verb.split(), *arguments, *words, *more])


def _as_typed(name: str, given: Any) -> Iterator[str]:
    """An option as it is written: a switch by its name, a list one by one."""
    switch, _, off = name.partition("/")
    if isinstance(given, bool):
        yield switch if given else off
        return
    for item in given if isinstance(given, list) else [given]:
        yield switch
        yield str(getattr(item, "value", item))


def _is_name(text: object) -> bool:
    return isinstance(text, str) and text.startswith("-")
