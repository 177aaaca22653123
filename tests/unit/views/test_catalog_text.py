import json
from io import StringIO

from planner.model.catalog import (
    Catalog,
    Hardware,
    Kind,
    Limit,
    Measure,
    Meter,
    Offering,
    Price,
    Refusal,
    Scope,
)
from planner.plans import to_bytes
from planner.plans.catalog_document import catalogs_document
from planner.views.catalog_text import render_catalogs
from planner.views.style import Style

SMALL = Hardware(vcpus=2, memory_bytes=4 * 1024**3)
GPU = Hardware(
    vcpus=8,
    memory_bytes=32 * 1024**3,
    accelerator="T4",
    accelerators=1,
    accelerator_memory_bytes=16 * 1024**3,
)


def price(usd: float, assumption: str = "") -> Price:
    return Price(usd=usd, source="price list", as_of="2026-11-19", assumption=assumption)


def offering(hosting: str, name: str = "small.2", **given: object) -> Offering:
    made = {
        "provider": "cloud",
        "region": "north-1",
        "hosting": hosting,
        "instance_type": name,
        "kind": Kind.REPLICAS,
        "hardware": SMALL,
        "price": price(0.1),
        "overhead_s": 0.01,
        "routing": ("least-outstanding",),
    }
    return Offering(**{**made, **given})  # type: ignore[arg-type]


CATALOG = Catalog(
    provider="cloud",
    region="north-1",
    offerings=(
        offering("single-model", "gpu.1", hardware=GPU, price=price(0.7, "a guess")),
        offering("single-model"),
        offering("dedicated"),
        offering("dedicated", "gpu.1", hardware=GPU, price=price(0.7, "a guess")),
        offering("serverless", "serverless-1024", kind=Kind.ON_DEMAND, price=price(0.00002)),
        offering("dedicated", "big.9", price=None, current_generation=False),
        offering(
            "dedicated",
            "elsewhere.1",
            price=None,
            refusal=Refusal(code="not-offered", measured="elsewhere.1", allowed="other regions"),
        ),
    ),
    meters=(Meter(name="data-in-gb", price=price(0.016), per="GB"),),
    limits=(
        Limit(
            name="endpoints",
            measure=Measure.ENDPOINTS,
            scope=Scope.REGION,
            value=50,
            source="limits page",
            as_of="2026-11-19",
            source_id="S4",
        ),
    ),
    version="7",
    as_of="2026-11-19",
    notes=("one type left out",),
)
EXPECTED = """\
cloud north-1: 7 offerings, prices of 2026-11-19 (7)

dedicated (USD per replica-hour)
 type    vCPU   memory   USD   remarks
----------------------------------------------------------
 big.9      2    4 GiB     -   no-price, older generation

dedicated, single-model (USD per replica-hour)
 type      vCPU   memory   accelerator   USD   remarks
-----------------------------------------------------------
 small.2      2    4 GiB                 0.1
 gpu.1        8   32 GiB   1 x T4        0.7   assumed [1]

serverless (USD per busy second)
 type              vCPU   memory       USD
-------------------------------------------
 serverless-1024      2    4 GiB   0.00002

not usable here
 type          vCPU   memory   USD   remarks
-------------------------------------------------
 elsewhere.1      2    4 GiB     -   not-offered

 [1]  a guess

 meter          USD   per   as of        source
----------------------------------------------------
 data-in-gb   0.016   GB    2026-11-19   price list

 limit       over     value   as of        source        row
-------------------------------------------------------------
 endpoints   region      50   2026-11-19   limits page   S4

note: one type left out
"""


def test_types_stand_by_mode_and_price_with_what_is_assumed() -> None:
    out = StringIO()
    render_catalogs((CATALOG,), out=out, style=Style())
    assert out.getvalue() == EXPECTED


def test_the_document_has_source_and_date_of_every_price() -> None:
    (made,) = json.loads(to_bytes(catalogs_document((CATALOG,))))["catalogs"]
    assert [each["hosting"] for each in made["offerings"]] == sorted(
        each.hosting for each in CATALOG.offerings
    )
    first = made["offerings"][0]
    assert (first["instance_type"], first["priced_per"]) == ("small.2", "replica-hour")
    assert first["price"] == {
        "as_of": "2026-11-19",
        "assumption": "",
        "source": "price list",
        "usd": 0.1,
    }
    refused = next(each for each in made["offerings"] if each["instance_type"] == "elsewhere.1")
    assert refused["refusal"]["code"] == "not-offered"
    assert refused["price"] is None
