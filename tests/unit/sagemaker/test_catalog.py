from __future__ import annotations

import re

import pytest
from botocore.loaders import Loader
from planner_sagemaker import tables
from planner_sagemaker.provider import provider

from planner.errors import ProviderError
from planner.model.catalog import Catalog, Kind, Measure, Offering, Scope
from tests.support.sagemaker_values import settings

DATE = re.compile(r"20\d\d-\d\d(-\d\d)?")


def catalog(**block: object) -> Catalog:
    return provider.catalog(settings(**block))


def offering(found: Catalog, hosting: str, instance_type: str) -> Offering:
    return next(
        one
        for one in found.offerings
        if one.hosting == hosting and one.instance_type == instance_type
    )


def test_every_hosting_type_of_the_service_model_is_offered_in_three_modes() -> None:
    shapes = Loader().load_service_model("sagemaker", "service-2")["shapes"]
    expected = set(shapes["ProductionVariantInstanceType"]["enum"])
    assert len(expected) == 277
    found = catalog().offerings
    for hosting in ("dedicated", "single-model", "multi-model"):
        names = [one.instance_type for one in found if one.hosting == hosting]
        assert set(names) == expected
        assert len(names) == 277


def test_37_regions_with_a_catalog_each() -> None:
    regions = provider.regions()
    assert len(regions) == 37
    assert list(regions) == sorted(regions)
    for region in regions:
        found = provider.catalog(provider.catalog_settings(region))
        assert found.region == region
        assert any(one.price for one in found.offerings)


@pytest.mark.parametrize(
    ("region", "instance_type", "usd"),
    [
        ("us-east-1", "ml.m5.large", 0.115),
        ("us-east-1", "ml.m5.xlarge", 0.23),
        ("us-east-1", "ml.c5.large", 0.102),
        ("us-east-1", "ml.t2.medium", 0.056),
        ("af-south-1", "ml.c5.4xlarge", 1.094),
    ],
)
def test_spot_prices(region: str, instance_type: str, usd: float) -> None:
    price = offering(catalog(region=region), "dedicated", instance_type).price
    assert price is not None
    assert price.usd == usd
    assert price.as_of == "2026-05-20"


def test_every_price_and_limit_has_a_source_and_a_date() -> None:
    for region in provider.regions():
        found = catalog(region=region)
        prices = [one.price for one in found.offerings] + [meter.price for meter in found.meters]
        for price in filter(None, prices):
            assert price.usd > 0
            assert price.source
            assert DATE.fullmatch(price.as_of)
        for limit in {limit for one in found.offerings for limit in one.limits}:
            assert limit.source
            assert DATE.fullmatch(limit.as_of)
    for row in tables.sources():
        assert row.source
        assert DATE.fullmatch(row.as_of)


def test_hardware_rows_name_known_sources() -> None:
    keys = {row.key for row in tables.sources()}
    rows = (tables._FOLDER / "hardware.csv").read_text().splitlines()[1:]
    used = {key for row in rows for key in row.rsplit(",", 1)[1].split("+")}
    assert used - {""} <= keys
    assert [row for row in rows if row.endswith(",")] == ["ml.p6e-gb200.36xlarge,,,,,,,,0,1,"]


def test_suspect_prices_are_left_out_and_said_so() -> None:
    for region in ("us-east-1", "us-west-2"):
        found = catalog(region=region, image_architectures=["x86_64", "arm64"])
        r8g = offering(found, "dedicated", "ml.r8g.xlarge")
        assert r8g.price is None
        assert r8g.refusal is None
        assert any("ml.r8g.xlarge" in note for note in found.notes)
    elsewhere = offering(
        catalog(region="us-east-2", image_architectures=["arm64"]), "dedicated", "ml.r8g.xlarge"
    )
    assert elsewhere.price is not None


def test_blank_means_not_offered_there_and_nowhere_priced_means_no_price() -> None:
    found = catalog()
    m6i = offering(found, "dedicated", "ml.m6i.large")
    assert m6i.price is None
    assert m6i.refusal is not None
    assert m6i.refusal.code == "not-offered"
    p2 = offering(found, "dedicated", "ml.p2.xlarge")
    assert p2.price is None
    assert p2.refusal is None


