"""Test calls of what was written."""

from __future__ import annotations

from dataclasses import replace

from planner.engine import Applied, Job, Outcome, Stage
from planner.model.resource import DesiredState
from planner.model.warm_up import LEAST, Target, Warming, WarmUp
from planner.provider.testing.running import Operator
from planner.provider.testing.world import World

MODEL = "model"
REQUESTS = 12


class Calling:
    """What a run writes is called until its latency settles, and nothing else is."""

    def test_what_is_written_is_called_until_it_settles(self, world: World) -> None:
        """After the creation and after an update; calls are no writes, and not part of a plan."""
        for state in (world.states.first, world.states.second):
            here = Operator(world)
            job = _job(here, state)
            known = len(world.writes())
            ended = here.carry_out(job)
            assert ended.outcome is Outcome.APPLIED, ended
            written = sum(len(world.calls_of(one)) for one in job.planned.acting)
            assert len(world.writes()) - known == written
            (found,) = ended.warmed
            assert found.settled, found
            assert LEAST <= found.calls == found.answered <= REQUESTS
            called = [one for one in here.events if one.stage is Stage.CALLED]
            assert len(called) == found.calls
            assert here.events[-1].warmed == found
            assert here.needed(state).acting == ()

    def test_what_is_not_written_is_not_called(self, world: World) -> None:
        """A second run finds nothing to do, and a spec that asks for no calls gets none."""
        here = Operator(world)
        here.made(world.states.first)
        again = here.carry_out(_job(here, world.states.first))
        assert (again.outcome, again.warmed) == (Outcome.UNCHANGED, ())
        assert not any(one.stage in {Stage.CALLED, Stage.WARMED} for one in here.events)

    def test_what_is_not_waited_for_is_not_called(self, world: World) -> None:
        """It is not there yet; whoever waits for it calls it."""
        here, state = Operator(world), world.states.first
        world.slow()
        ended = here.carry_out(_job(here, state), wait=False)
        assert (ended.outcome, ended.warmed) == (Outcome.BEGUN, ())
        assert "no test call" in ended.detail
        world.calm()

    def test_no_answer_is_no_success(self, world: World) -> None:
        """The result says so, with a way to find out why; what is written stays as it is."""
        here, state = Operator(world), world.states.first
        world.mute()
        ended = here.carry_out(_job(here, state))
        assert ended.outcome is Outcome.UNANSWERED, ended
        assert ended.left == ()
        (found,) = ended.warmed
        assert found.mute
        assert found.failed == found.calls > 0
        assert ended.hint
        assert here.needed(state).acting == ()
        world.calm()
        later: Applied = here.carry_out(_job(here, world.states.second))
        assert later.outcome is Outcome.APPLIED, later
        assert later.warmed[0].settled

    def test_an_interrupt_ends_the_calls(self, world: World) -> None:
        """All is written, and nothing is left to be done."""
        here, state = Operator(world), world.states.first
        here.halt_at_call = True
        ended = here.carry_out(_job(here, state))
        assert ended.outcome is Outcome.APPLIED, ended
        assert (ended.left, ended.warmed) == ((), ())
        assert "interrupted" in ended.detail
        assert sum(one.stage is Stage.CALLED for one in here.events) == 1
        assert Operator(world).needed(state).acting == ()


def _job(here: Operator, state: DesiredState) -> Job:
    """The job of a state whose one model is called."""
    warm_up = WarmUp(sample=here.world.sample, requests=REQUESTS, timeout_s=30.0)
    warming = Warming(warm_up=warm_up, targets=(Target(model=MODEL),), served=1)
    return replace(here.job(state), warming=warming)
