"""The `providers.databricks` block of a spec."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import Field

from planner.alerts import Measure
from planner.model.units import Scalar, UnitError
from planner.spec.quantities import (
    Count,
    Duration,
    PositiveMoney,
    PositiveRate,
    Quantity,
    SpecBlock,
    Text,
)
from planner_databricks.resources.names import MOST_ENTITIES

_PART = r"[^\s./@:]+"
_ENTITY = re.compile(rf"{_PART}\.{_PART}\.{_PART}\Z")
_ENV = r"|\$\{env:[^}]*\}"
PriceKey = Literal[
    "CPU",
    "CPU_LARGE",
    "CPU_MEDIUM",
    "GPU_LARGE",
    "GPU_LARGE_2",
    "GPU_LARGE_4",
    "GPU_MEDIUM",
    "GPU_MEDIUM_8",
    "GPU_SMALL",
    "GPU_XLARGE",
    "GPU_XLARGE_8",
    "LAUNCH",
    "MULTIGPU_MEDIUM",
]


def _entity(value: Any) -> str:
    """Read a Unity Catalog name of three parts."""
    if isinstance(value, str) and _ENTITY.match(value):
        return value
    shown = value if isinstance(value, Scalar) else type(value).__name__
    raise UnitError(
        f"must be a name of three parts in Unity Catalog, not {shown}",
        "write catalog.schema.model",
    )


def _version(value: Any) -> str:
    """Read the number of a registered version, quoted or not."""
    text = str(value)
    if isinstance(value, str | int) and re.fullmatch(r"[1-9][0-9]*", text):
        return text
    raise UnitError(
        f"must be the number of a registered version, not {text}", 'write a number such as "3"'
    )


def _choice(value: Any) -> bool | None:
    """Read auto, true or false; auto is None."""
    found = {"auto": None, "true": True, "false": False}
    text = str(value).lower()
    if isinstance(value, str | bool) and text in found:
        return found[text]
    raise UnitError(f"must be auto, true or false, not {value}", "write auto")


Entity = Annotated[
    str,
    Quantity(
        _entity,
        {"type": "string", "pattern": rf"^({_PART}\.{_PART}\.{_PART}{_ENV})$"},
    ),
]
Version = Annotated[
    str,
    Quantity(
        _version,
        {
            "anyOf": [
                {"type": "string", "pattern": rf"^([1-9][0-9]*{_ENV})$"},
                {"type": "integer", "minimum": 1},
            ]
        },
    ),
]


def _entities(value: Any) -> int:
    """Read how many served entities an endpoint takes."""
    text = str(value)
    if re.fullmatch(r"[1-9][0-9]?", text) and int(text) <= MOST_ENTITIES:
        return int(text)
    shown = value if isinstance(value, Scalar) else type(value).__name__
    raise UnitError(
        f"an endpoint takes 1 to {MOST_ENTITIES} served entities, not {shown}",
        f"write {MOST_ENTITIES}",
    )


ServedEntities = Annotated[
    int,
    Quantity(_entities, {"type": "integer", "minimum": 1, "maximum": MOST_ENTITIES}),
]
Choice = Annotated[bool | None, Quantity(_choice, {"enum": ["auto", "true", "false", True, False]})]


class Quotas(SpecBlock):
    """Limits as they are for this workspace, in place of the documented ones."""

    qps: PositiveRate | None = None
    qps_route_optimized: PositiveRate | None = None
    provisioned_concurrency: Count | None = None
    provisioned_concurrency_per_entity: Count | None = None
    endpoints: Count | None = None
    served_entities: ServedEntities | None = None


class InferenceTable(SpecBlock):
    """The Unity Catalog table that the gateway logs requests and responses to."""

    catalog: Text
    schema_name: Text = Field(alias="schema")
    prefix: Text | None = None


class EmailNotifications(SpecBlock):
    """Who hears about updates."""

    on_update_success: tuple[Text, ...] = ()
    on_update_failure: tuple[Text, ...] = ()


class SqlAlerts(SpecBlock):
    """SQL alerts that are applied with the endpoint; `skip` are measures left out.

    `warehouse` is the ID of the SQL warehouse that asks, each time `every` is over; `workspace` the
    ID of the endpoint's, where others of the region have endpoints of the same name.
    """

    warehouse: Text
    emails: tuple[Text, ...] = ()
    destinations: tuple[Text, ...] = ()
    every: Literal["15m", "30m", "1h", "6h", "24h"] = "1h"
    workspace: Text | None = None
    folder: Text | None = None
    skip: tuple[Measure, ...] = ()


class Settings(SpecBlock):
    """What a spec says about Databricks; everything but the entity has a default.

    `route_optimized` is None for auto. `overhead` and `cold_start` replace the documented time of
    the platform per request and per start from zero. `prices` are USD per hour of the type's rate
    unit (CPU: unit of concurrency, GPU: replica of four units), LAUNCH per start.
    """

    cloud: Literal["aws", "azure", "gcp"] | None = None
    region: Text | None = None
    tier: Literal["premium", "enterprise"] = "premium"
    profile: Text | None = None
    entity: Entity | None = None
    entity_version: Version | None = None
    route_optimized: Choice = None
    overhead: Duration | None = None
    cold_start: Duration | None = None
    prices: dict[PriceKey, PositiveMoney] = Field(default_factory=dict)
    quotas: Quotas = Quotas()
    inference_table: InferenceTable | None = None
    tags: dict[str, Text] = Field(default_factory=dict)
    email_notifications: EmailNotifications = EmailNotifications()
    alerts: SqlAlerts | None = None
