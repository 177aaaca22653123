"""Databricks Model Serving, the object that the entry point names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from planner.errors import ProviderError
from planner.model.candidate import Decision
from planner.model.catalog import Catalog
from planner.model.price_list import PriceList
from planner.model.resource import DesiredState
from planner.model.workload import Feature, Workload
from planner.provider.interface import Export, Exporting, Live, Provider, Sandbox
from planner_databricks import tables
from planner_databricks.catalog import HOSTINGS, PROVIDER, catalog_for
from planner_databricks.terms import Terms, resolve_place

if TYPE_CHECKING:
    from planner_databricks.settings import Settings

_QUOTA_LIMITS = {
    "qps": "qps-without-route-optimization",
    "qps_route_optimized": "qps-route-optimized",
    "provisioned_concurrency": "provisioned-concurrency",
    "provisioned_concurrency_per_entity": "provisioned-concurrency-per-entity",
    "endpoints": "endpoints",
    "served_entities": "served-entities",
}
"""Settings name of each quota, and the limit it stands in for, in every scope it has."""

_STARTER = """\
# cloud and region price the plan; profile names the connection in ~/.databrickscfg
cloud: aws
region: us-east-1
profile: my-workspace
# the registered model in Unity Catalog, and the version to serve
entity: main.default.my_model
entity_version: "1"
# auto: only where the rate or the latency needs it, because it is set at creation only
route_optimized: auto
"""


class DatabricksProvider:
    """Databricks Model Serving for custom models, on AWS, Azure and Google Cloud."""

    name = PROVIDER
    title = "Databricks Model Serving"
    api_version = 1
    hostings: tuple[str, ...] = HOSTINGS

    def settings_model(self) -> type[Settings]:
        """Model of the `providers.databricks` block."""
        from planner_databricks.settings import Settings  # noqa: PLC0415

        return Settings

    def features(self, settings: Settings) -> tuple[Feature, ...]:
        """Nothing: no block field asks for what an offering here excludes."""
        del settings
        return ()

    def regions(self) -> tuple[str, ...]:
        """Every region of every cloud with a price, sorted."""
        return tables.regions()

    def catalog_settings(self, region: str | None) -> Settings:
        """A block that names the region and nothing else; None is us-east-1 on AWS."""
        return self.settings_model()(region=region)

    def starter(self) -> str:
        """The block of a starter spec, with a made-up entity."""
        return _STARTER

    def catalog(self, settings: Settings) -> Catalog:
        """Offerings, meters and limits; raises `unknown-region` and `unknown-tier`."""
        return catalog_for(terms_of(settings))

    def catalog_by(self, settings: Settings, lists: Sequence[PriceList]) -> Catalog:
        """The catalog by the list of the settings' region; `catalog` where there is none."""
        terms = terms_of(settings)
        own = next((one for one in lists if one.region == terms.region), None)
        return catalog_for(terms if own is None else replace(terms, listed=own))

    def render(self, decision: Decision, workload: Workload, settings: Settings) -> DesiredState:
        """The serving endpoint of one decision."""
        from planner_databricks.resources.endpoint import desired_state  # noqa: PLC0415

        return desired_state(decision, workload, settings)

    def exports(self) -> Mapping[str, Export]:
        """`api`: the ordered REST calls."""
        from planner_databricks.exports.api import api_calls  # noqa: PLC0415

        return {"api": api_calls}

    def exporting(self) -> Exporting:
        """What files for other tools need."""
        from planner_databricks import exports  # noqa: PLC0415 - not needed for a price

        return exports

    def live(self) -> Live:
        """What Databricks does when it is live."""
        from planner_databricks.live import DatabricksLive  # noqa: PLC0415 - only where live

        return DatabricksLive()

    def sandbox(self) -> Sandbox:
        """The stand-in for a workspace; raises ProviderError where what it runs on is missing."""
        try:
            from planner_databricks.sandbox import serve  # noqa: PLC0415 - a server
        except ImportError as error:
            raise ProviderError(
                "sandbox-missing",
                f"the sandbox needs {error.name}, which is not installed",
                hint="pip install 'endpoint-planner[sandbox]'",
            ) from error
        return serve


def terms_of(settings: Settings) -> Terms:
    """What of the settings the catalog depends on."""
    cloud, region, assumed = resolve_place(settings.cloud, settings.region)
    quotas = _quotas(settings.quotas)
    entity = settings.entity or ""
    return Terms(
        cloud=cloud,
        region=region,
        tier=settings.tier,
        route_optimized=settings.route_optimized,
        overhead_s=settings.overhead,
        start_s=settings.cold_start,
        prices=tuple(sorted(settings.prices.items())),
        quotas=quotas,
        logs_payloads=settings.inference_table is not None,
        region_assumed=assumed,
        foundation=entity if entity.startswith("system.ai.") else "",
    )


def _quotas(quotas: Any) -> tuple[tuple[str, float], ...]:
    given = ((limit, getattr(quotas, field)) for field, limit in _QUOTA_LIMITS.items())
    return tuple((limit, float(value)) for limit, value in given if value is not None)


provider: Provider = DatabricksProvider()
