"""A provider in a distribution of its own takes part in everything."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from planner.provider import registry
from tests.support.command import codes, planner, process
from tests.support.distributions import install, install_acme
from tests.support.specs import ACME


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    directory = tmp_path / "site"
    install_acme(directory)
    monkeypatch.syspath_prepend(directory)
    registry.forget()
    yield directory
    registry.forget()
    for name in ("acme_provider", "sour_plugin"):
        sys.modules.pop(name, None)


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    path = tmp_path / "planner.yaml"
    path.write_text(ACME)
    return path


def test_it_plans_and_renders(spec: Path, site: Path) -> None:
    done = planner("render", str(spec))
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
    names = planner("render", str(spec), "--to", "names")
    assert json.loads(names.stdout)[0]["document"] == ["fraud-scorer"]


def test_without_a_connection_it_is_planned_offline_only(spec: Path, site: Path) -> None:
    done = planner("plan", str(spec), "--sandbox")
    assert (done.code, "error[not-live]" in done.err) == (1, True)


def test_a_directory_on_the_path_is_enough(spec: Path, site: Path) -> None:
    path = os.pathsep.join(filter(None, [str(site), os.environ.get("PYTHONPATH", "")]))
    done = process("plan", str(spec), "--offline", env={"PYTHONPATH": path})
    assert done.code == 0, done.err
    assert "acme moon-1" in done.out


def test_its_own_errors_are_placed_in_the_spec(spec: Path, site: Path) -> None:
    spec.write_text(ACME.replace("moon-1", "moon-2"))
    done = planner("validate", str(spec))
    assert (done.code, codes(done)) == (3, ["unknown-region"])
    assert f"{spec}:24:20" in done.err
    assert "did you mean `moon-1`?" in done.err
    spec.write_text(ACME.replace("region: moon-1", "regoin: moon-1"))
    done = planner("validate", str(spec))
    assert done.code == 3
    assert "region" in done.err


def test_it_stands_in_listing_catalog_schema_and_starter(site: Path) -> None:
    listed = planner("providers", "-o", "json")
    assert "acme" in [one["name"] for one in json.loads(listed.stdout)]
    shown = planner("catalog", "show", "--provider", "acme")
    assert shown.code == 0, shown.err
    assert "rover-8" in shown.out
    schema = planner("schema", "endpoint")
    assert "moon-1" in schema.out
    started = planner("init", "-", "--provider", "acme")
    assert "    acme:\n      region: moon-1\n" in started.out
    assert planner("validate", "-", stdin=started.stdout).code == 0


def test_a_broken_plugin_disturbs_no_other(spec: Path, site: Path) -> None:
    install(site, "broken-planner", providers={"broken": "no_such_module:provider"})
    assert planner("validate", str(spec)).code == 0
    listed = planner("providers")
    assert listed.code == 0
    assert "No module named" in " ".join(listed.out.split())
    spec.write_text(ACME.replace("acme:", "broken:"))
    done = planner("validate", str(spec))
    assert done.code == 1
    assert codes(done) == ["broken-provider"]


def test_a_plugin_that_crashes_is_an_internal_error_without_a_traceback(
    spec: Path, site: Path
) -> None:
    (site / "sour_plugin.py").write_text(
        "from acme_provider import AcmeProvider\n\n"
        "class P(AcmeProvider):\n"
        "    name = 'sour'\n"
        "    def catalog(self, settings):\n"
        "        raise RuntimeError('no price list')\n\n"
        "provider = P()\n"
    )
    install(site, "sour-planner", providers={"sour": "sour_plugin:provider"})
    spec.write_text(ACME.replace("acme:", "sour:"))
    done = planner("plan", str(spec), "--offline")
    assert (done.code, codes(done)) == (1, ["internal-error"])
    assert "RuntimeError: no price list" in done.err
    assert "Traceback" not in done.err
    debugged = planner("--debug", "plan", str(spec), "--offline")
    assert debugged.code == 1
    assert "sour_plugin.py" in debugged.err
