"""What can be bought: every number is priced or refused, and says where it comes from."""

from __future__ import annotations

from typing import Any, get_args

import pytest
from planner_databricks import tables
from planner_databricks.provider import provider
from planner_databricks.settings import PriceKey

from planner.errors import ProviderError
from planner.model.catalog import Catalog, Kind, Limit, Measure, Offering, Scope
from tests.support.databricks_values import settings

PLACES = [(price.cloud, price.region, price.tier) for price in tables.dbu_prices()]


def catalog(**block: Any) -> Catalog:
    return provider.catalog(settings(**block))


def one(made: Catalog, kind: str, hosting: str = "dedicated", routed: str = "false") -> Offering:
    wanted = (kind, hosting, routed)
    (found,) = [
        o
        for o in made.offerings
        if (o.instance_type, o.hosting, dict(o.options)["route_optimized"]) == wanted
    ]
    return found


def limit(offering: Offering | Catalog, name: str) -> Limit:
    (found,) = [bound for bound in offering.limits if bound.name == name]
    return found


@pytest.mark.parametrize(("cloud", "region", "tier"), PLACES)
def test_every_place_has_a_catalog_whose_numbers_have_an_origin(
    cloud: str, region: str, tier: str
) -> None:
    made = catalog(cloud=cloud, region=region, tier=tier)
    assert made.provider == "databricks"
    assert made.region == region
    assert len(made.offerings) == len(tables.type_names()) * 4 * 2
    keys = {(o.instance_type, o.hosting, o.options) for o in made.offerings}
    assert len(keys) == len(made.offerings)
    for offering in made.offerings:
        assert offering.kind is Kind.UNITS
        assert offering.step == 4
        assert offering.hosting in provider.hostings
        for bound in offering.limits + made.limits:
            assert bound.value > 0
            assert bound.source
            assert bound.as_of
        for price in (offering.price, offering.cold and offering.cold.launch_price):
            if price is not None:
                assert price.usd > 0
                assert price.source
                assert price.as_of >= made.as_of


def test_all_92_price_rows_and_28_limit_statements_are_here() -> None:
    clouds = [cloud for cloud, _, _ in PLACES]
    assert {name: clouds.count(name) for name in set(clouds)} == {"aws": 30, "azure": 36, "gcp": 26}
    assert len(set(PLACES)) == 92
    assert len(tables.limit_rows()) == 28


def test_a_region_name_belongs_to_one_cloud() -> None:
    owners: dict[str, set[str]] = {}
    for cloud, region, _ in PLACES:
        owners.setdefault(region, set()).add(cloud)
    assert all(len(clouds) == 1 for clouds in owners.values())
    assert provider.regions() == tuple(sorted(owners))


@pytest.mark.parametrize(
    ("region", "kind", "usd_per_unit_hour"),
    [
        ("us-east-1", "CPU", 0.07),
        ("eu-central-1", "CPU", 0.084),
        ("sa-east-1", "CPU", 0.112),
        ("us-east-1", "GPU_SMALL", 10.48 / 4 * 0.07),
        ("eastus", "GPU_LARGE", 78.6 / 4 * 0.07),
        ("us-central1", "GPU_MEDIUM", 5.0 * 0.07),
    ],
)
def test_spot_prices(region: str, kind: str, usd_per_unit_hour: float) -> None:
    price = one(catalog(region=region), kind).price
    assert price is not None
    assert price.usd == pytest.approx(usd_per_unit_hour)


def test_four_cpu_units_in_us_east_1_cost_28_cents_an_hour() -> None:
    price = one(catalog(region="us-east-1"), "CPU").price
    assert price is not None
    assert 4 * price.usd == pytest.approx(0.28)
    assert price.assumption == ""


@pytest.mark.parametrize("kind", ["CPU_MEDIUM", "CPU_LARGE", "GPU_XLARGE", "GPU_XLARGE_8"])
@pytest.mark.parametrize("region", ["us-east-1", "eastus", "us-central1"])
def test_types_without_a_published_rate_have_no_price(region: str, kind: str) -> None:
    offering = one(catalog(region=region), kind)
    assert offering.price is None
    assert offering.refusal is None


