"""A provider as a third party would write it: one hosting mode, two machines, one region."""

from __future__ import annotations

from functools import cache

from pydantic import BaseModel, ConfigDict

from planner.errors import ProviderError
from planner.model.catalog import Catalog, Hardware, Kind, Offering, Price
from planner.model.resource import ApiCall, DesiredState, Resource

GIB = 1024**3
SOURCE = "acme price list"


def _offering(name, *, vcpus, usd):
    return Offering(
        provider="acme",
        region="moon-1",
        hosting="dedicated",
        instance_type=name,
        kind=Kind.REPLICAS,
        hardware=Hardware(vcpus=vcpus, memory_bytes=4 * vcpus * GIB),
        price=Price(usd=usd, source=SOURCE, as_of="2026-01-01"),
        overhead_s=0.002,
        routing=("least-outstanding",),
    )


@cache
def _catalog():
    return Catalog(
        provider="acme",
        region="moon-1",
        offerings=(
            _offering("rover-2", vcpus=2, usd=0.10),
            _offering("rover-8", vcpus=8, usd=0.38),
        ),
        meters=(),
        limits=(),
        version="1",
        as_of="2026-01-01",
    )


class Settings(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    region: str = "moon-1"


class AcmeProvider:
    name = "acme"
    title = "Acme Moon Hosting"
    api_version = 1
    hostings = ("dedicated",)

    def settings_model(self):
        return Settings

    def features(self, settings):
        return ()

    def regions(self):
        return ("moon-1",)

    def catalog_settings(self, region):
        return Settings(region=region or "moon-1")

    def starter(self):
        return "region: moon-1\n"

    def catalog(self, settings):
        if settings.region != "moon-1":
            raise ProviderError(
                "unknown-region",
                f"acme is not on `{settings.region}`",
                hint="did you mean `moon-1`?",
                path="region",
            )
        return _catalog()

    def render(self, decision, workload, settings):
        body = {"Name": decision.endpoint, "Machine": decision.instance_type}
        body["Count"] = decision.replicas.min
        return DesiredState(
            endpoint=decision.endpoint,
            provider=self.name,
            region="moon-1",
            resources=(
                Resource(
                    address=f"endpoint/{decision.endpoint}",
                    kind="endpoint",
                    name=decision.endpoint,
                    body=body,
                ),
            ),
        )

    def exports(self):
        return {"api": _calls, "names": lambda state: [one.name for one in state.resources]}


def _calls(state):
    return [
        ApiCall(service="acme", operation="CreateEndpoint", parameters=one.body)
        for one in state.resources
    ]


provider = AcmeProvider()
