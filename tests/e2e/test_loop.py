"""What an endpoint shows goes back into its spec: from a service time that is too low to a plan.

The same on SageMaker is a page of its own, docs/loop.md, which test_walkthrough.py repeats.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from planner.errors import ExitCode
from tests.support.command import Done, codes, planner
from tests.support.specs import STEADY

PROFILE = """\
# Measured by hand.
apiVersion: planner/v1alpha1
kind: Profile
metadata: {{name: fraud}}
spec:
  measured: {{tool: k6, date: 2026-10-01, loop: open}}
  points:
    - {{instance: ml.c7i.large, concurrency: 1, mean: {alone}}}
    - {{instance: ml.c7i.large, concurrency: 2, mean: {both}}}
"""
PROFILED = (
    STEADY.replace("      service_time: 6ms\n", "      profile: fraud.yaml\n")
    .replace("      reference_instance: ml.c7i.large\n", "")
    .replace("rate: 100/s", "rate: 700/s")
    .replace("{p99: 100ms}", "{p99: 40ms}")
)
BRICKS = (
    STEADY[: STEADY.index("  providers:")]
    .replace("s3://risk-models/fraud/model.tar.gz", "uc:main.risk.fraud/3")
    .replace("ml.c7i.large", "CPU")
    .replace("rate: 100/s", "rate: 199/s")
    .replace("service_time: 6ms", "service_time: 24ms")
    .replace("    replicas: {min: 1, max: 40}", "    hosting: [dedicated]")
    .replace("{p99: 100ms}", "{p99: 130ms}")
    + "  providers:\n    databricks: {cloud: aws, region: us-east-1, route_optimized: false}\n"
)
OVERLAY = """\
apiVersion: planner/v1alpha1
kind: Endpoint
metadata: {name: fraud-scorer}
spec: {models: [{name: fraud, service_time: 20ms}]}
"""


class Home:
    """A directory with one spec and a sandbox."""

    def __init__(self, place: Path, spec: str) -> None:
        self.place = place
        self.spec = place / "planner.yaml"
        self.spec.write_text(spec, encoding="utf-8")

    def types(self, *words: str) -> Done:
        return planner(*words, cwd=self.place)

    def does(self, *words: str) -> str:
        done = self.types(*words)
        assert done.code == 0, done.out + done.err
        return done.out

    def applies(self, *words: str) -> None:
        self.does("apply", "--sandbox", "--auto-approve", "--no-verify", *words)

    def looks(self, *words: str) -> list[dict[str, Any]]:
        shown = self.does("doctor", "--sandbox", "-o", "json", *words)
        (found,) = json.loads(shown)["endpoints"]
        return list(found["findings"])

    def plans(self) -> dict[str, Any]:
        shown = self.does("plan", "--sandbox", "-o", "json", "--no-verify")
        (found,) = json.loads(shown)["endpoints"]
        return dict(found)

    def meets(self, *words: str) -> bool:
        done = self.types("simulate", "--requests", "20k", *words)
        assert done.code in {ExitCode.DONE, ExitCode.INFEASIBLE}, done.err
        return done.code == ExitCode.DONE


def test_on_databricks_the_service_time_is_told_even_where_requests_queue(tmp_path: Path) -> None:
    home = Home(tmp_path, BRICKS)
    home.applies("--no-wait")
    before = home.plans()["decision"]["units"]["max"]
    home.does("sandbox", "load", "--for", "10m", "--set", "models[0].service_time=40ms")
    (found,) = (one for one in home.looks() if one["rule"] == "service-time")
    assert (found["source_id"], found["severity"]) == ("D8", "error")
    unknown = home.types("profile", "calibrate", "--sandbox", "--model", "nobody")
    assert (unknown.code, codes(unknown)) == (ExitCode.USAGE, ["which-model"])
    said = home.does(*found["command"].split()[1:])
    model = yaml.safe_load(home.spec.read_text())["spec"]["models"][0]
    assert model["service_time"] == "24ms"
    assert model["calibration"]["factor"] == pytest.approx(40 / 24, rel=0.06)
    assert "1 window" in said
    spec = home.spec.read_text()
    (tmp_path / "over.yaml").write_text(OVERLAY)
    for words in (("--set", "models[0].service_time=20ms"), ("-f", "over.yaml")):
        refused = home.types("profile", "calibrate", "--sandbox", *words)
        assert codes(refused) == ["cannot-amend"]
        assert "calibration:\n  instance: " in refused.err
    assert home.spec.read_text() == spec
    plan = home.plans()
    assert plan["action"] == "update"
    assert plan["decision"]["units"]["max"] > before
    assert not home.meets("--pin", f"replicas={before}")
    assert home.meets()
    home.applies()
    assert home.plans()["action"] == "none"


def test_of_a_spec_with_a_profile_the_profile_keeps_the_factor(tmp_path: Path) -> None:
    home = Home(tmp_path, PROFILED)
    profile = tmp_path / "fraud.yaml"
    profile.write_text(PROFILE.format(alone="5ms", both="6ms"))
    slower = tmp_path / "slower"
    slower.mkdir()
    (slower / "planner.yaml").write_text(PROFILED)
    (slower / "fraud.yaml").write_text(PROFILE.format(alone="6.25ms", both="7.5ms"))
    home.applies("--no-wait")
    spec = home.spec.read_text()
    home.does("sandbox", "load", "slower", "--for", "30m")
    # Of several specs the next step names the one that was asked for.
    (tmp_path / "b.planner.yaml").write_text(STEADY.replace("fraud-scorer", "other"))
    seen = home.looks("fraud-scorer", "--since", "30m")
    (found,) = (one for one in seen if one["rule"] == "service-time")
    words = found["command"].split()[1:]
    dry = home.does(*words, "--dry-run")
    assert "calibrations" not in profile.read_text()
    assert home.does(*words) == dry
    assert home.spec.read_text() == spec
    assert profile.read_text().startswith("# Measured by hand.\n")
    (kept,) = yaml.safe_load(profile.read_text())["spec"]["calibrations"]
    assert kept["factor"] == pytest.approx(1.25, rel=0.04)
    assert "of 3 windows" in dry


def test_what_cannot_be_calibrated_says_why(tmp_path: Path) -> None:
    home = Home(tmp_path, STEADY)
    nowhere = home.types("profile", "calibrate", "--sandbox")
    assert (nowhere.code, codes(nowhere)) == (ExitCode.ERROR, ["nothing-to-look-at"])
    home.applies("--no-wait")
    silent = home.types("profile", "calibrate", "--sandbox")
    assert codes(silent) == ["no-metrics"]
    (tmp_path / "b.planner.yaml").write_text(STEADY.replace("fraud-scorer", "other"))
    both = home.types("profile", "calibrate", "--sandbox")
    assert (both.code, codes(both)) == (ExitCode.USAGE, ["which-endpoint"])
    assert home.spec.read_text() == STEADY
