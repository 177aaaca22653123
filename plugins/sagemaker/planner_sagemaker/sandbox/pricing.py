"""GetProducts and DescribeServices: the catalog's own prices in the form of AWS price lists.

A row is sent as a text that holds JSON, as AWS sends it. What a price list has beyond the catalog
is left out: usage types have no prefix of their region, for no table says which there are.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from planner.model.value import value
from planner_sagemaker import tables
from planner_sagemaker.sandbox.cloud import Call, Cloud, Handler
from planner_sagemaker.sandbox.errors import CloudError
from planner_sagemaker.sandbox.paging import Paging, page_of
from planner_sagemaker.sandbox.service_models import region_names

SERVICE = "AmazonSageMaker"
_FACT = "prices"
_FORMAT = "aws_v1"
_ON_DEMAND, _BY_THE_HOUR = "JRTCKXETXF", "6YS6EN2CT7"
"""Codes of the offer and of its rate, the same for every service."""

_PAGING = Paging(
    name=lambda row: str(row["_sku"]), refusal="InvalidNextTokenException", size=100, most=100
)
_HELD = "ServerlessProvisionedConcurrency-Usage"
_BUSY = "ServerlessProvisionedConcurrency-Duration"
_METERS: Mapping[str, tuple[str, str, Mapping[str, str]]] = {
    "serverless-busy-second": (
        "ML Serverless",
        "seconds",
        {"usagetype": "ServerlessInf:Mem-{gb}GB", "group": "ServerlessInf"},
    ),
    "prewarm-held-second": (
        "ML Serverless",
        "seconds",
        {"usagetype": "ServerlessInf:ProvisionedConcurrency:Usage-{gb}GB", "group": _HELD},
    ),
    "prewarm-busy-second": (
        "ML Serverless",
        "seconds",
        {"usagetype": "ServerlessInf:ProvisionedConcurrency:Mem-{gb}GB", "group": _BUSY},
    ),
    "data-in-gb": ("ML Data", "GB", {"usagetype": "Hosting:IN", "group": "Hosting:IN"}),
    "data-out-gb": ("ML Data", "GB", {"usagetype": "Hosting:OUT", "group": "Hosting:OUT"}),
    "storage-gb-month": (
        "ML Storage",
        "GB-Mo",
        {"usagetype": "Host:VolumeUsage.gp2", "volumeType": "General Purpose-Hosting"},
    ),
}
"""Family, unit and attributes of what is no instance, as infracost looks for them; which families
data and storage belong to is a guess."""

_MATCHES: Mapping[str, Callable[[str, str], bool]] = {
    "TERM_MATCH": lambda own, given: own == given,
    "EQUALS": lambda own, given: own == given,
    "CONTAINS": lambda own, given: given in own,
    "ANY_OF": lambda own, given: own in given.split(","),
    "NONE_OF": lambda own, given: own not in given.split(","),
}


@value
class _Product:
    """A row of the price list, before it is written out."""

    sku: str
    family: str
    attributes: Mapping[str, str]
    unit: str
    usd: str
    as_of: str

    def field(self, name: str) -> str:
        """What filters hold against their value; "" where the row has no such field."""
        own = {**self.attributes, "productFamily": self.family, "ServiceCode": SERVICE}
        return own.get(name, "")


def get_products(call: Call) -> Mapping[str, Any]:
    """One page of the rows that pass every filter."""
    asked = call.parameters
    _check(asked)
    if asked["ServiceCode"] != SERVICE:
        raise CloudError("NotFoundException", f"Service {asked['ServiceCode']} not found.")
    filters = asked.get("Filters") or ()
    found = [
        product
        for product in _offered(call.cloud)
        if all(_MATCHES[one["Type"]](product.field(one["Field"]), one["Value"]) for one in filters)
    ]
    rows = [{"_sku": product.sku, "product": product} for product in found]
    shown, token = page_of(call, rows, _PAGING)
    return {
        "FormatVersion": _FORMAT,
        "PriceList": [_written(row["product"]) for row in shown],
        "NextToken": token,
    }


def describe_services(call: Call) -> Mapping[str, Any]:
    """The one service whose prices are known, and what can be filtered by."""
    asked = call.parameters
    _check(asked)
    if asked.get("ServiceCode", SERVICE) != SERVICE:
        raise CloudError("NotFoundException", f"Service {asked['ServiceCode']} not found.")
    names = {"productFamily", *(name for one in _offered(call.cloud) for name in one.attributes)}
    return {
        "FormatVersion": _FORMAT,
        "Services": [{"ServiceCode": SERVICE, "AttributeNames": sorted(names)}],
    }


def _check(asked: Mapping[str, Any]) -> None:
    if asked.get("FormatVersion", _FORMAT) != _FORMAT:
        raise CloudError("InvalidParameterException", f"The only format version is {_FORMAT}.")


def set_prices(cloud: Cloud, region: str, prices: Mapping[str, Any]) -> None:
    """List types of a region at other prices: a number, several for as many rows, None for none.

    ValueError where they are no prices.
    """
    kept = json.loads(cloud.store.fact(_FACT, "{}"))
    given = {name: _amounts(amounts) for name, amounts in prices.items()}
    kept[region] = {**kept.get(region, {}), **given}
    cloud.store.remember(_FACT, json.dumps(kept))


def _amounts(given: Any) -> list[float]:
    if given is None:
        return []
    try:
        return [float(one) for one in (given if isinstance(given, list) else [given])]
    except TypeError as error:
        raise ValueError(f"{given} is no price") from error


def _offered(cloud: Cloud) -> tuple[_Product, ...]:
    """The rows as they are listed now."""
    changed = json.loads(cloud.store.fact(_FACT, "{}"))
    if not changed:
        return _products()
    kept = [
        one
        for one in _products()
        if one.attributes.get("instanceName") not in changed.get(one.attributes["regionCode"], ())
    ]
    as_of = tables.source("prices").as_of
    rows = {row.name: row for row in tables.instances()}
    new = [
        _instance(name, rows.get(name), region, (str(usd), index), as_of)
        for region, prices in changed.items()
        for name, amounts in prices.items()
        for index, usd in enumerate(amounts)
    ]
    return tuple(sorted([*kept, *new], key=lambda one: one.sku))


@cache
def _products() -> tuple[_Product, ...]:
    """A price that the catalog doubts is in no list."""
    as_of = tables.source("prices").as_of
    instances = [
        _instance(row.name, row, region, (cell, 0), as_of)
        for region in tables.regions()
        for row in tables.instances()
        if (cell := _cell(row.name, region))
    ]
    metered = [
        _metered(row, region) for region in tables.regions() for row in tables.meters(region)
    ]
    return tuple(sorted([*instances, *metered], key=lambda one: one.sku))


def _cell(instance_type: str, region: str) -> str:
    try:
        cell = tables.price_cell(instance_type, region)
    except KeyError:  # a type without a price anywhere
        return ""
    return "" if cell == tables.SUSPECT else cell


def _instance(
    name: str, row: tables.InstanceRow | None, region: str, price: tuple[str, int], as_of: str
) -> _Product:
    """The row of a type; `price` is its amount, and which of several of the same type it is."""
    usd, index = price
    attributes = {
        **_place(region),
        **(_hardware(row) if row is not None else {}),
        "component": "Hosting",
        "instanceName": name,
        "instanceType": f"{name}-Hosting",
        "operation": "SageMaker:Hosting",
        "usagetype": f"Host:{name}",
    }
    return _Product(
        sku=_sku(region, attributes["usagetype"], *([str(index)] if index else ())),
        family="ML Instance",
        attributes=attributes,
        unit="Hrs",
        usd=usd,
        as_of=as_of,
    )


def _hardware(row: tables.InstanceRow) -> dict[str, str]:
    hardware = row.hardware
    known = {
        "vCpu": f"{hardware.vcpus:g}" if hardware.vcpus else "",
        "memory": f"{hardware.memory_bytes / 2**30:g} GiB" if hardware.memory_bytes else "",
    }
    return {name: text for name, text in known.items() if text}


def _metered(row: tables.MeterRow, region: str) -> _Product:
    family, unit, own = _METERS[row.name]
    named = {name: text.format(gb=row.memory_mb // 1024) for name, text in own.items()}
    return _Product(
        sku=_sku(region, named["usagetype"]),
        family=family,
        attributes={**_place(region), **named},
        unit=unit,
        usd=f"{row.price.usd:.10f}",
        as_of=row.price.as_of,
    )


def _place(region: str) -> dict[str, str]:
    name = region_names().get(region)
    return {
        "servicecode": SERVICE,
        "servicename": "Amazon SageMaker",
        "regionCode": region,
        "locationType": "AWS Region" if name else "AWS Local Zone",
        "location": name or region,
    }


def _sku(*parts: str) -> str:
    return hashlib.sha256(" ".join(parts).encode()).hexdigest()[:16].upper()


def _written(product: _Product) -> str:
    offer = f"{product.sku}.{_ON_DEMAND}"
    rate = f"{offer}.{_BY_THE_HOUR}"
    usage, place = product.attributes["usagetype"], product.attributes["location"]
    moment = f"{product.as_of}T00:00:00Z"
    dimension = {
        "appliesTo": [],
        "beginRange": "0",
        "description": f"${product.usd} per {product.unit} of {usage} in {place}",
        "endRange": "Inf",
        "pricePerUnit": {"USD": f"{float(product.usd):.10f}"},
        "rateCode": rate,
        "unit": product.unit,
    }
    term = {
        "effectiveDate": moment,
        "offerTermCode": _ON_DEMAND,
        "priceDimensions": {rate: dimension},
        "sku": product.sku,
        "termAttributes": {},
    }
    return json.dumps(
        {
            "product": {
                "attributes": dict(product.attributes),
                "productFamily": product.family,
                "sku": product.sku,
            },
            "publicationDate": moment,
            "serviceCode": SERVICE,
            "terms": {"OnDemand": {offer: term}},
            "version": product.as_of.replace("-", "") + "000000",
        }
    )


HANDLERS: Mapping[str, Handler] = {
    "GetProducts": get_products,
    "DescribeServices": describe_services,
}