def test_a_price_in_the_spec_fills_the_gap_by_the_rate_unit_of_the_type() -> None:
    made = catalog(region="us-east-1", prices={"CPU_LARGE": "1.2 USD", "GPU_XLARGE": "8 USD"})
    prices = {kind: one(made, kind).price for kind in ("CPU_LARGE", "GPU_XLARGE", "CPU")}
    assert {kind: price and price.usd for kind, price in prices.items()} == pytest.approx(
        {"CPU_LARGE": 1.2, "GPU_XLARGE": 2.0, "CPU": 0.07}
    )
    assert prices["CPU_LARGE"] is not None
    assert prices["CPU_LARGE"].source == "the spec"


def test_prices_can_be_given_for_every_type_and_for_a_launch() -> None:
    assert sorted(get_args(PriceKey)) == sorted((*tables.type_names(), "LAUNCH"))


def test_the_guess_about_the_rate_unit_is_carried_with_its_confidence() -> None:
    replica = one(catalog(region="us-east-1"), "GPU_SMALL").price
    unit = one(catalog(region="us-central1"), "GPU_MEDIUM").price
    assert replica is not None
    assert unit is not None
    assert "per replica of 4 units" in replica.assumption
    assert "medium confidence" in replica.assumption
    assert "per unit;" in unit.assumption
    assert "low confidence" in unit.assumption


@pytest.mark.parametrize(
    ("region", "kind"),
    [("eastus", "GPU_MEDIUM"), ("us-east-1", "GPU_LARGE"), ("us-central1", "GPU_SMALL")],
)
def test_a_type_of_another_cloud_is_refused(region: str, kind: str) -> None:
    offering = one(catalog(region=region), kind)
    assert offering.refusal is not None
    assert offering.refusal.code == "not-offered"
    assert kind not in offering.refusal.allowed.split(", ")
    assert "CPU" in offering.refusal.allowed.split(", ")
    assert offering.price is None


def test_azure_gpu_medium_cites_the_report_of_the_refusal() -> None:
    refusal = one(catalog(region="eastus"), "GPU_MEDIUM").refusal
    assert refusal is not None
    assert refusal.measured == "GPU_MEDIUM on azure"
    assert "hls-llm-doc-qa" in refusal.source


def test_foundation_models_are_refused_on_every_offering() -> None:
    made = catalog(region="us-east-1", entity="system.ai.qwen3_32b", entity_version="1")
    codes = {o.refusal.code for o in made.offerings if o.refusal}
    assert all(o.refusal for o in made.offerings)
    assert codes == {"foundation-model", "not-offered"}


def test_rate_limits_hang_on_route_optimization() -> None:
    made = catalog(region="us-east-1")
    standard, routed = one(made, "CPU"), one(made, "CPU", routed="true")
    bound = limit(standard, "qps-without-route-optimization")
    assert (bound.measure, bound.scope) == (Measure.RATE_PER_S, Scope.WORKSPACE)
    assert (bound.value, bound.source_id) == (200, "D2")
    rates = {b.scope: b.value for b in routed.limits if b.measure is Measure.RATE_PER_S}
    assert rates == {Scope.WORKSPACE: 300_000, Scope.ENDPOINT: 300_000}
    assert standard.overhead_s == 0.05
    assert routed.overhead_s == 0.02
    assert standard.preference < routed.preference
    assert any("OAuth" in note for note in routed.notes)
    assert any("creation only" in note for note in routed.notes)


def test_limits_of_the_documents() -> None:
    made = catalog(region="us-east-1")
    shared = {bound.name: (bound.scope, bound.value) for bound in made.limits}
    assert shared == {
        "endpoints": (Scope.WORKSPACE, 1000),
        "provisioned-concurrency": (Scope.WORKSPACE, 4096),
    }
    own = {bound.name: bound.value for bound in one(made, "CPU", "multi-model").limits}
    assert own == {
        "qps-without-route-optimization": 200,
        "provisioned-concurrency-per-entity": 1024,
        "payload": 16_000_000,
        "request-duration": 297,
        "cpu-model-memory": 4_000_000_000,
        "environment-variables": 30,
        "served-entities": 10,
    }


