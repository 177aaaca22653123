"""GitHub's runner, for one composite action, and a `gh` that keeps what it is told in a file."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.support.code import ROOT
from tests.support.command import environment

ACTION = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
_EXPRESSION = re.compile(r"\$\{\{(.*?)\}\}")
_NAME = re.compile(r"'[^']*'|\b(?:inputs|steps|github)\.[\w.-]+")

_GH = """\
import json, sys
from pathlib import Path

place = Path(__file__).with_name("github.json")
state = json.loads(place.read_text())
words = sys.argv[1:]
value = dict(zip(words, words[1:]))

def body():
    if "--body-file" in value:
        return Path(value["--body-file"]).read_text()
    return Path(value["-F"].removeprefix("body=@")).read_text()

def shown(one):
    url = f"https://github.com/o/r/pull/7#issuecomment-{one['id']}"
    return {"body": one["body"], "url": url, "viewerDidAuthor": one["author"] == "me"}

if state["denied"] and "view" not in words:
    sys.exit("HTTP 403: Resource not accessible by integration")
match words:
    case ["pr", "view", "7", "--repo", "o/r", "--json", "comments"]:
        print(json.dumps({"comments": [shown(one) for one in state["comments"]]}))
    case ["api", path] if path.startswith("repos/o/r/commits/") and path.endswith("/pulls"):
        print(json.dumps(state["pulls"]))
    case ["api", "--method", "POST", "repos/o/r/issues/7/comments", *_]:
        one = {"id": 100 + len(state["comments"]), "body": body(), "author": "me"}
        state["comments"].append(one)
        print(json.dumps({"id": one["id"], "html_url": shown(one)["url"]}))
    case ["api", "--method", "PATCH" | "DELETE" as method, path, *_]:
        number = int(path.removeprefix("repos/o/r/issues/comments/"))
        (one,) = [one for one in state["comments"] if one["id"] == number]
        if method == "DELETE":
            state["comments"].remove(one)
        else:
            one["body"] = body()
            print(json.dumps({"id": one["id"], "html_url": shown(one)["url"]}))
    case ["label", "create", name, "--repo", "o/r", "--force", *_]:
        state["labels"].append(name)
    case ["issue", "list", "--repo", "o/r", *_]:
        print(json.dumps([one for one in state["issues"] if one["open"]]))
    case ["issue", "create", "--repo", "o/r", *_]:
        assert value["--label"] in state["labels"]
        one = {"number": 1 + len(state["issues"]), "open": True, "body": body()}
        state["issues"].append({**one, "title": value["--title"]})
    case ["issue", "edit" | "close" as verb, number, "--repo", "o/r", *_]:
        (one,) = [one for one in state["issues"] if one["number"] == int(number)]
        one.update({"open": False} if verb == "close" else {"body": body()})
    case _:
        sys.exit(f"no such command: {words}")
place.write_text(json.dumps(state))
"""


@dataclass(frozen=True, kw_only=True)
class Ended:
    """How a run of the action ended, and what it gave."""

    code: int
    log: str
    summary: str
    outputs: dict[str, str]


@dataclass(kw_only=True)
class Runner:
    """Runs the action in a repository; `env` finds the cloud."""

    home: Path
    env: Mapping[str, str | None]
    event: dict[str, Any] = field(default_factory=lambda: {"pull_request": {"number": 7}})

    def __post_init__(self) -> None:
        self.programs = self.home / "bin"
        self.programs.mkdir()
        self.tells()
        self._program("planner", f'exec "{sys.executable}" -m planner "$@"')
        self._program("gh", f'exec "{sys.executable}" "{self.programs}/gh.py" "$@"')
        (self.programs / "gh.py").write_text(_GH)

    def _program(self, name: str, line: str) -> None:
        (self.programs / name).write_text(f"#!/bin/sh\n{line}\n")
        (self.programs / name).chmod(0o755)

    @property
    def github(self) -> dict[str, Any]:
        """What stands on GitHub."""
        found: dict[str, Any] = json.loads((self.programs / "github.json").read_text())
        return found

    def tells(self, **changes: Any) -> None:
        """Put something there."""
        blank = {"comments": [], "issues": [], "labels": [], "pulls": [], "denied": False}
        before = self.github if (self.programs / "github.json").exists() else blank
        (self.programs / "github.json").write_text(json.dumps({**before, **changes}))

    def uses(self, **given: str) -> Ended:
        """One step that uses the action, with inputs whose dashes are underlines here."""
        defaults = {name: one["default"] for name, one in ACTION["inputs"].items()}
        inputs = {name.replace("_", "-"): text for name, text in given.items()}
        assert set(inputs) <= set(defaults)
        values: dict[str, Any] = {f"inputs.{k}": v for k, v in {**defaults, **inputs}.items()}
        values["github.event.pull_request"] = "pull_request" in self.event
        values["inputs.github-token"] = values["github.token"] = "token"
        code, log, summary = 0, "", self.home / "summary"
        summary.write_text("")
        for step in ACTION["runs"]["steps"]:
            wanted = "if" not in step or _holds(step["if"], values)
            if code == 0 and wanted and "run" in step:
                done = self._step(step, values)
                code, log = done.returncode, f"{log}{done.stdout}{done.stderr}"
        told = {name: _text(one["value"], values) for name, one in ACTION["outputs"].items()}
        return Ended(code=code, log=log, summary=summary.read_text(), outputs=told)

    def _step(
        self, step: dict[str, Any], values: dict[str, Any]
    ) -> subprocess.CompletedProcess[str]:
        assert step["shell"] == "bash"
        output, event = self.home / "output", self.home / "event.json"
        output.write_text("")
        event.write_text(json.dumps(self.event))
        own = {name: _text(text, values) for name, text in step["env"].items()}
        runner = {
            "PATH": f"{self.programs}{os.pathsep}{os.environ['PATH']}",
            "GITHUB_ACTION_PATH": str(ROOT),
            "GITHUB_EVENT_PATH": str(event),
            "GITHUB_OUTPUT": str(output),
            "GITHUB_REPOSITORY": "o/r",
            "GITHUB_RUN_ID": "1",
            "GITHUB_SERVER_URL": "https://github.com",
            "GITHUB_SHA": "0123456789abcdef",
            "GITHUB_STEP_SUMMARY": str(self.home / "summary"),
            "RUNNER_TEMP": str(self.home / "temp"),
        }
        (self.home / "temp").mkdir(exist_ok=True)
        done = subprocess.run(
            # As GitHub runs `shell: bash`.
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
            cwd=self.home,
            env=environment({**self.env, **runner, **own}),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        for line in output.read_text().splitlines():
            name, _, text = line.partition("=")
            values[f"steps.{step.get('id')}.outputs.{name}"] = text
        return done


def _text(text: str, values: Mapping[str, Any]) -> str:
    """A value with its expressions, each of which is the name of one thing."""
    return _EXPRESSION.sub(lambda found: str(values.get(found[1].strip(), "")), text)


def _holds(condition: str, values: Mapping[str, Any]) -> bool:
    """What a condition of names, texts, ==, !=, && and || comes to."""
    named = _NAME.sub(
        lambda found: found[0] if found[0][0] == "'" else repr(values.get(found[0], "")), condition
    )
    return bool(eval(named.replace("&&", " and ").replace("||", " or ").replace("\n", " ")))
