"""Others' programs read what is exported.

cfn-lint, Terraform, Databricks' bundles, parsers of PromQL and of Databricks' SQL, k6, Locust.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from planner_databricks.provider import provider as databricks
from planner_sagemaker.provider import provider as sagemaker

from planner.exports.k6 import script
from planner.exports.locust import locustfiles
from planner.exports.prometheus import rules
from planner.model.export import Asked, ExportedFile
from planner.model.traffic import Stage, Stages, Traffic
from planner.model.workload import ColdStart, LatencyTarget, Slo
from planner.profiling import Given, imported
from planner.profiling.content import Content
from planner.views.export_text import file_bytes
from tests.support import databricks_values
from tests.support.endpoint_double import Answering, Call, answering
from tests.support.exported_states import SPECIAL, shown
from tests.support.exports import asked, everywhere, written
from tests.support.tools import Tools

PROVIDERS = "PLANNER_TEST_TERRAFORM_PLUGINS"
"""Names a directory with Terraform providers, as `terraform init -plugin-dir` takes it."""

KEYS = Credentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "a/session=")


def ran(*command: str, cwd: Path, **env: str) -> subprocess.CompletedProcess[str]:
    kept = {name: text for name, text in os.environ.items() if not name.startswith(("AWS_", "TF_"))}
    return subprocess.run(
        command,
        check=False,
        cwd=cwd,
        env={**kept, **env},
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.fixture(scope="module")
def specials() -> list[Asked]:
    """Every special endpoint under a name of its own."""
    return [shown(kind, f"e-{kind}") for kind in sorted(SPECIAL)]


def test_cfn_lint_finds_no_fault(tools: Tools, specials: list[Asked], tmp_path: Path) -> None:
    """All templates as one, because a file takes a second: no two share a logical ID."""
    (special,) = sagemaker.exporting().files()["cloudformation"](specials)
    files = [*everywhere("cloudformation").values(), special]
    resources = [file.content["Resources"] for file in files]
    whole = {**special.content, "Resources": {k: v for one in resources for k, v in one.items()}}
    assert len(whole["Resources"]) == sum(map(len, resources))
    unknown = {"Fn::GetAtt": ["A", "Colour"]}
    wrong = {
        "A": {"Type": "AWS::SageMaker::Model"},
        "B": {
            "Type": "AWS::SageMaker::EndpointConfig",
            "Properties": {"ProductionVariants": [{"ModelName": unknown}]},
        },
    }
    bad = replace(special, content={**special.content, "Resources": wrong})
    paths = written(tmp_path, {"good": replace(special, content=whole), "bad": bad})
    program = str(tools.home / "bin/cfn-lint")
    done = ran(program, "-f", "json", "--", *map(str, paths), cwd=tmp_path)
    found = json.loads(done.stdout)
    assert {Path(one["Filename"]).name for one in found} == {"bad"}, found
    assert {"E1010", "E3003"} <= {one["Rule"]["Id"] for one in found}


def test_terraform_takes_every_resource(specials: list[Asked], tmp_path: Path) -> None:
    """With the provider itself where one is at hand; else the syntax is all that is judged."""
    terraform, plugins = shutil.which("terraform"), os.environ.get(PROVIDERS)
    if terraform is None:
        pytest.skip("terraform is not installed")
    (file,) = sagemaker.exporting().files()["terraform"](specials)
    (tmp_path / file.name).write_bytes(file_bytes(file))
    if plugins is None:
        done = ran(terraform, "providers", cwd=tmp_path, CHECKPOINT_DISABLE="1")
        assert done.returncode == 0, done.stderr
        assert "hashicorp/aws" in done.stdout
        return
    made = ran(terraform, "init", f"-plugin-dir={plugins}", cwd=tmp_path, CHECKPOINT_DISABLE="1")
    assert made.returncode == 0, made.stderr
    done = ran(terraform, "validate", "-json", cwd=tmp_path, CHECKPOINT_DISABLE="1")
    assert json.loads(done.stdout)["diagnostics"] == []


BUNDLES = """
import json, sys
from databricks.bundles.alerts import Alert
from databricks.bundles.core import Resources
from databricks.bundles.model_serving_endpoints import ModelServingEndpoint
for document in json.load(sys.stdin):
    for name, body in document["resources"]["model_serving_endpoints"].items():
        read = ModelServingEndpoint.from_dict(body).as_dict()
        assert read == body, (name, read)
        Resources().add_model_serving_endpoint(name, ModelServingEndpoint.from_dict(body))
        print(name)
    for name, body in document["resources"].get("alerts", {}).items():
        assert Alert.from_dict(body).as_dict() == body, name
        Resources().add_alert(name, Alert.from_dict(body))
        print(name)