def test_only_the_newest_statement_of_a_limit_binds() -> None:
    rows = [(row.name, row.scope, row.status) for row in tables.limit_rows()]
    current = [(name, scope) for name, scope, status in rows if status == "current"]
    superseded = [(name, scope) for name, scope, status in rows if status == "superseded"]
    assert len(set(current)) == len(current)
    assert superseded
    assert set(superseded) <= set(current)


def test_memory_bounds_follow_the_hardware() -> None:
    made = catalog(region="us-east-1")
    gpu = one(made, "GPU_MEDIUM")
    assert limit(gpu, "accelerator-memory-gpu_medium").value == 24_000_000_000
    assert gpu.hardware.accelerator == "A10G"
    assert gpu.hardware.memory_bytes is None
    large = one(made, "CPU_LARGE")
    assert large.hardware.memory_bytes is None
    assert not [bound for bound in large.limits if bound.measure is Measure.MEMORY_BYTES]


def test_every_quota_replaces_a_limit() -> None:
    fields = tuple(type(settings().quotas).model_fields)
    before = catalog(region="us-east-1")
    after = catalog(region="us-east-1", quotas=dict.fromkeys(fields, 7))
    own = {b.name for o in after.offerings for b in (*o.limits, *after.limits) if b.value == 7}
    assert len(own) == len(fields)
    assert not [b for o in before.offerings for b in (*o.limits, *before.limits) if b.value == 7]


def test_quotas_of_the_spec_take_the_place_of_documented_limits() -> None:
    made = catalog(
        region="us-east-1",
        quotas={"qps": "500/s", "served_entities": 15, "endpoints": 2000},
    )
    offering = one(made, "CPU", "multi-model")
    assert limit(offering, "qps-without-route-optimization").value == 500
    assert limit(offering, "served-entities").value == 15
    assert limit(offering, "served-entities").source == "the spec"
    assert limit(made, "endpoints").value == 2000
    assert limit(made, "provisioned-concurrency").value == 4096


@pytest.mark.parametrize(("given", "kept"), [("true", {"true"}), (False, {"false"})])
def test_a_fixed_route_optimization_leaves_one_kind(given: object, kept: set[str]) -> None:
    made = catalog(region="us-east-1", route_optimized=given)
    assert {dict(o.options)["route_optimized"] for o in made.offerings} == kept


def test_capacity_follows_load_within_a_minute_and_leaves_after_minutes() -> None:
    made = catalog(region="us-east-1")
    scaling = one(made, "CPU", "single-model").autoscaling
    assert scaling is not None
    assert scaling.lag_up_s == 60
    assert scaling.lag_down_s == 600
    assert scaling.min_count == 4
    assert not scaling.scheduled
    assert one(made, "CPU", "dedicated").autoscaling is None


def test_serverless_goes_to_zero_and_pays_for_each_start() -> None:
    offering = one(catalog(region="us-east-1"), "CPU", "serverless")
    assert offering.autoscaling is not None
    assert offering.autoscaling.min_count == 0
    assert dict(offering.options)["scale_to_zero"] == "true"
    cold = offering.cold
    assert cold is not None
    assert (cold.idle_s, cold.start_s, cold.launches_per_hour) == (1800, 20, 2)
    assert cold.launch_price is not None
    assert cold.launch_price.usd == 0.07
    assert cold.launch_price.assumption == ""
    assert "42 s measured" in cold.assumption
    assert all(o.cold is None for o in catalog(region="us-east-1").offerings
               if o.hosting != "serverless")  # fmt: skip


def test_a_launch_price_that_no_list_states_is_flagged() -> None:
    cold = one(catalog(region="eu-west-3"), "CPU", "serverless").cold
    assert cold is not None
    assert cold.launch_price is not None
    assert cold.launch_price.usd == 0.082
    assert "no launch price is listed for eu-west-3" in cold.launch_price.assumption
    given = one(catalog(region="eu-west-3", prices={"LAUNCH": "0.1 USD"}), "CPU", "serverless").cold
    assert given is not None
    assert given.launch_price is not None
    assert (given.launch_price.usd, given.launch_price.assumption) == (0.1, "")


