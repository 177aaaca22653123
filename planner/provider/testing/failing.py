"""Whatever call fails, and wherever a run ends: no word is untrue, and the next run goes on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from planner.engine import Job, Outcome
from planner.model.live import Health
from planner.model.resource import DesiredState
from planner.model.value import value
from planner.provider.testing.running import (
    SETTLED,
    Killed,
    Operator,
    endpoint_change,
    numbered,
)
from planner.provider.testing.world import Fault, States, World

MORE_WRITES = 2
"""How many writes a failure may cost: the one that failed, and the client's own second try."""


class Failing:
    """Apply and destroy where one call fails, or where the process ends."""

    def test_a_refused_write_is_told_and_the_next_run_goes_on(self, world: World) -> None:
        """Each mutating call in turn is refused."""
        for course in _courses(world):
            for call, nth in numbered(course.writes):
                here = _prepared(world, course.way)
                world.fail(Fault.REFUSED, call, nth)
                ended = here.carry_out(_job(here, course.way))
                assert ended.outcome is Outcome.FAILED, (call, nth, ended)
                assert ended.detail, (call, nth)
                assert ended.left, (call, nth)
                _converges(here, course, f"{call} refused")

    def test_a_lost_answer_converges(self, world: World) -> None:
        """Each kind of mutating call in turn is carried out, and nobody hears of it."""
        tried: set[str] = set()
        for course in _courses(world):
            for call, nth in numbered(course.writes):
                operation = call.partition(" ")[0]
                if operation in tried:
                    continue
                tried.add(operation)
                here = _prepared(world, course.way)
                world.fail(Fault.LOST_ANSWER, call, nth)
                ended = here.carry_out(_job(here, course.way))
                assert ended.outcome in {Outcome.APPLIED, Outcome.FAILED}, (call, ended)
                _converges(here, course, f"answer of {call} lost")

    def test_a_run_that_is_killed_anywhere_converges(self, world: World) -> None:
        """After each write in turn the process is gone."""
        for course in _courses(world):
            for written in range(1, course.steps + 1):
                here = _prepared(world, course.way)
                here.events.clear()
                here.kill_after = written
                with suppress(Killed):
                    here.carry_out(_job(here, course.way))
                here.kill_after = None
                _converges(here, course, f"killed after write {written} of {course.writes}")

    def test_a_rollback_by_the_cloud_is_no_success(self, world: World) -> None:
        """It names what runs and what was asked for; what runs is all there."""
        here, states = Operator(world), world.states
        here.made(states.first)
        planned = here.needed(states.second)
        _strike_endpoint(here, states.second, Fault.ROLLBACK)
        ended = here.apply(states.second)
        assert ended.outcome is Outcome.ROLLED_BACK
        rolled = [one for one in endpoint_change(planned).fields if "Tags" not in one.path]
        assert any(
            str(one.live) in ended.detail and str(one.desired) in ended.detail for one in rolled
        ), ended.detail
        live = here.live(states.first)
        assert live.health is Health.READY
        assert {one.address for one in states.first.resources} <= {o.address for o in live.objects}
        assert here.needed(states.second).acting != ()
        here.made(states.second)
        assert here.needed(states.second).acting == ()

    def test_a_creation_that_fails_is_no_success(self, world: World) -> None:
        """Neither then nor at the next run, which makes it well or says why not."""
        here, states = Operator(world), world.states
        _strike_endpoint(here, states.first, Fault.FAILURE)
        ended = here.apply(states.first)
        assert ended.outcome is Outcome.FAILED
        assert ended.detail
        again = here.apply(states.first)
        well = here.live(states.first).health is Health.READY
        assert well == (again.outcome in SETTLED), again

    def test_what_takes_too_long_is_told_and_goes_on(self, world: World) -> None:
        """The time to wait is over; the next run, later, finds it done."""
        here, states = Operator(world), world.states
        world.slow()
        ended = here.carry_out(here.job(states.first), timeout_s=0.2)
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
        here.made(states.second, states.third)
        assert shared in world.inventory()
        here.destroy(states.first)
        assert shared in world.inventory()


Way = tuple[tuple[DesiredState, ...], DesiredState | None]


def _ways(states: States) -> Iterator[Way]:
    """What lives, and what is asked for; nothing is the end of it."""
    yield (), states.first
    yield (states.first, states.second), states.third
    yield (states.first,), states.in_place
    if states.replaced is not None:
        yield (states.first,), states.replaced
    yield (states.first, states.second), None


def _prepared(world: World, way: Way) -> Operator:
    world.reset()
    here = Operator(world)
    here.made(*way[0])
    return here


def _job(here: Operator, way: Way) -> Job:
    before, after = way
    return here.removal(before[-1]) if after is None else here.job(after)


@value
class Course:
    """A way on which nothing goes wrong: its writes before and after, and what lives at its end.

    `cleared` is what it took away.
    """

    way: Way
    before: int
    writes: tuple[str, ...]
    steps: int
    inventory: Mapping[str, Any]
    cleared: frozenset[str]


def _courses(world: World) -> Iterator[Course]:
    for way in _ways(world.states):
        here = _prepared(world, way)
        known, lived = len(world.writes()), world.inventory().keys()
        ended = here.carry_out(_job(here, way))
        assert ended.outcome is Outcome.APPLIED, ended
        yield Course(
            way=way,
            before=known,
            writes=tuple(world.writes())[known:],
            steps=len(ended.done),
            inventory=world.inventory(),
            cleared=frozenset(lived - world.inventory().keys()),
        )


def _converges(here: Operator, course: Course, told: str) -> None:
    """Running again leads to where the course leads, with few writes more.

    What a run was about to clear away may still be there: the next change takes it, or the end.
    """
    ended = here.carry_out(_job(here, course.way))
    assert ended.outcome in SETTLED, (told, ended)
    assert _job(here, course.way).planned.acting == (), told
    written = len(here.world.writes()) - course.before
    assert written <= len(course.writes) + MORE_WRITES, told
    lives = here.world.inventory()
    orphans = lives.keys() - course.inventory.keys()
    assert {key: lives[key] for key in lives if key not in orphans} == course.inventory, told
    if orphans:
        assert orphans <= course.cleared, told
        here.destroy(here.world.states.first)
        assert here.world.inventory() == {}, told


def _strike_endpoint(here: Operator, state: DesiredState, fault: Fault) -> None:
    """Let the fault befall the endpoint's own call of the changes that a state needs."""
    calls = here.world.calls_of(endpoint_change(here.needed(state)))
    here.world.fail(fault, calls[0])
