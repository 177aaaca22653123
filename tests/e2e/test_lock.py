"""planner.lock.yaml: the same spec, the same plan, until somebody wants another one."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from planner.errors import ExitCode
from tests.support.command import Done, codes, planner
from tests.support.live import FLEET, Person, person
from tests.support.specs import STEADY, named

LOCK = "planner.lock.yaml"
DEAR = "constraints.instances.include=[ml.m5.2xlarge]"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "planner.yaml").write_text(STEADY)
    return tmp_path


def types(home: Path, *words: str) -> Done:
    return planner(*words, cwd=home)


def locks(home: Path, *more: str) -> str:
    done = types(home, "lock", "--no-verify", *more)
    assert done.code == 0, done.err
    return (home / LOCK).read_text()


def locked_dearer(home: Path) -> str:
    """The lock of a type that the spec would not get today, as if prices had moved since."""
    own = re.findall("input: .*", locks(home))[0]
    (home / LOCK).unlink()
    text = re.sub("input: .*", own, locks(home, "--set", DEAR))
    (home / LOCK).write_text(text)
    return text


def plans(home: Path, *more: str) -> dict[str, Any]:
    done = types(home, "plan", "--offline", "--no-verify", "-o", "json", *more)
    assert done.code == 0, done.err
    found: dict[str, Any] = json.loads(done.out)
    return found


def instance(plan: dict[str, Any]) -> str:
    (endpoint,) = plan["endpoints"]
    return str(endpoint["decision"]["instance_type"])


def test_a_fresh_lock_changes_nothing_of_the_plan(home: Path) -> None:
    free = plans(home)
    locks(home)
    held = plans(home)
    assert held["locks"] == [
        {"offer": None, "reason": "", "state": "held", "workload": "fraud-scorer"}
    ]
    assert free["locks"] == []
    assert {**held, "locks": [], "seal": ""} == {**free, "seal": ""}


def test_what_is_locked_is_taken_and_a_better_offer_is_named(home: Path) -> None:
    locked_dearer(home)
    found = plans(home)
    assert instance(found) == "ml.m5.2xlarge"
    (lock,) = found["locks"]
    saving = 1 - lock["offer"]["monthly_usd"] / lock["offer"]["locked_monthly_usd"]
    assert lock["offer"]["saving"] == pytest.approx(saving, abs=1e-5)
    assert found["summary"]["monthly_usd_after"] == lock["offer"]["locked_monthly_usd"]
    for words in ([], ["-o", "markdown"], ["-o", "github"]):
        out = types(home, "plan", "--offline", "--no-verify", *words).out
        assert re.search(r"\d %(25)? available", out), words
        assert "planner plan --upgrade" in out.replace("\\", "").replace("`", "")


@pytest.mark.parametrize("how", [["plan", "--offline"], ["lock"]], ids=["plan", "lock"])
def test_an_upgrade_takes_it_and_is_locked_from_then_on(home: Path, how: list[str]) -> None:
    free = plans(home)
    before = locked_dearer(home)
    done = types(home, *how, "--no-verify", "--upgrade")
    assert done.code == 0
    assert (home / LOCK).read_text() != before
    after = plans(home)
    assert instance(after) == instance(free)
    assert after["locks"][0]["offer"] is None


def test_an_offer_below_the_stability_of_the_spec_is_none(home: Path) -> None:
    (home / "planner.yaml").write_text(
        STEADY.replace("  providers:", "  objective: {stability: 99%}\n  providers:")
    )
    before = locked_dearer(home)
    assert plans(home)["locks"][0]["offer"] is None
    assert types(home, "lock", "--no-verify", "--upgrade").code == 0
    assert (home / LOCK).read_text() == before


def test_another_input_is_decided_anew_and_the_lock_is_out_of_date(home: Path) -> None:
    before = locked_dearer(home)
    assert types(home, "lock", "--check").code == 0
    (home / "planner.yaml").write_text(STEADY.replace("100/s", "120/s"))
    found = plans(home)
    assert instance(found) != "ml.m5.2xlarge"
    assert found["locks"][0]["state"] == "outdated"
    checked = types(home, "lock", "--check")
    assert checked.code == ExitCode.CHANGES_PENDING
    assert re.match(rf"{LOCK}:\d+:12: fraud-scorer asks for something else", checked.out)
    assert (home / LOCK).read_text() == before
    locks(home)
    assert types(home, "lock", "--check").code == 0


def test_what_decides_nothing_leaves_the_lock_current(home: Path) -> None:
    locks(home)
    (home / "planner.yaml").write_text(
        STEADY.replace("{name: fraud-scorer}", "{name: fraud-scorer, labels: {env: prod}}").replace(
            "  providers:", "  rollout: {strategy: linear, step: 20%}\n  providers:"
        )
    )
    assert types(home, "lock", "--check").code == 0


def edited(home: Path, pattern: str, new: str) -> None:
    text, count = re.subn(pattern, new, (home / LOCK).read_text())
    assert count
    (home / LOCK).write_text(text)


@pytest.mark.parametrize(
    ("pattern", "new", "code", "line"),
    [
        (r"instance: .*", "instance: ml.x9.large", "lock-not-offered", "instance: "),
        (r"min: \d+\n( *)max: \d+", r"min: 1\n\1max: 1", "lock-misses-spec", "replicas:"),
        (r"volume_gb: .*", "volume_gb: '99'", "lock-not-held", "volume_gb: "),
        (r"routing:", "rooting:", "unknown-key", "rooting:"),
    ],
)
def test_a_lock_that_cannot_be_held_is_an_error_at_its_place(
    home: Path, pattern: str, new: str, code: str, line: str
) -> None:
    (home / "planner.yaml").write_text(STEADY.replace("100/s", "900/s"))
    locks(home)
    edited(home, pattern, new)
    done = types(home, "plan", "--offline", "--no-verify")
    assert (done.code, codes(done)) == (ExitCode.INVALID_SPEC, [code])
    place = re.search(rf"{LOCK}:(\d+):\d+", done.err)
    assert place is not None
    assert line in (home / LOCK).read_text().splitlines()[int(place[1]) - 1]
    assert types(home, "plan", "--offline", "--no-verify", "--no-lock").code == 0


def test_a_lock_of_something_else_is_named_by_an_option_or_the_environment(home: Path) -> None:
    assert types(home, "lock", "--no-verify", "--lock", "prod.lock.yaml").code == 0
    assert not (home / LOCK).exists()
    assert plans(home)["locks"] == []
    assert len(plans(home, "--lock", "prod.lock.yaml")["locks"]) == 1
    done = planner(
        *("plan", "--offline", "--no-verify", "-o", "json"),
        cwd=home,
        env={"PLANNER_LOCK": "prod.lock.yaml"},
    )
    assert len(json.loads(done.out)["locks"]) == 1
    missing = types(home, "plan", "--offline", "--lock", "none.yaml")
    assert codes(missing) == ["missing-file"]


def test_entries_of_others_stay_and_those_of_nobody_go(home: Path) -> None:
    (home / "b.planner.yaml").write_text(named("ticket-router"))
    text = locks(home)
    assert re.findall(r"^  (\S+):$", text, re.MULTILINE) == ["fraud-scorer", "ticket-router"]
    (home / "b.planner.yaml").unlink()
    assert types(home, "lock", "--check", "planner.yaml").code == 0
    assert types(home, "lock", "--no-verify", "planner.yaml").code == 0
    assert (home / LOCK).read_text() == text
    done = types(home, "lock", "--check")
    assert done.code == ExitCode.CHANGES_PENDING
    assert "no spec is called ticket-router" in done.out
    assert "ticket-router" not in locks(home)


def test_a_spec_that_nothing_meets_is_not_locked(home: Path) -> None:
    (home / "planner.yaml").write_text(STEADY.replace("p99: 100ms", "p99: 1ms"))
    done = types(home, "lock", "--no-verify")
    assert done.code == ExitCode.INFEASIBLE
    assert "nothing to lock" in done.err
    assert not (home / LOCK).exists()


def test_a_fleet_over_several_endpoints_is_locked_too(home: Path) -> None:
    (home / "planner.yaml").write_text(FLEET)
    free = plans(home)
    assert len(free["endpoints"]) > 1
    text = locks(home)
    assert re.search(r"models: (hot|2 sha256:\w+)", text)
    held = plans(home)
    assert held["locks"][0]["state"] == "held"
    assert held["endpoints"] == free["endpoints"]
    edited(home, r"models: hot", "models: third")
    done = types(home, "plan", "--offline", "--no-verify")
    assert codes(done) == ["lock-not-held"]


def test_an_upgrade_of_nothing_is_wrong_usage(home: Path) -> None:
    done = types(home, "plan", "--offline", "--upgrade")
    assert (done.code, codes(done)) == (ExitCode.USAGE, ["nothing-locked"])


def test_a_saved_plan_shows_its_locks(home: Path) -> None:
    locked_dearer(home)
    types(home, "plan", "--offline", "--no-verify", "--out", "p.json")
    shown = types(home, "show", "p.json", "-o", "markdown").out
    assert re.search(r"\d % available", shown)


def test_explain_and_render_follow_the_lock(home: Path) -> None:
    locked_dearer(home)
    assert "ml.m5.2xlarge" in types(home, "render").out
    explained = json.loads(types(home, "explain", "--no-verify", "-o", "json").out)
    assert "ml.m5.2xlarge" in json.dumps(explained[0]["endpoints"])


@pytest.fixture
def somebody(tmp_path: Path) -> Any:
    with person(tmp_path) as found:
        found.file("planner.yaml", STEADY)
        yield found


def test_the_lock_wins_over_what_runs(somebody: Person) -> None:
    somebody.applies("--set", "constraints.instances.include=[ml.c5.large]")
    (kept,) = somebody.plans()["endpoints"]
    assert kept["decision"]["instance_type"] == "ml.c5.large"
    locked_dearer(somebody.home)
    (moved,) = somebody.plans()["endpoints"]
    assert moved["decision"]["instance_type"] == "ml.m5.2xlarge"
    somebody.applies()
    assert somebody.types("drift", "--detailed-exitcode", "--no-verify").code == 0


def test_what_runs_cannot_become_what_is_locked(somebody: Person) -> None:
    somebody.applies()
    quiet = ["--set", "traffic.rate=1/s", "--set", "slo.cold_start=allow"]
    where = ["--set", "constraints.hosting=[serverless]", "--set", "slo.latency.p99=9s"]
    somebody.does("lock", "--no-verify", *quiet, *where)
    done = somebody.types("plan", "--no-verify", *quiet, *where)
    assert codes(done) == ["lock-out-of-reach"]
    assert re.search(rf"{LOCK}:\d+:", done.err)