def test_a_price_in_the_spec_fills_what_no_source_states() -> None:
    found = catalog(prices={"ml.p2.xlarge": "1.20 USD", "ml.m6i.large": "0.2 USD"})
    for name, usd in (("ml.p2.xlarge", 1.2), ("ml.m6i.large", 0.2)):
        filled = offering(found, "dedicated", name)
        assert filled.price is not None
        assert filled.price.usd == usd
        assert filled.price.source.startswith("spec")
        assert filled.refusal is None


def test_settings_that_price_alike_give_the_identical_catalog() -> None:
    assert catalog() is catalog(image=None, kms_key="alias/x", tags={"a": "b"})
    assert catalog(prices={"ml.m5.large": "1 USD", "ml.c5.large": "2 USD"}) is catalog(
        prices={"ml.c5.large": "2.0 USD", "ml.m5.large": "1 USD"}
    )
    assert catalog() is not catalog(overhead="20ms")


def test_unknown_region_names_the_nearest() -> None:
    with pytest.raises(ProviderError) as caught:
        catalog(region="eu-west-11")
    assert caught.value.code == "unknown-region"
    assert "eu-west-1" in caught.value.hint
    assert caught.value.path == "region"


def test_t2_cannot_scale_but_may_be_dedicated() -> None:
    found = catalog()
    single = offering(found, "single-model", "ml.t2.medium")
    assert single.refusal is not None
    assert single.refusal.code == "no-autoscaling"
    assert single.autoscaling is None
    assert offering(found, "dedicated", "ml.t2.medium").refusal is None
    assert offering(found, "multi-model", "ml.t2.medium").autoscaling is None


@pytest.mark.parametrize(
    ("instance_type", "code"),
    [
        ("ml.c7i.large", None),
        ("ml.g4dn.xlarge", None),
        ("ml.g5.16xlarge", None),
        ("ml.g5.12xlarge", "multi-model-gpu"),
        ("ml.g6.xlarge", "multi-model-gpu"),
        ("ml.inf2.xlarge", "multi-model-gpu"),
    ],
)
def test_multi_model_on_gpu_only_where_documented(instance_type: str, code: str | None) -> None:
    refusal = offering(catalog(), "multi-model", instance_type).refusal
    assert (refusal.code if refusal else None) == code


def test_arm_types_need_an_arm_image() -> None:
    refused = offering(catalog(), "dedicated", "ml.c7g.large").refusal
    assert refused is not None
    assert refused.code == "image-architecture"
    both = catalog(image_architectures=["x86_64", "arm64"])
    assert offering(both, "dedicated", "ml.c7g.large").refusal is None
    assert offering(both, "dedicated", "ml.c7i.large").refusal is None


def test_serverless_sizes_and_prices_in_us_east_1() -> None:
    sizes = [one for one in catalog().offerings if one.hosting == "serverless"]
    assert [one.instance_type for one in sizes] == [f"serverless-{gb * 1024}" for gb in range(1, 7)]
    for gb, one in enumerate(sizes, start=1):
        assert one.kind is Kind.ON_DEMAND
        assert one.price is not None
        assert one.price.usd == pytest.approx(gb * 2e-5)
        assert one.hardware.memory_bytes == gb * 2**30
        assert one.options == (("memory_mb", str(gb * 1024)),)
        assert one.cold is not None
        assert (one.cold.idle_s, one.cold.start_s) == (300.0, 3.24)
        assert one.cold.assumption
        assert one.prewarm is not None
        assert one.prewarm.held.usd == pytest.approx(gb * 0.018)
        assert bool(one.prewarm.held.assumption) == (gb != 2)


def test_serverless_elsewhere_has_no_price_and_in_other_regions_no_offer() -> None:
    dublin = offering(catalog(region="eu-west-1"), "serverless", "serverless-2048")
    assert (dublin.price, dublin.prewarm, dublin.refusal) == (None, None, None)
    zurich = offering(catalog(region="eu-central-2"), "serverless", "serverless-2048")
    assert zurich.refusal is not None
    assert zurich.refusal.code == "not-offered"
    given = catalog(
        region="eu-west-1",
        prices={
            "serverless_gb_second": "0.00002 USD",
            "provisioned_gb_second": "0.000005 USD",
            "provisioned_busy_gb_second": "0.00001 USD",
        },
    )
    priced = offering(given, "serverless", "serverless-2048")
    assert priced.price is not None
    assert priced.price.usd == pytest.approx(4e-5)
    assert priced.prewarm is not None
    assert priced.prewarm.held.usd == pytest.approx(0.036)


