"""From the file of a load tool to a profile, and from there to a plan."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path

import pytest

from planner.profiling import FORMATS
from tests.support.code import ROOT
from tests.support.command import codes, planner

CASES = ROOT / "tests" / "cases" / "profiling"
STEPS = str(CASES / "locust" / "steps_stats_history.csv")
ON = ("--instance", "ml.c7i.large")


@pytest.fixture
def steps(tmp_path: Path) -> Path:
    path = tmp_path / "profile.yaml"
    done = planner("profile", "import", STEPS, *ON, "--model", "fraud", "--out", str(path))
    assert (done.code, done.out) == (0, ""), done.err
    assert done.err == f"wrote {path}: 4 points of 1 instance types\n"
    return path


def test_a_load_test_becomes_a_curve(steps: Path) -> None:
    done = planner("profile", "show", str(steps), "-o", "json")
    document = json.loads(done.stdout)
    (curve,) = document["curves"]
    assert [point["concurrency"] for point in curve["points"]] == [1, 2, 4, 8]
    assert {point["p99_ms"] for point in curve["points"]} == {None}
    assert curve["source"] == "locust, 2026-11-21, closed loop"
    shown = planner("profile", "show", str(steps))
    assert "service time" in shown.out
    assert "throughput" in shown.out
    assert max(map(len, shown.out.splitlines())) <= 100


def test_a_profile_is_not_overwritten_unasked(steps: Path) -> None:
    before = steps.read_bytes()
    again = planner("profile", "import", STEPS, *ON, "--out", str(steps))
    assert (again.code, codes(again)) == (1, ["file-exists"])
    assert steps.read_bytes() == before
    other = planner(
        "profile", "import", STEPS, "--instance", "ml.m7i.large", "--out", str(steps), "--add"
    )
    assert other.code == 0, other.err
    shown = json.loads(planner("profile", "show", str(steps), "-o", "json").stdout)
    assert [curve["instance_type"] for curve in shown["curves"]] == ["ml.c7i.large", "ml.m7i.large"]
    assert shown["model"] == "fraud"


def test_what_is_no_measurement(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("p99 was fine\n")
    done = planner("profile", "import", "notes.txt", cwd=tmp_path)
    assert (done.code, codes(done)) == (1, ["unknown-format"])
    assert codes(planner("profile", "import", "none.csv", cwd=tmp_path)) == ["missing-file"]
    with (tmp_path / "large.json").open("wb") as large:
        large.truncate(600 << 20)  # a hole: it takes no place
    done = planner("profile", "import", "large.json", cwd=tmp_path)
    assert (codes(done), "grep -E" in done.err) == (["too-large"], True)


def test_a_curve_is_fitted_and_written(steps: Path) -> None:
    target = steps.with_name("fitted.yaml")
    done = planner("profile", "fit", str(steps), "-o", "json", "--out", str(target))
    (curve,) = json.loads(done.stdout)["curves"]
    assert curve["shape"] == "two lines"
    assert curve["knee"] == pytest.approx(2.3, abs=0.2)  # the server had two slots
    assert curve["limit_per_s"] == pytest.approx(50.0, rel=0.03)  # of 40 ms each
    assert curve["max_error"] < 0.01
    shown = planner("profile", "fit", str(steps))
    assert "two lines" in shown.out
    assert "if it goes on like this" in shown.out
    (written,) = json.loads(planner("profile", "show", str(target), "-o", "json").stdout)["curves"]
    assert "closed loop, fitted by two lines" in written["source"]
    assert codes(planner("profile", "fit", str(steps), "--out", str(target))) == ["file-exists"]


SPEC = """\
apiVersion: planner/v1alpha1
kind: Endpoint
metadata: {name: scorer}
spec:
  models:
    - {name: fraud, size: 120MiB, memory: 400MiB, compute: cpu, load_time: 2s, profile: FILE}
  traffic: {type: steady, rate: 400/s}
  slo:
    latency: {p99: 60ms}
    cold_start: forbid
  constraints: {utilization: 90%, instances: {include: [ml.c7i.large]}}
  providers:
    sagemaker:
      region: us-east-1
      role_arn: arn:aws:iam::123456789012:role/SageMakerExecution
      image: 683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1
"""
PROFILE = """\
# What the load test said.
apiVersion: planner/v1alpha1
kind: Profile
metadata: {name: fraud}
spec:
  model: fraud
  measured: {tool: k6, date: "2026-11-01", loop: open}
  points:
    - {instance: ml.c7i.large, concurrency: 1, mean: MEAN, p99: TAIL}
    - {instance: ml.c7i.large, concurrency: 2, mean: MEAN, p99: TAIL}
