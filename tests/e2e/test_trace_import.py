"""`planner trace import` as a person types it: logs and clouds in, a trace to plan by out."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
import yaml

from planner.errors import ExitCode
from tests.support.code import ROOT
from tests.support.command import Done, codes, planner
from tests.support.databricks_live import Analyst, analyst
from tests.support.live import PINNED, Person, person
from tests.support.specs import STEADY

START = 1_795_219_200  # 2026-11-21T00:00:00Z
LINE = '10.0.0.1 - - [21/Nov/2026:{:02d}:{:02d}:{:02d} +0000] "POST {} HTTP/1.1" 200 9 "-" "curl"\n'


def access_log(minutes: int, rate: float, *, pairs: bool = False) -> Iterator[str]:
    draw, at = Random(3), 0.0
    while at < minutes * 60:
        at += draw.expovariate(rate / (2 if pairs else 1))
        second = int(at)
        line = LINE.format(second // 3600, second // 60 % 60, second % 60, "/invocations")
        yield line * (2 if pairs else 1)
        if second % 30 == 0:
            yield line.replace("/invocations", "/ping")


def imports(home: Path, *words: str, **env: str | None) -> Done:
    return planner("trace", "import", *words, cwd=home, env=env)


def counts(text: str) -> dict[str, float]:
    head, *rows = text.splitlines()
    assert head == "timestamp,count"
    return {at: float(number) for at, number in (row.split(",") for row in rows)}


def test_a_log_becomes_a_trace_that_a_spec_plans_by(tmp_path: Path) -> None:
    lines = list(access_log(90, 20.0, pairs=True))
    (tmp_path / "a.log").write_text("".join(lines[: len(lines) // 2]), encoding="utf-8")
    with gzip.open(tmp_path / "b.log.1", "wt", encoding="utf-8") as packed:
        packed.writelines(lines[len(lines) // 2 :])
    words = ("b.log.1", "a.log", "--path", "/invo*", "--out", "trace.csv")
    done = imports(tmp_path, *words)
    assert done.code == ExitCode.DONE, done.err
    assert "requests of other paths are passed over" in done.err
    assert "were not in order, and are counted" in done.err
    found = counts((tmp_path / "trace.csv").read_text(encoding="utf-8"))
    assert next(iter(found)) == "2026-11-21T00:00:00Z"
    assert sum(found.values()) == sum(line.count("/invo") for line in lines)
    traffic = yaml.safe_load(done.out)["traffic"]
    assert traffic["dispersion"] == pytest.approx(2.0, abs=0.2)
    spec = yaml.safe_load(STEADY)
    spec["spec"]["traffic"] = traffic
    (tmp_path / "planner.yaml").write_text(yaml.safe_dump(spec), encoding="utf-8")
    planned = planner("plan", "--offline", "--no-verify", "-o", "json", cwd=tmp_path)
    assert planned.code == ExitCode.DONE, planned.err
    assert imports(tmp_path, *words).code == ExitCode.ERROR
    assert codes(imports(tmp_path, *words)) == ["file-exists"]
    assert imports(tmp_path, *words, "--force").code == ExitCode.DONE


def test_without_a_file_the_trace_goes_to_standard_output(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text("".join(access_log(20, 1.0)), encoding="utf-8")
    done = imports(tmp_path, "a.log", "--bucket", "5m")
    assert len(counts(done.out)) == 5
    assert "bucket: 5min" in done.err
    done = planner("trace", "import", "-", cwd=tmp_path, stdin=(tmp_path / "a.log").read_bytes())
    assert len(counts(done.out)) == 21


@pytest.mark.parametrize(
    ("words", "code", "exit_code"),
    [
        (("no.log",), "unreadable-file", ExitCode.ERROR),
        (("cut.gz",), "unreadable-file", ExitCode.ERROR),
        (("broken.gz",), "unreadable-file", ExitCode.ERROR),
        (("a.log", "--path", "/nothing"), "trace-empty", ExitCode.ERROR),
        (("a.log", "--bucket", "7m"), "invalid-duration", ExitCode.USAGE),
        (("a.log", "--timezone", "Mars/Base"), "unknown-timezone", ExitCode.USAGE),
        (("a.log", "b", "--provider", "sagemaker"), "one-endpoint", ExitCode.USAGE),
    ],
)
def test_what_cannot_be_imported(
    tmp_path: Path, words: tuple[str, ...], code: str, exit_code: ExitCode
) -> None:
    (tmp_path / "a.log").write_text("".join(access_log(2, 5.0)), encoding="utf-8")
    packed = gzip.compress((tmp_path / "a.log").read_bytes())
    (tmp_path / "cut.gz").write_bytes(packed[:-20])
    (tmp_path / "broken.gz").write_bytes(packed[:40] + b"\xff" * 40 + packed[80:])
    done = imports(tmp_path, *words)
    assert (done.code, codes(done)) == (exit_code, [code])


@pytest.mark.skipif(sys.platform != "linux", reason="the peak is read from /proc")
def test_a_million_lines_are_read_in_little_memory(tmp_path: Path) -> None:
    with (tmp_path / "big.log").open("w", encoding="utf-8") as log:
        for second in range(86_400):
            line = LINE.format(second // 3600, second // 60 % 60, second % 60, "/invocations")
            log.write(line * 12)
    measured = (
        "import sys; from pathlib import Path; from planner.cli.main import main\n"
        "try: main(sys.argv[1:])\n"
        "finally: print(Path('/proc/self/status').read_text(), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", measured, "trace", "import", "big.log", "--out", "t.csv"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        timeout=60,
        check=True,
    )
    text = done.stderr.decode()
    assert "1,036,800 requests in 1,440 buckets" in text
    (peak,) = (line.split()[1] for line in text.splitlines() if line.startswith("VmHWM:"))
    assert int(peak) < 100_000  # kilobytes; ten million lines of a day take no more


# --------------------------------------------------------------------------- clouds


def minutes(start: float, *requests: float) -> list[dict[str, Any]]:
    """Minutes as the sandboxes are driven with them."""
    nothing: dict[str, Any] = {
        **dict.fromkeys(("refused", "failed", "busy"), 0.0),
        **dict.fromkeys(("total", "model", "overhead", "queue", "cold", "loads"), ()),
        **dict.fromkeys(("capacity", "slots"), 1.0),
    }
    return [
        {**nothing, "at_s": start + 60 * index, "seconds": 60.0, "requests": number}
        for index, number in enumerate(requests)
    ]


@pytest.fixture
def somebody(tmp_path: Path) -> Iterator[Person]:
    with person(tmp_path) as found:
        yield found


def test_invocations_of_cloudwatch_are_counts_and_nothing_below_is_known(
    somebody: Person,
) -> None:
    somebody.file("planner.yaml", PINNED)
    somebody.applies()
    now = somebody.sandbox.get("clock")["now"]
    start = now // 60 * 60 - 3600
    driven = minutes(start, 600, 0, 0, *[1200.0] * 20)
    document = {"endpoint": "fraud-scorer", "minutes": driven}
    assert "error" not in somebody.sandbox.post("load", document)
    words = ("trace", "import", "fraud-scorer", "--provider", "sagemaker")
    found = counts(somebody.does(*words).out)
    assert list(found.values()) == [600, 0, 0, *[1200.0] * 20]
    done = somebody.does(*words, "--out", "trace.csv", "--since", "30d")
    assert "CloudWatch keeps this in periods of 5 min only" in done.err
    assert yaml.safe_load(done.out)["traffic"]["bucket"] == "5min"
    assert "nothing is known: Poisson (dispersion: 1) is assumed" in done.out
    done = somebody.types("trace", "import", "other", "--provider", "sagemaker")
    assert (done.code, codes(done)) == (ExitCode.ERROR, ["unknown-endpoint"])


@pytest.fixture
def colleague(tmp_path: Path) -> Iterator[Analyst]:
    with analyst(tmp_path) as found:
        yield found


def drives(colleague: Analyst, *requests: float) -> None:
    """The shop had these requests a minute, up to twenty minutes ago."""
    start = colleague.workspace.get("clock")["now"] // 60 * 60 - 60 * (len(requests) + 20)
    document = {"endpoint": "shop", "minutes": minutes(start, *requests)}
    assert colleague.workspace.post("load", document)["status"] == 200


def asks(colleague: Analyst, *words: str) -> Done:
    env = {"DATABRICKS_WAREHOUSE_ID": "w"}
    return colleague.types("trace", "import", "shop", "--provider", "databricks", *words, env=env)


def test_usage_is_summed_up_by_the_warehouse_and_irregularity_is_measured(
    colleague: Analyst,
) -> None:
    colleague.workspace.ready("shop", ai_gateway={"usage_tracking_config": {"enabled": True}})
    drives(colleague, *[300.0] * 100)
    done = asks(colleague, "--out", "trace.csv")
    assert done.code == ExitCode.DONE, done.err
    found = counts((colleague.home / "trace.csv").read_text(encoding="utf-8"))
    assert list(found.values()) == [300.0] * 100
    assert "measured by 1 s within each 60s" in done.out
    statement = [
        one for one in colleague.workspace.get("calls") if one["operation"] == "ExecuteStatement"
    ]
    assert "GROUP BY" in json.dumps(statement)


def test_a_table_of_payloads_that_is_a_sample_is_counted_up(colleague: Analyst) -> None:
    gateway = {"enabled": True, "catalog_name": "main", "schema_name": "logs"}
    colleague.workspace.ready(
        "shop",
        ai_gateway={"inference_table_config": gateway},
        telemetry_config={
            "inference_table_config": {"name": "main.logs.some", "sampling_fraction": 0.25}
        },
    )
    drives(colleague, *[400.0] * 10)
    whole = asks(colleague, "--table", "main.logs.shop_payload")
    done = asks(colleague, "--table", "main.logs.some", "--out", "trace.csv")
    assert done.code == ExitCode.DONE, done.err
    found = counts((colleague.home / "trace.csv").read_text(encoding="utf-8"))
    assert list(found.values()) == [400.0] * 10 == list(counts(whole.out).values())
    assert "requests are a sample" in done.err
    assert "nothing is known" in done.out


def test_where_usage_is_not_tracked_nothing_is_found_and_that_is_said(colleague: Analyst) -> None:
    colleague.workspace.ready("shop")
    done = asks(colleague)
    assert (done.code, codes(done)) == (ExitCode.ERROR, ["trace-empty"])
    assert "only where the endpoint's AI gateway is told to" in done.err
    done = asks(colleague, "--table", "main.logs.x; DROP TABLE y")
    assert (done.code, codes(done)) == (ExitCode.USAGE, ["invalid-table"])
    done = asks(colleague, "--table", "main.logs.absent")
    assert codes(done) == ["statement-failed"]
