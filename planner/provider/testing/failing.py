"""Whatever call fails, and wherever a run ends: no word is untrue, and the next run goes on."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from planner.engine import Job, Outcome
from planner.model.live import Health
from planner.model.resource import DesiredState
from planner.provider.testing.running import SETTLED, Killed, Operator, endpoint_change
from planner.provider.testing.world import Fault, World

Go = Callable[[Operator, DesiredState | None], None]
"""Runs towards a state, or the end, as far as faults let it."""


class Failing:
    """Apply and destroy where calls fail, or where the process ends."""

    def test_wherever_a_write_is_refused_the_next_run_goes_on(self, world: World) -> None:
        """Each run gets one write further than the last, and says what is left."""
        _through(world, _refused)

    def test_wherever_a_run_is_killed_the_next_one_goes_on(self, world: World) -> None:
        """Each process ends after its first write."""
        _through(world, _killed)

    def test_lost_answers_converge(self, world: World) -> None:
        """Each kind of call is once carried out without anybody hearing of it."""
        tried: set[str] = set()

        def lost(here: Operator, state: DesiredState | None) -> None:
            for call in _calls(here, _job(here, state)):
                if call.partition(" ")[0] not in tried:
                    world.fail(Fault.LOST_ANSWER, call)
                tried.add(call.partition(" ")[0])
            for _ in tried:
                ended = here.carry_out(_job(here, state))
                if ended.outcome in SETTLED:
                    return
                assert ended.outcome is Outcome.FAILED, ended

        _through(world, lost)

    def test_a_rollback_by_the_cloud_is_no_success(self, world: World) -> None:
        """It names what runs and what was asked for; what runs is all there."""
        here, states = Operator(world), world.states
        here.made(states.first)
        job = here.job(states.second)
        change = endpoint_change(job.planned)
        world.fail(Fault.ROLLBACK, world.calls_of(change)[0])
        ended = here.carry_out(job)
        assert ended.outcome is Outcome.ROLLED_BACK
        rolled = [one for one in change.fields if "Tags" not in one.path]
        assert any(
            str(one.live) in ended.detail and str(one.desired) in ended.detail for one in rolled
        ), ended.detail
        live = here.live(states.first)
        assert live.health is Health.READY
        assert {one.address for one in states.first.resources} <= {o.address for o in live.objects}
        here.made(states.second)
        assert here.needed(states.second).acting == ()

    def test_a_creation_that_fails_is_no_success(self, world: World) -> None:
        """Neither then nor at the next run, which makes it well or says why not."""
        here, states = Operator(world), world.states
        job = here.job(states.first)
        world.fail(Fault.FAILURE, world.calls_of(endpoint_change(job.planned))[0])
        ended = here.carry_out(job)
        assert ended.outcome is Outcome.FAILED
        assert ended.detail
        again = here.apply(states.first)
        well = here.live(states.first).health is Health.READY
        assert well == (again.outcome in SETTLED), again
        assert well or again.hint, again

    def test_what_takes_too_long_is_told_and_goes_on(self, world: World) -> None:
        """The time to wait is over; the next run, later, finds it done."""
        here, states = Operator(world), world.states
        world.slow()
        ended = here.carry_out(here.job(states.first), timeout_s=0.05)
        assert ended.outcome is Outcome.FAILED
        assert ended.detail
        world.calm()
        assert here.apply(states.first).outcome in SETTLED
        assert here.needed(states.first).acting == ()

    def test_what_others_use_is_never_deleted(self, world: World) -> None:
        """An old version that somebody else's endpoint runs stays through updates and the end."""
        here, states = Operator(world), world.states
        here.made(states.first)
        shared = world.borrow()
        if not shared:
            return
        assert here.destroy(states.first).outcome is Outcome.APPLIED
        assert shared in world.inventory()
        here.made(states.first, states.second, states.third)
        assert shared in world.inventory()
        assert here.destroy(states.first).outcome is Outcome.APPLIED
        assert shared in world.inventory()


def _through(world: World, go: Go) -> None:
    """From nothing by each kind of change to nothing again, with faults.

    It leads to where a way without faults leads, and no write is made more than twice. Only what a
    run was about to clear away may be left over: the next change takes it, or the end.
    """
    here, states = Operator(world), world.states
    living = [one for one in (states.first, states.second, states.third, states.replaced) if one]
    here.made(*living)
    clean, writes = world.inventory(), len(world.writes())
    world.reset()
    for state in living:
        if state is not states.second:  # the third is another of its kind, and clears away more
            go(here, state)
        assert here.apply(state).outcome in SETTLED
        assert here.needed(state).acting == ()
        assert here.live(state).health is Health.READY
    assert len(world.writes()) <= 2 * writes
    lives = world.inventory()
    assert {key: lives[key] for key in clean} == clean
    former = {one.address for one in (*states.first.resources, *states.second.resources)}
    assert lives.keys() - clean.keys() <= former
    go(here, None)
    assert here.destroy(states.first).outcome in SETTLED
    assert world.inventory() == {}


def _refused(here: Operator, state: DesiredState | None) -> None:
    """The first write is refused, and then, run by run, the second of what is left."""
    job, at = _job(here, state), 0
    calls = _calls(here, job)
    for _ in range(len(calls) + 1):
        if len(calls) <= at:
            return
        here.world.fail(Fault.REFUSED, calls[at], calls[: at + 1].count(calls[at]))
        ended = here.carry_out(job)
        assert ended.outcome is Outcome.FAILED, ended
        assert ended.detail
        assert ended.left
        job, at = _job(here, state), 1
        calls = _calls(here, job)
    raise AssertionError(f"each run was to get one write further: {calls} is left")


def _killed(here: Operator, state: DesiredState | None) -> None:
    """Run by run, until there is nothing left to begin."""
    job = _job(here, state)
    for _ in job.planned.acting:
        here.kill = True
        with suppress(Killed):
            here.carry_out(job)
        here.kill = False
        job = _job(here, state)


def _job(here: Operator, state: DesiredState | None) -> Job:
    return here.removal(here.world.states.first) if state is None else here.job(state)


def _calls(here: Operator, job: Job) -> list[str]:
    return [call for one in job.planned.acting for call in here.world.calls_of(one)]