"""


def test_bundles_take_every_endpoint(tools: Tools, tmp_path: Path) -> None:
    wanted = databricks_values.workload(
        databricks_values.model(artifact="uc:main.search.ranker@champion")
    )
    told = {"warehouse": "w", "emails": ["a@b.c"], "skip": ["errors", "rate", "idle"]}
    state = databricks_values.rendered(asked=wanted, alerts=told)
    alias = asked(state, databricks_values.decision(), wanted)
    files = [*everywhere("dabs").values(), *databricks.exporting().files()["dabs"]([alias])]
    done = subprocess.run(
        [tools.python, "-c", BUNDLES],
        input=json.dumps([file.content for file in files]),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["ad-bidder", "shop", "shop-refused"]


PROMQL = """
import json, sys
import promql_parser as promql
for group in json.load(sys.stdin)["groups"]:
    for rule in group["rules"]:
        tree = promql.parse(rule["expr"])
        span = promql.parse_duration(rule["for"]) if "for" in rule else ""
        print(type(tree).__name__, rule["alert"], span)
"""
"""What `promtool check rules` does with expressions; no package carries promtool."""


def test_prometheus_reads_every_rule(tools: Tools, specials: list[Asked]) -> None:
    """Parsed and checked for types as Prometheus does; what is wrong is told, so silence counts."""
    files = [*everywhere("prometheus-rules").values(), *rules(specials)]
    groups = [group for file in files for group in file.content["groups"]]
    wrong = {"rules": [{"alert": "Wrong", "expr": "sum(up"}]}

    def read(given: list[Any]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [tools.python, "-c", PROMQL],
            input=json.dumps({"groups": given}),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    done = read(groups)
    assert done.returncode == 0, done.stderr
    told = [line.split() for line in done.stdout.splitlines()]
    assert len(told) == sum(len(group["rules"]) for group in groups)
    assert {kind for kind, *_ in told} == {"BinaryExpr"}
    assert read([wrong]).returncode != 0
    named = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
    for group in groups:
        names = [rule["alert"] for rule in group["rules"]]
        assert len(set(names)) == len(names), group["name"]
        for rule in group["rules"]:
            assert set(rule) - {"for"} == {"alert", "expr", "labels", "annotations"}
            assert all(named.fullmatch(name) for name in (rule["alert"], *rule["labels"]))


@pytest.fixture
def endpoint() -> Iterator[Answering]:
    with answering() as server:
        yield server


SUMMARY = "summary.json"
TWO_SECONDS = Traffic(
    pattern=Stages(
        start=10.0,
        stages=(
            Stage(target=10.0, duration_s=1.0),
            Stage(target=40.0, duration_s=0.0),
            Stage(target=40.0, duration_s=1.0),
        ),
    )
)
"""Ten requests a second, then forty."""


def promising(seconds: float) -> dict[str, Any]:
    """What of a workload such a load test needs."""
    slo = Slo(
        latency=(LatencyTarget(label="p99", quantile=0.99, seconds=seconds),),
        cold_start=ColdStart(allowed=True),
        availability=0.9,
        errors=0.05,
    )
    return {"traffic": TWO_SECONDS, "slo": slo}


def loaded(
    tools: Tools, runner: str, one: Asked, endpoint: Answering, cwd: Path
) -> subprocess.CompletedProcess[str]:
    """A load test of one endpoint, run against the server."""
    files: tuple[ExportedFile, ...] = (script if runner == "k6" else locustfiles)([one])
    (path,) = written(cwd, {files[0].name: files[0]})
    program = tools.home / "bin" / runner
    if not program.exists():
        pytest.skip(f"{runner} does not exist for this platform")
    command = {
        "k6": [
            *(str(program), "run", "--quiet", "--no-usage-report"),
            *("--summary-export", str(cwd / SUMMARY), str(path)),
        ],
        "locust": [str(program), "--headless", "--only-summary", "-f", str(path)],
    }[runner]
    return ran(
        *command,
        cwd=cwd,
        AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME=endpoint.url,
        AWS_ACCESS_KEY_ID=KEYS.access_key,
        AWS_SECRET_ACCESS_KEY=KEYS.secret_key,
        AWS_SESSION_TOKEN=str(KEYS.token),
        ENDPOINT_URL=f"{endpoint.url}/x",
        DATABRICKS_HOST=endpoint.url,
        DATABRICKS_TOKEN="dapi-1",
    )


def signature(call: Call, url: str) -> str:
    """What botocore signs a request with that was sent at that time."""
    kept = {
        name: text
        for name, text in call.headers.items()
        if name.startswith(("x-amz", "content-type")) and name != "x-amz-security-token"
    }
    stamp = kept.pop("x-amz-date")
    request = AWSRequest("POST", url + call.path, data=call.body, headers=kept)
    request.context["timestamp"] = stamp
    signer = SigV4Auth(KEYS, "sagemaker", "us-east-1")
    signer._modify_request_before_signing(request)
    request.headers.replace_header("X-Amz-Date", stamp)
    text = signer.string_to_sign(request, signer.canonical_request(request))
    return str(signer.signature(text, request))


@pytest.mark.parametrize("runner", ["k6", "locust"])
def test_a_load_test_calls_a_fleet_with_valid_signatures(
    runner: str, tools: Tools, endpoint: Answering, tmp_path: Path
) -> None:
    done = loaded(tools, runner, shown("fleet", "fraud", **promising(0.9)), endpoint, tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert 20 <= len(endpoint.calls) <= 90
    assert {call.path for call in endpoint.calls} == {"/endpoints/fraud/invocations"}
    assert {call.headers["x-amzn-sagemaker-target-model"] for call in endpoint.calls} == {
        f"m-{number}/model.tar.gz" for number in range(4)
    }
    assert {len(call.body) for call in endpoint.calls} == {4096}
    for call in endpoint.calls[:5]:
        assert call.headers["authorization"].endswith(f"Signature={signature(call, endpoint.url)}")
    if runner == "k6":
        content = Content(SUMMARY, (tmp_path / SUMMARY).read_bytes())
        (seen,) = imported(content, Given(instance_type="a", loop="open")).observations
        assert (seen.requests, seen.errors) == (len(endpoint.calls), 0.0)


@pytest.mark.parametrize(
    ("runner", "said"),
    [
        ("k6", ["failed{scenario:shop}", "http_req_duration{scenario:shop}"]),
        ("locust", ["shop: quantile 0.99", "100.0000% failed, at most 15.0000%"]),
    ],
)
def test_a_load_test_fails_where_the_objectives_do(
    runner: str, said: list[str], tools: Tools, endpoint: Answering, tmp_path: Path
) -> None:
    endpoint.status = 500
    wanted = databricks_values.workload(**promising(0.0001))
    state = databricks_values.rendered(asked=wanted)
    one = asked(state, databricks_values.decision(), wanted)
    done = loaded(tools, runner, one, endpoint, tmp_path)
    assert done.returncode != 0
    assert [text for text in said if text not in done.stdout + done.stderr] == []
    assert {call.path for call in endpoint.calls} == {"/serving-endpoints/shop/invocations"}
    assert {call.headers["authorization"] for call in endpoint.calls} == {"Bearer dapi-1"}


def test_k6_takes_the_script_of_every_example(tools: Tools, tmp_path: Path) -> None:
    program = tools.home / "bin/k6"
    if not program.exists():
        pytest.skip("k6 does not exist for this platform")
    for path in written(tmp_path, everywhere("k6")):
        done = ran(str(program), "inspect", str(path), cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        scenarios: dict[str, Any] = json.loads(done.stdout)["scenarios"]
        assert scenarios


def test_python_takes_the_locust_file_of_every_example() -> None:
    for name, file in everywhere("locust").items():
        compile(str(file.content), name, "exec")
