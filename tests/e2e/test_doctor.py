"""`planner doctor` and `planner sandbox load` as a person types them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from planner.errors import ExitCode
from tests.support.code import ROOT
from tests.support.command import Done, codes, planner
from tests.support.live import PINNED
from tests.support.reports import Reports
from tests.support.specs import STEADY

SPEC = STEADY.replace("rate: 100/s", "rate: 1000/s")
SCHEMA = json.loads((ROOT / "schemas" / "checkup.v1.json").read_bytes())


class Home:
    """A directory with one spec and a sandbox."""

    def __init__(self, place: Path) -> None:
        self.place = place
        (place / "planner.yaml").write_text(SPEC, encoding="utf-8")

    def types(self, *words: str) -> Done:
        return planner(*words, cwd=self.place)

    def does(self, *words: str) -> Done:
        done = self.types(*words)
        assert done.code == 0, done.out + done.err
        return done

    def looks(self, *words: str) -> dict[str, Any]:
        document = json.loads(self.does("doctor", "--sandbox", "-o", "json", *words).out)
        Draft202012Validator(SCHEMA).validate(document)
        (found,) = document["endpoints"]
        return dict(found)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    found = Home(tmp_path_factory.mktemp("doctor"))
    found.does("apply", "--sandbox", "--auto-approve")
    return found


def test_what_does_not_exist_and_what_has_no_metrics_is_said_and_not_judged(
    tmp_path: Path,
) -> None:
    home = Home(tmp_path)
    (tmp_path / "planner.yaml").write_text(PINNED, encoding="utf-8")
    assert "fraud-scorer does not exist" in home.does("doctor", "--sandbox").out
    assert home.looks()["condition"] == "absent"
    missing = home.types("doctor", "fraud-scorer", "--sandbox", "--detailed-exitcode")
    assert missing.code == ExitCode.CHANGES_PENDING
    assert "planner apply makes it" in missing.out
    home.does("apply", "--sandbox", "--auto-approve", "--no-verify")
    done = home.does("doctor", "--sandbox", "--detailed-exitcode")
    assert "fraud-scorer has no metrics in this time: nothing is judged" in done.out
    assert "planner sandbox load" in done.out


def test_traffic_as_planned_is_well_and_other_traffic_is_named_with_what_re_planning_saves(
    home: Home,
) -> None:
    assert "requests in 60 min" in home.does("sandbox", "load", "--for", "1h").out
    well = home.looks("--since", "1h")
    assert (well["condition"], well["findings"]) == ("healthy", [])
    assert well["requests"] == pytest.approx(3.6e6, rel=0.01)
    home.does("sandbox", "load", "--for", "1h", "--set", "traffic.rate=310/s")
    found = home.looks("--since", "1h")
    (finding,) = found["findings"]
    # What is drawn for an hour at 310/s.
    asked = r"traffic unlike the spec: you asked for 1,000/s, it gets 3(0[5-9]|1[0-5])/s"
    assert re.match(asked, finding["cause"])
    assert (finding["rule"], finding["source_id"]) == ("traffic-unlike-spec", "D7")
    assert finding["saves_monthly_usd"] > 100
    assert f"saves ${finding['saves_monthly_usd']:,.2f} a month" in finding["action"]


def test_service_times_come_from_the_same_metrics(home: Home) -> None:
    words = ("profile", "import", "--endpoint", "fraud-scorer", "--sandbox", "--since", "1h")
    found = yaml.safe_load(home.does(*words).out)["spec"]
    assert found["measured"]["tool"] == "metrics of sagemaker"
    assert found["measured"]["converted"] == "from rates, by the product form of a shared replica"
    assert found["measured"]["loop"] == "open"
    (point,) = found["points"]
    assert point["concurrency"] == 1
    assert float(point["mean"].removesuffix("ms")) == pytest.approx(6.0, rel=0.05)
    assert len(found["observations"]) == 6  # ten minutes each
    assert {one["labels"]["replicas"] for one in found["observations"]} == {"5"}
    assert codes(home.types(*words, "load.csv")) == ["usage"]
    assert codes(home.types(*words[:2])) == ["usage"]
    assert codes(home.types(*words[:3], "shop", "--sandbox")) == ["unknown-endpoint"]


def test_a_slow_model_fails_a_pipeline_that_asks_for_it(home: Home, reports: Reports) -> None:
    slow = "models[0].service_time=120ms"
    home.does("sandbox", "load", "--for", "1h", "--set", slow)
    looks = ("doctor", "--sandbox", "--since", "1h", "-o")
    done = home.types(*looks, "markdown", "--detailed-exitcode")
    assert done.code == ExitCode.CHANGES_PENDING
    assert "planner doctor: 1 ailing" in done.out
    # No table holds a command that can be copied.
    assert "```sh\nplanner profile calibrate --sandbox --since 1h\n```" in done.out
    assert "| fraud-scorer | error |" in done.out
    log = json.loads(home.does(*looks, "sarif").out)
    assert log["runs"][0]["results"]
    assert reports.sarif(log) == []
    assert reports.junit(home.does(*looks, "junit").out) == []


@pytest.mark.parametrize("text", ["10s", "30d", "soon"])
def test_a_time_that_no_metrics_are_kept_for_is_wrong_usage(home: Home, text: str) -> None:
    done = home.types("doctor", "--sandbox", "--since", text)
    assert (done.code, codes(done)) == (ExitCode.USAGE, ["invalid-duration"])


def test_the_schema_of_the_checkup_is_printed(home: Home) -> None:
    assert json.loads(home.does("schema", "checkup").out) == SCHEMA


def test_an_endpoint_is_named_as_its_spec_is(tmp_path: Path) -> None:
    home = Home(tmp_path)
    assert home.looks("fraud-scorer")["name"] == "fraud-scorer"
    wrong = home.types("doctor", "fraud-score", "--sandbox")
    assert (wrong.code, codes(wrong)) == (ExitCode.USAGE, ["unknown-endpoint"])
    assert "fraud-scorer" in wrong.err.splitlines()[-1]
    (tmp_path / "planner.yaml").unlink()
    alone = home.types("doctor", "fraud-scorer", "--sandbox")
    assert (alone.code, codes(alone)) == (ExitCode.INVALID_SPEC, ["missing-file"])


def test_why_there_is_no_checkup_takes_the_place_of_the_one_before(tmp_path: Path) -> None:
    done = Home(tmp_path).types("doctor", "gone.yaml", "-o", "markdown", "--comment-tag", "prod")
    assert done.code == ExitCode.INVALID_SPEC
    assert done.out.startswith("<!-- planner:doctor:prod -->\n")
