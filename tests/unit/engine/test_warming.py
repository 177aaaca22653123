"""Test calls, one after the other: when they end, and what is told of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from time import monotonic

import pytest

from planner.engine.warming import Calls, is_settled, silence, warmed
from planner.errors import AuthError
from planner.model.warm_up import Answer, Reply, Sample, Target, Warmed, Warming, WarmUp

SECRET = '{"card": "4111"}'


class HaltedError(Exception):
    """Somebody has had enough."""


def came(*seconds: float) -> list[Reply]:
    return [Reply(answer=Answer.ANSWERED, seconds=one) for one in seconds]


def wrong(answer: Answer, text: str = "", hint: str = "") -> Reply:
    return Reply(answer=answer, seconds=0.0, text=text, hint=hint)


def asked(*models: str, **changed: float) -> Warming:
    sample = Sample.of(SECRET.encode(), "application/json")
    given = {"requests": 20, "timeout_s": 5.0, **changed}
    return Warming(
        warm_up=WarmUp(sample=sample, **given),  # type: ignore[arg-type]
        targets=tuple(Target(model=one) for one in models or ("m",)),
        served=len(models) or 1,
    )


class Cloud:
    """Replies in their order, the last one for ever."""

    def __init__(self, replies: Iterable[Reply | Exception]) -> None:
        self._replies = iter(replies)
        self._last: Reply | Exception = Reply(answer=Answer.FAILED, seconds=0.0)
        self.called: list[str] = []
        self.said: list[str] = []
        self.done: list[Warmed] = []
        self.slept: list[float] = []
        self.halt_after = 10**6

    def calls(self) -> Calls:
        return Calls(
            invoke=self._invoke, say=self.said.append, done=self.done.append, pause=self._p
        )

    def _p(self, seconds: float) -> None:
        self.slept.append(seconds)
        if len(self.called) >= self.halt_after:
            raise HaltedError

    def _invoke(self, target: Target, sample: Sample) -> Reply:
        assert sample.body == SECRET.encode()
        self.called.append(target.model)
        self._last = next(self._replies, self._last)
        if isinstance(self._last, Exception):
            raise self._last
        return self._last


def ran(replies: Iterable[Reply | Exception], warming: Warming | None = None) -> Warmed:
    (found,) = warmed(warming or asked(), Cloud(replies).calls())
    return found


@pytest.mark.parametrize(
    ("answers", "settled"),
    [
        ([0.1] * 5, False),
        ([0.1] * 6, True),
        ([9.0, 0.1, 0.1, 0.1, 0.1, 0.1], True),
        ([9.0, 8.0, 0.1, 0.1, 0.1, 0.1], False),
        ([9.0, 8.0, 0.1, 0.1, 0.1, 0.1, 0.1], True),
        ([0.1, 0.1, 0.1, 0.5, 0.5, 0.5], False),
        ([0.100, 0.100, 0.100, 0.119, 0.119, 0.119], True),
        ([0.100, 0.100, 0.100, 0.121, 0.121, 0.121], False),
        ([0.001, 0.001, 0.001, 0.009, 0.009, 0.009], True),
        ([0.1, 0.1, 0.1, 0.1, 0.1, 9.0], True),
    ],
)
def test_settled_is_a_median_that_stays(answers: list[float], settled: bool) -> None:
    assert is_settled(answers) is settled


def test_a_cold_first_call_is_told_and_is_in_no_median() -> None:
    found = ran(came(3.0, *[0.04] * 19))
    assert (found.settled, found.calls, found.answered) == (True, 6, 6)
    assert (found.first_s, found.settled_s) == (3.0, 0.04)
    assert not found.mute


def test_what_never_settles_ends_at_the_most_requests() -> None:
    found = ran(came(*(0.1 * (n % 2 + 1) * 1.5**n for n in range(8))), asked(requests=8))
    assert (found.settled, found.calls, found.mute) == (False, 8, False)
    assert found.detail == "not settled after 8 answers"


def test_a_refused_sample_is_sent_once() -> None:
    found = ran([wrong(Answer.REFUSED, "400: no", "correct it")])
    assert (found.mute, found.calls, found.failed) == (True, 1, 1)
    assert (found.detail, found.hint) == ("400: no", "correct it")


def test_three_failures_in_a_row_are_enough_and_one_is_not() -> None:
    failed = wrong(Answer.FAILED, "500: boom", "look into the logs")
    found = ran([*came(0.1, 0.1), failed])
    assert (found.mute, found.calls, found.failed, found.answered) == (True, 5, 3, 2)
    mended = ran([failed, failed, *came(0.1)])
    assert (mended.settled, mended.failed, mended.mute) == (True, 2, False)


def test_what_still_loads_is_asked_again_and_counts_for_no_request() -> None:
    cloud = Cloud([*[wrong(Answer.LATER, "429: loading")] * 30, *came(0.1)])
    (found,) = warmed(asked(requests=6, timeout_s=60.0), cloud.calls())
    assert (found.settled, found.calls, found.answered) == (True, 36, 6)
    assert cloud.slept.count(1.0) == 30


def test_the_time_is_over_with_what_is_known() -> None:
    begun = monotonic()
    late, never = warmed(
        asked("late", "never", timeout_s=0.05), Cloud(slow(wrong(Answer.LATER, "429"))).calls()
    )
    assert monotonic() - begun < 2.0
    assert late.mute
    assert late.detail == "not settled within the time limit: 429"
    assert (never.calls, never.mute, never.detail) == (0, False, "not called")


def slow(reply: Reply) -> Iterator[Reply]:
    while True:
        begun = monotonic()
        while monotonic() - begun < 0.02:
            pass
        yield reply


def test_models_are_called_in_order_and_one_does_not_stop_the_next() -> None:
    cloud = Cloud([wrong(Answer.REFUSED, "no"), *came(0.1)])
    first, second = warmed(asked("hot", "cold"), cloud.calls())
    assert cloud.called == ["hot", *["cold"] * 6]
    assert (first.mute, second.settled) == (True, True)
    assert cloud.done == [first, second]
    assert silence((first, second)) == (
        "1 of 2 models do not answer test calls; hot: no",
        "",
    )
    assert silence((second,)) == ("", "")


def test_what_no_call_gets_around_ends_all_of_them() -> None:
    denied = AuthError("access-denied", "InvokeEndpoint is not allowed", hint="ask for it")
    cloud = Cloud([*came(*[0.1] * 6), denied])
    first, second, third = warmed(asked("a", "b", "c"), cloud.calls())
    assert (first.settled, second.mute, second.hint) == (True, True, "ask for it")
    assert (third.calls, third.mute) == (0, False)
    assert cloud.done == [first, second]


def test_the_sample_is_in_nothing_that_is_told() -> None:
    quoted = f"400: cannot read {SECRET}, nor " + SECRET.replace('"', '\\"')
    cloud = Cloud([wrong(Answer.REFUSED, quoted + "x" * 1000)])
    (found,) = warmed(asked(), cloud.calls())
    assert "4111" not in f"{found} {cloud.said} {asked()!r}"
    assert "(the sample)" in found.detail
    assert len(found.detail) < 320


def test_an_interrupt_comes_between_two_calls() -> None:
    cloud = Cloud(came(0.1))
    cloud.halt_after = 2
    with pytest.raises(HaltedError):
        warmed(asked(), cloud.calls())
    assert len(cloud.called) == 2
    assert cloud.done == []
