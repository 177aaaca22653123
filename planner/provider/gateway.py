"""What a provider's connection to its cloud does: the only place where the network is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from planner.model.change import ChangeSet
from planner.model.check import Check
from planner.model.live import LiveObject, LiveState, Operation
from planner.model.price_list import PriceList, Wanted
from planner.model.recall import Recall, Recalled
from planner.model.resource import DesiredState
from planner.model.value import value
from planner.model.vitals import Vitals, Window
from planner.model.warm_up import Reply, Sample, Target


@value
class Watch:
    """How to wait: `beat` is told the state now and then, `pause` sleeps and may end the wait.

    Whatever `pause` raises ends the wait and is not to be caught.
    """

    timeout_s: float
    beat: Callable[[str], None]
    pause: Callable[[float], None]


class Gateway(Protocol):
    """A connection to one account and region or workspace, safe for use in several threads.

    Every method may raise ProviderError or AuthError. A desired state without resources stands for
    whatever the endpoint of that name has.
    """

    def read(self, desired: DesiredState, /, *, together: Sequence[str] = ()) -> LiveState:
        """Every object of the endpoint that lives, by its addresses; writes nothing.

        `together` names the owners of all endpoints that are read at this time: what can be asked
        for several of them at once may be, and used for seconds.
        """
        ...

    def endpoints(self, owner: str, /) -> tuple[str, ...]:
        """Names of the endpoints that carry this owner's tag, sorted."""
        ...

    def leftovers(
        self, desired: DesiredState, live: LiveState, /, *, owner: str, keep: int
    ) -> tuple[LiveObject, ...]:
        """What the owner has of the endpoint and no endpoint uses, but for the newest `keep`.

        Only what is proven to be unused, in an order in which it can be deleted.
        """
        ...

    def shared(self, live: LiveState, /) -> frozenset[str]:
        """Addresses of what other endpoints use, or are about to use: it stays with them."""
        ...

    def previous(self, live: LiveState, /, *, owner: str) -> DesiredState | None:
        """The endpoint as it was before its last update, None where nothing is kept of that."""
        ...

    def checks(self, work: Sequence[tuple[DesiredState, ChangeSet]], /) -> tuple[Check, ...]:
        """What may stop this work, over all of it together; writes nothing."""
        ...

    def vitals(self, live: LiveState, window: Window, /) -> Vitals:
        """What the endpoint's metrics show over a window; no periods where there are none."""
        ...

    def claim(self, live: LiveState, /, *, owner: str) -> tuple[str, ...]:
        """Make an endpoint and what it uses the owner's; gives the addresses that changed hands."""
        ...

    def write(self, operation: Operation, /) -> None:
        """Make one change; returns when the cloud has taken it, not when it has settled.

        Raises LaterError, and at once, where the cloud is busy with the endpoint or takes no more
        writes for now. Called again, it makes what is left of the change.
        """
        ...

    def settle(self, desired: DesiredState, watch: Watch, /) -> LiveState:
        """Wait until the endpoint is ready, failed or gone.

        Raises ProviderError `not-settled` after the watch's time; nothing is undone then.
        """
        ...

    def invoke(self, desired: DesiredState, target: Target, sample: Sample, /) -> Reply:
        """Send one request to one model of the endpoint, once, and time its answer.

        What the cloud or the model refuses is a reply; only what keeps every call from getting
        there is raised. The text of a reply says why there is no answer, and never is one.
        """
        ...


class Records(Protocol):
    """What a cloud has on record, whatever runs; every method may raise ProviderError or AuthError.

    A provider that can be asked has `live().records(place, endpoint_url)`.
    """

    def price_list(self, wanted: Wanted, /) -> PriceList:
        """Prices and quotas of a region, whole or not at all.

        Raises ProviderError `duplicate-price` where two prices are listed for the same thing, and
        `half-answer` where there are too few to be all.
        """
        ...

    def requests(self, recall: Recall, /) -> Recalled:
        """Requests of an endpoint by the minute, or as finely as they are kept for so long."""
        ...
