"""Progress is shown to who can use it, and disturbs nobody else."""

from __future__ import annotations

from io import StringIO

import pytest

from planner.cli.progress import Progress


class _Terminal(StringIO):
    def isatty(self) -> bool:
        return True


class _Clock:
    """Seconds that a test lets pass."""

    def __init__(self) -> None:
        self.at = 1000.0

    def __call__(self) -> float:
        return self.at


class _Broken(StringIO):
    def write(self, text: str) -> int:
        raise BrokenPipeError


def run(stream: StringIO | None, *steps: tuple[float, int], total: int = 100) -> str:
    clock = _Clock()
    with Progress("simulating a", stream=stream, now=clock) as shown:
        for seconds, done in steps:
            clock.at = 1000.0 + seconds
            shown(done, total)
    return "" if stream is None else stream.getvalue()


def test_what_is_quick_shows_nothing() -> None:
    assert run(_Terminal(), (0.1, 20), (0.4, 90)) == ""
    assert run(StringIO(), (0.1, 20), (9.9, 90)) == ""


def test_a_terminal_sees_one_line_that_is_gone_at_the_end() -> None:
    text = run(_Terminal(), (0.6, 20), (0.61, 21), (0.8, 100), (2.0, 30), total=100)
    assert text.split("\r") == [
        "",
        "simulating a: 20% done, 1 s",
        "simulating a: 100% done, 1 s",
        "simulating a: 30% done, 2 s ",
        " " * 27,
        "",
    ]


def test_a_log_gets_a_line_every_ten_seconds() -> None:
    steps = ((5.0, 10), (10.0, 20), (12.0, 30), (19.9, 40), (21.0, 50))
    assert run(StringIO(), *steps) == "simulating a: 20% done, 10 s\nsimulating a: 50% done, 21 s\n"


def test_more_than_all_and_of_nothing() -> None:
    assert "100% done" in run(StringIO(), (11.0, 130))
    assert "1,234 done" in run(StringIO(), (11.0, 1234), total=0)


def test_who_does_not_read_does_not_stop_the_work() -> None:
    assert run(_Broken(), (11.0, 10)) == ""


def test_silence() -> None:
    assert run(None, (0.6, 20), (11.0, 90)) == ""


def test_the_line_is_gone_after_an_interrupt() -> None:
    clock, stream = _Clock(), _Terminal()

    def work() -> None:
        with Progress("simulating a", stream=stream, now=clock) as shown:
            clock.at += 3.0
            shown(1, 2)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        work()
    assert stream.getvalue().endswith(f"50% done, 3 s\r{' ' * 27}\r")
