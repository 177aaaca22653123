"""A live endpoint as a spec: what its cloud tells, and assumptions for what no cloud knows."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from planner.diff import leaves
from planner.engine import Connections
from planner.engine.connect import live_provider
from planner.errors import ProviderError
from planner.live.read import bare
from planner.model.change import Action, Change
from planner.model.live import LiveState
from planner.model.resource import DesiredState, Resource
from planner.model.units import format_duration, parse_duration
from planner.model.value import value
from planner.plans.changes import HIDDEN, shown
from planner.provider import registry

Comments = dict[tuple[str | int, ...], str]

_SERVICE_S = 0.010
_PART = 10.0
"""Times that a request may take longer than the assumed service time."""

_ORDER = ("models", "traffic", "slo", "constraints", "rollout", "pin", "providers")
_MODEL = (
    *("name", "artifact", "size", "service_time", "reference_instance", "weight"),
    "environment",
)
_MARKS = re.compile(r"tags\[planner[:_]", re.IGNORECASE)
"""Start of the paths of tags that adopting sets."""


@value
class Draft:
    """A spec document in order, with a comment to some of its keys, and notes to the whole.

    `secrets` are the variables that it takes from the environment, with the values that live.
    """

    document: dict[str, Any]
    comments: Comments
    notes: tuple[str, ...]
    secrets: Mapping[str, str]
    provider: str
    place: Mapping[str, str]
    live: LiveState

    @property
    def name(self) -> str:
        """The spec's name, which is its endpoint's."""
        return str(self.document["metadata"]["name"])

    @property
    def foreign(self) -> bool:
        """Whether a plan of the spec would be refused until the endpoint is adopted."""
        return not all(
            one.owned_by(self.name) for one in self.live.objects if one.kind == "endpoint"
        )


def drafted(
    endpoint: str,
    provider: str,
    place: Mapping[str, str],
    connections: Connections,
    *,
    region: str | None = None,
) -> Draft:
    """The spec of a live endpoint; reads only.

    `region` is told to a provider that does not need it to connect. Raises ProviderError where
    there is no such endpoint, or where it is what no spec says.
    """
    rules: Any = live_provider(provider)
    if not hasattr(rules, "imported"):
        raise ProviderError("no-import", f"endpoints of {provider} cannot be imported")
    live = connections.link(provider, place).gateway.read(bare(endpoint, provider, place))
    if not any(one.kind == "endpoint" for one in live.objects):
        where = f"{registry.get(provider).title} {place.get('region', '')}".rstrip()
        raise ProviderError(
            "no-such-endpoint",
            f"there is no endpoint {endpoint} in {where}",
            hint=f"planner import {endpoint} --region REGION",
        )
    known = {"region": region, **place} if region else place
    told = _escaped(rules.imported(live, known))
    comments: Comments = {}
    spec = _completed(told["spec"], comments)
    secrets = dict(_taken_out(spec["models"], comments))
    return Draft(
        document={
            "apiVersion": "planner/v1alpha1",
            "kind": "Endpoint",
            "metadata": told["metadata"],
            "spec": {key: spec[key] for key in _ORDER if spec.get(key)},
        },
        comments=comments,
        notes=tuple(told["notes"]),
        secrets=secrets,
        provider=provider,
        place=place,
        live=live,
    )


def there(endpoint: str, provider: str, place: Mapping[str, str], connections: Connections) -> bool:
    """Whether there is an endpoint of this name; reads only."""
    gateway = connections.link(provider, place).gateway
    live = gateway.read(bare(endpoint, provider, place))
    return any(one.kind == "endpoint" for one in live.objects)


def _completed(told: Mapping[str, Any], comments: Comments) -> dict[str, Any]:
    """The parts of a spec with assumptions for what is missing, each with a comment."""
    slo = dict(told.get("slo", {}))
    watched = slo.get("latency")
    comments["spec", "slo", "latency"] = "assumed: what your users need"
    if watched:
        comments["spec", "slo", "latency"] = "as the alarms watch it that roll updates back"
        slo["latency"] = dict(sorted(watched.items()))
    else:
        slo["latency"] = {"p99": "60s" if "cold_start" in slo else "1s"}
    tightest_s = min(parse_duration(text) for text in slo["latency"].values())
    service_time = format_duration(min(_SERVICE_S, tightest_s / _PART)).replace(" ", "")
    comments["spec", "traffic", "rate"] = "assumed: what your monitoring shows"
    comments["spec", "pin"] = "as it runs; remove it, and the cheapest is found"
    return {
        **told,
        "models": [
            _model(model, service_time, index, comments)
            for index, model in enumerate(told["models"])
        ],
        "traffic": {"type": "steady", "rate": "1/s", **told.get("traffic", {})},
        "slo": slo,
    }


def _model(
    told: Mapping[str, Any], service_time: str, index: int, comments: Comments
) -> dict[str, Any]:
    model = {**told, "size": "100MiB", "service_time": service_time}
    at = ("spec", "models", index)
    comments[*at, "size"] = "assumed: of the model on disk"
    comments[*at, "service_time"] = "assumed: measure one request alone, all else rests on it"
    return {key: model[key] for key in _MODEL if key in model}


def _escaped(told: Any) -> Any:
    """The same with texts that stand for themselves."""
    if isinstance(told, Mapping):
        return {key: _escaped(item) for key, item in told.items()}
    if isinstance(told, list):
        return [_escaped(item) for item in told]
    return told.replace("${", "$${") if isinstance(told, str) else told


def _taken_out(models: list[dict[str, Any]], comments: Comments) -> Iterator[tuple[str, str]]:
    """Variables of models that look like secrets: a file only names them."""
    for index, model in enumerate(models):
        for name, text in model.get("environment", {}).items():
            if shown(name, text) != HIDDEN:
                continue
            model["environment"] = {**model["environment"], name: f"${{env:{name}}}"}
            comments["spec", "models", index, "environment", name] = "a secret, read when planning"
            yield name, text.replace("$${", "${")


def losses(draft: Draft, desired: DesiredState, connections: Connections) -> tuple[str, ...]:
    """What of the endpoint the spec's plan would change once it is adopted; nothing is right."""
    if desired.endpoint != draft.live.endpoint:
        return (f"its endpoint would be called {desired.endpoint}",)
    link = connections.link(draft.provider, draft.place)
    found = link.gateway.read(desired)  # as a plan reads it: in the order of what is wanted
    taken = tuple(replace(one, owner=draft.name, origin=None) for one in found.objects)
    live = replace(found, objects=taken)
    wanted = link.rules.aligned(desired, live)
    changes = link.compare(wanted, live, draft.name)
    anew = {change.address for change in changes.acting if change.action is Action.CREATE}
    made = tuple(
        text for one in wanted.resources if one.address in anew for text in _made(one, live)
    )
    return made or tuple(text for change in changes.acting for text in _loss(change))


def _made(resource: Resource, live: LiveState) -> Iterator[str]:
    """What would be made anew, by what differs from the one object of its kind that lives."""
    alike = [one for one in live.objects if one.kind == resource.kind]
    if len(alike) != 1:
        yield f"{resource.address} would be created"
        return
    (one,) = alike
    asked, lives = leaves(resource.body), leaves(one.body)
    for path in sorted({*asked, *lives}):
        named = {asked.get(path), lives.get(path)} & {resource.name, one.name}
        if asked.get(path) != lives.get(path) and not named and not path.startswith("Tags["):
            yield f"{one.address} {path} is {lives.get(path)}, a spec makes it {asked.get(path)}"


def _loss(change: Change) -> Iterator[str]:
    if change.action in {Action.CREATE, Action.DELETE}:
        yield f"{change.address} would be {change.action.value}d"
        return
    for one in change.fields:
        if one.action is not Action.NONE and not _MARKS.match(one.path):
            yield f"{change.address} {one.path} is {one.live}, a spec makes it {one.desired}"
