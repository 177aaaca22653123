"""Connections to the clouds of a run: one for each provider block, opened when it is first used."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any

from planner.diff import ForeignObjectError, Lifecycle, compared
from planner.errors import ProviderError
from planner.model.change import ChangeSet
from planner.model.live import LiveState
from planner.model.plan import Mode
from planner.model.resource import DesiredState
from planner.model.workload import Workload
from planner.provider import registry
from planner.provider.gateway import Gateway
from planner.provider.lifecycle import read_lifecycle

Compare = Callable[[DesiredState, LiveState, str], ChangeSet]
"""Desired, live and the owner's name to what is to change."""


class Connections:
    """Gateways and lifecycle rules by provider; `sandbox` is the file of the clouds' stand-ins."""

    def __init__(self, stack: ExitStack, *, sandbox: str | None) -> None:
        self._stack = stack
        self._sandbox = sandbox
        self._urls: dict[str, str | None] = {}
        self._gateways: list[tuple[str, Any, Gateway]] = []
        self._lifecycles: dict[str, Lifecycle] = {}

    def gateway(self, workload: Workload, provider: str) -> Gateway:
        """The connection for a spec's block of this provider."""
        choice = next(one for one in workload.providers if one.name == provider)
        for name, settings, known in self._gateways:
            if name == provider and settings == choice.settings:
                return known
        opened: Gateway = _member(provider, "gateway")(choice.settings, self._url(provider))
        self._gateways.append((provider, choice.settings, opened))
        return opened

    def lifecycle(self, provider: str) -> Lifecycle:
        """How fields of this provider's objects behave."""
        if provider not in self._lifecycles:
            package = type(registry.get(provider)).__module__.partition(".")[0]
            self._lifecycles[provider] = read_lifecycle(package)
        return self._lifecycles[provider]

    @property
    def mode(self) -> Mode:
        """What a plan is compared with here."""
        return Mode.LIVE if self._sandbox is None else Mode.SANDBOX

    def standing(
        self, desired: DesiredState, workload: Workload
    ) -> tuple[ChangeSet, Mapping[str, str]]:
        """What an endpoint needs, and what it has now as pins.

        Raises ProviderError for somebody else's endpoint and for changes the cloud never makes.
        """
        live = self.gateway(workload, desired.provider).read(desired)
        pins: Mapping[str, str] = _member(desired.provider, "pins")(live)
        return self.compare(desired.provider)(desired, live, workload.name), pins

    def compare(self, provider: str) -> Compare:
        """What is to change, by a provider's rules and in an order that its cloud takes."""
        lifecycle, ordered = self.lifecycle(provider), _member(provider, "ordered")

        def compare(desired: DesiredState, live: LiveState, owner: str) -> ChangeSet:
            try:
                found = compared(desired, live, lifecycle, owner=owner)
            except ForeignObjectError as error:
                raise ProviderError(
                    "foreign-endpoint",
                    f"{error}, not by {owner}: nothing of it is touched",
                    hint="give this spec another metadata.name, or delete the other one first",
                ) from error
            changes: ChangeSet = ordered(found, desired, live)
            return changes

        return compare

    def _url(self, provider: str) -> str | None:
        if self._sandbox is None:
            return None
        if provider not in self._urls:
            sandbox = _member(provider, "sandbox")()
            self._urls[provider] = self._stack.enter_context(sandbox.running(self._sandbox))
        return self._urls[provider]


@contextmanager
def connected(*, sandbox: str | None) -> Iterator[Connections]:
    """Connections that are open until the block ends."""
    with ExitStack() as stack:
        yield Connections(stack, sandbox=sandbox)


def _member(provider: str, name: str) -> Any:
    """What a provider that can be live has beside the pure interface."""
    found = getattr(registry.get(provider), name, None)
    if found is None:
        raise ProviderError(
            "not-live",
            f"{provider} has no {name}: this version plans it offline only",
            hint="planner plan SPEC --offline",
        )
    return found
