"""What the endpoints of an account and region use, and what they were before."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from planner.model.live import LiveState
from planner.model.resource import DesiredState, Resource
from planner_sagemaker.leftovers import Leftovers, models_of
from planner_sagemaker.reading import DESCRIBE, SAGEMAKER, Ask, Reader
from planner_sagemaker.resources.tags import DIGEST, OWNER, SELF
from planner_sagemaker.writing import Writer

_AT_ONCE = 8


class Tenancy:
    """What the account's endpoints use, asked for once; safe in threads."""

    def __init__(self, ask: Ask, reader: Reader) -> None:
        self._ask = ask
        self._reader = reader
        self._lock = threading.Lock()
        self._users: dict[str, frozenset[str]] | None = None
        self._models: dict[str, frozenset[str]] = {}

    def used(self, *, but: str = "") -> frozenset[str]:
        """Names of all configs that an endpoint, `but` for one, runs or is about to run."""
        with self._lock:
            if self._users is None:
                names = [
                    one["EndpointName"]
                    for one in self._ask(SAGEMAKER, "ListEndpoints", {})["Endpoints"]
                ]
                with ThreadPoolExecutor(max_workers=_AT_ONCE) as pool:
                    self._users = dict(zip(names, pool.map(self._configs, names), strict=True))
            return frozenset().union(*(c for one, c in self._users.items() if one != but))

    def shared(self, live: LiveState) -> Iterator[str]:
        """Addresses of configs that other endpoints run, and of models that these configs have."""
        name = next((one.name for one in live.objects if one.kind == "endpoint"), "")
        configs = self.used(but=name)
        with self._lock:
            new = [one for one in configs if one not in self._models]
            with ThreadPoolExecutor(max_workers=_AT_ONCE) as pool:
                self._models.update(zip(new, pool.map(self._models_of, new), strict=True))
        models = frozenset().union(*(self._models[one] for one in configs))
        for one in live.objects:
            if one.name in {"endpoint-config": configs, "model": models}.get(one.kind, ()):
                yield one.address

    def _models_of(self, config: str) -> frozenset[str]:
        return frozenset(models_of(self._reader.describe("endpoint-config", config) or {}))

    def _configs(self, endpoint: str) -> frozenset[str]:
        shown = self._reader.describe("endpoint", endpoint) or {}
        pending = shown.get("PendingDeploymentSummary") or {}
        names = (shown.get("EndpointConfigName"), pending.get("EndpointConfigName"))
        return frozenset(name for name in names if name)


def claimed(reader: Reader, writer: Writer, live: LiveState, owner: str) -> Iterator[str]:
    """Put the owner's tags on an endpoint and what it uses; gives what did not carry them."""
    for one in live.objects:
        shown = reader.describe(one.kind, one.name) if one.kind in DESCRIBE else None
        if shown is not None and not one.owned_by(owner):
            tags = {OWNER: owner, SELF: one.name}
            writer.tag(
                shown[DESCRIBE[one.kind][2]],
                [{"Key": key, "Value": value} for key, value in tags.items()],
            )
            yield one.address


def previous(
    leftovers: Leftovers, reader: Reader, live: LiveState, owner: str
) -> DesiredState | None:
    """The endpoint on its newest config that it does not run, scaled as it is now.

    What was applied is told apart from what was put back by the digest, which names the config.
    """
    endpoint = next((one for one in live.objects if one.kind == "endpoint"), None)
    if endpoint is None or not endpoint.owned_by(owner):
        return None
    running = endpoint.body["EndpointConfigName"]
    kept = leftovers.named("endpoint-config", live.endpoint, owner)
    before = next((one.name for one in kept if one.name != running), None)
    shown = None if before is None else reader.describe("endpoint-config", before)
    if before is None or shown is None:
        return None
    models = [reader.object("model", name) for name in models_of(shown)]
    served = [one for one in models if one is not None]
    config = reader.object("endpoint-config", before)
    if config is None or len(served) < len(models):
        return None
    digest = f"rolled-back:{before}"
    tags = [{**t, "Value": digest} if t["Key"] == DIGEST else t for t in endpoint.body["Tags"]]
    back = {**endpoint.body, "EndpointConfigName": before, "Tags": tags}
    staying = (
        one for one in live.objects if one.kind not in {"endpoint", "endpoint-config", "model"}
    )
    return DesiredState(
        endpoint=live.endpoint,
        provider="sagemaker",
        region="",
        resources=(
            *(_as_is(one.address, one.kind, one.name, one.body) for one in (*served, config)),
            _as_is(endpoint.address, endpoint.kind, endpoint.name, back),
            *(_as_is(one.address, one.kind, one.name, one.body) for one in staying),
        ),
        digest=digest,
    )


def _as_is(address: str, kind: str, name: str, body: dict[str, object]) -> Resource:
    return Resource(address=address, kind=kind, name=name, body=body)
