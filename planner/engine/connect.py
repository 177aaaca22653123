"""Connections to the clouds of a run: one for each account, region or workspace."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager

from planner.diff import Lifecycle
from planner.engine.link import Link
from planner.engine.stand_in import StandIn
from planner.errors import ProviderError
from planner.model.plan import Mode
from planner.provider import registry
from planner.provider.gateway import Records
from planner.provider.interface import Live
from planner.provider.lifecycle import read_lifecycle


class Connections:
    """Links by provider and place, made when first used; not safe in threads, the links are.

    `sandbox` is the file of the clouds' stand-ins, None for the clouds themselves.
    """

    def __init__(self, stack: ExitStack, *, sandbox: str | None) -> None:
        self._stack = stack
        self._sandbox = sandbox
        self._urls: dict[str, str | None] = {}
        self._links: dict[tuple[str, tuple[tuple[str, str], ...]], Link] = {}
        self._lifecycles: dict[str, Lifecycle] = {}

    @property
    def mode(self) -> Mode:
        """What a plan is compared with here."""
        return Mode.LIVE if self._sandbox is None else Mode.SANDBOX

    def link(self, provider: str, place: Mapping[str, str]) -> Link:
        """The connection to a place; raises ProviderError where a provider has none."""
        key = (provider, tuple(sorted(place.items())))
        if key not in self._links:
            rules = live_provider(provider)
            self._links[key] = Link(
                provider=provider,
                gateway=rules.gateway(place, self._url(provider)),
                lifecycle=self._lifecycle(provider),
                rules=rules,
            )
        return self._links[key]

    def records(self, provider: str, region: str | None) -> Records:
        """What a provider's cloud has on record of a region; ProviderError where it has nothing."""
        rules = live_provider(provider)
        if not hasattr(rules, "records"):
            raise ProviderError(
                "no-records", f"{provider} cannot be asked for what it has on record"
            )
        place = rules.place(registry.get(provider).catalog_settings(region))
        found: Records = rules.records(place, self._url(provider))
        return found

    def stand_in(self, provider: str) -> StandIn | None:
        """What steers the provider's sandbox, None where its cloud is the real one."""
        url = self._url(provider)
        return None if url is None else StandIn(url=url)

    def _lifecycle(self, provider: str) -> Lifecycle:
        if provider not in self._lifecycles:
            package = type(registry.get(provider)).__module__.partition(".")[0]
            self._lifecycles[provider] = read_lifecycle(package)
        return self._lifecycles[provider]

    def _url(self, provider: str) -> str | None:
        if self._sandbox is None:
            return None
        if provider not in self._urls:
            found = registry.get(provider)
            sandbox = getattr(found, "sandbox", None)
            if sandbox is None:
                raise ProviderError(
                    "no-sandbox",
                    f"{provider} has no sandbox",
                    hint="planner plan SPEC --offline",
                )
            self._urls[provider] = self._stack.enter_context(sandbox().running(self._sandbox))
        return self._urls[provider]


@contextmanager
def connected(*, sandbox: str | None) -> Iterator[Connections]:
    """Connections that are open until the block ends."""
    with ExitStack() as stack:
        yield Connections(stack, sandbox=sandbox)


def live_provider(name: str) -> Live:
    """What a provider does when it is live; ProviderError for one that only plans."""
    found = registry.get(name)
    if not hasattr(found, "live"):
        raise ProviderError(
            "not-live",
            f"{name} cannot be used live: it can be planned offline only",
            hint="planner plan SPEC --offline",
        )
    live: Live = found.live()
    return live
