"""`planner catalog refresh` as a person types it: what it keeps, changes and leaves alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from planner.errors import ExitCode
from tests.support.command import Done, codes
from tests.support.live import NOWHERE, Person, person
from tests.support.specs import STEADY

REFRESH = ("catalog", "refresh", "--provider", "sagemaker")
PLAN = ("plan", "--offline", "--no-verify")


class Home:
    """A person with a spec, an account and a cache of their own."""

    def __init__(self, somebody: Person) -> None:
        self.somebody = somebody
        self.cache = somebody.home / "cache"
        somebody.file("planner.yaml", STEADY)

    def types(self, *words: str, **env: str | None) -> Done:
        return self.somebody.types(*words, env={"PLANNER_CACHE": str(self.cache), **env})

    def does(self, *words: str, **env: str | None) -> Done:
        done = self.types(*words, **env)
        assert done.code == 0, done.out + done.err
        return done

    def refreshes(self, *words: str) -> dict[str, Any]:
        (found,) = json.loads(self.does(*REFRESH, "-o", "json", *words).out)["refreshed"]
        return dict(found)

    def lists(self, **prices: Any) -> None:
        """Put types at these prices; `_` stands for a dot."""
        named = {name.replace("_", "."): amount for name, amount in prices.items()}
        found = self.somebody.sandbox.post("prices", {"prices": named})
        assert "error" not in found, found

    def decides(self, *words: str) -> dict[str, Any]:
        plan = json.loads(self.does(*PLAN, "-o", "json", *words).out)
        (endpoint,) = plan["endpoints"]
        return {"decision": endpoint["decision"], "catalogs": plan["catalogs"]}

    @property
    def kept(self) -> dict[str, bytes]:
        return {str(one): one.read_bytes() for one in self.cache.rglob("*") if one.is_file()}


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    with person(tmp_path) as somebody:
        yield Home(somebody)


def changed(found: dict[str, Any], kind: str = "price") -> dict[str, Any]:
    return {one["name"]: one for one in found["changes"] if one["kind"] == kind}


def test_prices_as_they_were_change_no_decision_and_quotas_are_the_accounts(home: Home) -> None:
    before = home.decides()
    found = home.refreshes()
    assert (found["account"], changed(found)) == ("123456789012", {})
    assert changed(found, "limit")["instances-ml.c5.large"]["new"] == 10_000
    found = home.refreshes()
    assert found["changes"] == []
    after = home.decides()
    same = ("hosting", "instance_type", "replicas")
    assert [after["decision"][k] for k in same] == [before["decision"][k] for k in same]
    assert after["decision"]["cost"]["monthly_usd"] == before["decision"]["cost"]["monthly_usd"]
    (stamp,) = after["catalogs"]
    assert stamp["as_of"] == found["read_at"][:10]
    assert stamp["version"].endswith(f"AWS Price List GetProducts read {found['read_at']}")


def test_another_price_changes_the_plan_and_both_say_why(home: Home) -> None:
    assert home.decides()["decision"]["instance_type"] == "ml.c6i.large"
    home.lists(ml_c6i_large=0.3, ml_c5_large=0.3)
    done = home.does(*REFRESH, "--no-quotas")
    row = next(line.split() for line in done.out.splitlines() if " ml.c6i.large " in line)
    assert row[1:5] == ["0.102", "0.3", "+194.1", "%"]
    done = home.does(*PLAN)
    assert "ml.c7i.large" in done.out
    assert "prices of sagemaker us-east-1: AWS Price List GetProducts, read today" in done.err
    why = home.does("explain", ".", "--no-verify", "--all").out
    line = next(line for line in why.splitlines() if "dedicated      ml.c6i.large x 1 " in line)
    assert "costs 2.4x" in line
    bundled = home.decides("--catalog", "bundled")
    assert bundled["decision"]["instance_type"] == "ml.c6i.large"
    assert bundled["catalogs"][0]["version"].endswith("prices of 2026-05-20")
    assert home.types(*PLAN, PLANNER_CATALOG="bundled").err == ""
    compared = home.does("compare", ".", "--set", "traffic.rate=2x", "--no-verify").out
    assert "ml.c7i.large" in compared


def test_what_is_not_listed_any_more_is_not_offered_and_what_is_unknown_is_named(
    home: Home,
) -> None:
    home.lists(ml_c6i_large=None, ml_c5_large=None, ml_x9_large=0.01)
    found = home.refreshes("--no-quotas")
    assert (changed(found)["ml.c6i.large"]["new"], found["unknown"]) == (None, ["ml.x9.large"])
    assert home.decides()["decision"]["instance_type"] == "ml.c7i.large"
    shown = home.does("catalog", "show", "--provider", "sagemaker").out
    assert "priced, and their hardware is not known here: ml.x9.large" in shown


def test_a_quota_of_the_account_holds_for_its_endpoints_alone(home: Home) -> None:
    per_type = {f"ml.{one}.large for endpoint usage": 0 for one in ("c6i", "c5")}
    home.somebody.sandbox.post("quotas", {"quotas": per_type})
    assert changed(home.refreshes(), "limit")["instances-ml.c5.large"]["new"] == 0
    assert home.decides()["decision"]["instance_type"] == "ml.c7i.large"
    elsewhere = "providers.sagemaker.role_arn=arn:aws:iam::999999999999:role/Other"
    assert home.decides("--set", elsewhere)["decision"]["instance_type"] == "ml.c6i.large"


def test_two_prices_for_one_thing_are_refused_and_both_named(home: Home) -> None:
    home.refreshes()
    kept = home.kept
    home.lists(ml_r8g_large=[0.3, 0.15], ml_m5_large=[0.115, 0.115])
    done = home.types(*REFRESH)
    assert (done.code, codes(done)) == (ExitCode.ERROR, ["duplicate-price"])
    assert "ml.r8g.large at $0.15 (SKU " in done.err
    assert " and $0.3 (SKU " in done.err
    assert "ml.m5.large" not in done.err
    assert home.kept == kept
    assert "--leave-out 'ml.r8g.*'" in done.err
    found = home.refreshes("--leave-out", "ml.r8g.*")
    assert found["left_out"] == ["ml.r8g.*"]
    assert home.kept != kept


@pytest.mark.parametrize(
    ("rule", "code", "exit_code"),
    [
        ({"effect": "expired"}, "credentials-refused", ExitCode.AUTHENTICATION),
        ({"effect": "denied"}, "access-denied", ExitCode.AUTHENTICATION),
        ({"effect": "lost-request"}, "unreachable", ExitCode.ERROR),
        # a page in the middle: what came before it is not taken for all
        (
            {"effect": "expired", "match": {"operation": "GetProducts", "call": 2}},
            "credentials-refused",
            ExitCode.AUTHENTICATION,
        ),
        (
            {"effect": "denied", "match": {"operation": "ListServiceQuotas"}},
            "access-denied",
            ExitCode.AUTHENTICATION,
        ),
    ],
)
def test_a_failure_leaves_what_was_kept(
    home: Home, rule: dict[str, Any], code: str, exit_code: ExitCode
) -> None:
    home.refreshes()
    kept = home.kept
    home.lists(ml_c5_large=9)
    home.somebody.sandbox.post("faults", [rule])
    done = home.types(*REFRESH)
    assert (done.code, codes(done), home.kept) == (exit_code, [code], kept)
    assert ("--no-quotas" in done.err) == ("ListServiceQuotas" in str(rule))


def test_who_is_killed_in_the_middle_leaves_what_was_kept(home: Home) -> None:
    home.refreshes()
    kept = home.kept
    home.lists(ml_c5_large=9)
    slow = {"effect": "delay", "seconds": 60, "match": {"operation": "GetProducts", "call": 2}}
    home.somebody.sandbox.post("faults", [slow])
    before = len(home.somebody.sandbox.get("calls"))
    given = {**home.somebody.env, "PLANNER_CACHE": str(home.cache)}
    command = [sys.executable, "-m", "planner", *REFRESH]
    env = {**os.environ, **{name: text for name, text in given.items() if text is not None}}
    with subprocess.Popen(command, cwd=home.somebody.home, env=env) as running:
        while len(home.somebody.sandbox.get("calls")) == before:
            assert running.poll() is None
            time.sleep(0.05)
        running.kill()
    assert home.kept == kept
    # What a killed process leaves behind is no list, and does not stand in the way of one.
    (name,) = kept
    Path(name).with_name(".us-east-1.json.1.draft").write_bytes(kept[name][:100])
    home.does(*PLAN)
    home.somebody.sandbox.post("faults", [])
    assert changed(home.refreshes())["ml.c5.large"]["new"] == 9


def test_too_few_prices_are_not_all(home: Home) -> None:
    types = json.loads(home.does("catalog", "show", "--provider", "sagemaker", "--json").out)
    names = {one["instance_type"] for one in types["catalogs"][0]["offerings"]}
    few = [name for name in sorted(names) if name.startswith("ml.")][30:]
    home.lists(**dict.fromkeys(few))
    done = home.types(*REFRESH)
    assert (done.code, codes(done), home.kept) == (ExitCode.ERROR, ["half-answer"], {})
    done = home.types(*REFRESH, "--region", "us-moon-1")
    assert codes(done) == ["half-answer"]
    assert "0 prices" in done.err


def test_without_a_network_or_credentials_nothing_is_kept(home: Home) -> None:
    done = home.types(*REFRESH, **NOWHERE)
    assert (done.code, codes(done)) == (ExitCode.AUTHENTICATION, ["no-credentials"])
    assert home.kept == {}
    (home.cache.parent / "file").write_text("", encoding="utf-8")
    done = home.types(*REFRESH, PLANNER_CACHE=str(home.cache.parent / "file"))
    assert codes(done) == ["cannot-write"]
    assert "export PLANNER_CACHE=" in done.err


def test_a_file_that_was_spoilt_is_named_with_the_way_out(home: Home) -> None:
    home.refreshes()
    (name,) = home.kept
    Path(name).write_bytes(home.kept[name][:-40])
    done = home.types(*PLAN)
    assert (done.code, codes(done)) == (ExitCode.ERROR, ["unreadable-price-list"])
    assert "planner catalog refresh --provider sagemaker --region us-east-1" in done.err
    assert home.does(*PLAN, "--catalog", "bundled").err == ""
    home.refreshes()
    assert home.does(*PLAN).code == ExitCode.DONE


def test_prices_of_long_ago_are_said_to_be(home: Home) -> None:
    home.refreshes()
    (name,) = home.kept
    document = json.loads(home.kept[name])
    Path(name).write_text(json.dumps({**document, "read_at": "2025-11-01T00:00:00Z"}))
    done = home.does(*PLAN)
    assert "days ago; planner catalog refresh --provider sagemaker --region us-east-1" in done.err


def test_wrong_usage(home: Home) -> None:
    done = home.types("catalog", "refresh", "--region", "us-east-1")
    assert (done.code, codes(done)) == (ExitCode.USAGE, ["region-without-provider"])
    done = home.types("catalog", "refresh", "--provider", "sagemakr")
    assert (done.code, codes(done)) == (ExitCode.USAGE, ["unknown-provider"])
    done = home.types(*REFRESH, "--region", "../etc")
    assert (done.code, codes(done)) == (ExitCode.USAGE, ["unknown-region"])


def test_the_sandbox_of_a_run_is_asked_as_well(home: Home) -> None:
    done = home.does(*REFRESH, "--sandbox", "--out", "out.json", **NOWHERE)
    assert "no price and no limit" not in done.out
    assert json.loads((home.somebody.home / "out.json").read_text())["refreshed"]
