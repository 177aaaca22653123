"""`planner catalog refresh` of a workspace's price table, by SQL."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from planner.errors import ExitCode
from tests.support.command import Done, codes
from tests.support.databricks_live import SHOP, Analyst, analyst

REFRESH = ("catalog", "refresh", "--provider", "databricks")
SKU = "PREMIUM_SERVERLESS_REAL_TIME_INFERENCE_US_EAST_N_VIRGINIA"
LAUNCH = "PREMIUM_SERVERLESS_REAL_TIME_INFERENCE_LAUNCH_US_EAST_N_VIRGINIA"
WAREHOUSE = {"DATABRICKS_WAREHOUSE_ID": "0123456789abcdef"}


class Home:
    """An analyst with a spec and a cache of their own."""

    def __init__(self, somebody: Analyst) -> None:
        self.somebody = somebody
        self.cache = somebody.home / "cache"
        somebody.file("planner.yaml", SHOP)

    def types(self, *words: str, **env: str | None) -> Done:
        given = {"PLANNER_CACHE": str(self.cache), **WAREHOUSE, **env}
        return self.somebody.types(*words, env=given)

    def refreshes(self, *words: str, **env: str | None) -> dict[str, Any]:
        done = self.types(*REFRESH, "-o", "json", *words, **env)
        assert done.code == 0, done.err
        (found,) = json.loads(done.out)["refreshed"]
        return dict(found)

    def lists(self, **prices: Any) -> None:
        assert self.somebody.workspace.post("prices", prices)["status"] == 200

    @property
    def monthly(self) -> tuple[float, str]:
        done = self.types("plan", "--offline", "--no-verify", "-o", "json")
        assert done.code == 0, done.err
        plan = json.loads(done.out)
        (endpoint,) = plan["endpoints"]
        return endpoint["decision"]["cost"]["monthly_usd"], plan["catalogs"][0]["version"]

    @property
    def kept(self) -> dict[str, bytes]:
        return {str(one): one.read_bytes() for one in self.cache.rglob("*.json")}


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    with analyst(tmp_path) as somebody:
        yield Home(somebody)


def test_another_price_of_a_dbu_is_another_price_of_all(home: Home) -> None:
    before, _ = home.monthly
    assert home.refreshes()["changes"] == []
    assert home.monthly[0] == before
    home.lists(**{SKU: 0.14, LAUNCH: 0.21})
    found = home.refreshes("--warehouse", "other")
    changes = {(one["name"], one["per"]): one for one in found["changes"]}
    assert changes["CPU", "unit-hour"]["change_percent"] == 100.0
    assert changes["CPU, from zero", "start"]["new"] == 0.21
    after, version = home.monthly
    assert after == pytest.approx(2 * before, rel=0.01)
    assert f"system.billing.list_prices read {found['read_at']}" in version
    asked = home.somebody.workspace.get("calls")
    used = [one for one in asked if one["operation"] == "ExecuteStatement"]
    assert len(used) == 2


def test_two_prices_in_effect_are_refused_and_both_named(home: Home) -> None:
    home.refreshes()
    kept = home.kept
    home.lists(**{SKU: [0.07, 0.09]})
    done = home.types(*REFRESH)
    assert (done.code, codes(done), home.kept) == (ExitCode.ERROR, ["duplicate-price"], kept)
    assert f"for {SKU}: $0.07 (since 2026-04-10) and $0.09 (since 2026-04-10)" in done.err
    home.lists(**{SKU: [0.09, 0.09]})
    assert home.refreshes()["changes"]


def test_another_cloud_has_other_prices(home: Home) -> None:
    home.somebody.workspace.post("workspace", {"cloud": "azure"})
    done = home.types(*REFRESH, "--region", "us-east-1")
    assert (done.code, codes(done), home.kept) == (ExitCode.ERROR, ["half-answer"], {})
    assert "us-east-1 is of aws" in done.err
    assert home.refreshes("--region", "eastus")["changes"] == []
    assert codes(home.types(*REFRESH, "--region", "us-central1")) == ["unknown-region"]


@pytest.mark.parametrize(
    ("effect", "operation", "code", "exit_code"),
    [
        ("expired", "*", "credentials-refused", ExitCode.AUTHENTICATION),
        ("denied", "ExecuteStatement", "access-denied", ExitCode.AUTHENTICATION),
    ],
)
def test_a_failure_leaves_what_was_kept(
    home: Home, effect: str, operation: str, code: str, exit_code: ExitCode
) -> None:
    home.refreshes()
    kept = home.kept
    home.lists(**{SKU: 9})
    home.somebody.workspace.fault(effect, operation)
    done = home.types(*REFRESH)
    assert (done.code, codes(done), home.kept) == (exit_code, [code], kept)


def test_a_warehouse_that_does_not_answer_is_left_alone(home: Home) -> None:
    home.refreshes()
    kept = home.kept
    home.lists(**{SKU: 9})
    home.somebody.workspace.post("pace", {"statement_s": 3600.0})
    done = home.types(*REFRESH, "--timeout", "1")
    assert (done.code, codes(done), home.kept) == (ExitCode.ERROR, ["statement-timeout"], kept)
    assert "the statement is cancelled" in done.err
    calls = [one["operation"] for one in home.somebody.workspace.get("calls")]
    assert calls[-1] == "CancelExecution"


def test_a_failure_while_the_statement_runs_leaves_what_was_kept(home: Home) -> None:
    home.refreshes()
    kept = home.kept
    home.lists(**{SKU: 9})
    home.somebody.workspace.fault("denied", "GetStatement")
    home.somebody.workspace.post("pace", {"statement_s": 3600.0})
    done = home.types(*REFRESH)
    expected = (ExitCode.AUTHENTICATION, ["access-denied"], kept)
    assert (done.code, codes(done), home.kept) == expected


def test_without_a_warehouse_nothing_is_asked(home: Home, tmp_path: Path) -> None:
    done = home.types(*REFRESH, DATABRICKS_WAREHOUSE_ID=None, DATABRICKS_HOST="https://x.invalid")
    assert (done.code, codes(done)) == (ExitCode.ERROR, ["no-warehouse"])
    assert "databricks warehouses list" in done.err
