"""One spec with two clouds: compared by cost, kept where little is saved, moved where it pays."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from planner_databricks.sandbox.serve import running as workspace_running
from planner_sagemaker.sandbox.serve import running as account_running

from planner.errors import ExitCode
from tests.support import databricks_live, live
from tests.support.command import Done, planner
from tests.support.sandbox import Sandbox
from tests.support.workspace import ENDPOINTS, Workspace

SPEC = """\
apiVersion: planner/v1alpha1
kind: Endpoint
metadata: {name: fraud-scorer}
spec:
  models:
    - name: fraud
      artifact: s3://risk-models/fraud/model.tar.gz
      size: 120MiB
      memory: 400MiB
      compute: cpu
      service_time: 6ms
      reference_instance: ml.c5.large
      max_concurrency: 2
      load_time: 3s
  payload: {request: 4KiB, response: 256B}
  traffic: {type: steady, rate: 100/s}
  slo:
    latency: {p99: 200ms}
    cold_start: forbid
  constraints:
    hosting: [dedicated]
    instances: {include: [ml.c5.large, CPU]}
  providers:
    sagemaker:
      region: us-east-1
      role_arn: arn:aws:iam::123456789012:role/SageMakerExecution
      image: 683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1
    databricks:
      region: us-east-1
      route_optimized: false
      entity: main.risk.fraud
      entity_version: "3"
      prices: {CPU: 0.07 USD}
