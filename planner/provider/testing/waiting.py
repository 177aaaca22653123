"""Runs that end before the cloud does, and many endpoints at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from planner.engine import Applied, Outcome, each
from planner.model.live import Health
from planner.provider.testing.running import SETTLED, Operator
from planner.provider.testing.world import Fault, World

PARALLEL = (1, 8)


class Waiting:
    """Interrupts, `--no-wait`, and parallel runs."""

    def test_an_interrupt_lets_nothing_new_begin(self, world: World) -> None:
        """While a creation or an update is waited for; what is left is listed, and then done."""
        for before, after in ((None, world.states.first), (world.states.first, world.states.third)):
            world.reset()
            here = Operator(world)
            if before is not None:
                here.made(before)
            world.slow()
            job = here.job(after)
            here.halt_at_wait = True
            known = len(world.writes())
            ended = here.carry_out(job)
            assert ended.outcome is Outcome.STOPPED, ended
            writes = len(job.planned.acting)
            assert len(ended.done) + len(ended.left) == writes
            calls = sum(len(world.calls_of(one)) for one in job.planned.acting[: len(ended.done)])
            assert len(world.writes()) - known == calls
            later = Operator(world)
            world.calm()
            assert later.apply(after).outcome in SETTLED
            assert later.needed(after).acting == ()

    def test_an_interrupt_before_the_first_write_writes_nothing(self, world: World) -> None:
        """Everything is left."""
        here = Operator(world)
        job = here.job(world.states.first)
        here.halt.set()
        ended = here.carry_out(job)
        assert ended.outcome is Outcome.STOPPED
        assert len(ended.left) == len(job.planned.acting)
        assert list(world.writes()) == []

    def test_what_is_not_waited_for_has_only_begun(self, world: World) -> None:
        """Nothing is claimed to be done; the next run goes on from there."""
        here, states = Operator(world), world.states
        for state in (states.first, states.second):
            world.slow()
            ended = here.carry_out(here.job(state), wait=False)
            assert ended.outcome is Outcome.BEGUN, ended
            assert here.live(state).health is Health.MOVING
            world.calm()
            assert here.apply(state).outcome in SETTLED
            assert here.needed(state).acting == ()

    def test_a_run_waits_for_what_another_has_begun(self, world: World) -> None:
        """Nothing is a success, nor refused by the cloud, while the endpoint is not settled."""
        here, states = Operator(world), world.states
        for state in (states.first, states.second):
            world.slow()
            assert here.carry_out(here.job(state), wait=False).outcome is Outcome.BEGUN
            again = here.carry_out(here.job(state), timeout_s=0.05)
            assert again.outcome not in SETTLED, again
            assert "still" in again.detail, again
            world.calm()
            assert here.apply(state).outcome in SETTLED

    def test_parallel_runs_end_alike(self, world: World) -> None:
        """One after the other or at once: the same state, and results in the same order."""
        found = [_fleet(world, parallel) for parallel in PARALLEL]
        assert found[0] == found[1]
        results, _ = found[0]
        assert [one.outcome for one in results] == [Outcome.APPLIED] * len(results)
        assert [one.endpoint for one in results] == [s.endpoint for _, s in world.states.fleet]

    def test_one_that_fails_stops_no_other(self, world: World) -> None:
        """Its result stands in its place."""
        here = Operator(world)
        jobs = [here.job(state, owner) for owner, state in world.states.fleet]
        bad = len(jobs) // 2
        world.fail(Fault.REFUSED, world.calls_of(jobs[bad].planned.acting[0])[0])
        ended = each(jobs, here.manner(), parallel=PARALLEL[1])
        outcomes = [one.outcome for one in ended]
        assert outcomes.pop(bad) is Outcome.FAILED
        assert set(outcomes) == {Outcome.APPLIED}


def _fleet(world: World, parallel: int) -> tuple[tuple[Applied, ...], Mapping[str, Any]]:
    world.reset()
    here = Operator(world)
    jobs = [here.job(state, owner) for owner, state in world.states.fleet]
    return each(jobs, here.manner(), parallel=parallel), world.inventory()
