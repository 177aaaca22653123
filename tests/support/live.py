"""A cloud to work on as if it were the real one: a served sandbox, found by the environment."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from planner_sagemaker.sandbox.cloud import Pace
from planner_sagemaker.sandbox.serve import running

from tests.support.code import ROOT
from tests.support.command import Done, planner
from tests.support.sandbox import Sandbox
from tests.support.specs import STEADY

PINNED = STEADY.replace(
    "  providers:", "  pin: {hosting: dedicated, instance: ml.c5.large, replicas: 2}\n  providers:"
)
"""What is decided already, and quickly planned."""

FLEET = PINNED.replace(
    "  payload:",
    """\
    - name: hot
      artifact: s3://risk-models/hot/model.tar.gz
      size: 100MiB
      service_time: 6ms
      reference_instance: ml.c7i.large
      latency: {p99: 90ms}
    - name: third
      artifact: s3://risk-models/third/model.tar.gz
      size: 100MiB
      service_time: 6ms
      reference_instance: ml.c7i.large
  payload:""",
).replace("  pin: {hosting: dedicated, instance: ml.c5.large, replicas: 2}\n", "")
"""Two models that share, and one that has an endpoint of its own."""

EXAMPLES = ROOT / "examples"
QUICK = Pace(create_s=0.1, update_s=0.1, rollback_s=0.1, delete_s=0.1, waits=1e-6)
NOWHERE: dict[str, str | None] = {
    **dict.fromkeys(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")),
    **dict.fromkeys(("AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_WEB_IDENTITY_TOKEN_FILE")),
    "AWS_CONFIG_FILE": "/nonexistent/config",
    "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent/credentials",
    "AWS_EC2_METADATA_DISABLED": "true",
}
"""An environment without credentials."""


@dataclass(frozen=True, kw_only=True)
class Person:
    """Somebody who types commands in a directory of their own, with an account."""

    home: Path
    sandbox: Sandbox

    @property
    def env(self) -> dict[str, str | None]:
        """Variables by which clients find the account."""
        keys = {"AWS_ACCESS_KEY_ID": "dummy", "AWS_SECRET_ACCESS_KEY": "dummy"}
        return {**NOWHERE, **keys, "AWS_ENDPOINT_URL": self.sandbox.url}

    def types(self, *words: str, env: Mapping[str, str | None] | None = None) -> Done:
        """What comes of a command; `@` stands for the directory of the examples."""
        given = [f"{EXAMPLES}/{one[1:]}" if one.startswith("@") else one for one in words]
        return planner(*given, cwd=self.home, env={**self.env, **(env or {})})

    def does(self, *words: str, env: Mapping[str, str | None] | None = None) -> Done:
        """A command that must succeed."""
        done = self.types(*words, env=env)
        assert done.code == 0, done.out + done.err
        return done

    def applies(self, *words: str) -> Done:
        """An `apply` without a question and without a simulation that must succeed."""
        return self.does("apply", *words, "--auto-approve", "--no-verify")

    def plans(self, *words: str) -> dict[str, Any]:
        """The document of a live plan."""
        found: dict[str, Any] = json.loads(
            self.does("plan", *words, "-o", "json", "--no-verify").out
        )
        return found

    def writes(self) -> list[str]:
        """Operations of all calls so far that change something."""
        return [one["operation"] for one in self.sandbox.get("calls?mutating=true")]

    def file(self, name: str, text: str) -> str:
        """A file in the person's directory."""
        (self.home / name).write_text(text, encoding="utf-8")
        return name


@contextmanager
def person(home: Path, pace: Pace = QUICK) -> Iterator[Person]:
    """Somebody with an account of their own; every answer of it is judged at the end."""
    with running(":memory:", pace=pace) as url:
        somebody = Person(home=home, sandbox=Sandbox(url=url))
        yield somebody
        assert somebody.sandbox.faulty == []


def acting(plan: Mapping[str, Any]) -> dict[str, str]:
    """What a plan of one endpoint does, by the addresses it does it to."""
    (endpoint,) = plan["endpoints"]
    return {
        change["address"]: change["action"]
        for change in endpoint["changes"]
        if change["action"] != "none"
    }
