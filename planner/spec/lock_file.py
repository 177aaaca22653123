"""Lock files: what was decided for each spec, `kind: Lock`, as `planner lock` writes them."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Literal

from pydantic import Field
from yaml.nodes import Node

from planner.diagnostics import Location
from planner.model.candidate import Autoscaling, Concurrency, Range
from planner.model.lock import Lock, LockedEndpoint
from planner.model.plan import CatalogStamp
from planner.model.workload import ScheduledAction
from planner.spec.construct import Constructor
from planner.spec.document import compose
from planner.spec.places import place_of
from planner.spec.quantities import Count, PositiveCount, SpecBlock, Text
from planner.spec.report import Finding, Report
from planner.spec.validate import Sheet, validate
from planner.spec.value import Source

_AGAIN = "planner lock SPEC writes it anew"
_Seconds = Annotated[float, Field(ge=0)]


class RangeBlock(SpecBlock):
    """Least and most, both included."""

    min: Count
    max: Count


class ScheduledBlock(SpecBlock):
    """Bounds that hold from each match of a cron."""

    name: Text
    cron: Text
    min: Count
    max: Count


class ScalingBlock(SpecBlock):
    """Target tracking; cooldowns in seconds."""

    metric: Text
    target: float
    cooldown_up: _Seconds
    cooldown_down: _Seconds
    timezone: Text
    scheduled: tuple[ScheduledBlock, ...] = ()


class ConcurrencyBlock(SpecBlock):
    """Requests in service at once: of one replica, and over the endpoint at its largest."""

    per_replica: PositiveCount
    max: Count


class LockedBlock(SpecBlock):
    """One cloud endpoint; `monthly_usd` is what it cost when it was locked."""

    provider: Text
    region: Text
    hosting: Text
    instance: Text
    models: Text | None = None
    replicas: RangeBlock | None = None
    units: RangeBlock | None = None
    concurrency: ConcurrencyBlock
    scaling: ScalingBlock | None = None
    routing: str = ""
    options: dict[str, str] = Field(default_factory=dict)
    monthly_usd: _Seconds


class PricesBlock(SpecBlock):
    """A catalog that was asked, and the date of its prices."""

    provider: Text
    region: Text
    date: Text
    catalog: Text


class EntryBlock(SpecBlock):
    """What was decided for one spec, from what, and by which version."""

    input: Text
    planner: Text
    prices: tuple[PricesBlock, ...]
    endpoints: dict[str, LockedBlock]


class LockDocument(SpecBlock):
    """A lock file."""

    apiVersion: Literal["planner/v1alpha1"]  # noqa: N815  the key in the file
    kind: Literal["Lock"]
    specs: dict[str, EntryBlock]


def read_lock(source: Source) -> dict[str, Lock]:
    """Every entry by the name of its spec; SpecError with all that is wrong in the file."""
    report = Report()
    nodes = compose(source.name, source.text, report)
    if report.count == 0 and len(nodes) != 1:
        count = f"one document, not {len(nodes)}"
        report.add(Finding("lock-documents", f"a lock file holds {count}", _AGAIN), None)
    report.raise_any()
    # Nothing in it comes from the environment: it has to be the same for everybody.
    sheet = Sheet(nodes[0], Constructor(report, {}).data(nodes[0]), report)
    document = validate(sheet, LockDocument, sheet.data, ())
    report.raise_any()
    assert document is not None
    found = partial(_found, nodes[0], report)
    return {
        name: _lock(name, entry, source.name, partial(found, name))
        for name, entry in document.specs.items()
    }


def _found(root: Node, report: Report, name: str, *steps: str) -> tuple[Location, str]:
    """Place and line of what the keys below an entry lead to."""
    place = place_of(root, ("specs", name, *steps), key=not steps)
    return place.location, report.excerpt(place)


def _lock(
    name: str,
    entry: EntryBlock,
    file: str,
    places: partial[tuple[Location, str]],
) -> Lock:
    return Lock(
        workload=name,
        input=entry.input,
        planner_version=entry.planner,
        catalogs=tuple(
            CatalogStamp(
                provider=one.provider, region=one.region, version=one.catalog, as_of=one.date
            )
            for one in entry.prices
        ),
        endpoints=tuple(
            _endpoint(endpoint, block) for endpoint, block in sorted(entry.endpoints.items())
        ),
        file=file,
        places=places,
    )


def _endpoint(name: str, block: LockedBlock) -> LockedEndpoint:
    return LockedEndpoint(
        name=name,
        provider=block.provider,
        region=block.region,
        hosting=block.hosting,
        instance_type=block.instance,
        models=block.models or "",
        replicas=_range(block.replicas),
        units=_range(block.units),
        concurrency=Concurrency(
            per_replica=block.concurrency.per_replica, max=block.concurrency.max
        ),
        scaling=_scaling(block.scaling),
        routing=block.routing,
        options=tuple(sorted(block.options.items())),
        monthly_usd=block.monthly_usd,
    )


def _range(block: RangeBlock | None) -> Range | None:
    return None if block is None else Range(min=block.min, max=block.max)


def _scaling(block: ScalingBlock | None) -> Autoscaling | None:
    if block is None:
        return None
    return Autoscaling(
        metric=block.metric,
        target=block.target,
        cooldown_up_s=block.cooldown_up,
        cooldown_down_s=block.cooldown_down,
        average=0.0,
        scheduled=tuple(
            ScheduledAction(name=one.name, cron=one.cron, min=one.min, max=one.max)
            for one in block.scheduled
        ),
        timezone=block.timezone,
    )
