"""A live endpoint as the part of a spec that it can tell; what no spec can say is refused."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from planner.errors import ProviderError
from planner.model.live import Health, LiveObject, LiveState
from planner_databricks import tables
from planner_databricks.catalog import PROVIDER
from planner_databricks.limits import limits
from planner_databricks.pricing import dbu_price, unit_price
from planner_databricks.reading import KIND
from planner_databricks.resources.names import MOST_ENTITIES
from planner_databricks.resources.tags import as_values
from planner_databricks.terms import Terms, resolve_place

Body = Mapping[str, Any]
Part = dict[str, Any]

_OWN = "planner"
_ENTITY = {
    *("name", "entity_name", "entity_version", "workload_type", "scale_to_zero_enabled"),
    *("min_provisioned_concurrency", "max_provisioned_concurrency", "environment_vars"),
    "instance_profile_arn",
}
_CAPACITY = (
    *("workload_type", "min_provisioned_concurrency", "max_provisioned_concurrency"),
    "scale_to_zero_enabled",
)
_SAID = {"name", "config", "route_optimized", "tags", "email_notifications", "ai_gateway"}
_STAND_IN = "1 USD"
"""A price where none is known: while the pin stands it decides nothing."""


def imported(live: LiveState, place: Mapping[str, str]) -> Part:
    """`metadata`, parts of `spec` and `notes`; ProviderError `not-importable` for the rest."""
    endpoint = next(one for one in live.objects if one.kind == KIND)
    if live.health is not Health.READY:
        raise _unsayable(endpoint.address, f"{live.detail}: it is not what it is to be")
    config: Body = endpoint.body.get("config") or {}
    entities: Sequence[Body] = config.get("served_entities") or ()
    if not entities:
        raise _unsayable(endpoint.address, "it serves nothing")
    for entity in entities:
        _only_custom(endpoint.address, entity)
    models = _models(endpoint.address, entities, config["traffic_config"]["routes"])
    kind, held = _capacity(endpoint.address, entities)
    labels, skipped = _labels(endpoint.body.get("tags"))
    block, notes = _block(endpoint.body, kind, len(entities), place)
    return {
        "metadata": {"name": _name(endpoint), **({"labels": labels} if labels else {})},
        "spec": {"models": models, **held, "providers": {PROVIDER: block}},
        "notes": [*notes, *skipped, *_kept(endpoint.body, entities)],
    }


def _only_custom(address: str, entity: Body) -> None:
    """Refuse what is no registered model on concurrency of its own."""
    at = f"{address} {entity.get('name')}"
    if "external_model" in entity:
        raise _unsayable(at, "it stands for an external model")
    model = str(entity.get("entity_name"))
    if model.startswith("system.ai."):
        raise _unsayable(at, f"it serves the foundation model {model}")
    if model.count(".") != 2:
        raise _unsayable(at, f"{model} is not registered in Unity Catalog")
    if "entity_version" not in entity:
        raise _unsayable(at, f"it serves {model} without a version")
    _only(at, entity, _ENTITY)


def _models(address: str, entities: Sequence[Body], routes: Sequence[Body]) -> list[Part]:
    """A model for each entity, with its share of the traffic where there are several."""
    shares = {one["served_entity_name"]: one["traffic_percentage"] for one in routes}
    models: list[Part] = []
    for entity in entities:
        model: Part = {
            "name": entity["name"],
            "artifact": f"uc:{entity['entity_name']}/{entity['entity_version']}",
            "reference_instance": entity.get("workload_type", "CPU"),
        }
        if len(entities) > 1:
            if entity["name"] not in shares:
                raise _unsayable(f"{address} {entity['name']}", "no traffic is routed to it")
            model["weight"] = shares[entity["name"]]
        if entity.get("environment_vars"):
            model["environment"] = dict(entity["environment_vars"])
        models.append(model)
    return models


def _capacity(address: str, entities: Sequence[Body]) -> tuple[str, Part]:
    """The workload type, and keys of `spec` that say how much of it runs: the same for all."""
    first = entities[0]
    least = first.get("min_provisioned_concurrency")
    most = first.get("max_provisioned_concurrency")
    if most is None or least is None:
        raise _unsayable(f"{address} {first['name']}", "its provisioned concurrency is not told")
    zero = first.get("scale_to_zero_enabled") is True
    _refuse_unlike(address, entities)
    kind = str(first.get("workload_type", "CPU"))
    pin: Part = {"hosting": "single-model", "instance": kind}
    if zero and (least or len(entities) > 1):
        what = f"from zero with at least {least}" if least else "several entities from zero"
        raise _unsayable(f"{address} {first['name']}", f"a spec cannot scale {what}")
    pin["concurrency"] = most if zero or least == most else {"min": least, "max": most}
    if zero:
        pin["hosting"] = "serverless"
        allowed: Part = {"constraints": {"scale_to_zero": "allow"}, "slo": {"cold_start": "allow"}}
        return kind, {**allowed, "pin": pin}
    if least == most:
        pin["hosting"] = "dedicated"
    if len(entities) > 1:
        pin["hosting"] = "multi-model"
    return kind, {"pin": pin}


def _refuse_unlike(address: str, entities: Sequence[Body]) -> None:
    first = entities[0]
    for entity in entities[1:]:
        for field in _CAPACITY:
            if entity.get(field) != first.get(field):
                told = f"its {field} is {entity.get(field)}, that of {first['name']} is "
                told += f"{first.get(field)}: a spec has one for all"
                raise _unsayable(f"{address} {entity['name']}", told)


def _block(body: Body, kind: str, count: int, place: Mapping[str, str]) -> tuple[Part, list[str]]:
    """The provider's own block, and what of it is a guess."""
    where, notes = _where(kind, place)
    block: Part = dict(where)
    if "profile" in place:
        block["profile"] = place["profile"]
    block["route_optimized"] = body.get("route_optimized") is True
    terms = _terms(where)
    (row,) = (one for one in tables.types_of(terms.cloud) if one.name == kind)
    if unit_price(row, terms, dbu_price(terms)) is None:
        block["prices"] = {kind: _STAND_IN}
        notes.append(f"no price of {kind} is known: {_STAND_IN} stands in for it")
    documented = {one.name: one.value for one in limits(terms, "multi-model")}
    if count > documented["served-entities"]:
        block["quotas"] = {"served_entities": min(count, MOST_ENTITIES)}
    table = (body.get("ai_gateway") or {}).get("inference_table_config")
    if table:
        named = {"catalog": "catalog_name", "schema": "schema_name", "prefix": "table_name_prefix"}
        block["inference_table"] = {key: table[one] for key, one in named.items() if one in table}
    if body.get("email_notifications"):
        block["email_notifications"] = dict(body["email_notifications"])
    return block, notes


