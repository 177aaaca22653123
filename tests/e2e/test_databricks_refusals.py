"""What Databricks would refuse is refused before any call, at its place in the spec."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from planner_databricks.sandbox.serve import running

from planner.errors import ExitCode
from tests.support.command import Done, codes, planner
from tests.support.workspace import Workspace

MODEL = """\
    - name: ranker
      artifact: uc:main.search.ranker/3
      size: 120MiB
      memory: 400MiB
      compute: cpu
      service_time: 20ms
      reference_instance: CPU
      load_time: 3s
"""
SPEC = f"""\
apiVersion: planner/v1alpha1
kind: Endpoint
metadata: {{name: shop}}
spec:
  models:
{MODEL}  traffic: {{type: steady, rate: 100/s}}
  slo:
    latency: {{p99: 500ms}}
    cold_start: forbid
  constraints: {{hosting: [dedicated, single-model, multi-model]}}
  pin: {{}}
  providers:
    databricks:
      cloud: aws
      region: us-east-1
"""


@pytest.fixture(scope="module")
def served() -> Iterator[Workspace]:
    with running(":memory:") as url:
        yield Workspace(url=url)


@pytest.fixture
def workspace(served: Workspace) -> Workspace:
    served.post("reset")
    return served


def _plans(workspace: Workspace, home: Path, text: str, *more: str) -> Done:
    (home / "planner.yaml").write_text(text, encoding="utf-8")
    env = {"DATABRICKS_HOST": workspace.url, "DATABRICKS_TOKEN": "sandbox"}
    return planner("plan", "--no-verify", *more, cwd=home, env=env)


def _place(text: str, word: str) -> str:
    """Where a word stands first, as an editor counts."""
    before = text[: text.index(word)]
    return f"planner.yaml:{before.count(chr(10)) + 1}:{len(before) - before.rfind(chr(10))}"


def _variables(**variables: str) -> str:
    lines = "".join(f"        {name}: {text}\n" for name, text in variables.items())
    return SPEC.replace(
        "      load_time: 3s\n", f"      load_time: 3s\n      environment:\n{lines}"
    )


def _block(line: str) -> str:
    return f"{SPEC}      {line}\n"


REFUSED = {
    "5 units of concurrency": (
        SPEC.replace("pin: {}", "pin: {concurrency: 5}"), "5}", "pin-contradicts", "concurrency: 8"
    ),
    "a range from 4 to 10": (
        SPEC.replace("pin: {}", "pin: {concurrency: {min: 4, max: 10}}"),
        *("10}", "pin-contradicts", "max: 12"),
    ),
    "a range downwards": (
        SPEC.replace("pin: {}", "pin: {concurrency: {min: 8, max: 4}}"),
        *("8, max", "min-above-max", "concurrency: 4"),
    ),
    "a size beside concurrency": (
        SPEC.replace("pin: {}", "pin: {concurrency: 8}") + "      workload_size: Small\n",
        *("workload_size", "unknown-key", ""),
    ),
    "traffic in percent": (
        SPEC.replace(MODEL, f"{MODEL}      weight: 150%\n"), "150%", "invalid-value", "1.5"
    ),
    "a GPU that Azure has not": (
        SPEC.replace("pin: {}", "pin: {instance: GPU_MEDIUM}")
        .replace("cloud: aws", "cloud: azure")
        .replace("us-east-1", "eastus"),
        *("GPU_MEDIUM", "pin-contradicts", "GPU_LARGE"),
    ),
    "16 served entities": (
        _block("quotas: {served_entities: 16}"), "16}", "invalid-value", "write 15"
    ),
    "a secret": (
        _variables(MODE="fast", HF_TOKEN="hf_abc"), "hf_abc", "secret-in-plain-text",
        'HF_TOKEN: "{{secrets/scope/key}}"',
    ),
    "no secret reference": (
        _variables(KEY='"{{secret/a/b}}"'), '"{{secret', "secret-reference-invalid", "secrets/",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_it_is_refused_where_it_stands(workspace: Workspace, tmp_path: Path, case: str) -> None:
    text, word, code, hint = REFUSED[case]
    done = _plans(workspace, tmp_path, text)
    assert (done.code, codes(done)) == (ExitCode.INVALID_SPEC, [code]), done.err
    assert _place(text, word) in done.err
    assert hint in done.err
    assert "hf_abc" not in done.err + done.out
    assert workspace.get("calls") == []


@pytest.mark.parametrize(
    ("text", "word", "said"),
    [
        (
            _block("route_optimized: false").replace("100/s", "201/s"),
            "traffic",
            "201/s, allowed 200/s",
        ),
        (
            _variables(**{f"V{number}": "x" for number in range(31)}),
            "environment",
            "31 variables, allowed 30",
        ),
        (SPEC.replace("pin: {}", "pin: {replicas: 2}"), "pin", "pin.concurrency takes units"),
    ],
)
def test_what_no_capacity_meets_is_infeasible_where_it_stands(
    workspace: Workspace, tmp_path: Path, text: str, word: str, said: str
) -> None:
    done = _plans(workspace, tmp_path, text)
    assert done.code == ExitCode.INFEASIBLE, done.err
    shown = " ".join(done.out.split())
    line = _place(text, f"{word}:").rpartition(":")[0]
    assert said in shown
    assert f"asked at {line}:" in shown
    assert workspace.get("calls") == []


SIXTEEN = SPEC.replace(
    MODEL, "".join(MODEL.replace("ranker", f"m{number}") for number in range(16))
).replace("[dedicated, single-model, multi-model]", "[multi-model]")
LIMITS = """\
apiVersion: planner/v1alpha1
kind: Limits
metadata: {name: ours}
spec:
  source: nobody
  date: "2026-11-20"
  limits:
    databricks: {served-entities: 16}
"""


def test_sixteen_models_become_endpoints_that_are_taken(
    workspace: Workspace, tmp_path: Path
) -> None:
    done = _plans(workspace, tmp_path, SIXTEEN, "-o", "json", "--out", "p.json")
    saved = json.loads((tmp_path / "p.json").read_text(encoding="utf-8"))
    assert done.code == ExitCode.DONE
    assert [len(_entities(one)) for one in saved["endpoints"]] == [10, 6]


def test_a_limit_of_sixteen_is_not_believed(workspace: Workspace, tmp_path: Path) -> None:
    (tmp_path / "limits.yml").write_text(LIMITS, encoding="utf-8")
    done = _plans(workspace, tmp_path, SIXTEEN, "--limits", "limits.yml")
    assert (done.code, codes(done)) == (ExitCode.INVALID_SPEC, ["too-many-entities"])
    assert _place(SIXTEEN, "models:").rpartition(":")[0] in done.err
    assert workspace.get("calls") == []


def _entities(endpoint: dict[str, Any]) -> list[dict[str, Any]]:
    (one,) = endpoint["desired"]["resources"]
    found: list[dict[str, Any]] = one["body"]["config"]["served_entities"]
    return found
