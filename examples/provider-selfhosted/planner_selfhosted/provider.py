"""Servers of one's own: what the entry point names, and all that a provider has to have."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from planner.errors import ProviderError
from planner.model.candidate import Decision
from planner.model.catalog import Catalog
from planner.model.resource import ApiCall, DesiredState, Resource
from planner.model.workload import Feature, Workload
from planner.provider.interface import Export, Provider
from planner_selfhosted.machines import NAME, catalog_of, sites

_DEFAULT_SITE = "cellar"


class SelfHosted:
    """Machines that stand in a cellar: one way of hosting, a price list, and a service manager."""

    name = NAME
    title = "Servers of our own"
    api_version = 1
    hostings: tuple[str, ...] = ("dedicated",)

    def settings_model(self) -> Any:
        """The block: where the machines stand, and what runs on them."""
        from planner_selfhosted.settings import Settings  # noqa: PLC0415 - pydantic waits

        return Settings

    def features(self, settings: Any) -> tuple[Feature, ...]:
        """Nothing in the block asks for what a machine here could not do."""
        del settings
        return ()

    def regions(self) -> tuple[str, ...]:
        """The sites."""
        return sites()

    def catalog_settings(self, region: str | None) -> Any:
        """A block that names a site and nothing else."""
        return self.settings_model()(site=region or _DEFAULT_SITE)

    def starter(self) -> str:
        """The block of a starter spec."""
        return "site: cellar\n# what the service manager starts\nimage: registry.example/model:1\n"

    def catalog(self, settings: Any) -> Catalog:
        """The machines of a site, the identical object every time."""
        return catalog_of(settings.site)

    def render(self, decision: Decision, workload: Workload, settings: Any) -> DesiredState:
        """One service, complete, as the service manager takes it."""
        if settings.image is None:
            raise ProviderError(
                "image-missing",
                f"{decision.endpoint}: the spec names no image to start",
                hint="image: registry.example/model:1",
                path="image",
            )
        assert decision.replicas is not None
        (model,) = (one for one in workload.models if one.name in decision.models)
        body = {
            "name": decision.endpoint,
            "image": settings.image,
            "machine": decision.instance_type,
            "copies": decision.replicas.max,
            "environment": dict(model.environment),
            "labels": {**dict(workload.labels), "planner:owner": workload.name},
        }
        service = Resource(
            address=f"endpoint/{decision.endpoint}",
            kind="endpoint",
            name=decision.endpoint,
            body=body,
        )
        return DesiredState(
            endpoint=decision.endpoint,
            provider=NAME,
            region=settings.site,
            resources=(service,),
        )

    def exports(self) -> Mapping[str, Export]:
        """`api`, which every provider has, and a compose file."""
        return {"api": _calls, "compose": _compose}


def _calls(state: DesiredState) -> list[ApiCall]:
    return [
        ApiCall(
            service=NAME,
            operation="PutService",
            parameters=one.body,
            method="PUT",
            path=f"/services/{one.name}",
        )
        for one in state.resources
    ]


def _compose(state: DesiredState) -> dict[str, Any]:
    services = {
        one.name: {
            "image": one.body["image"],
            "environment": one.body["environment"],
            "deploy": {
                "replicas": one.body["copies"],
                "placement": {"constraints": [f"node.labels.machine == {one.body['machine']}"]},
            },
        }
        for one in state.resources
    }
    return {"services": services}


provider: Provider = SelfHosted()
