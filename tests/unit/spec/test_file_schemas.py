"""The published schemas of the files beside a spec take what is read, and refuse what is not."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from planner.errors import SpecError
from planner.model.candidate import Autoscaling, Range
from planner.model.workload import ScheduledAction
from planner.plans.locking import lock_document, locked
from planner.spec import Source
from planner.spec.lock_file import read_lock
from planner.spec.policy_file import BOUNDS, read_policies
from planner.spec.schema import lock_schema, policy_schema
from tests.support import decisions
from tests.support.code import ROOT
from tests.support.command import planner

SCHEMAS = {"policy": policy_schema(), "lock": lock_schema()}
PAGE = (ROOT / "docs" / "spec.md").read_text(encoding="utf-8")
ASKED: dict[str, Any] = {
    "name": "all",
    "level": "advisory",
    "reason": "because",
    "match": {"names": ["fraud-*"], "labels": {"env": "prod"}},
    "budget": {"monthly": "9000 USD", "endpoint": "3000 USD"},
    "increase": {"monthly": "500 USD", "fraction": "20%"},
    "regions": {"allow": ["eu-*"]},
    "providers": {"forbid": ["databricks"]},
    "instances": {"forbid": ["ml.p*"]},
    "hosting": {"allow": ["serverless"]},
    "labels": ["owner"],
    "replicas": 2,
    "zones": 2,
    "cold_start": "forbid",
    "risk": {"forbid": ["downtime", "one-way"]},
}
"""A rule with everything that a rule can have."""


def policy(*rules: dict[str, Any], **changed: Any) -> dict[str, Any]:
    head = {"apiVersion": "planner/v1alpha1", "kind": "Policy", "metadata": {"name": "production"}}
    return {**head, "spec": {"rules": list(rules)}, **changed}


def lock(**changed: Any) -> dict[str, Any]:
    """A lock of an endpoint with replicas, and of one with units and no scaling."""
    hours = ScheduledAction(name="day", cron="0 8 * * *", min=2, max=9)
    scaling = Autoscaling(
        metric="requests",
        target=70.0,
        cooldown_up_s=60.0,
        cooldown_down_s=300.0,
        average=3.0,
        scheduled=(hours,),
        timezone="Europe/Berlin",
    )
    both = (
        decisions.decision(autoscaling=scaling),
        decisions.decision(
            endpoint="second",
            replicas=None,
            units=Range(min=0, max=8),
            autoscaling=None,
            options=(("memory_mb", "2048"),),
        ),
    )
    solved = replace(decisions.solved("w"), decisions=both)
    found = locked(solved, decisions.workload("w"), [decisions.STAMP], version="1.2")
    return {**lock_document({"w": found}), **changed}


def read(kind: str, document: dict[str, Any]) -> bool:
    """Whether the planner takes a file."""
    source = Source(name="file.yaml", text=yaml.safe_dump(document).encode())
    try:
        if kind == "policy":
            read_policies(source, env={})
        else:
            read_lock(source)
    except SpecError:
        return False
    return True


def taken(kind: str, document: dict[str, Any]) -> bool:
    """Whether the schema does."""
    return Draft202012Validator(SCHEMAS[kind]).is_valid(document)


@pytest.mark.parametrize("kind", SCHEMAS)
def test_the_file_is_what_the_command_prints(kind: str) -> None:
    published = (ROOT / "schemas" / f"{kind}.v1alpha1.json").read_bytes()
    assert planner("schema", kind).stdout == published, f"run: planner schema {kind} > schemas/..."
    Draft202012Validator.check_schema(json.loads(published))


def test_a_rule_has_every_bound() -> None:
    assert set(BOUNDS) < set(ASKED)
    assert set(ASKED) == set(SCHEMAS["policy"]["$defs"]["RuleBlock"]["properties"])


(SHOWN,) = re.findall(r"```yaml\n([^`]*kind: Policy\n[^`]*)```", PAGE)
FINE = [
    ("policy", yaml.safe_load(SHOWN)),
    ("policy", policy(ASKED)),
    *(("policy", policy({"name": "one", bound: ASKED[bound]})) for bound in BOUNDS),
    ("lock", lock()),
    ("lock", lock(specs={})),
]


@pytest.mark.parametrize(("kind", "document"), FINE)
def test_what_is_read_is_valid(kind: str, document: dict[str, Any]) -> None:
    assert (read(kind, document), taken(kind, document)) == (True, True)


def entry(**changed: Any) -> dict[str, Any]:
    document = lock()
    return {**document, "specs": {"w": {**document["specs"]["w"], **changed}}}


def endpoint(**changed: Any) -> dict[str, Any]:
    found = lock()["specs"]["w"]["endpoints"]
    name = next(iter(found))
    return entry(endpoints={name: {**found[name], **changed}})


WRONG = [
    ("policy", policy()),
    ("policy", policy({"name": "nothing"})),
    ("policy", policy({"name": "nothing", "replicas": None})),
    ("policy", policy({"replicas": 2})),
    ("policy", policy({**ASKED, "replica": 2})),
    ("policy", policy({**ASKED, "replicas": 0})),
    ("policy", policy({**ASKED, "level": "strict"})),
    ("policy", policy({**ASKED, "labels": []})),
    ("policy", policy({**ASKED, "risk": {"forbid": ["rolling"]}})),
    ("policy", policy({**ASKED, "budget": {"monthly": 3000}})),
    ("policy", policy({**ASKED, "budget": {"monthly": "3000"}})),
    ("policy", policy({**ASKED, "increase": {"fraction": "120%"}})),
    ("policy", policy({**ASKED, "regions": {"deny": ["eu-*"]}})),
    ("policy", policy(ASKED, kind="Limits")),
    ("policy", policy(ASKED, apiVersion="planner/v2")),
    ("policy", policy(ASKED, metadata={"name": "Not a name"})),
    ("lock", lock(kind="Luck")),
    ("lock", lock(extra=1)),
    ("lock", lock(specs=[])),
    ("lock", entry(input="")),
    ("lock", entry(prices=[{"provider": "sagemaker"}])),
    ("lock", entry(endpoints=[])),
    ("lock", endpoint(hotsing="x")),
    ("lock", endpoint(replicas={"min": "five", "max": 9})),
    ("lock", endpoint(replicas={"min": 1})),
    ("lock", endpoint(monthly_usd=-1.0)),
    ("lock", endpoint(concurrency={"per_replica": 0, "max": 2})),
    ("lock", endpoint(scaling={"metric": "requests"})),
]


@pytest.mark.parametrize(("kind", "document"), WRONG)
def test_what_is_refused_is_not(kind: str, document: dict[str, Any]) -> None:
    assert (read(kind, document), taken(kind, document)) == (False, False)
