"""`planner render --to` for other tools: one file, several, into a directory, or refused."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from planner.provider import registry
from tests.support.code import ROOT
from tests.support.command import planner
from tests.support.distributions import install_acme
from tests.support.specs import ACME

RANKER = str(ROOT / "examples" / "shop-ranker")
SCORER = str(ROOT / "examples" / "fraud-scorer")
BIDDER = str(ROOT / "examples" / "databricks-high-qps")


def render(*arguments: str, cwd: Path) -> tuple[int, bytes, str]:
    done = planner("render", *arguments, "--no-verify", cwd=cwd)
    return done.code, done.stdout, done.err


def test_several_endpoints_are_one_template(tmp_path: Path) -> None:
    code, out, err = render(RANKER, SCORER, "--to", "cloudformation", cwd=tmp_path)
    assert code == 0
    template = yaml.safe_load(out)
    assert {"ShopRankerEndpoint", "FraudScorerEndpoint"} <= template["Resources"].keys()
    assert "note: " in err


def test_another_syntax_holds_the_same(tmp_path: Path) -> None:
    _, text, _ = render(RANKER, "--to", "ack", cwd=tmp_path)
    _, out, _ = render(RANKER, "--to", "ack", "-o", "json", cwd=tmp_path)
    assert json.loads(out) == list(yaml.safe_load_all(text))


def test_files_that_cannot_be_one_are_refused_with_the_way_out(tmp_path: Path) -> None:
    code, out, err = render(RANKER, SCORER, "--to", "locust", cwd=tmp_path)
    assert (code, out) == (64, b"")
    assert "error[several-files]" in err
    assert f"planner render {RANKER} {SCORER} --to locust --out locust/" in err


def test_a_directory_takes_each_under_its_name(tmp_path: Path) -> None:
    code, out, err = render(RANKER, BIDDER, "--to", "terraform", "--out", "made/", cwd=tmp_path)
    assert (code, out) == (0, b"")
    names = ["databricks.tf.json", "sagemaker.tf.json"]
    assert sorted(path.name for path in (tmp_path / "made").iterdir()) == names
    assert all(f"wrote made/{name}" in err for name in names)


def test_a_directory_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "made").write_text("")
    code, _, err = render(RANKER, "--to", "locust", "--out", "made/", cwd=tmp_path)
    assert (code, "error[cannot-write]" in err) == (1, True)


@pytest.mark.parametrize(
    ("spec", "to", "near"),
    [
        (RANKER, "cloudfromation", "cloudformation"),
        (BIDDER, "dab", "dabs"),
        (BIDDER, "k7", "k6"),
    ],
)
def test_an_unknown_format_has_the_nearest_name(
    spec: str, to: str, near: str, tmp_path: Path
) -> None:
    code, out, err = render(spec, "--to", to, cwd=tmp_path)
    assert (code, out) == (64, b"")
    assert "error[unknown-format]" in err
    assert f"planner render --to {near}" in err


def test_quiet_leaves_the_notes_to_the_file(tmp_path: Path) -> None:
    done = planner("-q", "render", RANKER, "--to", "ack", "--no-verify", cwd=tmp_path)
    assert (done.err, done.stdout.startswith(b"# - ")) == ("", True)


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    install_acme(tmp_path / "site")
    monkeypatch.syspath_prepend(tmp_path / "site")
    registry.forget()
    yield
    registry.forget()
    sys.modules.pop("acme_provider", None)


@pytest.mark.parametrize("to", ["k6", "locust"])
def test_a_provider_that_says_nothing_is_called_by_its_url(
    to: str, site: None, tmp_path: Path
) -> None:
    (tmp_path / "planner.yaml").write_text(ACME)
    code, out, err = render("planner.yaml", "--to", to, cwd=tmp_path)
    assert code == 0, err
    assert b"ENDPOINT_URL" in out
    assert "set ENDPOINT_URL" in err
    refused = render("planner.yaml", "--to", "openslo", cwd=tmp_path)
    assert (refused[0], "error[unknown-format]" in refused[2]) == (64, True)