"""
"""One ml.c5.large costs 96.96 USD a month, four units of CPU 2,920 times their price."""

DEAR, ALIKE, CHEAP = "0.07 USD", "0.033 USD", "0.02 USD"


def _at(price: str) -> tuple[str, str]:
    return "--set", f"providers.databricks.prices.CPU={price}"


@dataclass(frozen=True, kw_only=True)
class Both:
    """Somebody with an account of each cloud."""

    home: Path
    account: Sandbox
    workspace: Workspace

    @property
    def env(self) -> dict[str, str | None]:
        person = live.Person(home=self.home, sandbox=self.account)
        analyst = databricks_live.Analyst(home=self.home, workspace=self.workspace)
        return {**person.env, **analyst.env}

    def types(self, *words: str, env: Mapping[str, str | None] | None = None) -> Done:
        return planner(*words, cwd=self.home, env={**self.env, **(env or {})})

    def does(self, *words: str) -> Done:
        done = self.types(*words)
        assert done.code == 0, done.out + done.err
        return done

    def applies(self, *words: str) -> Done:
        return self.does("apply", *words, "--auto-approve", "--no-verify")

    def plans(self, *words: str) -> dict[str, Any]:
        done = self.does("plan", *words, "--no-verify", "-o", "json")
        found: dict[str, Any] = json.loads(done.out)
        return found

    def on_sagemaker(self) -> list[str]:
        return [one["EndpointName"] for one in self.account.sagemaker.list_endpoints()["Endpoints"]]

    def on_databricks(self) -> list[str]:
        rows = self.workspace.ask("GET", ENDPOINTS).json()["endpoints"]
        return [row["name"] for row in rows]


@pytest.fixture(scope="module")
def clouds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    with (
        account_running(":memory:", pace=live.QUICK) as account,
        workspace_running(":memory:", pace=databricks_live.QUICK) as workspace,
    ):
        yield Both(
            home=tmp_path_factory.mktemp("home"),
            account=Sandbox(url=account),
            workspace=Workspace(url=workspace),
        )


@pytest.fixture
def both(clouds: Both) -> Both:
    clouds.account.post("reset")
    clouds.workspace.post("reset")
    (clouds.home / "planner.yaml").write_text(SPEC, encoding="utf-8")
    return clouds


def _words(text: str) -> str:
    return " ".join(text.split())


def _decided(plan: Mapping[str, Any]) -> tuple[str, str]:
    (endpoint,) = plan["endpoints"]
    return endpoint["provider"], endpoint["action"]


@pytest.mark.parametrize(("price", "chosen"), [(DEAR, "sagemaker"), (CHEAP, "databricks")])
def test_the_cheaper_one_is_chosen_and_both_are_explained(
    price: str, chosen: str, both: Both
) -> None:
    assert _decided(both.plans(*_at(price))) == (chosen, "create")
    (explained,) = json.loads(both.does("explain", *_at(price), "--no-verify", "-o", "json").out)
    (other,) = {"sagemaker", "databricks"} - {chosen}
    against = [one["monthly_usd"] for one in explained["alternatives"] if one["provider"] == other]
    assert explained["endpoints"][0]["provider"] == chosen
    assert min(filter(None, against)) > explained["monthly_usd"]
    shown = _words(both.does("explain", *_at(price), "--no-verify").out)
    assert "sagemaker" in shown
    assert "databricks" in shown


def test_with_a_stand_in_for_both_inside_the_command(both: Both) -> None:
    done = both.does("plan", "--sandbox", "--no-verify")
    assert "why not databricks dedicated CPU x 4, $204.40" in _words(done.out)


def test_what_saves_too_little_stays_where_it_runs(both: Both) -> None:
    both.applies(*_at(DEAR))
    assert both.on_sagemaker() == ["fraud-scorer"]
    assert _decided(both.plans(*_at(ALIKE))) == ("sagemaker", "none")
    none = ("--set", "objective.stability=0%")
    assert _decided(both.plans(*_at(ALIKE), *none)) == ("databricks", "create")


def test_also_the_other_way_round(both: Both) -> None:
    both.applies(*_at(ALIKE))
    assert both.on_databricks() == ["fraud-scorer"]
    assert _decided(both.plans(*_at("0.034 USD"))) == ("databricks", "none")
    assert _decided(both.plans(*_at(DEAR))) == ("sagemaker", "create")
    both.applies(*_at(DEAR), "--prune")
    assert (both.on_sagemaker(), both.on_databricks()) == (["fraud-scorer"], [])


def test_a_move_is_created_and_verified_and_the_old_goes_when_asked(both: Both) -> None:
    both.applies(*_at(DEAR))
    done = both.does("plan", *_at(CHEAP), "--no-verify")
    told = _words(done.out)
    assert (
        "moves from sagemaker us-east-1 to databricks us-east-1: clients need the new URL and its "
        "client library; the old endpoint serves, and is paid for, until --prune deletes it"
    ) in told
    assert "No longer wanted, and kept: fraud-scorer. `--prune` deletes." in told
    assert "Monthly: $96.96 -> $58.40" in told
    both.applies(*_at(CHEAP))
    assert (both.on_sagemaker(), both.on_databricks()) == (["fraud-scorer"], ["fraud-scorer"])
    # What is kept is no change, and goes when it is asked for; the new one is left alone.
    assert _decided(both.plans(*_at(CHEAP))) == ("databricks", "none")
    before = len(both.workspace.get("calls", mutating="true"))
    gone = both.applies(*_at(CHEAP), "--prune")
    assert "delete endpoint/fraud-scorer" in gone.out
    assert (both.on_sagemaker(), both.on_databricks()) == ([], ["fraud-scorer"])
    assert len(both.workspace.get("calls", mutating="true")) == before


def test_in_one_go_the_old_is_deleted_once_the_new_is_ready(both: Both) -> None:
    both.applies(*_at(DEAR))
    done = both.applies(*_at(CHEAP), "--prune")
    lines = done.err.splitlines()
    made = lines.index("fraud-scorer: endpoint/fraud-scorer: create")
    waited = next(i for i, line in enumerate(lines) if "IN_PROGRESS" in line)
    deleted = lines.index("fraud-scorer: endpoint/fraud-scorer: delete")
    assert made < waited < deleted
    assert (both.on_sagemaker(), both.on_databricks()) == ([], ["fraud-scorer"])


def test_the_old_stays_where_the_new_one_does_not_come_up(both: Both) -> None:
    both.applies(*_at(DEAR))
    both.workspace.fault("update-failed", "CreateEndpoint", rule={"message": "out of memory"})
    done = both.types("apply", *_at(CHEAP), "--prune", "--auto-approve", "--no-verify")
    told = _words(done.out)
    assert done.code == ExitCode.PARTLY_APPLIED
    assert "UPDATE_FAILED: out of memory" in told
    assert "not deleted: what replaces it is not well" in told
    assert both.on_sagemaker() == ["fraud-scorer"]


def test_a_cloud_that_nobody_can_look_into_is_named(both: Both) -> None:
    both.applies(*_at(DEAR))
    nobody = {**live.NOWHERE, "AWS_ENDPOINT_URL": None}
    done = both.types("plan", *_at(CHEAP), "--no-verify", env=nobody)
    assert done.code == ExitCode.DONE, done.err
    told = _words(done.out)
    assert (
        "not checked: elsewhere, fraud-scorer: whether fraud-scorer has endpoints on sagemaker"
        in told
    )
    done = both.types("destroy", "--auto-approve", env=nobody)
    assert "not looked up: whether fraud-scorer has endpoints on sagemaker" in done.err
    assert both.on_sagemaker() == ["fraud-scorer"]
