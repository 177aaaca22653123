"""Which registered model version a model of the spec is."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from planner.errors import ProviderError
from planner.model.value import value
from planner.model.workload import Model

if TYPE_CHECKING:
    from planner_databricks.settings import Settings

_PART = r"[^\s./@:]+"
_ARTIFACT = re.compile(
    rf"(?:uc:|models:/)(?P<name>{_PART}\.{_PART}\.{_PART})"
    r"(?:/(?P<version>[1-9][0-9]*)|@(?P<alias>[^\s./@:]+))?\Z"
)
ALIAS_PATH = "/api/2.1/unity-catalog/models/{name}/aliases/{alias}"


@value
class Entity:
    """A registered model with a version, or with an alias that only the workspace can resolve."""

    name: str
    version: str = ""
    alias: str = ""

    def version_value(self) -> str | dict[str, Any]:
        """What stands in `entity_version`: the number, or the look-up that yields it.

        A look-up is `{"$from": {method, path, field}}`: read `field` of that answer, as text, just
        before the request is sent. No alias may stand on the wire.
        """
        if self.version:
            return self.version
        path = ALIAS_PATH.format(name=self.name, alias=self.alias)
        return {"$from": {"method": "GET", "path": path, "field": "version"}}


def entity_of(model: Model, settings: Settings, *, alone: bool) -> Entity:
    """The block's entity for a model that is `alone`, otherwise the model's own artifact.

    Raises `entity-ambiguous`, `entity-missing` or `entity-version-missing`.
    """
    if not alone and (settings.entity or settings.entity_version):
        raise ProviderError(
            "entity-ambiguous",
            f"model {model.name}: providers.databricks names one registered model, and the spec "
            "has several models",
            hint=f"artifact: uc:{settings.entity or 'catalog.schema.model'}/1",
            path="entity" if settings.entity else "entity_version",
        )
    found = _from_artifact(model.artifact)
    if settings.entity and (found is None or found.name != settings.entity):
        found = Entity(name=settings.entity)
    if found is None:
        raise _missing(model, alone=alone)
    if settings.entity_version:
        found = Entity(name=found.name, version=settings.entity_version)
    if found.version or found.alias:
        return found
    raise ProviderError(
        "entity-version-missing",
        f"model {model.name}: {found.name} is named without a version, and Databricks serves "
        "one version of a registered model",
        hint='entity_version: "1"' if alone else f"artifact: uc:{found.name}/1",
        path="entity" if settings.entity else "",
    )


def _from_artifact(artifact: str) -> Entity | None:
    match = _ARTIFACT.match(artifact)
    if match is None:
        return None
    return Entity(name=match["name"], version=match["version"] or "", alias=match["alias"] or "")


def _missing(model: Model, *, alone: bool) -> ProviderError:
    """What to write, and where: in the block for one model, on the model itself for several."""
    return ProviderError(
        "entity-missing",
        f"model {model.name}: Databricks serves registered models, and the spec names none",
        hint="entity: catalog.schema.model" if alone else "artifact: uc:catalog.schema.model/1",
    )
