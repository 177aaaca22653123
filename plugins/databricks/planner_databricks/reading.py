"""Live state of a serving endpoint out of the workspace's answers, as raw JSON.

The SDK's types would lose workload types that they do not know yet: they read them as None.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from planner.errors import ProviderError
from planner.model.live import Health, LiveObject, LiveState
from planner.model.resource import DesiredState
from planner_databricks.resources.tags import DIGEST, OWNER, PROTECT, SELF, as_tags, as_values

Answer = dict[str, Any]
Ask = Callable[..., Answer]
"""Asks for a verb and a path, with `body` and `query` by name."""

KIND = "endpoint"
VERSION = "model-version"
ENDPOINTS = "/api/2.0/serving-endpoints"
SIZES = {"Small": (4, 4), "Medium": (8, 16), "Large": (16, 64)}
"""What a workload size is in numbers, as the SDK documents it; from zero where that is enabled."""

_NO_MORE = {"UPDATE_FAILED", "UPDATE_CANCELED"}
_UNSETTLED = {"DEPLOYMENT_CREATING", "DEPLOYMENT_RECOVERING"}


class RefusedError(ProviderError):
    """The workspace's refusal of one request, with its own code and text.

    Whoever sees the status says whether it is `later` taken, or `internal` and nobody's fault here.
    """

    later = False
    internal = False

    def __init__(self, request: str, cloud_code: str, text: str) -> None:
        code = cloud_code.lower().replace("_", "-") or "refused"
        super().__init__(code, f"{request} was refused: {cloud_code}: {text}")
        self.cloud_code = cloud_code
        self.text = text


MISSING = "RESOURCE_DOES_NOT_EXIST"
EXISTING = "RESOURCE_ALREADY_EXISTS"
BUSY = "RESOURCE_CONFLICT"


def path_of(name: str, part: str = "") -> str:
    """The path of an endpoint, or of a part of it."""
    return f"{ENDPOINTS}/{name}{f'/{part}' if part else ''}"


class Reader:
    """Reads through `ask`; writes nothing and keeps nothing.

    `creation` has the fields that creations take, by what they describe.
    """

    def __init__(self, ask: Ask, creation: Mapping[str, frozenset[str]]) -> None:
        self._ask = ask
        self._creation = creation

    def describe(self, name: str) -> Answer | None:
        """The whole answer, None where there is no such endpoint."""
        try:
            return self._ask("GET", path_of(name))
        except RefusedError as refusal:
            if refusal.cloud_code == MISSING:
                return None
            raise

    def read(self, desired: DesiredState) -> LiveState:
        """The endpoint, and the model versions that aliases of the desired one stand for now."""
        wanted = next((one.body for one in desired.resources if one.kind == KIND), {})
        shown = self.describe(endpoint_name(desired))
        objects = [*self._aliases(wanted)]
        if shown is not None:
            objects.append(self.object(shown, wanted))
        tags = as_values((shown or {}).get("tags"))
        return LiveState(
            endpoint=desired.endpoint,
            health=health(shown),
            objects=tuple(objects),
            detail=self.detail(shown),
            digest=tags.get(DIGEST),
        )

    def object(self, shown: Answer, wanted: Mapping[str, Any] | None = None) -> LiveObject:
        """An endpoint in the terms of its creation, in the order of a wanted body."""
        name, tags = str(shown["name"]), as_values(shown.get("tags"))
        return LiveObject(
            address=f"{KIND}/{name}",
            kind=KIND,
            name=name,
            body=self.body(shown, wanted or {}),
            owner=tags.get(OWNER),
            origin=tags.get(SELF),
            protected=any(tags.get(key, "false") != "false" for key in PROTECT),
        )

    def body(self, shown: Answer, wanted: Mapping[str, Any]) -> Answer:
        """What the endpoint would be created with to be as it is.

        Its config is the one that serves; the pending one where nothing has ever served.
        """
        body: Answer = _stated(self._taken("endpoint", shown))
        body.pop("config", None)
        if shown.get("tags"):
            body["tags"] = as_tags(as_values(shown["tags"]))
        config = shown.get("config") or shown.get("pending_config")
        if config:
            body["config"] = self.config(config, wanted.get("config") or {})
        table = (body.get("ai_gateway") or {}).get("inference_table_config")
        if table is not None and not table.get("enabled"):
            # A table that is switched off is none; it is shown for its name.
            body["ai_gateway"].pop("inference_table_config")
        return {name: item for name, item in body.items() if item != {}}

    def config(self, shown: Answer, wanted: Mapping[str, Any]) -> Answer:
        """A config in the order of a wanted one: the workspace has an order of its own."""
        names = [one.get("name") for one in wanted.get("served_entities") or ()]
        entities = [self._entity(one) for one in shown.get("served_entities") or ()]
        routes = [
            # The same name stands there twice; the older field is never asked for.
            {"served_entity_name": _target(one), "traffic_percentage": one["traffic_percentage"]}
            for one in (shown.get("traffic_config") or {}).get("routes") or ()
        ]
        return {
            "served_entities": sorted(entities, key=_place(names, "name")),
            "traffic_config": {"routes": sorted(routes, key=_place(names, "served_entity_name"))},
        }

    def detail(self, shown: Answer | None) -> str:
        """Its state, and why the last update failed where it did."""
        if shown is None:
            return ""
        state = shown.get("state") or {}
        if state.get("suspend") == "SUSPENDED":
            return "SUSPENDED"
        update = state.get("config_update", "")
        if update not in _NO_MORE:
            return str(update if update == "IN_PROGRESS" else state.get("ready", ""))
        told = _reasons(shown.get("pending_config") or shown.get("config") or {})
        reason = "; ".join(told) or self._event(str(shown["name"]))
        return f"{update}: {reason}" if reason else str(update)

    def _event(self, name: str) -> str:
        """What the endpoint's log of events says last; databricks-sdk does not have it."""
        try:
            events = self._ask("GET", path_of(name, "events")).get("events") or [{}]
        except ProviderError:
            return ""
        return str(events[0].get("message") or "")

    def _entity(self, shown: Answer) -> Answer:
        entity: Answer = _stated(self._taken("entity", shown))
        size = SIZES.get(entity.get("workload_size", ""))
        if size is not None:
            del entity["workload_size"]
            zero = entity.get("scale_to_zero_enabled") is True
            entity["min_provisioned_concurrency"] = 0 if zero else size[0]
            entity["max_provisioned_concurrency"] = size[1]
        return entity

    def _taken(self, what: str, shown: Answer) -> Answer:
        return {name: item for name, item in shown.items() if name in self._creation[what]}

    def _aliases(self, wanted: Mapping[str, Any]) -> Iterator[LiveObject]:
        """The versions that the wanted config looks up, each once."""
        entities = (wanted.get("config") or {}).get("served_entities") or ()
        for address, source in lookups(entities).items():
            found = self._ask(source["method"], source["path"])
            yield LiveObject(
                address=address,
                kind=VERSION,
                name=address.partition("/")[2],
                body={source["field"]: str(found[source["field"]])},
            )


