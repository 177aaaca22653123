"""`--policy`: what an organisation asks of a plan, said with its place before any write."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from planner.errors import ExitCode
from tests.support.code import ROOT
from tests.support.command import codes, planner
from tests.support.live import PINNED, Person, person
from tests.support.specs import STEADY

HEAD = """\
apiVersion: planner/v1alpha1
kind: Policy
metadata: {name: production}
spec:
  rules:
"""
STRICT = f"""{HEAD}\
    - name: redundant
      replicas: 3
      reason: one machine is an outage
"""
ADVICE = STRICT.replace("      replicas", "      level: advisory\n      replicas")


@pytest.fixture
def somebody(tmp_path: Path) -> Iterator[Person]:
    with person(tmp_path) as found:
        found.file("planner.yaml", PINNED)
        found.file("strict.yaml", STRICT)
        found.file("advice.yaml", ADVICE)
        yield found


def test_a_mandatory_rule_stops_plan_and_apply_before_any_write(somebody: Person) -> None:
    for words in (["plan", "--detailed-exitcode"], ["apply", "--auto-approve"]):
        done = somebody.types(*words, "--no-verify", "--policy", "strict.yaml")
        assert done.code == ExitCode.POLICY
        assert "policy violated: fraud-scorer has 2 replicas" in done.out
        assert "one machine is an outage" in done.out
        assert "strict.yaml:7:7" in done.out
        assert re.search(r"spec.constraints.replicas at planner.yaml:\d+:", done.out)
    assert somebody.writes() == []


def test_an_advisory_rule_is_said_and_stops_nothing(somebody: Person) -> None:
    env: dict[str, str | None] = {"PLANNER_POLICY": "advice.yaml"}
    done = somebody.types("apply", "--auto-approve", "--no-verify", env=env)
    assert done.code == 0
    assert "policy advises otherwise: fraud-scorer has 2 replicas" in done.out
    assert somebody.writes() != []


def test_a_saved_plan_that_violates_is_not_applied(somebody: Person) -> None:
    saved = ["plan", "--no-verify", "--out", "p.json"]
    assert somebody.types(*saved, "--policy", "strict.yaml").code == ExitCode.POLICY
    done = somebody.types("apply", "p.json")
    assert (done.code, codes(done)) == (ExitCode.POLICY, ["policy-replicas"])
    assert "strict.yaml:7:7" in done.err
    somebody.does(*saved)
    done = somebody.types("apply", "p.json", "--policy", "strict.yaml")
    assert (done.code, codes(done)) == (ExitCode.POLICY, ["policy-replicas"])
    assert somebody.writes() == []
    somebody.does("apply", "p.json", "--policy", "advice.yaml")


def test_what_a_change_costs_and_risks_is_judged_live(somebody: Person) -> None:
    somebody.applies()
    somebody.file("money.yaml", f"{HEAD}    - {{name: m, increase: {{fraction: 20%}}}}\n")
    done = somebody.types("plan", "--no-verify", "--policy", "money.yaml")
    assert done.code == 0
    more = ["--set", "pin.replicas=3"]
    done = somebody.types("plan", "--no-verify", "--policy", "money.yaml", *more)
    assert done.code == ExitCode.POLICY
    assert re.search(r"[\d.]+ % a month more \(\$[\d.]+ -> \$[\d.]+\), 20 % allowed", done.out)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "planner.yaml").write_text(STEADY)
    return tmp_path


def test_every_format_says_it(home: Path) -> None:
    text = STRICT.replace("replicas: 3", "labels: [owner]")
    (home / "p.yaml").write_text(
        text.replace("      labels", "      level: advisory\n      labels")
    )
    (home / "q.yaml").write_text(text.replace("labels: [owner]", "budget: {endpoint: 1 USD}"))
    words = ["plan", "--offline", "--no-verify", "--policy", "p.yaml", "--policy", "q.yaml"]
    found = json.loads(planner(*words, "-o", "json", cwd=home).out)["policy"]
    assert [one["code"] for one in found["violations"]] == ["policy-budget", "policy-label"]
    assert found["violations"][0]["place"] == {"file": "q.yaml", "line": 7, "column": 16}
    for output in ("markdown", "github", "sarif", "junit"):
        done = planner(*words, "-o", output, cwd=home)
        assert done.code == ExitCode.POLICY
        assert "lacks the label owner" in done.out, output
        assert "q.yaml:7:16" in done.out, output
    shown = planner(*words, "--out", "plan.json", cwd=home)
    again = planner("show", "plan.json", cwd=home)
    assert [one for one in again.out.splitlines() if "policy" in one.lower()] == [
        one for one in shown.out.splitlines() if "policy" in one.lower()
    ]


@pytest.mark.parametrize(
    ("text", "code", "place"),
    [
        (STRICT.replace("replicas:", "replica:"), "unknown-key", "p.yaml:7:7"),
        (STRICT.replace("replicas: 3", "replicas: 0"), "invalid-value", "p.yaml:7:17"),
        (STRICT.replace("      replicas: 3\n", ""), "empty-rule", "p.yaml:6:7"),
        (STRICT.replace("replicas: 3", "risk: {forbid: [rolling]}"), "unknown-value", "p.yaml:7:"),
        (STRICT + "    - {name: redundant, zones: 2}\n", "duplicate-name", "p.yaml:9:14"),
        (STRICT.replace("kind: Policy", "kind: Limits"), "unknown-value", "p.yaml:2:7"),
        ("", "empty-file", "p.yaml"),
    ],
)
def test_what_is_wrong_in_a_policy_is_said_at_its_place(
    home: Path, text: str, code: str, place: str
) -> None:
    (home / "p.yaml").write_text(text)
    done = planner("plan", "--offline", "--policy", "p.yaml", cwd=home)
    assert (done.code, codes(done)) == (ExitCode.INVALID_SPEC, [code]), done.err
    assert place in done.err


def test_the_policy_on_the_page_is_valid_and_holds(home: Path) -> None:
    page = (ROOT / "docs" / "spec.md").read_text()
    (shown,) = re.findall(r"```yaml\n([^`]*kind: Policy\n[^`]*)```", page)
    (home / "p.yaml").write_text(shown)
    done = planner("plan", "--offline", "--no-verify", "--policy", "p.yaml", "-o", "json", cwd=home)
    found = json.loads(done.out)["policy"]
    assert [one["code"] for one in found["violations"]] == ["policy-label"]
