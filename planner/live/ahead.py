"""What lives, read while other specs are still being decided."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future, wait
from contextlib import contextmanager, suppress

from planner.engine import PARALLEL, Connections, Link, Standing, pool
from planner.errors import PlannerError
from planner.live.read import Owned
from planner.model.live import LiveState
from planner.model.resource import DesiredState
from planner.model.value import value


@value
class Reading:
    """How a cloud is read: endpoints at a time, and whether what is not wanted is to go."""

    parallel: int = PARALLEL
    prune: bool = False


_TURN_S = 0.001
"""How long a thread computes until another one may: in the usual 5 ms of deciding, ten threads that
wait for answers of 50 ms would ask a third less often."""


@value
class Met:
    """What lives of an endpoint, and what it needs; or why that cannot be told."""

    live: LiveState
    standing: Standing | PlannerError | None = None


class Ahead:
    """Reads that go on beside the thread that begins them and that asks for their answers."""

    def __init__(self, connections: Connections, owners: Iterable[str], reading: Reading) -> None:
        self.connections = connections
        self.reading = reading
        self._owners = tuple(owners)
        self._begun: dict[tuple[str, ...], tuple[DesiredState, Future[Met]]] = {}
        self._pool = pool(reading.parallel)

    def begin(self, desired: DesiredState, owner: str) -> None:
        """Read an endpoint from now on; where nothing connects to it, `states` will say so."""
        with suppress(PlannerError):
            self._begin(Owned(owner=owner, desired=desired), compared=True)

    def states(self, wanted: Iterable[Owned], *, compared: bool = True) -> dict[str, LiveState]:
        """What lives of these endpoints, by name; what has not begun as it is wanted begins now.

        The first error in their order is raised, once all have ended. What is not `compared` has
        no standing.
        """
        asked = list(wanted)
        for one in asked:
            if self._begun.get(one.where, (None,))[0] is not one.desired:
                self._begin(one, compared=compared)
        reads = {one.desired.endpoint: self._begun[one.where][1] for one in asked}
        wait(reads.values())
        return {name: read.result().live for name, read in reads.items()}

    def standing(self, known: Mapping[str, Owned]) -> dict[str, Standing]:
        """What endpoints need whose states were asked for; the first error in their order."""
        found: dict[str, Standing] = {}
        for name, one in known.items():
            standing = self._begun[one.where][1].result().standing
            if isinstance(standing, PlannerError):
                raise standing
            assert standing is not None
            found[name] = standing
        return found

    def _begin(self, one: Owned, *, compared: bool) -> None:
        # Made here: to make a connection is not safe in threads.
        link = self.connections.link(one.desired.provider, one.desired.place)
        asked = self._pool.submit(self._met, link, one, compared=compared)
        self._begun[one.where] = (one.desired, asked)

    def _met(self, link: Link, one: Owned, *, compared: bool) -> Met:
        live = link.gateway.read(one.desired, together=self._owners)
        if not compared:
            return Met(live=live)
        try:
            return Met(live=live, standing=link.against(one.desired, live, one.owner))
        except PlannerError as error:
            return Met(live=live, standing=error)

    def close(self) -> None:
        """Begin nothing more; what is under way is not waited for."""
        self._pool.shutdown(wait=False, cancel_futures=True)


@contextmanager
def reading_ahead(
    connections: Connections, owners: Iterable[str], reading: Reading
) -> Iterator[Ahead]:
    """Reads of endpoints of these owners, which end with the block."""
    found = Ahead(connections, owners, reading)
    before_s = sys.getswitchinterval()
    sys.setswitchinterval(_TURN_S)
    try:
        yield found
    finally:
        found.close()
        sys.setswitchinterval(before_s)