def test_serverless_is_offered_in_21_regions_with_their_totals() -> None:
    totals = {}
    for region in provider.regions():
        for limit in catalog(region=region).limits:
            if limit.name == "serverless-total-concurrency":
                totals[region] = limit.value
    assert sorted(totals.values()) == [500.0] * 13 + [1000.0] * 8
    assert totals["eu-central-1"] == 1000
    assert totals["eu-west-3"] == 500


def test_limits_of_the_request() -> None:
    found = catalog()
    limits = {limit.name: limit for one in found.offerings for limit in one.limits}
    assert limits["serverless-payload"].value == 4 * 2**20
    assert limits["realtime-payload-documented"].value == 6 * 2**20
    assert limits["realtime-payload-documented"].advisory
    assert not limits["realtime-payload"].advisory
    assert limits["serverless-concurrency"].value == 200
    assert limits["response-time"].value == 60
    serverless = offering(found, "serverless", "serverless-1024")
    assert "realtime-payload" not in {limit.name for limit in serverless.limits}


def test_region_limits_stand_on_the_offerings_that_count_towards_them() -> None:
    found = catalog(quotas={"ml.c7i.large": 8, "serverless_endpoints": 5, "endpoint_instances": 9})
    shared = {limit.name: limit for limit in found.limits}
    assert all(limit.scope is Scope.REGION for limit in found.limits)
    assert shared["serverless-endpoints"].value == 5
    assert shared["instances-ml.c7i.large"].measure is Measure.REPLICAS
    carriers = {
        name: {one.instance_type for one in found.offerings if limit in one.limits}
        for name, limit in shared.items()
    }
    assert carriers["instances-ml.c7i.large"] == {"ml.c7i.large"}
    assert len(carriers["serverless-endpoints"]) == 6
    assert len(carriers["endpoint-instances"]) == 277


def test_serverless_excludes_what_row_s6_names() -> None:
    excludes = offering(catalog(), "serverless", "serverless-1024").excludes
    assert {one.feature for one in excludes} >= {
        "gpu",
        "marketplace",
        "private-registry",
        "multi-model",
        "vpc",
        "network-isolation",
        "data-capture",
        "several-variants",
        "model-monitor",
        "pipelines",
    }
    assert {one.source_id for one in excludes} == {"S6"}


def test_unsourced_meters_are_named_in_the_notes() -> None:
    assert [meter.name for meter in catalog().meters] == [
        "data-in-gb",
        "data-out-gb",
        "storage-gb-month",
    ]
    tokyo = catalog(region="ap-northeast-1", prices={"data_in_gb": "0.02 USD"})
    assert [meter.name for meter in tokyo.meters] == ["data-in-gb"]
    assert any("data-out-gb, storage-gb-month" in note for note in tokyo.notes)


def test_assumptions_vanish_when_the_spec_gives_the_number() -> None:
    guessed = catalog()
    assert sum("assumption" in note for note in guessed.notes) == 2
    told = catalog(overhead="4ms", startup="4m", serverless={"keep_alive": "8m", "start": "2s"})
    assert not any("assumption" in note for note in told.notes)
    one = offering(told, "single-model", "ml.c7i.large")
    assert one.overhead_s == 0.004
    assert one.autoscaling is not None
    assert one.autoscaling.lag_up_s == 180 + 240
    cold = offering(told, "serverless", "serverless-1024").cold
    assert cold is not None
    assert (cold.idle_s, cold.start_s, cold.assumption) == (480.0, 2.0, "")


def test_older_families_are_marked() -> None:
    found = catalog()
    older = {
        one.instance_type.split(".")[1] for one in found.offerings if not one.current_generation
    }
    assert older == set(tables.older_families())
    assert {"m4", "c4", "p2", "p3", "inf1", "t2"} == older