def test_a_launch_costs_one_dbu_wherever_both_are_listed() -> None:
    listed = [price for price in tables.dbu_prices() if price.usd_per_launch is not None]
    assert len(listed) > 20
    for price in listed:
        assert price.usd_per_launch == pytest.approx(price.usd_per_dbu, abs=0.0011)


def test_own_timings_replace_the_documented_ones() -> None:
    made = catalog(region="us-east-1", overhead="8ms", cold_start="42s")
    offering = one(made, "CPU", "serverless", "true")
    assert offering.overhead_s == 0.008
    assert offering.cold is not None
    assert (offering.cold.start_s, offering.cold.assumption) == (42, "")


def test_logging_is_priced_only_where_it_is_asked_for() -> None:
    assert catalog(region="us-east-1").meters == ()
    table = {"catalog": "main", "schema": "logs"}
    (meter,) = catalog(region="us-east-1", inference_table=table).meters
    assert meter.name == "logging-gb"
    assert meter.price.usd == pytest.approx(7.143 * 0.07)


def test_settings_that_price_alike_share_one_catalog() -> None:
    first = catalog(region="us-east-1", entity="main.a.b", tags={"team": "x"})
    assert first is catalog(cloud="aws", region="us-east-1", entity="main.c.d", profile="other")
    assert first is not catalog(region="us-east-1", tier="enterprise")


def test_without_a_region_the_assumed_one_is_said() -> None:
    made = provider.catalog(provider.catalog_settings(None))
    assert made.region == "us-east-1"
    assert "us-east-1 is assumed" in made.notes[0]
    price = one(made, "CPU").price
    assert price is not None
    assert "us-east-1 assumed" in price.assumption
    assert catalog(cloud="azure").region == "eastus"
    assert catalog(cloud="gcp").region == "us-central1"
    assert provider.catalog(provider.catalog_settings("us-east-1")).notes == ()


def test_an_unknown_region_names_the_nearest() -> None:
    with pytest.raises(ProviderError) as caught:
        catalog(region="eu-centrl-1")
    assert (caught.value.code, caught.value.path) == ("unknown-region", "region")
    assert caught.value.hint == "region: eu-central-1"


def test_a_region_of_another_cloud_names_its_cloud() -> None:
    with pytest.raises(ProviderError) as caught:
        catalog(cloud="aws", region="eastus")
    assert (caught.value.code, caught.value.path) == ("unknown-region", "cloud")
    assert caught.value.hint == "cloud: azure"


def test_a_tier_without_a_price_names_those_that_have_one() -> None:
    with pytest.raises(ProviderError) as caught:
        catalog(region="eastus", tier="enterprise")
    assert (caught.value.code, caught.value.hint) == ("unknown-tier", "tier: premium")


@pytest.mark.parametrize(
    ("region", "kind", "accelerators", "gigabytes_each"),
    [
        ("us-east-1", "GPU_SMALL", 1, 16),
        ("us-east-1", "MULTIGPU_MEDIUM", 4, 24),
        ("us-east-1", "GPU_MEDIUM_8", 8, 24),
        ("eastus", "GPU_LARGE_4", 4, 80),
        ("us-central1", "GPU_MEDIUM", 1, 24),
    ],
)
def test_accelerator_memory_is_per_accelerator_and_bounded_in_all(
    region: str, kind: str, accelerators: int, gigabytes_each: int
) -> None:
    offering = one(catalog(region=region), kind)
    each = gigabytes_each * 10**9
    assert offering.hardware.accelerators == accelerators
    assert offering.hardware.accelerator_memory_bytes == each
    bound = limit(offering, f"accelerator-memory-{kind.lower()}")
    assert bound.value == accelerators * each


def test_a_gpu_type_of_unknown_hardware_never_passes_for_a_cpu_type() -> None:
    for region in ("us-east-1", "eastus", "us-central1"):
        for offering in catalog(region=region).offerings:
            assert (offering.hardware.accelerators > 0) == ("GPU" in offering.instance_type)
