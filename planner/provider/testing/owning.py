"""What is not ours is not touched, and what is protected is not deleted."""

from __future__ import annotations

from collections.abc import Callable

from planner.engine import Outcome
from planner.errors import PlannerError
from planner.provider.testing.running import Operator
from planner.provider.testing.world import World

STRANGER = "somebody-else"


class Owning:
    """Endpoints of others, of nobody, with copied tags, and protected ones."""

    def test_what_others_own_is_refused_by_their_name(self, world: World) -> None:
        """Whether somebody owns it, nobody does, or its tags were made for another."""
        here, states = Operator(world), world.states
        here.made(states.first)
        for owner, copied_from, named in (
            (STRANGER, None, STRANGER),
            (None, None, "nobody"),
            (here.owner, "another-endpoint", "another-endpoint"),
        ):
            world.retag(owner, copied_from=copied_from)
            written, lives = list(world.writes()), world.inventory()
            told = refusal(lambda: here.job(states.second))
            assert named in told, (owner, copied_from, told)
            assert here.destroy(states.first).outcome is Outcome.UNCHANGED
            notes = " ".join(here.removal(states.first).planned.notes)
            assert named in notes, (owner, copied_from, notes)
            assert list(world.writes()) == written
            assert world.inventory() == lives

    def test_what_was_taken_since_the_plan_is_not_written_to(self, world: World) -> None:
        """The owner is looked at again before the first write."""
        here, states = Operator(world), world.states
        here.made(states.first)
        job = here.job(states.second)
        world.retag(STRANGER)
        lives, known = world.inventory(), len(world.writes())
        ended = here.carry_out(job)
        assert ended.outcome in {Outcome.FAILED, Outcome.STALE}
        assert STRANGER in ended.detail
        assert len(world.writes()) == known
        assert world.inventory() == lives

    def test_what_is_adopted_is_ours(self, world: World) -> None:
        """Claiming says what changes hands; then it is as if we had made it."""
        here, states = Operator(world), world.states
        here.made(states.first)
        ours = world.inventory()
        world.retag(None)
        gateway = world.link().gateway
        assert here.owner not in str(gateway.endpoints(here.owner))
        changed = gateway.claim(gateway.read(states.first), owner=here.owner)
        assert any(address.startswith("endpoint/") for address in changed)
        assert here.needed(states.first).acting == ()
        assert world.link().gateway.endpoints(here.owner) == (states.first.endpoint,)
        gateway = world.link().gateway
        assert gateway.claim(gateway.read(states.first), owner=here.owner) == ()
        assert world.inventory() == ours
        here.made(states.second)

    def test_endpoints_are_listed_by_owner(self, world: World) -> None:
        """Only those that carry the tag, made for themselves."""
        here, states = Operator(world), world.states
        assert world.link().gateway.endpoints(here.owner) == ()
        owner, neighbour = states.fleet[0]
        here.carry_out(here.job(neighbour, owner))
        here.made(states.first)
        assert world.link().gateway.endpoints(here.owner) == (states.first.endpoint,)
        assert world.link().gateway.endpoints(owner) == (neighbour.endpoint,)
        world.retag(here.owner, copied_from="another-endpoint")
        assert world.link().gateway.endpoints(here.owner) == ()

    def test_what_is_protected_is_not_deleted(self, world: World) -> None:
        """Neither by destroying it nor by replacing it; what needs no deletion goes on."""
        here, states = Operator(world), world.states
        here.made(states.first)
        saved = here.removal(states.first)
        world.protect()
        written, lives = list(world.writes()), world.inventory()
        assert "protect" in refusal(lambda: here.removal(states.first))
        assert here.carry_out(saved).outcome is Outcome.FAILED
        if states.replaced is not None:
            replaced = states.replaced
            assert "protect" in refusal(lambda: here.job(replaced))
        assert list(world.writes()) == written
        assert world.inventory() == lives
        here.made(states.second)


def refusal(ask: Callable[[], object]) -> str:
    """What an error says that has to come."""
    try:
        ask()
    except PlannerError as error:
        return f"{error} ({error.hint})" if error.hint else f"without a hint: {error.code}"
    return "not refused"