def _where(kind: str, place: Mapping[str, str]) -> tuple[Part, list[str]]:
    """Cloud and region, as far as they are told; an endpoint does not say where it is."""
    if "region" in place:
        cloud, region, _ = resolve_place(None, place["region"])
        return {"cloud": cloud, "region": region}, []
    for cloud in tables.DEFAULT_REGIONS:
        if any(one.name == kind and one.offered for one in tables.types_of(cloud)):
            region = tables.DEFAULT_REGIONS[cloud]
            note = f"{cloud} {region} is assumed, which decides the price and nothing else"
            return {"cloud": cloud, "region": region}, [note]
    raise _unsayable(kind, "no cloud is known to have this workload type")


def _terms(where: Part) -> Terms:
    return Terms(cloud=where["cloud"], region=where["region"], tier="premium")


def _name(endpoint: LiveObject) -> str:
    """The owner's name, the endpoint's own where it has none."""
    owner = endpoint.owner if endpoint.origin in {None, endpoint.name} else None
    if owner is not None and owner != endpoint.name:
        told = f"it is one of several endpoints of the spec {owner}, no spec alone"
        raise _unsayable(endpoint.address, told)
    return endpoint.name


def _labels(tags: Sequence[dict[str, str]] | None) -> tuple[dict[str, str], list[str]]:
    """Tags with a value, and a word on those without."""
    values = {k: text for k, text in as_values(tags).items() if not k.startswith(_OWN)}
    empty = sorted(key for key, text in values.items() if not text.strip())
    told = f"left as they are, without a value: the tags {', '.join(empty)}"
    labels = {key: text for key, text in sorted(values.items()) if text.strip()}
    return labels, [told] if empty else []


def _kept(body: Body, entities: Sequence[Body]) -> Iterator[str]:
    """What no spec says and no plan touches."""
    gateway = body.get("ai_gateway") or {}
    kept = [*sorted(body.keys() - _SAID)]
    kept += [f"ai_gateway.{one}" for one in sorted(gateway.keys() - {"inference_table_config"})]
    kept += ["instance_profile_arn"] if any("instance_profile_arn" in e for e in entities) else []
    if kept:
        yield f"left as it is, for no spec says it: {', '.join(kept)}"


def _only(address: str, body: Body, known: Collection[str]) -> None:
    rest = sorted(body.keys() - set(known))
    if rest:
        raise _unsayable(address, f"a spec cannot say {', '.join(rest)}")


def _unsayable(address: str, what: str) -> ProviderError:
    return ProviderError("not-importable", f"{address}: {what}")
