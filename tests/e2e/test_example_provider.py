"""The provider in `examples/`: a third one, in a distribution of its own, beside a cloud."""

from __future__ import annotations

import json
import shutil
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from planner.errors import ExitCode
from planner.provider import registry
from tests.support.code import ROOT
from tests.support.command import codes, planner
from tests.support.distributions import install

HOME = ROOT / "examples" / "provider-selfhosted"
SPEC = (HOME / "spec.yml").read_text(encoding="utf-8")
OFFLINE = ("--offline", "--no-verify")


@pytest.fixture(autouse=True)
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """What pip leaves of it, by what its own pyproject says."""
    given = tomllib.loads((HOME / "pyproject.toml").read_text(encoding="utf-8"))
    directory = tmp_path / "site"
    for package in given["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]:
        shutil.copytree(HOME / package, directory / package)
    project = given["project"]
    install(
        directory,
        project["name"],
        providers=project["entry-points"]["planner.providers"],
        version=project["version"],
    )
    monkeypatch.syspath_prepend(directory)
    registry.forget()
    yield directory
    registry.forget()
    for name in [one for one in sys.modules if one.startswith("planner_selfhosted")]:
        del sys.modules[name]


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    path = tmp_path / "spec.yaml"
    path.write_text(SPEC, encoding="utf-8")
    return path


def test_it_is_compared_with_a_cloud_and_chosen_by_cost(spec: Path) -> None:
    done = planner("plan", str(spec), *OFFLINE, "-o", "json")
    assert done.code == ExitCode.DONE, done.err
    (endpoint,) = json.loads(done.out)["endpoints"]
    assert (endpoint["provider"], endpoint["region"]) == ("selfhosted", "cellar")
    assert "databricks" in {one["provider"] for one in endpoint["alternatives"]}
    # 600/s of 12 ms are 7.2 at a time: two machines of four, but for the room to wait.
    assert endpoint["decision"]["replicas"] == {"min": 3, "max": 3}
    assert endpoint["decision"]["cost"]["monthly_usd"] == round(3 * 0.05 * 730, 2)


def test_what_is_owned_bounds_one_spec_and_all_together(spec: Path) -> None:
    done = planner("plan", str(spec), *OFFLINE, "--set", "traffic.rate=3x", "-o", "json")
    (endpoint,) = json.loads(done.out)["endpoints"]
    assert (endpoint["provider"], endpoint["decision"]["instance_type"]) != ("selfhosted", "box-4")
    for number in range(3):
        text = SPEC.replace("churn-scorer", f"churn-{number}")
        (spec.parent / f"{number}.planner.yaml").write_text(text, encoding="utf-8")
    done = planner("plan", *(str(spec.parent / f"{n}.planner.yaml") for n in range(3)), *OFFLINE)
    assert done.code == ExitCode.INFEASIBLE
    assert "limit exceeded: owned-box-4, selfhosted cellar" in " ".join(done.out.split())


def test_it_is_rendered_as_calls_and_in_a_format_of_its_own(spec: Path) -> None:
    (call,) = json.loads(planner("render", str(spec)).out)[0]["calls"]
    assert (call["method"], call["path"]) == ("PUT", "/services/churn-scorer")
    assert call["parameters"]["copies"] == 3
    (one,) = json.loads(planner("render", str(spec), "--to", "compose").out)
    service = one["document"]["services"]["churn-scorer"]
    assert service["image"] == "registry.example/churn:7"


@pytest.mark.parametrize(
    ("old", "new", "code", "said"),
    [
        ("site: cellar", "site: celar", "unknown-region", "site: cellar"),
        ("site: cellar", "sight: cellar", "unknown-key", "site"),
        ("      image: registry.example/churn:7\n", "", "image-missing", "image:"),
    ],
)
def test_its_errors_stand_where_they_are_caused(
    spec: Path, old: str, new: str, code: str, said: str
) -> None:
    spec.write_text(SPEC.replace(old, new), encoding="utf-8")
    done = planner("plan", str(spec), *OFFLINE)
    assert (done.code, codes(done)) == (ExitCode.INVALID_SPEC, [code])
    line = SPEC[: SPEC.index("selfhosted:")].count("\n") + (1 if code == "image-missing" else 2)
    assert f"spec.yaml:{line}:" in done.err
    assert said in done.err


def test_it_has_no_cloud_and_says_so(spec: Path) -> None:
    done = planner("plan", str(spec), "--sandbox", "--no-verify", cwd=spec.parent)
    assert (done.code, codes(done)) == (ExitCode.ERROR, ["not-live"])
    assert "--offline" in done.err


def test_it_stands_in_every_list(spec: Path) -> None:
    listed = {one["name"]: one for one in json.loads(planner("providers", "-o", "json").out)}
    assert listed["selfhosted"]["distribution"] == "planner-selfhosted"
    assert "gpu-1" in planner("catalog", "show", "--provider", "selfhosted").out
    started = planner("init", "-", "--provider", "selfhosted")
    assert planner("validate", "-", stdin=started.stdout).code == ExitCode.DONE


def test_it_is_named_in_the_contract() -> None:
    text = (ROOT / "plugins" / "README.md").read_text(encoding="utf-8")
    assert "examples/provider-selfhosted" in text
