import os
import subprocess
import sys
from dataclasses import replace
from typing import Any

import pytest

from planner.model.plan import Mode, Plan
from planner.plans import Held, RunStamp, build_plan, desired_changes, workloads_digest
from tests.support import decisions
from tests.support.decisions import solved

REASON = "no live state read"


def built(
    *,
    spec_digest: str = "5ec",
    stamp: RunStamp | None = None,
    usd: float = 612.4,
    **found: Any,
) -> Plan:
    outcome = solved(decisions=(decisions.decision(cost=decisions.cost(usd)),))
    held = Held(
        changes={"fraud-scorer": desired_changes(decisions.desired(), reason=REASON)}, **found
    )
    return build_plan((outcome,), held, stamp=stamp or decisions.stamp(spec_digest=spec_digest))


def test_endpoints_and_infeasible_workloads_stand_by_name() -> None:
    plan = decisions.plan(solved("zebra"), decisions.infeasible("mule"), solved("ant"))
    assert [endpoint.name for endpoint in plan.endpoints] == ["ant", "zebra"]
    assert [outcome.workload for outcome in plan.infeasible] == ["mule"]
    assert not plan.complete


def test_the_order_of_the_outcomes_does_not_matter() -> None:
    forth = decisions.plan(solved("zebra"), solved("ant"), decisions.infeasible())
    back = decisions.plan(decisions.infeasible(), solved("ant"), solved("zebra"))
    assert forth == back


def test_only_the_first_endpoint_of_a_workload_carries_its_alternatives() -> None:
    split = solved(
        "fleet",
        decisions=(
            decisions.decision(endpoint="fleet-shared"),
            decisions.decision(endpoint="fleet-hot"),
        ),
    )
    hot, shared = decisions.plan(split).endpoints
    assert (hot.name, shared.name) == ("fleet-hot", "fleet-shared")
    assert hot.workload == shared.workload == "fleet"
    assert len(hot.alternatives) == 4
    assert shared.alternatives == ()
    assert shared.excluded == ()


def test_catalog_stamps_are_said_once() -> None:
    plan = built(stamp=decisions.stamp(catalogs=(decisions.STAMP, decisions.STAMP)))
    assert plan.catalogs == (decisions.STAMP,)


def test_the_fingerprint_is_the_same_for_the_same_input() -> None:
    assert built().fingerprint == built().fingerprint
    assert built().fingerprint.startswith("sha256:")


@pytest.mark.parametrize(
    "other",
    [
        built(spec_digest="0ther"),
        built(usd=613.0),
        built(stamp=decisions.stamp(mode=Mode.LIVE)),
        built(stamp=decisions.stamp(catalogs=(replace(decisions.STAMP, version="8"),))),
        built(removals=(decisions.removal(),)),
    ],
    ids=["spec", "decision", "mode", "catalog", "removal"],
)
def test_the_fingerprint_moves_with_what_it_stands_for(other: Plan) -> None:
    assert other.fingerprint != built().fingerprint


def test_the_fingerprint_ignores_the_release_and_the_wording() -> None:
    chatty = solved(
        decisions=(decisions.decision(warnings=("said otherwise",), advice=()),), alternatives=()
    )
    changes = {"fraud-scorer": desired_changes(decisions.desired(), reason=REASON)}
    other = build_plan(
        (chatty,), Held(changes=changes), stamp=decisions.stamp(planner_version="9.9.9")
    )
    assert other.fingerprint == built().fingerprint


def test_the_digest_of_workloads_ignores_their_order_and_the_place_of_a_trace() -> None:
    one = decisions.workload("one", trace="specs/a.csv")
    two = decisions.workload("two", trace="b.csv")
    moved = decisions.workload("one", trace="elsewhere/a.csv")
    assert workloads_digest((one, two)) == workloads_digest((two, moved))


@pytest.mark.parametrize(
    "other",
    [
        decisions.workload("two"),
        decisions.workload("one", stamps_s=(0.0, 1.0, 2.5)),
        decisions.workload("one", counts=(0.0, 1.0, 2.0), stamps_s=()),
    ],
    ids=["name", "stamps", "counts"],
)
def test_the_digest_moves_with_what_is_asked(other: object) -> None:
    assert workloads_digest((other,)) != workloads_digest((decisions.workload("one"),))  # type: ignore[arg-type]


SCRIPT = """
import sys
from tests.support import decisions
from planner.plans import document, to_bytes
plan = decisions.plan(decisions.solved("a"), decisions.infeasible())
sys.stdout.buffer.write(to_bytes(document(plan)))
"""


def test_bytes_do_not_depend_on_hash_seed_zone_or_locale() -> None:
    def run(**environment: str) -> bytes:
        env = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
            **environment,
        }
        return subprocess.run(
            [sys.executable, "-c", SCRIPT], env=env, check=True, capture_output=True
        ).stdout

    first = run(PYTHONHASHSEED="1", TZ="UTC", LC_ALL="C.UTF-8")
    second = run(PYTHONHASHSEED="2", TZ="Asia/Tokyo", LC_ALL="C")
    assert first == second
    assert first.startswith(b"{\n")
