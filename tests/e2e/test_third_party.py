"""A provider in a distribution of its own takes part in everything."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.support.command import codes, planner
from tests.support.distributions import install, install_acme
from tests.support.specs import ACME


@pytest.fixture
def env(tmp_path: Path) -> Mapping[str, str]:
    site = tmp_path / "site"
    install_acme(site)
    given = os.environ.get("PYTHONPATH", "")
    return {"PYTHONPATH": os.pathsep.join(filter(None, [str(site), given]))}


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    path = tmp_path / "planner.yaml"
    path.write_text(ACME)
    return path


def test_it_plans_and_renders(spec: Path, env: Mapping[str, str]) -> None:
    done = planner("render", str(spec), env=env)
    assert done.code == 0, done.err
    (endpoint,) = json.loads(done.stdout)
    assert endpoint["provider"] == "acme"
    assert endpoint["calls"] == [
        {
            "operation": "CreateEndpoint",
            "parameters": {"Count": 1, "Machine": "rover-2", "Name": "fraud-scorer"},
            "service": "acme",
        }
    ]
    names = planner("render", str(spec), "--to", "names", env=env)
    assert json.loads(names.stdout)[0]["document"] == ["fraud-scorer"]


def test_its_own_errors_are_placed_in_the_spec(spec: Path, env: Mapping[str, str]) -> None:
    spec.write_text(ACME.replace("moon-1", "moon-2"))
    done = planner("validate", str(spec), env=env)
    assert (done.code, codes(done)) == (3, ["unknown-region"])
    assert f"{spec}:24:20" in done.err
    assert "did you mean `moon-1`?" in done.err
    spec.write_text(ACME.replace("region: moon-1", "regoin: moon-1"))
    done = planner("validate", str(spec), env=env)
    assert done.code == 3
    assert "region" in done.err


def test_it_stands_in_listing_catalog_schema_and_starter(env: Mapping[str, str]) -> None:
    listed = planner("providers", "-o", "json", env=env)
    assert "acme" in [one["name"] for one in json.loads(listed.stdout)]
    shown = planner("catalog", "show", "--provider", "acme", env=env)
    assert shown.code == 0, shown.err
    assert "rover-8" in shown.out
    schema = planner("schema", "endpoint", env=env)
    assert "moon-1" in schema.out
    started = planner("init", "-", "--provider", "acme", env=env)
    assert "    acme:\n      region: moon-1\n" in started.out
    assert planner("validate", "-", env=env, stdin=started.stdout).code == 0


def test_a_broken_plugin_disturbs_no_other(
    tmp_path: Path, spec: Path, env: Mapping[str, str]
) -> None:
    install(tmp_path / "site", "broken-planner", providers={"broken": "no_such_module:provider"})
    assert planner("validate", str(spec), env=env).code == 0
    listed = planner("providers", env=env)
    assert listed.code == 0
    assert "No module named" in " ".join(listed.out.split())
    spec.write_text(ACME.replace("acme:", "broken:"))
    done = planner("validate", str(spec), env=env)
    assert done.code == 1
    assert codes(done) == ["broken-provider"]
