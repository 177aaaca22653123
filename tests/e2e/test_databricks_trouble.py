"""What a workspace does to an apply: failed updates, others at work, and too many requests."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from planner.errors import ExitCode
from tests.support.databricks_live import QUICK, SHOP, Analyst, analyst


@pytest.fixture(scope="module")
def everybody(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Analyst]:
    with analyst(tmp_path_factory.mktemp("home")) as found:
        yield found


@pytest.fixture
def somebody(everybody: Analyst) -> Analyst:
    everybody.workspace.post("reset")
    everybody.workspace.post("pace", {"create_s": 0.1, "update_s": 0.1, "window_s": 1.0})
    for path in everybody.home.glob("*"):
        path.unlink()
    everybody.file("planner.yaml", SHOP)
    return everybody


NEWER = ("--set", "models[0].artifact=uc:main.search.ranker/4")


def _slow(name: str) -> str:
    """Together they stay below what a workspace takes without route optimization."""
    return SHOP.replace("{name: shop}", f"{{name: {name}}}").replace("100/s", "10/s")


def _words(text: str) -> str:
    return " ".join(text.split())


def test_an_update_that_fails_is_rolled_back_and_says_why(somebody: Analyst) -> None:
    somebody.applies()
    somebody.workspace.fault(
        "update-failed", "UpdateConfig", rule={"message": "No module named 'xgboost'"}
    )
    done = somebody.types("apply", *NEWER, "--auto-approve", "--no-verify")
    told = _words(done.out)
    assert done.code == ExitCode.PARTLY_APPLIED
    assert "shop: rolled-back" in told
    assert "UPDATE_FAILED: No module named 'xgboost'" in told
    assert "entity_version is 3, asked for was 4" in told
    assert somebody.workspace.served("shop")["entity_version"] == "3"
    # What went wrong once is tried again, and a plan says what is still to be done.
    somebody.workspace.post("faults", [])
    somebody.applies(*NEWER)
    assert somebody.workspace.served("shop")["entity_version"] == "4"


def test_a_creation_that_fails_says_why_and_is_not_deleted(somebody: Analyst) -> None:
    somebody.workspace.fault("update-failed", "CreateEndpoint", rule={"message": "out of memory"})
    done = somebody.types("apply", "--auto-approve", "--no-verify")
    assert done.code == ExitCode.PARTLY_APPLIED
    assert "UPDATE_FAILED: out of memory" in _words(done.out)
    assert somebody.writes() == ["CreateEndpoint"]


def _redeploys(somebody: Analyst, **changed: object) -> None:
    """Somebody else puts the config that serves once more, as their pipeline does."""
    shown = somebody.workspace.served("shop")
    taken = {
        key: shown[key]
        for key in (
            *("name", "entity_name", "entity_version", "workload_type", "scale_to_zero_enabled"),
            *("min_provisioned_concurrency", "max_provisioned_concurrency"),
        )
    }
    answer = somebody.workspace.update({**taken, **changed}, name="shop")
    assert answer.ok, answer.text


def test_somebody_elses_update_is_waited_for_and_told(somebody: Analyst) -> None:
    somebody.applies()
    somebody.workspace.post("pace", {"update_s": 1.0})
    _redeploys(somebody)
    done = somebody.applies(*NEWER)
    assert "shop: endpoint/shop: IN_PROGRESS, 0 s" in done.err
    assert somebody.workspace.served("shop")["entity_version"] == "4"


def test_or_refused_where_nobody_wants_to_wait(somebody: Analyst) -> None:
    somebody.applies()
    somebody.workspace.post("pace", {"update_s": 60.0})
    before = somebody.writes()
    _redeploys(somebody)
    done = somebody.types("apply", *NEWER, "--no-wait", "--auto-approve", "--no-verify")
    assert done.code == ExitCode.PARTLY_APPLIED
    assert "is being changed by somebody else: IN_PROGRESS: not waited for" in _words(done.out)
    assert "--wait" in done.out
    assert somebody.writes() == before
    done = somebody.types("apply", *NEWER, "--timeout", "1", "--auto-approve", "--no-verify")
    assert done.code == ExitCode.PARTLY_APPLIED
    assert "still IN_PROGRESS after" in _words(done.out)
    assert somebody.writes() == before


def test_what_others_changed_while_they_were_waited_for_is_not_overwritten(
    somebody: Analyst,
) -> None:
    somebody.applies()
    somebody.workspace.post("pace", {"update_s": 0.6})
    before = somebody.writes()
    _redeploys(somebody, entity_version="9")
    done = somebody.types("apply", *NEWER, "--auto-approve", "--no-verify")
    assert done.code == ExitCode.STALE_PLAN
    assert "entity_version was 3, is 9" in _words(done.out)
    assert somebody.writes() == before


def test_an_update_that_begins_at_the_last_moment_is_waited_for(somebody: Analyst) -> None:
    somebody.applies()
    somebody.workspace.post("pace", {"update_s": 0.6})
    # Tags are patched first: while that takes its time, somebody else's pipeline begins.
    somebody.workspace.fault("delay", "PatchTags", rule={"seconds": 0.8, "times": 1})
    calls = len(somebody.workspace.get("calls"))

    def pipeline() -> None:
        while not any(
            one["operation"] == "GetEndpoint" for one in somebody.workspace.get("calls")[calls:]
        ):
            time.sleep(0.02)
        time.sleep(0.5)
        _redeploys(somebody)

    other = threading.Thread(target=pipeline)
    other.start()
    done = somebody.types("apply", *NEWER, "--auto-approve", "--no-verify")
    other.join()
    assert done.code == ExitCode.DONE, done.out
    assert "is being updated by somebody else" in done.err
    assert somebody.workspace.served("shop")["entity_version"] == "4"


def test_more_writes_than_the_workspace_takes_are_paced_and_told(somebody: Analyst) -> None:
    somebody.workspace.post("quotas", {"writes": 2})
    for number in range(5):
        somebody.file(f"{number}.planner.yaml", _slow(f"shop-{number}"))
    (somebody.home / "planner.yaml").unlink()
    begun = time.monotonic()
    done = somebody.applies()
    assert "5 endpoints: 5 applied." in done.out
    assert "Exceeded 2 create and update operations" in done.err
    assert "asked again in 1 s" in done.err
    assert time.monotonic() - begun > 2 * QUICK.window_s


@pytest.mark.parametrize(
    ("effect", "said"),
    [("throttle", "Rate limit exceeded"), ("unavailable", "The service is temporarily")],
)
def test_what_stays_put_off_ends_as_a_diagnostic(somebody: Analyst, effect: str, said: str) -> None:
    somebody.workspace.fault(effect, "CreateEndpoint")
    done = somebody.types("apply", "--timeout", "1.5", "--auto-approve", "--no-verify")
    told = _words(done.out)
    assert done.code == ExitCode.PARTLY_APPLIED
    assert f"POST /api/2.0/serving-endpoints was put off: {said}" in told
    assert "not done create endpoint/shop" in told
    assert "Timed out" not in told + done.err
    assert "Traceback" not in done.err
