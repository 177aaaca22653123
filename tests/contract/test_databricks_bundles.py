"""Databricks' own bundles, whose types know of no backend, read what we send and what we are shown.

They are a judge beside the SDK: they refuse fields and workload types that they do not know.
"""

from __future__ import annotations

import json
import subprocess
from typing import Any

import pytest
from planner_databricks.gateway import DatabricksGateway
from planner_databricks.sandbox.serve import running
from planner_databricks.sandbox.workspace import Pace

from planner.model.live import LiveState
from planner.model.resource import DesiredState
from tests.support.databricks_values import decision, model, rendered, workload
from tests.support.tools import Tools
from tests.support.workspace import Workspace

JUDGE = """
import json, sys
from databricks.bundles.model_serving_endpoints import ModelServingEndpoint
for body in json.load(sys.stdin):
    try:
        read = ModelServingEndpoint.from_dict(body).as_dict()
    except (TypeError, ValueError) as error:
        print(json.dumps(str(error)))
    else:
        print(json.dumps(None if read == body else read))
"""
STATES = {
    "plain": rendered(),
    "full": rendered(
        decision(options=(("route_optimized", "true"), ("scale_to_zero", "true"))),
        workload(model(environment=(("KEY", "{{secrets/prod/key}}"),))),
        inference_table={"catalog": "main", "schema": "logs", "prefix": "shop"},
        tags={"team": "search"},
        email_notifications={"on_update_failure": ["ops@example.com"]},
    ),
    "several": rendered(
        decision(hosting="multi-model", models=("a", "b")),
        workload(*(model(name, artifact=f"uc:main.shop.{name}/1", weight=0.5) for name in "ab")),
    ),
}


def _judged(tools: Tools, *bodies: dict[str, Any]) -> list[Any]:
    """For each body what is wrong with it: None, an error, or what was read instead."""
    done = subprocess.run(
        [tools.python, "-c", JUDGE],
        input=json.dumps(bodies),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


def _body(state: DesiredState) -> dict[str, Any]:
    return state.resources[0].body


def test_what_is_rendered_is_what_bundles_take(tools: Tools) -> None:
    assert _judged(tools, *map(_body, STATES.values())) == [None] * len(STATES)


def test_bundles_refuse_what_they_do_not_know(tools: Tools) -> None:
    unknown = _body(rendered(decision(instance_type="GPU_MEDIUM_8")))
    wrong = {**_body(STATES["plain"]), "colour": "red"}
    told = _judged(tools, unknown, wrong)
    assert "GPU_MEDIUM_8" in told[0]
    assert "colour" in told[1]


@pytest.fixture(scope="module")
def shown() -> dict[str, LiveState]:
    """What the gateway reads of each state in a workspace that has it."""
    found: dict[str, LiveState] = {}
    with running(":memory:", pace=Pace(create_s=0)) as url:
        gateway = DatabricksGateway(None, url)
        workspace = Workspace(url=url)
        for name, state in STATES.items():
            workspace.post("reset")
            assert workspace.create(**_body(state)).ok
            found[name] = gateway.read(state)
    return found


def test_what_is_read_is_what_bundles_take(tools: Tools, shown: dict[str, LiveState]) -> None:
    bodies = [live.objects[0].body for live in shown.values()]
    assert _judged(tools, *bodies) == [None] * len(bodies)
