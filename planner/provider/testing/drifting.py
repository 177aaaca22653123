"""What others change is told field by field; what is nobody's drift is not told."""

from __future__ import annotations

from planner.engine import Outcome
from planner.provider.testing.running import Operator, fields
from planner.provider.testing.world import World


class Drifting:
    """Changes behind the planner's back, before a plan and between plan and apply."""

    def test_what_others_change_is_exactly_one_field(self, world: World) -> None:
        """A saved plan is refused by its name, a new one tells it alone and puts it right."""
        here, states = Operator(world), world.states
        here.made(states.first)
        for meddling in world.meddlings:
            if meddling.field is None:
                continue
            saved = here.job(states.second)
            meddling.make()
            known = len(world.writes())
            ended = here.carry_out(saved)
            assert ended.outcome is Outcome.STALE, (meddling.name, ended)
            address, path = meddling.field
            assert address in ended.detail, (meddling.name, ended)
            assert path in ended.detail, (meddling.name, ended)
            assert len(world.writes()) == known, meddling.name
            job = here.job(states.first)
            assert fields(job.planned) == {meddling.field}, meddling.name
            assert here.carry_out(job).outcome is Outcome.APPLIED, meddling.name
            assert here.needed(states.first).acting == (), meddling.name

    def test_what_is_not_ours_may_change(self, world: World) -> None:
        """It is no drift, no reason to refuse a saved plan, and still there afterwards."""
        here, states = Operator(world), world.states
        here.made(states.first)
        saved = here.job(states.second)
        quiet = [one for one in world.meddlings if one.field is None]
        assert quiet
        for meddling in quiet:
            meddling.make()
        assert fields(here.needed(states.first)) == set()
        lives = world.inventory()
        assert here.apply(states.first).outcome is Outcome.UNCHANGED
        assert world.inventory() == lives
        ended = here.carry_out(saved)
        assert ended.outcome is Outcome.APPLIED, ended
        assert here.needed(states.second).acting == ()
