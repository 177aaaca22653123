"""What lives, read while other specs are still being decided."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, wait
from contextlib import contextmanager, suppress

from planner.engine import PARALLEL, Connections, Link, pool
from planner.errors import PlannerError
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


class Ahead:
    """Reads that go on beside the thread that begins them and that asks for their answers."""

    def __init__(self, connections: Connections, owners: Iterable[str], reading: Reading) -> None:
        self.connections = connections
        self.reading = reading
        self._owners = tuple(owners)
        self._begun: dict[str, tuple[DesiredState, Future[LiveState]]] = {}
        self._pool = pool(reading.parallel)

    def begin(self, desired: DesiredState) -> None:
        """Read an endpoint from now on; where nothing connects to it, `states` will say so."""
        with suppress(PlannerError):
            self._begin(desired)

    def states(self, wanted: Iterable[DesiredState]) -> dict[str, LiveState]:
        """What lives of these endpoints, by name; what has not begun as it is wanted begins now.

        The first error in their order is raised, once all have ended.
        """
        asked = list(wanted)
        for desired in asked:
            if self._begun.get(desired.endpoint, (None,))[0] is not desired:
                self._begin(desired)
        reads = {one.endpoint: self._begun[one.endpoint][1] for one in asked}
        wait(reads.values())
        return {name: read.result() for name, read in reads.items()}

    def link(self, desired: DesiredState) -> Link:
        """The connection to where an endpoint is; not safe in threads."""
        return self.connections.link(desired.provider, desired.place)

    def _begin(self, desired: DesiredState) -> None:
        gateway = self.link(desired).gateway
        asked = self._pool.submit(gateway.read, desired, together=self._owners)
        self._begun[desired.endpoint] = (desired, asked)

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
