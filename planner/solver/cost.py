"""Cost of a sized endpoint over the traffic week, in lines with the origin of each price."""

from __future__ import annotations

from dataclasses import replace

from planner.capacity.load import HOURS_PER_MONTH, MONTH_S
from planner.model.candidate import Cost, CostLine
from planner.model.catalog import Catalog, Kind, Meter, Offering, Price
from planner.model.workload import Assumption, Workload
from planner.solver.sized import Sized

GB = 1e9
VOLUME = "volume_gb"
"""Option of an offering whose volume is fixed."""


def month_of(sized: Sized) -> float:
    """USD a month for the capacity itself: what differs between sizes of one offering."""
    return sum(line.monthly_usd for line in _capacity_lines(sized))


def cost(workload: Workload, catalog: Catalog, sized: Sized) -> Cost:
    """All lines of one endpoint."""
    lines = (*_capacity_lines(sized), *_data_lines(workload, catalog, sized))
    monthly = sum(line.monthly_usd for line in lines)
    requests = sized.pool.load.monthly_requests
    per_million = monthly / requests * 1e6 if requests > 0.0 else None
    return Cost(monthly_usd=monthly, per_million_usd=per_million, lines=lines)


def capacity_usd(catalog: Catalog, offering: Offering, sized: Sized) -> float:
    """Total of `cost` less the data, for a size found on an offering alike, at its own price."""
    assert offering.price is not None
    if offering.kind is Kind.ON_DEMAND or sized.idle is not None:
        return month_of(replace(sized, offering=offering))
    step = offering.step if offering.kind is Kind.UNITS else 1
    capacity = sized.average * step * HOURS_PER_MONTH * offering.price.usd
    storage = _meter(catalog, "storage-gb-month")
    if storage is not None and has_volume(offering):
        capacity += sized.average * volume_gb(sized, offering) * storage.price.usd
    return capacity


def traffic_usd(workload: Workload, catalog: Catalog, sized: Sized) -> float:
    """USD a month for the data in and out of one endpoint: proportional to its requests."""
    requests = sized.pool.load.monthly_requests
    return sum(requests * gb * meter.price.usd for _, gb, meter in _volumes(workload, catalog))


def _volumes(workload: Workload, catalog: Catalog) -> tuple[tuple[str, float, Meter], ...]:
    """(name of the line, GB per request, meter) for the data meters that the catalog has."""
    payload = workload.payload
    known = (
        ("data-in-gb", "data in", payload.request_bytes),
        ("data-out-gb", "data out", payload.response_bytes),
        ("logging-gb", "payload logging", payload.request_bytes + payload.response_bytes),
    )
    meters = {meter.name: meter for meter in catalog.meters}
    return tuple((name, size / GB, meters[meter]) for meter, name, size in known if meter in meters)


def _line(name: str, quantity: float, unit: str, price: Price, *, note: str = "") -> CostLine:
    return CostLine(
        name=name,
        quantity=quantity,
        unit=unit,
        usd_per_unit=price.usd,
        monthly_usd=quantity * price.usd,
        source=price.source,
        as_of=price.as_of,
        assumption="; ".join(text for text in (price.assumption, note) if text),
    )


def _capacity_lines(sized: Sized) -> tuple[CostLine, ...]:
    offering = sized.offering
    price = offering.price
    assert price is not None
    match offering.kind:
        case Kind.REPLICAS | Kind.SHARED_REPLICAS:
            hours = sized.average * HOURS_PER_MONTH
            return (_line(f"instances {offering.instance_type}", hours, "instance-hour", price),)
        case Kind.UNITS:
            return _unit_lines(sized, price)
        case Kind.ON_DEMAND:
            return _on_demand_lines(sized, price)


def _unit_lines(sized: Sized, price: Price) -> tuple[CostLine, ...]:
    offering, idle = sized.offering, sized.idle
    off = 0.0 if idle is None else 1.0 - idle.on_fraction
    # It goes to zero from its least, not from its mean over a cycle with busier hours.
    least = sized.average if sized.bounds is None else sized.bounds.minimum
    hours = (sized.average - off * least) * offering.step * HOURS_PER_MONTH
    lines = [_line(f"concurrency {offering.instance_type}", hours, "unit-hour", price)]
    launch = offering.cold.launch_price if offering.cold is not None else None
    if idle is not None and launch is not None and offering.cold is not None:
        most = (offering.cold.launches_per_hour or float("inf")) * HOURS_PER_MONTH
        lines.append(
            _line("launches from zero", min(idle.starts_per_month, most), "launch", launch)
        )
    return tuple(lines)


def _on_demand_lines(sized: Sized, price: Price) -> tuple[CostLine, ...]:
    """Busy seconds on demand and on warm units, and the hours warm units are held."""
    busy = sized.pool.load.monthly_requests * sized.slots.service.mean_s
    warm = sized.prewarm_busy * MONTH_S
    lines = [_line("inference on demand", max(busy - warm, 0.0), "second", price)]
    prewarm = sized.offering.prewarm
    if sized.prewarm and prewarm is not None:
        lines.append(_line("inference on warm concurrency", warm, "second", prewarm.busy))
        hours = sized.prewarm * HOURS_PER_MONTH
        lines.append(_line("warm concurrency held", hours, "unit-hour", prewarm.held))
    return tuple(lines)


def _meter(catalog: Catalog, name: str) -> Meter | None:
    return next((m for m in catalog.meters if m.name == name), None)


def _data_lines(workload: Workload, catalog: Catalog, sized: Sized) -> tuple[CostLine, ...]:
    requests = sized.pool.load.monthly_requests
    lines = [
        _line(name, requests * gb, meter.per, meter.price)
        for name, gb, meter in _volumes(workload, catalog)
    ]
    storage = _meter(catalog, "storage-gb-month")
    if storage is not None and has_volume(sized.offering):
        quantity = sized.average * volume_gb(sized)
        lines.append(_line("storage volumes", quantity, storage.per, storage.price))
    return tuple(lines)


def has_volume(offering: Offering) -> bool:
    """Replicas without a disk of their own get a network volume."""
    counted = offering.kind in (Kind.REPLICAS, Kind.SHARED_REPLICAS)
    return counted and offering.hardware.local_disk_bytes == 0


def volume_gb(sized: Sized, offering: Offering | None = None) -> int:
    """Size of the network volume per replica: three times the models, at least 30 GB, our choice.

    The plan renders this size, so its price is that of what is rendered. An offering may fix it.
    """
    given = dict((offering or sized.offering).options).get(VOLUME)
    if given is not None:
        return int(given)
    models = sum(m.size_bytes for m in sized.models) / GB
    return min(512, max(30, int(3 * models + 0.999)))


def unpriced(catalog: Catalog) -> tuple[Assumption, ...]:
    """Meters of this region that no source prices: left out of the cost, and said so."""
    if not catalog.meters:
        return ()
    wanted = {"data-in-gb": "data in", "data-out-gb": "data out", "storage-gb-month": "storage"}
    have = {m.name for m in catalog.meters}
    missing = [text for name, text in wanted.items() if name not in have]
    if not missing:
        return ()
    return (
        Assumption(
            subject=f"{', '.join(missing)} in {catalog.region}",
            value="not in the cost",
            reason="no sourced price for this region",
        ),
    )
