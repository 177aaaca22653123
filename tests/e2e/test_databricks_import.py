"""`planner import` on Databricks: what lives becomes a spec whose plan changes nothing."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from planner_sagemaker.sandbox.serve import running

from planner.errors import ExitCode
from tests.support import live
from tests.support.command import codes
from tests.support.databricks_live import SHOP, Analyst, analyst
from tests.support.live import EXAMPLES, acting
from tests.support.sandbox import Sandbox
from tests.support.workspace import ENDPOINTS, entity, routes

APPLIED = {
    "ad-bidder": ("databricks-high-qps", ()),
    "contract-tagger": ("internal-tool", ()),
    "image-tagger": ("image-tagger", ("--set", "slo.latency.p95=300ms")),
    "shop-ranker": ("shop-ranker", ()),
}
"""Endpoints by name, with the example that makes them, and what it takes on Databricks alone."""


@pytest.fixture(scope="module")
def everybody(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Analyst]:
    with analyst(tmp_path_factory.mktemp("home")) as found:
        yield found


@pytest.fixture
def somebody(everybody: Analyst) -> Analyst:
    everybody.workspace.post("reset")
    for path in everybody.home.glob("*.yaml"):
        path.unlink()
    return everybody


def _imports(somebody: Analyst, name: str, *more: str) -> dict[str, Any]:
    """The spec that an endpoint is imported as, also in `<name>.planner.yaml`."""
    file = f"{name}.planner.yaml"
    somebody.does("import", name, "--provider", "databricks", "--out", file, "--force", *more)
    text = (somebody.home / file).read_text(encoding="utf-8")
    found: dict[str, Any] = yaml.safe_load(text)
    return found


def _alone(somebody: Analyst, example: str) -> str:
    """An example without its other provider, for whom the environment names the workspace."""
    home = somebody.home / example
    shutil.copytree(EXAMPLES / example, home, dirs_exist_ok=True)
    text = yaml.safe_load((home / "planner.yaml").read_text(encoding="utf-8"))
    block = text["spec"]["providers"]["databricks"]
    text["spec"]["providers"] = {"databricks": {k: v for k, v in block.items() if k != "profile"}}
    (home / "planner.yaml").write_text(yaml.safe_dump(text, sort_keys=False), encoding="utf-8")
    return example


@pytest.mark.parametrize("name", APPLIED)
def test_what_the_planner_applied_comes_back_as_a_spec_that_changes_nothing(
    somebody: Analyst, name: str
) -> None:
    example, more = APPLIED[name]
    somebody.applies(_alone(somebody, example), *more)
    _imports(somebody, name)
    before = somebody.writes()
    spec = f"{name}.planner.yaml"
    done = somebody.types("plan", spec, "--detailed-exitcode")
    assert (done.code, "no change" in done.out) == (ExitCode.DONE, True), done.out + done.err
    assert "1 unchanged" in somebody.does("apply", spec).out
    assert somebody.writes() == before


FULL = {
    "config": {
        "served_entities": [
            entity(
                name="ranker-3",
                entity_version="3",
                environment_vars={"MODE": "fast", "KEY": "{{secrets/prod/key}}"},
                workload_type="GPU_SMALL",
                workload_size="Medium",
            )
        ]
    },
    "route_optimized": True,
    "description": "by hand",
    "tags": [{"key": "team", "value": "search"}, {"key": "flag"}],
    "email_notifications": {"on_update_failure": ["ops@example.com"]},
    "ai_gateway": {
        "inference_table_config": {
            "enabled": True,
            "catalog_name": "main",
            "schema_name": "logs",
            "table_name_prefix": "shop",
        },
        "rate_limits": [{"renewal_period": "minute", "calls": 5}],
    },
}
SPLIT = {
    "config": {
        "served_entities": [
            entity(name="champion"),
            entity(name="challenger", entity_version="2"),
        ],
        "traffic_config": routes(champion=93, challenger=7),
    }
}
BY_HAND: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "a size": (
        {},
        {"hosting": "dedicated", "instance": "CPU", "concurrency": 4},
    ),
    "all at once": (
        FULL,
        {
            "hosting": "single-model",
            "instance": "GPU_SMALL",
            "concurrency": {"min": 8, "max": 16},
        },
    ),
    "from zero": (
        {"config": {"served_entities": [entity(scale_to_zero_enabled=True)]}},
        {"hosting": "serverless", "instance": "CPU", "concurrency": 4},
    ),
    "two entities": (
        SPLIT,
        {"hosting": "multi-model", "instance": "CPU", "concurrency": 4},
    ),
    "a type without a price": (
        {"config": {"served_entities": [entity(workload_type="CPU_LARGE")]}},
        {"hosting": "dedicated", "instance": "CPU_LARGE", "concurrency": 4},
    ),
    "a type of another cloud": (
        {"config": {"served_entities": [entity(workload_type="GPU_LARGE")]}},
        {"hosting": "dedicated", "instance": "GPU_LARGE", "concurrency": 4},
    ),
    "eleven entities": (
        {
            "config": {
                "served_entities": [entity(name=f"e{number}") for number in range(11)],
                "traffic_config": routes(e0=90, **{f"e{number}": 1 for number in range(1, 11)}),
            }
        },
        {"hosting": "multi-model", "instance": "CPU", "concurrency": 4},
    ),
}


@pytest.mark.parametrize("case", BY_HAND)
def test_what_was_made_by_hand_is_adopted_without_a_change(somebody: Analyst, case: str) -> None:
    made, pin = BY_HAND[case]
    answer = somebody.workspace.create("e", **made)
    assert answer.ok, answer.text
    somebody.workspace.advance(60)
    found = _imports(somebody, "e")
    assert found["spec"]["pin"] == pin
    assert codes(somebody.types("plan", "e.planner.yaml")) == ["foreign-endpoint"]
    somebody.does("adopt", "e.planner.yaml", "--auto-approve")
    assert acting(somebody.plans("e.planner.yaml")) == {}
    assert _imports(somebody, "e") == found
    before = somebody.workspace.shown("e")
    somebody.applies("e.planner.yaml")
    assert somebody.workspace.shown("e") == before


def test_everything_that_a_spec_says_is_said(somebody: Analyst) -> None:
    somebody.workspace.ready("e", **FULL)
    found = _imports(somebody, "e", "--region", "us-west-2")
    assert found["metadata"] == {"name": "e", "labels": {"team": "search"}}
    (model,) = found["spec"]["models"]
    assert model["artifact"] == "uc:main.search.ranker/3"
    assert model["environment"] == {"MODE": "fast", "KEY": "{{secrets/prod/key}}"}
    assert found["spec"]["providers"]["databricks"] == {
        "cloud": "aws",
        "region": "us-west-2",
        "route_optimized": True,
        "inference_table": {"catalog": "main", "schema": "logs", "prefix": "shop"},
        "email_notifications": {"on_update_failure": ["ops@example.com"]},
    }
    text = (somebody.home / "e.planner.yaml").read_text(encoding="utf-8")
    told = " ".join(text.replace("#", "").split())
    assert "no spec says it: description, ai_gateway.rate_limits" in told
    assert "without a value: the tags flag" in told


def test_an_adopted_endpoint_is_changed_in_place(somebody: Analyst) -> None:
    somebody.workspace.ready("e", **SPLIT)
    _imports(somebody, "e")
    somebody.does("adopt", "e.planner.yaml", "--auto-approve")
    somebody.applies("e.planner.yaml", "--set", "pin.concurrency=8")
    served = somebody.workspace.shown("e")["config"]["served_entities"]
    assert [one["max_provisioned_concurrency"] for one in served] == [8, 8]


EXTERNAL = {"external_model": {"name": "gpt", "provider": "openai", "task": "llm/v1/chat"}}
UNLIKE = [entity(name="a"), entity(name="b", workload_size="Medium")]
WARM = {"min_provisioned_concurrency": 4, "max_provisioned_concurrency": 8, "workload_size": None}


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({"served_entities": [EXTERNAL]}, "endpoint/e gpt: it stands for an external model"),
        (
            {"served_entities": UNLIKE, "traffic_config": routes(a=50, b=50)},
            "endpoint/e b: its min_provisioned_concurrency is 8, that of a is 4",
        ),
        (
            {"served_entities": [entity(**WARM, scale_to_zero_enabled=True)]},
            "a spec cannot scale from zero with at least 4",
        ),
        (
            {"served_entities": [entity(entity_name="system.ai.llama", entity_version="1")]},
            "it serves the foundation model system.ai.llama",
        ),
        (
            {"served_entities": [entity(environment_vars={"HF_TOKEN": "hf_1"})]},
            "environment variable HF_TOKEN would hold a secret",
        ),
    ],
)
def test_what_no_spec_can_say_is_named_and_nothing_is_written(
    somebody: Analyst, config: dict[str, Any], said: str
) -> None:
    answer = somebody.workspace.create("e", config=config)
    assert answer.ok, answer.text
    somebody.workspace.advance(60)
    done = somebody.types("import", "e", "--provider", "databricks", "--out", "e.yaml")
    assert (done.code, codes(done)) == (ExitCode.ERROR, ["not-importable"]), done.err
    assert said in done.err
    assert "hf_1" not in done.err
    assert not (somebody.home / "e.yaml").exists()


def test_what_does_not_serve_is_not_imported(somebody: Analyst) -> None:
    somebody.workspace.post("pace", {"create_s": 1000})
    somebody.workspace.create("e")
    done = somebody.types("import", "e", "--provider", "databricks")
    assert (codes(done), "IN_PROGRESS" in done.err) == (["not-importable"], True)
    somebody.workspace.post("pace", {"create_s": 0})
    somebody.workspace.ready("f")
    somebody.workspace.ask("POST", f"{ENDPOINTS}/f/config:stop")
    done = somebody.types("import", "f", "--provider", "databricks")
    assert (codes(done), "SUSPENDED" in done.err) == (["not-importable"], True)


def test_whoever_has_it_is_found(somebody: Analyst) -> None:
    with running(":memory:", pace=live.QUICK) as url:
        account = Sandbox(url=url)
        person = live.Person(home=somebody.home, sandbox=account)
        env = {**person.env, **somebody.env}
        done = somebody.types("import", "shop", env=env)
        assert (done.code, codes(done)) == (ExitCode.ERROR, ["no-such-endpoint"])
        assert "there is no endpoint shop in databricks or sagemaker" in done.err
        somebody.file("planner.yaml", SHOP)
        somebody.applies()
        done = somebody.types("import", "shop", env=env)
        assert done.code == ExitCode.DONE, done.err
        assert yaml.safe_load(done.out)["spec"]["providers"].keys() == {"databricks"}
        account.endpoint("shop")
        done = somebody.types("import", "shop", env=env)
        assert (done.code, codes(done)) == (ExitCode.USAGE, ["which-provider"])
        assert "planner import shop --provider databricks" in done.err
        done = somebody.types("import", "shop", "--region", "eu-nowhere-1", env=env)
        assert (done.code, codes(done)) == (ExitCode.USAGE, ["unknown-region"])


def test_who_cannot_be_asked_is_said_where_nobody_has_it(somebody: Analyst) -> None:
    nobody = {**live.NOWHERE, "AWS_ENDPOINT_URL": None}
    done = somebody.types("import", "shop", env=nobody)
    assert (done.code, codes(done)) == (ExitCode.ERROR, ["no-such-endpoint"])
    assert "sagemaker could not be asked" in done.err
    somebody.file("planner.yaml", SHOP)
    somebody.applies()
    assert somebody.types("import", "shop", env=nobody).code == ExitCode.DONE
