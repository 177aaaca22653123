"""Price lists: the catalog's prices as a client of AWS reads them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from planner_sagemaker import tables

from tests.support.sandbox import Sandbox, refusal

HOSTING = {"component": "Hosting", "productFamily": "ML Instance"}


def prices(sandbox: Sandbox, match: str = "TERM_MATCH", **fields: str) -> list[dict[str, Any]]:
    pages = (
        sandbox.client("pricing")
        .get_paginator("get_products")
        .paginate(
            ServiceCode="AmazonSageMaker",
            Filters=[{"Type": match, "Field": key, "Value": text} for key, text in fields.items()],
        )
    )
    return [json.loads(row) for page in pages for row in page["PriceList"]]


def usd(row: dict[str, Any]) -> float:
    [term] = row["terms"]["OnDemand"].values()
    [dimension] = term["priceDimensions"].values()
    return float(dimension["pricePerUnit"]["USD"])


def test_hosting_costs_what_the_catalog_says(sandbox: Sandbox) -> None:
    found = prices(sandbox, regionCode="eu-west-1", **HOSTING)
    by_name = {row["product"]["attributes"]["instanceName"]: usd(row) for row in found}
    assert len(by_name) == len(found) > 100
    cells = {row.name: tables.price_cell(row.name, "eu-west-1") for row in tables.instances()}
    assert by_name == {
        name: float(cell) for name, cell in cells.items() if cell not in ("", tables.SUSPECT)
    }
    [one] = [row for row in found if row["product"]["attributes"]["instanceName"] == "ml.m5.large"]
    assert one["product"]["attributes"] == {
        "component": "Hosting",
        "instanceName": "ml.m5.large",
        "instanceType": "ml.m5.large-Hosting",
        "location": "Europe (Ireland)",
        "locationType": "AWS Region",
        "memory": "8 GiB",
        "operation": "SageMaker:Hosting",
        "regionCode": "eu-west-1",
        "servicecode": "AmazonSageMaker",
        "servicename": "Amazon SageMaker",
        "usagetype": "Host:ml.m5.large",
        "vCpu": "2",
    }
    assert one["product"]["productFamily"] == "ML Instance"
    [(offer, term)] = one["terms"]["OnDemand"].items()
    [(rate, dimension)] = term["priceDimensions"].items()
    sku = one["product"]["sku"]
    assert (offer.split("."), rate.split(".")[:2]) == ([sku, term["offerTermCode"]],) * 2
    assert (dimension["rateCode"], dimension["unit"], dimension["endRange"]) == (rate, "Hrs", "Inf")


def test_a_price_that_the_catalog_doubts_is_not_told(sandbox: Sandbox) -> None:
    where = {"regionCode": "us-east-1", "instanceName": "ml.r8g.large", **HOSTING}
    assert prices(sandbox, **where) == []
    assert len(prices(sandbox, **{**where, "regionCode": "us-east-2"})) == 1


def test_serverless_is_priced_by_memory(sandbox: Sandbox) -> None:
    found = prices(sandbox, regionCode="us-east-1", productFamily="ML Serverless")
    by_usage = {row["product"]["attributes"]["usagetype"]: usd(row) for row in found}
    assert len(by_usage) == 18
    assert by_usage["ServerlessInf:Mem-2GB"] == 0.00004
    group = "ServerlessProvisionedConcurrency-Usage"
    [one] = [
        row
        for row in prices(sandbox, regionCode="us-east-1", group=group)
        if row["product"]["attributes"]["usagetype"].endswith("-2GB")
    ]
    assert usd(one) == 0.00001


def test_filters_match_in_their_ways(sandbox: Sandbox) -> None:
    both = "ml.m5.large,ml.m5.xlarge"
    where = {"regionCode": "us-east-1"}

    def names(match: str, text: str) -> set[str]:
        filters = [
            {"Type": "EQUALS", "Field": "regionCode", "Value": where["regionCode"]},
            {"Type": match, "Field": "instanceName", "Value": text},
            {"Type": "TERM_MATCH", "Field": "component", "Value": "Hosting"},
        ]
        asked = {"ServiceCode": "AmazonSageMaker", "Filters": filters}
        pages = sandbox.client("pricing").get_paginator("get_products").paginate(**asked)
        rows = [json.loads(row) for page in pages for row in page["PriceList"]]
        return {row["product"]["attributes"]["instanceName"] for row in rows}

    assert names("ANY_OF", both) == set(both.split(","))
    assert names("CONTAINS", "ml.m5.") > set(both.split(","))
    assert not names("NONE_OF", both) & set(both.split(","))
    assert names("EQUALS", "ml.m5.large") == {"ml.m5.large"}
    assert names("TERM_MATCH", "large") == set()


def test_services_are_described(sandbox: Sandbox) -> None:
    pricing = sandbox.client("pricing")
    [service] = pricing.describe_services(ServiceCode="AmazonSageMaker")["Services"]
    assert {"regionCode", "instanceName", "component", "productFamily"} < set(
        service["AttributeNames"]
    )
    assert pricing.describe_services()["Services"] == [service]


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"ServiceCode": "AmazonEC2"}, "NotFoundException"),
        ({"ServiceCode": "AmazonSageMaker", "NextToken": "x"}, "InvalidNextTokenException"),
        ({"ServiceCode": "AmazonSageMaker", "FormatVersion": "v2"}, "InvalidParameterException"),
        ({"ServiceCode": "AmazonSageMaker", "MaxResults": 101}, "InvalidParameterException"),
    ],
)
def test_wrong_questions_are_refused(sandbox: Sandbox, asked: dict[str, Any], code: str) -> None:
    assert refusal(sandbox.client("pricing").get_products, **asked)[0] == code