def lookups(entities: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, str]]:
    """What served entities have to look up, by the address under which live state has it."""
    found: dict[str, dict[str, str]] = {}
    for entity in entities:
        version = entity.get("entity_version")
        if isinstance(version, dict):
            source: dict[str, str] = version["$from"]
            found[looked_up(source)] = source
    return found


def looked_up(source: Mapping[str, str]) -> str:
    """The address of what a look-up yields: `model-version/<model>@<alias>`."""
    model, _, alias = source["path"].rpartition("/models/")[2].partition("/aliases/")
    return f"{VERSION}/{model}@{alias}"


def endpoint_name(desired: DesiredState) -> str:
    """The endpoint's name in the workspace."""
    return next((one.name for one in desired.resources if one.kind == KIND), desired.endpoint)


def health(shown: Answer | None) -> Health:
    """What an endpoint does: ready only when no update is in progress, whatever else it says."""
    if shown is None:
        return Health.ABSENT
    state = shown.get("state") or {}
    update, ready = state.get("config_update"), state.get("ready")
    if update == "IN_PROGRESS":
        return Health.MOVING
    if ready == "READY":
        # An update that failed leaves the old config serving: what serves is then compared.
        return Health.READY
    deployments = {
        (one.get("state") or {}).get("deployment")
        for one in (shown.get("config") or {}).get("served_entities") or ()
    }
    recovers = update not in _NO_MORE and state.get("suspend") != "SUSPENDED"
    return Health.MOVING if recovers and deployments & _UNSETTLED else Health.FAILED


def _target(route: Answer) -> str:
    return str(route.get("served_entity_name") or route.get("served_model_name"))


def _place(names: list[Any], field: str) -> Callable[[Answer], tuple[int, str]]:
    """Sorts as `names` are; what is not among them comes behind, by name."""

    def place(one: Answer) -> tuple[int, str]:
        name = one.get(field)
        return (names.index(name) if name in names else len(names), str(name))

    return place


def _reasons(config: Answer) -> list[str]:
    """What entities say of their deployment, each text once."""
    told = (
        (entity.get("state") or {}).get("deployment_state_message") or ""
        for entity in config.get("served_entities") or ()
    )
    return [text for text in dict.fromkeys(told) if text]


def _stated(given: Any) -> Any:
    """A value without what is empty: the workspace shows some of what nobody asked for so."""
    if isinstance(given, dict):
        stated = {name: _stated(item) for name, item in given.items()}
        return {name: item for name, item in stated.items() if item not in (None, "", [], {})}
    if isinstance(given, list):
        return [_stated(item) for item in given]
    return given
