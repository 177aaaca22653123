"""Test calls of an endpoint that was written and verified, until its latency settles.

The calls of a model go one after the other, so that none waits for another of ours. A latency has
settled where the median of the last three answers is within a fifth, or within ten milliseconds, of
the median of the three before: the first call, which is cold, is in no median then.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from statistics import median
from time import monotonic

from planner.errors import PlannerError
from planner.model.units import format_duration
from planner.model.value import value
from planner.model.warm_up import LEAST, WINDOW, Answer, Reply, Sample, Target, Warmed, Warming

SHARE = 0.2
"""By how much of the one before a median may differ."""

JITTER_S = 0.010
"""And by how much in any case: below that the way there and back is all that is seen."""

FAILURES = 3
"""Failed calls in a row after which a model is not called again."""

AGAIN_S = 1.0
"""Until what is still loading is asked again."""

_TOLD = 300
"""Characters of what a cloud says of a refused call; a model's error can be a page long."""

Invoke = Callable[[Target, Sample], Reply]
Say = Callable[[str], None]


@value
class Calls:
    """How one endpoint is called: `say` is told each call, `done` each model's result.

    `pause` sleeps, and raises what ends everything.
    """

    invoke: Invoke
    say: Say
    done: Callable[[Warmed], None]
    pause: Callable[[float], None]


def warmed(warming: Warming, calls: Calls) -> tuple[Warmed, ...]:
    """Call one model after the other; each has a result, also where the time was over first.

    An error that no call gets around ends it, and is the result of the model it befell.
    """
    until = monotonic() + warming.warm_up.timeout_s
    results: list[Warmed] = []
    broken = False
    for target in warming.targets:
        if broken or (results and monotonic() >= until):
            results.append(Warmed(model=target.model, detail="not called"))
            continue
        run = _Run(target, warming, calls, until)
        try:
            found = run.through()
        except PlannerError as error:
            found, broken = run.broken(error), True
        calls.done(found)
        results.append(found)
    return tuple(results)


def silence(results: Sequence[Warmed]) -> tuple[str, str]:
    """Say how many models do not answer, why the first of them does not, and what helps."""
    mute = [one for one in results if one.mute]
    if not mute:
        return "", ""
    told = f"{len(mute)} of {len(results)} models do not answer test calls"
    return f"{told}; {mute[0].model}: {mute[0].detail}", mute[0].hint


def is_settled(answers_s: Sequence[float]) -> bool:
    """Tell whether the last answers took as long as those before them."""
    if len(answers_s) < LEAST:
        return False
    before, last = median(answers_s[-LEAST:-WINDOW]), median(answers_s[-WINDOW:])
    return abs(last - before) <= max(SHARE * before, JITTER_S)


class _Run:
    """The calls of one model."""

    def __init__(self, target: Target, warming: Warming, calls: Calls, until: float) -> None:
        self._target = target
        self._sample = warming.warm_up.sample
        self._most = warming.warm_up.requests
        self._calls = calls
        self._until = until
        self._begun = monotonic()
        self._found = Warmed(model=target.model)
        self._answers_s: list[float] = []
        self._in_a_row = 0

    def through(self) -> Warmed:
        """Call until the latency settles, or there is a reason to call no more."""
        while True:
            self._calls.pause(0.0)
            reply = self._calls.invoke(self._target, self._sample)
            ended = self._counted(reply)
            self._calls.say(self._told(reply))
            if ended is not None:
                return ended
            if reply.answer is Answer.LATER:
                self._calls.pause(min(AGAIN_S, max(0.0, self._until - monotonic())))
            if monotonic() >= self._until:
                return self._ended(f"not settled within the time limit{_of(reply)}", reply.hint)

    def broken(self, error: PlannerError) -> Warmed:
        """What there is, with why no call gets through."""
        return replace(self._ended(self._shown(str(error)), error.hint), mute=True)

    def _counted(self, reply: Reply) -> Warmed | None:
        """Count one call; gives the result where it was the last."""
        found = self._found
        self._found = replace(found, calls=found.calls + 1)
        match reply.answer:
            case Answer.ANSWERED:
                self._answer(reply)
                if is_settled(self._answers_s):
                    return replace(self._ended(), settled=True)
            case Answer.LATER:
                return None  # as long as there is time: it may load for minutes
            case _:
                self._found = replace(self._found, failed=found.failed + 1)
                self._in_a_row += 1
                if reply.answer is Answer.REFUSED or self._in_a_row == FAILURES:
                    return replace(self._ended(self._shown(reply.text), reply.hint), mute=True)
        if self._found.answered + self._found.failed >= self._most:
            return self._ended(f"not settled after {self._found.answered} answers{_of(reply)}")
        return None

    def _answer(self, reply: Reply) -> None:
        self._in_a_row = 0
        self._answers_s.append(reply.seconds)
        found, first_s = self._found, self._found.first_s
        if first_s is None:
            # Alone it took what it took; after others their waits count as well.
            first_s = reply.seconds if found.calls == 1 else monotonic() - self._begun
        self._found = replace(found, answered=found.answered + 1, first_s=first_s)

    def _ended(self, detail: str = "", hint: str = "") -> Warmed:
        last = self._answers_s[-WINDOW:]
        return replace(
            self._found,
            settled_s=median(last) if last else None,
            mute=not last,
            detail=self._shown(detail),
            hint=hint,
        )

    def _told(self, reply: Reply) -> str:
        """One call, for people."""
        name, answered = self._target.model, self._found.answered
        came = format_duration(reply.seconds) if reply.answer is Answer.ANSWERED else reply.answer
        return f"test calls of {name}, {answered} of at most {self._most} answered, last: {came}"

    def _shown(self, text: str) -> str:
        """A text without the sample in it, which some models quote when they fail."""
        body = (self._sample.body or b"").decode("utf-8", "replace").strip()
        for quoted in (body, body.replace('"', '\\"')) if len(body) > 1 else ():
            text = text.replace(quoted, "(the sample)")
        return text if len(text) <= _TOLD else f"{text[:_TOLD]}..."


def _of(reply: Reply) -> str:
    return f": {reply.text}" if reply.text else ""
