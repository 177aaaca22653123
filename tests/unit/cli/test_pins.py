"""What a person pins is checked before anything is simulated."""

from __future__ import annotations

import pytest

from planner.cli.pins import KEYS, parse_pins
from planner.errors import ExitCode, UsageError


def test_pins_may_be_repeated_and_separated_by_commas() -> None:
    given = ["hosting=dedicated,instance=ml.c7i.large", " replicas = 2..8 "]
    assert parse_pins(given) == {
        "hosting": "dedicated",
        "instance": "ml.c7i.large",
        "replicas": "2..8",
    }
    assert parse_pins([]) == {}
    assert parse_pins(["replicas=4", "replicas=4"]) == {"replicas": "4"}


@pytest.mark.parametrize(
    "text",
    [
        *("provider=acme", "replicas=1", "replicas=0..4", "replicas=3..3", "target=70%"),
        *("target=0.7", "target=100%", "concurrency=16", "routing=two-choices", "prewarm=0"),
    ],
)
def test_what_is_well_formed(text: str) -> None:
    key, value = text.split("=")
    assert parse_pins([text]) == {key: value}


def failure(*given: str) -> UsageError:
    with pytest.raises(UsageError) as caught:
        parse_pins(given)
    assert caught.value.exit_code is ExitCode.USAGE
    return caught.value


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("replicas=few", "--pin replicas=2..8"),
        ("replicas=-2", "--pin replicas=2..8"),
        ("replicas=2...8", "--pin replicas=2..8"),
        ("replicas=0", "--pin replicas=0..1"),
        ("replicas=8..2", "--pin replicas=2..8"),
        ("target=70", "--pin target=70%"),
        ("target=0%", "--pin target=70%"),
        ("target=high", "--pin target=70%"),
        ("target=120%", "--pin target=70%"),
        ("concurrency=0", "--pin concurrency=4"),
        ("concurrency=1.5", "--pin concurrency=4"),
        ("routing=least", "--pin routing=least-outstanding"),
        ("routing=randon", "--pin routing=random"),
        ("prewarm=-1", "--pin prewarm=2"),
        ("replicas", "--pin replicas=4"),
        ("replicas=", "--pin replicas=4"),
        ("=8", "--pin replicas=8"),
        ("", "--pin replicas=4"),
        ("hosting=dedicated,", "--pin replicas=4"),
    ],
)
def test_a_bad_pin_says_what_to_write(text: str, hint: str) -> None:
    error = failure(text)
    assert (error.code, error.hint) == ("invalid-pin", hint)
    if error.hint.count("=") == 1:
        parse_pins([error.hint.removeprefix("--pin ")])


def test_an_unknown_key_names_the_nearest() -> None:
    error = failure("instances=ml.c7i.large")
    assert (error.code, error.hint) == ("unknown-pin", "--pin instance")
    assert all(key in error.message for key in KEYS)


def test_two_values_of_one_key_contradict() -> None:
    error = failure("replicas=4", "replicas=5")
    assert error.code == "pinned-twice"
    assert "`4` and to `5`" in error.message
