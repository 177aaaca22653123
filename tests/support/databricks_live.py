"""Somebody who types commands with a workspace: a served sandbox, found by the environment."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from planner_databricks.sandbox.serve import running
from planner_databricks.sandbox.workspace import Pace

from tests.support.command import Done, planner
from tests.support.live import EXAMPLES
from tests.support.workspace import Workspace

QUICK = Pace(create_s=0.1, update_s=0.1, window_s=1.0)
SHOP = """\
apiVersion: planner/v1alpha1
kind: Endpoint
metadata: {name: shop}
spec:
  models:
    - name: ranker
      artifact: uc:main.search.ranker/3
      size: 120MiB
      memory: 400MiB
      compute: cpu
      service_time: 20ms
      reference_instance: CPU
      load_time: 3s
  traffic: {type: steady, rate: 100/s}
  slo:
    latency: {p99: 500ms}
    cold_start: forbid
  pin: {hosting: dedicated, instance: CPU, concurrency: 4}
  providers:
    databricks: {cloud: aws, region: us-east-1, route_optimized: false}
"""
"""What is decided already, and quickly planned."""


@dataclass(frozen=True, kw_only=True)
class Analyst:
    """Somebody in a directory of their own, with a workspace of their own."""

    home: Path
    workspace: Workspace

    @property
    def env(self) -> dict[str, str | None]:
        """Variables by which the SDK finds the workspace, and no profile."""
        return {
            "DATABRICKS_HOST": self.workspace.url,
            "DATABRICKS_TOKEN": "sandbox",
            "DATABRICKS_CONFIG_FILE": "/nonexistent/databrickscfg",
            **dict.fromkeys(("DATABRICKS_CONFIG_PROFILE", "DATABRICKS_CLIENT_ID")),
        }

    def types(self, *words: str, env: Mapping[str, str | None] | None = None) -> Done:
        """What comes of a command; `@` stands for the directory of the examples."""
        given = [f"{EXAMPLES}/{one[1:]}" if one.startswith("@") else one for one in words]
        return planner(*given, cwd=self.home, env={**self.env, **(env or {})})

    def does(self, *words: str) -> Done:
        """A command that must succeed."""
        done = self.types(*words)
        assert done.code == 0, done.out + done.err
        return done

    def applies(self, *words: str) -> Done:
        """An `apply` without a question and without a simulation that must succeed."""
        return self.does("apply", *words, "--auto-approve", "--no-verify")

    def plans(self, *words: str) -> dict[str, Any]:
        """The document of a live plan."""
        done = self.does("plan", *words, "-o", "json", "--no-verify")
        found: dict[str, Any] = json.loads(done.out)
        return found

    def writes(self) -> list[str]:
        """Operations of all calls of the planner so far that change something."""
        calls = self.workspace.get("calls", mutating="true")
        return [one["operation"] for one in calls if one["agent"].startswith("endpoint-planner/")]

    def file(self, name: str, text: str) -> str:
        """A file in the analyst's directory."""
        (self.home / name).write_text(text, encoding="utf-8")
        return name


@contextmanager
def analyst(home: Path, pace: Pace = QUICK) -> Iterator[Analyst]:
    """Somebody with a workspace."""
    with running(":memory:", pace=pace) as url:
        yield Analyst(home=home, workspace=Workspace(url=url))
