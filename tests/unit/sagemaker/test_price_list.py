"""Rows of AWS's price list as they may come, in the form of its documentation."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from planner_sagemaker import tables
from planner_sagemaker.catalog import catalog_by
from planner_sagemaker.options import CatalogOptions
from planner_sagemaker.price_list import price_list

from planner.errors import ProviderError
from planner.model.price_list import PriceList, Wanted

REGION = "us-east-1-atl-1"  # few types have a price there, so that few rows are enough
NOW = "2026-11-21T10:00:00Z"


def row(name: str, usd: str, *, sku: str = "", since: str = "2026-05-01", **more: Any) -> str:
    rate = {"unit": more.get("unit", "Hrs"), "pricePerUnit": more.get("price", {"USD": usd})}
    term = {"effectiveDate": f"{since}T00:00:00Z", "priceDimensions": {"r": rate}}
    attributes = {"component": "Hosting", "instanceType": f"{name}-hosting", "regionCode": REGION}
    product = {"sku": sku or f"SKU-{name}", "attributes": {**attributes, **more.get("named", {})}}
    return json.dumps({"product": product, "terms": {"OnDemand": {"t": term}}})


def read(*rows: str) -> PriceList:
    everything = [*(row(name, "1.00") for name in known()), *rows]

    def prices(service: str, operation: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        assert (service, operation) == ("pricing", "GetProducts")
        of_types = {"Type": "TERM_MATCH", "Field": "component", "Value": "Hosting"}
        return {"PriceList": everything if of_types in parameters["Filters"] else []}

    wanted = Wanted(region=REGION, now=NOW, quotas=False)
    return price_list(prices, prices, wanted)


def known() -> list[str]:
    return [
        one.name
        for one in tables.instances()
        if tables.price_cell(one.name, REGION) not in ("", "?")
    ]


def usd(found: PriceList, name: str) -> float | None:
    catalog = catalog_by(CatalogOptions(region=REGION), "", [found])
    offering = next(one for one in catalog.offerings if one.instance_type == name)
    return None if offering.price is None else offering.price.usd


def test_what_is_not_yet_in_effect_does_not_count() -> None:
    found = read(row("ml.p5.48xlarge", "60", since="2026-11-01"))
    assert usd(found, "ml.p5.48xlarge") == 60.0
    found = read(row("ml.p5.48xlarge", "60", since="2026-11-22"))
    assert usd(found, "ml.p5.48xlarge") is None


def test_units_and_dates_are_kept_and_the_source_names_the_row() -> None:
    found = read(row("ml.p5.48xlarge", "60", sku="ABC", since="2026-11-01"))
    (price,) = (one for one in found.prices if one.key == "ml.p5.48xlarge")
    assert (price.unit, price.since, price.sku) == ("hour", "2026-11-01", "ABC")
    catalog = catalog_by(CatalogOptions(region=REGION), "", [found])
    offering = next(one for one in catalog.offerings if one.instance_type == "ml.p5.48xlarge")
    assert offering.price is not None
    assert offering.price.source.endswith("SKU ABC, in effect since 2026-11-01")
    assert offering.price.as_of == "2026-11-21"
    assert catalog_by(CatalogOptions(region=REGION), "", [found]) is catalog


@pytest.mark.parametrize(
    ("bad", "note"),
    [
        (row("ml.p5.48xlarge", "0.0000000000"), "ml.p5.48xlarge: it is listed at $0"),
        (row("ml.p5.48xlarge", "60", unit="Month"), "ml.p5.48xlarge: its unit is Month, not hours"),
    ],
)
def test_a_row_that_cannot_be_used_is_named_and_does_not_hide_another(bad: str, note: str) -> None:
    found = read(bad)
    assert (found.notes, usd(found, "ml.p5.48xlarge")) == ((note,), None)
    found = read(bad, row("ml.p5.48xlarge", "60", sku="ABC"))
    assert (found.notes, usd(found, "ml.p5.48xlarge")) == ((note,), 60.0)


@pytest.mark.parametrize(
    "bad",
    [
        '{"product": {"sku": "A", "attrib',
        json.dumps({"product": {"sku": "A"}, "terms": {}}),
        row("ml.p5.48xlarge", "60", price={"CNY": "400"}),
        row("ml.p5.48xlarge", "dear"),
    ],
)
def test_a_row_that_is_not_whole_refuses_the_list(bad: str) -> None:
    with pytest.raises(ProviderError) as error:
        read(bad)
    assert error.value.code == "half-answer"


def test_equal_prices_of_several_rows_are_one() -> None:
    found = read(row("ml.p5.48xlarge", "60", sku="A"), row("ml.p5.48xlarge", "60.000", sku="B"))
    assert usd(found, "ml.p5.48xlarge") == 60.0
    with pytest.raises(ProviderError, match=r"at \$60 \(SKU A, .* and \$61 \(SKU B"):
        read(row("ml.p5.48xlarge", "61", sku="B"), row("ml.p5.48xlarge", "60", sku="A"))