"""


def files(place: Path, name: str, mean_ms: float) -> Path:
    text = PROFILE.replace("MEAN", f"{mean_ms}ms").replace("TAIL", f"{2 * mean_ms}ms")
    (place / f"{name}-profile.yaml").write_text(text)
    spec = place / f"{name}.yaml"
    spec.write_text(SPEC.replace("FILE", f"{name}-profile.yaml"))
    return spec


def replicas_of(spec: Path) -> int:
    effort = ("--verify-requests", "60000")
    done = planner("plan", str(spec), "--offline", *effort, "-o", "json")
    (endpoint,) = json.loads(done.stdout)["endpoints"]
    found: int = endpoint["decision"]["replicas"]["max"]
    return found


def met(truth: Path, replicas: int) -> tuple[bool, dict[str, float]]:
    """Whether so many replicas are enough for what requests really take, and what they meet."""
    pins = ("--pin", f"replicas={replicas}", "--requests", "20000")
    done = planner("simulate", str(truth), *pins, "-o", "json")
    (one,) = json.loads(done.stdout)["endpoints"]
    return done.code == 0, one["latency_ms"]


def test_the_spread_of_a_profile_is_in_what_is_predicted_and_simulated(tmp_path: Path) -> None:
    """Hardly anybody waits at six a minute: the tail is that of the service time."""
    seen = []
    for scv in (0.05, 0.5):
        spec = files(tmp_path, f"scv-{scv}", 20.0)
        spec.write_text(
            spec.read_text().replace("rate: 400/s", "rate: 6/min").replace("60ms", "1s")
        )
        profile = tmp_path / f"scv-{scv}-profile.yaml"
        profile.write_text(profile.read_text().replace("p99: 40.0ms", f"scv: {scv}"))
        pins = ("--pin", "replicas=2", "--requests", "40000")
        simulated = planner("simulate", str(spec), *pins, "-o", "json")
        planned = planner("plan", str(spec), "--offline", "--no-verify", "-o", "json")
        (one,) = json.loads(simulated.stdout)["endpoints"]
        (endpoint,) = json.loads(planned.stdout)["endpoints"]
        seen.append((one["latency_ms"]["p99"], endpoint["decision"]["latency_ms"]["p99"]))
    apart = [wide - narrow for narrow, wide in zip(*seen, strict=True)]
    sigmas = [math.sqrt(math.log1p(scv)) for scv in (0.05, 0.5)]
    tails = [20.0 * math.exp(2.3263 * sigma - sigma**2 / 2) for sigma in sigmas]
    assert apart == pytest.approx([tails[1] - tails[0]] * 2, rel=0.05)


def test_a_profile_that_is_too_fast_is_corrected_and_the_new_plan_holds(tmp_path: Path) -> None:
    truth, believed = files(tmp_path, "truth", 20.0), files(tmp_path, "believed", 12.0)
    before = replicas_of(believed)
    assert not met(truth, before)[0]
    # Somebody adds replicas in a hurry, and looks at what the endpoint shows then.
    _, seen = met(truth, 2 * before)
    profile = tmp_path / "believed-profile.yaml"
    observed = f"p50={seen['p50']}ms,p99={seen['p99']}ms,rate=400/s,replicas={2 * before}"
    asked = ("profile", "calibrate", str(profile), "--observed", observed, "--overhead", "5ms")
    dry = planner(*asked, "--dry-run")
    assert (dry.code, "calibrations" in profile.read_text()) == (0, False), dry.err
    done = planner(*asked, "--reason", "other requests than in the test", "--date", "2026-11-20")
    assert done.code == 0, done.err
    text = profile.read_text()
    assert text.startswith("# What the load test said.\n")
    (curve,) = json.loads(planner("profile", "show", str(profile), "-o", "json").stdout)["curves"]
    assert curve["correction"]["factor"] == pytest.approx(20 / 12, rel=0.05)
    after = replicas_of(believed)
    assert after > before
    assert met(truth, after)[0]
    explained = planner("explain", str(believed), "--no-verify", "-o", "json")
    (explanation,) = json.loads(explained.stdout)
    (endpoint,) = explanation["endpoints"]
    (step,) = (one for one in endpoint["arithmetic"] if one["label"] == "calibration")
    assert step["expression"].startswith("12 ms measured x 1.6")
    assert step["source"] == "other requests than in the test, 2026-11-20, on ml.c7i.large"


@pytest.mark.parametrize(
    ("observed", "code"),
    [
        ("p50=30ms,p99=20ms,rate=50/s,replicas=2", "observation-contradicts"),
        ("p50=90ms,rate=380/s,replicas=2", "outside-the-model"),
    ],
)
def test_what_nothing_follows_from_changes_nothing(
    tmp_path: Path, observed: str, code: str
) -> None:
    files(tmp_path, "believed", 12.0)
    profile = tmp_path / "believed-profile.yaml"
    before = profile.read_bytes()
    done = planner("profile", "calibrate", str(profile), "--observed", observed)
    assert (done.code, codes(done)) == (1, [code])
    assert profile.read_bytes() == before


def test_windows_of_a_file(tmp_path: Path) -> None:
    files(tmp_path, "believed", 12.0)
    (tmp_path / "seen.csv").write_text("mean_ms,rate_per_s,replicas\n18,40,2\n17.8,50,2\n")
    done = planner(
        *("profile", "calibrate", "believed-profile.yaml", "--from", "seen.csv"), cwd=tmp_path
    )
    assert done.code == 0, done.err
    assert "service time x 1.4" in done.out
    assert codes(planner("profile", "calibrate", "believed-profile.yaml", cwd=tmp_path)) == [
        "usage"
    ]


def test_a_profile_of_a_language_model_is_planned_on_what_was_measured() -> None:
    done = planner("plan", "examples/doc-summarizer", "--offline", "-o", "json")
    (endpoint,) = json.loads(done.stdout)["endpoints"]
    decision = endpoint["decision"]
    assert decision["instance_type"] == "ml.g5.12xlarge"
    assert decision["concurrency"]["per_replica"] == 4


def test_the_schema_of_a_profile_is_published() -> None:
    published = json.loads((ROOT / "schemas" / "profile.v1alpha1.json").read_text())
    assert json.loads(planner("schema", "profile").stdout) == published


def test_every_field_and_format_is_on_the_page() -> None:
    page = re.sub(r"```.*?```", "", (ROOT / "docs" / "profiles.md").read_text(), flags=re.DOTALL)
    words = set(re.findall(r"[\w-]+", " ".join(re.findall(r"`([^`]+)`", page))))
    schema = json.loads((ROOT / "schemas" / "profile.v1alpha1.json").read_text())
    fields = {name for block in schema["$defs"].values() for name in block.get("properties", {})}
    assert sorted((fields | {one.name for one in FORMATS}) - words - {"name"}) == []
