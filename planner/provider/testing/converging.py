"""What was applied is as it was asked to be, and nothing but what was planned was written."""

from __future__ import annotations

from collections.abc import Iterator

from planner.engine import Outcome
from planner.live import Owned, carry_out, rollbacks
from planner.model.change import Action
from planner.model.resource import DesiredState
from planner.provider.testing.running import OneLink, Operator
from planner.provider.testing.world import States, World


class Converging:
    """Apply, plan and destroy where nothing goes wrong."""

    def test_what_was_planned_is_written_and_needs_nothing_more(self, world: World) -> None:
        """Along every kind of change: the calls of the plan, each once, in its order; then none."""
        here, states = Operator(world), world.states
        for state in way(states):
            known = len(world.writes())
            job = here.removal(states.first) if state is None else here.job(state)
            here.events.clear()
            ended = here.carry_out(job)
            assert ended.outcome is Outcome.APPLIED, ended
            expected = [call for one in job.planned.acting for call in world.calls_of(one)]
            assert list(world.writes())[known:] == expected
            told = [event.address for event in here.events if event.wrote]
            assert [text.partition(" ")[2] for text in ended.done] == told
            assert ended.left == ()
            if state is not None:
                assert here.needed(state).acting == ()
                there = {one.address for one in here.live(state).objects}
                wanted = {one.address for one in state.resources}
                assert wanted <= there
                tied = job.link.lifecycle.tied
                assert not {one for one in there - wanted if one.partition("/")[0] in tied}
        assert world.inventory() == {}

    def test_a_second_apply_writes_nothing(self, world: World) -> None:
        """Idempotence: of a new plan as of a saved one."""
        here = Operator(world)
        saved = here.job(world.states.first)
        assert here.carry_out(saved).outcome is Outcome.APPLIED
        written, lives = list(world.writes()), world.inventory()
        assert here.apply(world.states.first).outcome is Outcome.UNCHANGED
        assert here.carry_out(saved).outcome in {Outcome.STALE, Outcome.UNCHANGED}
        assert list(world.writes()) == written
        assert world.inventory() == lives

    def test_planning_writes_nothing(self, world: World) -> None:
        """Whatever is looked at, in an empty cloud and in one that has the endpoint."""
        here, states = Operator(world), world.states
        _look_at_everything(here, states)
        assert list(world.writes()) == []
        here.made(states.first)
        written = list(world.writes())
        _look_at_everything(here, states)
        assert list(world.writes()) == written

    def test_what_is_in_place_touches_only_what_differs(self, world: World) -> None:
        """A change in place leaves everything else as it is."""
        here, states = Operator(world), world.states
        here.made(states.first)
        before = world.inventory()
        planned = here.needed(states.in_place)
        here.made(states.in_place)
        after = world.inventory()
        moved = {one for one in {*before, *after} if before.get(one) != after.get(one)}
        assert 1 <= len(moved) <= len(planned.acting)

    def test_destroy_takes_all_of_ours_and_nothing_of_others(self, world: World) -> None:
        """Also what former updates left, but not the endpoint beside it."""
        here, states = Operator(world), world.states
        owner, neighbour = states.fleet[0]
        ended = here.carry_out(here.job(neighbour, owner))
        assert ended.outcome is Outcome.APPLIED, ended
        theirs = world.inventory()
        here.made(states.first, states.second)
        assert here.destroy(states.first).outcome is Outcome.APPLIED
        assert world.inventory() == theirs
        written = list(world.writes())
        assert here.destroy(states.first).outcome is Outcome.UNCHANGED
        assert list(world.writes()) == written
        assert here.needed(states.first).action is Action.CREATE

    def test_a_rollback_returns_to_what_was_before(self, world: World) -> None:
        """What is rolled out goes back, and what scales stays; and forth again.

        Where a cloud keeps nothing of before, it is said that there is nothing to return to.
        """
        here, states = Operator(world), world.states
        here.made(states.first, states.second)
        if not world.link().lifecycle.kept:
            gateway = world.link().gateway
            assert gateway.previous(gateway.read(states.second), owner=here.owner) is None
            return
        tied = world.link().lifecycle.tied
        scaling = [one for one in here.live(states.second).objects if one.kind in tied]
        if not _rolled_back(here):
            assert here.apply(states.second).outcome is Outcome.UNCHANGED
            return
        live = here.live(states.first)
        assert [one for one in live.objects if one.kind in tied] == scaling
        assert here.needed(states.first).acting == ()
        here.made(states.second)
        assert here.needed(states.second).acting == ()

    def test_only_one_former_version_is_kept(self, world: World) -> None:
        """Updates leave what a rollback needs, and no more with each; changes in place keep it."""
        here, states = Operator(world), world.states
        here.made(states.first, states.second)
        known = len(world.inventory())
        here.made(states.third, states.first)
        assert len(world.inventory()) == known
        kept = set(world.inventory())
        here.made(states.in_place)
        assert kept <= set(world.inventory())


def way(states: States) -> Iterator[DesiredState | None]:
    """From nothing by every kind of change to nothing again."""
    yield from (states.first, states.second, states.third, states.first, states.in_place)
    if states.bare is not None:
        yield states.bare
    if states.replaced is not None:
        yield states.replaced
    yield None


def _look_at_everything(here: Operator, states: States) -> None:
    here.job(states.third)
    here.removal(states.first)
    link = here.world.link()
    live = link.gateway.read(states.first)
    link.gateway.endpoints(here.owner)
    link.gateway.previous(live, owner=here.owner)
    link.gateway.shared(live)
    link.gateway.checks([(states.second, here.needed(states.second))])


def _rolled_back(here: Operator) -> bool:
    connections = OneLink(here.world.link())
    asked = [Owned(owner=here.owner, desired=here.world.states.second)]
    back, without = rollbacks(asked, connections)
    assert len(back) + len(without) == 1
    for ended in carry_out(back, connections, here.manner()):
        assert ended.outcome is Outcome.APPLIED, ended
    return not without
