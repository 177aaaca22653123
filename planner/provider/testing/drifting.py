"""What others change is told field by field; what is nobody's drift is not told."""

from __future__ import annotations

from planner.engine import Outcome
from planner.provider.testing.running import Operator, fields
from planner.provider.testing.world import World


class Drifting:
    """Changes behind the planner's back, before a plan and between plan and apply."""

    def test_each_meddling_is_exactly_one_field(self, world: World) -> None:
        """And what the cloud or others set beside the spec is none at all; apply puts it right."""
        assert {one.field is None for one in world.meddlings} == {True, False}
        for meddling in world.meddlings:
            world.reset()
            here = Operator(world)
            here.made(world.states.first)
            meddling.make()
            expected = set() if meddling.field is None else {meddling.field}
            assert fields(here.needed(world.states.first)) == expected, meddling.name
            outcome = Outcome.APPLIED if expected else Outcome.UNCHANGED
            assert here.apply(world.states.first).outcome is outcome, meddling.name
            assert here.needed(world.states.first).acting == (), meddling.name

    def test_what_moved_since_the_plan_is_refused(self, world: World) -> None:
        """A field of ours: nothing is written, and the field is named."""
        for meddling in world.meddlings:
            if meddling.field is None:
                continue
            world.reset()
            here = Operator(world)
            here.made(world.states.first)
            job = here.job(world.states.second)
            meddling.make()
            lives, known = world.inventory(), len(world.writes())
            ended = here.carry_out(job)
            assert ended.outcome is Outcome.STALE, (meddling.name, ended)
            address, path = meddling.field
            assert address in ended.detail, (meddling.name, ended)
            assert path in ended.detail, (meddling.name, ended)
            assert len(world.writes()) == known, meddling.name
            assert world.inventory() == lives, meddling.name

    def test_what_is_not_ours_may_move_after_the_plan(self, world: World) -> None:
        """What others set is no reason to refuse, and is still there afterwards."""
        for meddling in world.meddlings:
            if meddling.field is not None:
                continue
            world.reset()
            here = Operator(world)
            here.made(world.states.first)
            job = here.job(world.states.second)
            meddling.make()
            ended = here.carry_out(job)
            assert ended.outcome is Outcome.APPLIED, (meddling.name, ended)
            assert here.needed(world.states.second).acting == (), meddling.name

    def test_what_vanished_is_made_again(self, world: World) -> None:
        """Somebody else destroyed it: no error, but a creation."""
        here, states = Operator(world), world.states
        here.made(states.first)
        lives = world.inventory()
        assert Operator(world).destroy(states.first).outcome is Outcome.APPLIED
        assert here.needed(states.first).action.value == "create"
        here.made(states.first)
        assert world.inventory() == lives
