"""What `--pin` fixes of a configuration, as text that is known to be well formed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from difflib import get_close_matches

from planner.cli.named import unknown_name
from planner.errors import UsageError
from planner.model.units import UnitError, parse_fraction

_RANGE = re.compile(r"(\d+)(?:\.\.(\d+))?\Z")
_ROUTINGS = ("least-outstanding", "two-choices", "random")


def parse_pins(given: Iterable[str]) -> dict[str, str]:
    """Return the pins by name from `KEY=VALUE[,KEY=VALUE...]` each; UsageError where one is wrong.

    Whether a provider, mode or instance exists is for the catalogs to say.
    """
    pins: dict[str, str] = {}
    for key, value in _pairs(given):
        if key not in KEYS:
            raise unknown_name(
                "unknown-pin",
                f"nothing is pinned as `{key}`; known: {', '.join(KEYS)}",
                name=key,
                known=KEYS,
                option="--pin",
            )
        if pins.get(key, value) != value:
            raise UsageError(
                "pinned-twice",
                f"{key} is pinned to `{pins[key]}` and to `{value}`",
                hint=f"--pin {key}={value}",
            )
        problem = KEYS[key](value)
        if problem:
            raise UsageError("invalid-pin", f"--pin {key}={value}: {problem[0]}", hint=problem[1])
        pins[key] = value
    return pins


def _pairs(given: Iterable[str]) -> Iterator[tuple[str, str]]:
    for word in (word for text in given for word in text.split(",")):
        key, equals, value = (part.strip() for part in word.partition("="))
        if not (key and equals and value):
            raise UsageError(
                "invalid-pin",
                f"a pin is KEY=VALUE, not `{word}`",
                hint=f"--pin {key or 'replicas'}={value or '4'}",
            )
        yield key, value


Problem = tuple[str, str] | None
"""What is wrong with a value, and what to write."""


def _any(_: str) -> Problem:
    return None


def _replicas(value: str) -> Problem:
    found = _RANGE.match(value)
    if found is None:
        return ("replicas are a count, or two with .. between", "--pin replicas=2..8")
    low, high = sorted((int(found[1]), int(found[2] or found[1])))
    if high == 0 or high != int(found[2] or found[1]):
        hint = f"--pin replicas={low}..{high or 1}"
        return ("the most is at least 1 and no less than the least", hint)
    return None


def _concurrency(value: str) -> Problem:
    if value.isdecimal() and int(value) > 0:
        return None
    return ("concurrency is a count from 1 on", "--pin concurrency=4")


def _share(value: str) -> Problem:
    hint = "--pin target=70%"
    try:
        share = parse_fraction(value)
    except UnitError as error:
        return (error.message, hint)
    return None if share > 0.0 else ("the target is more than nothing", hint)


def _routing(value: str) -> Problem:
    if value in _ROUTINGS:
        return None
    near = (get_close_matches(value, _ROUTINGS, n=1) or _ROUTINGS)[0]
    return (f"routing is one of {', '.join(_ROUTINGS)}", f"--pin routing={near}")


def _prewarm(value: str) -> Problem:
    return None if value.isdecimal() else ("prewarm is a count from 0 on", "--pin prewarm=2")


KEYS: dict[str, Callable[[str], Problem]] = {
    "provider": _any,
    "hosting": _any,
    "instance": _any,
    "replicas": _replicas,
    "target": _share,
    "concurrency": _concurrency,
    "routing": _routing,
    "prewarm": _prewarm,
}
"""What can be pinned, each with what is wrong with a value of it."""
