"""How the command behaves in pipes, logs, odd terminals and bare environments."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
import yaml

from planner import __version__
from tests.support.command import PLANNER, environment, planner, process
from tests.support.specs import STEADY, named

ESCAPE = b"\x1b["


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    path = tmp_path / "planner.yaml"
    path.write_text(STEADY)
    return path


def test_a_reader_that_leaves_early_is_no_error(spec: Path) -> None:
    many = spec.parent / "many.planner.yaml"
    many.write_text("---\n".join(named(f"fraud-{index}") for index in range(60)))
    command = " ".join([*PLANNER, "plan", str(many), "--offline", "-o", "json"])
    done = subprocess.run(
        ["bash", "-c", f"{command} | head -1; echo ${{PIPESTATUS[0]}}"],
        env=environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout == "{\n0\n"
    assert done.stderr == ""


def test_standard_input(spec: Path) -> None:
    done = planner("plan", "-", "--offline", "-o", "json", stdin=STEADY.encode())
    assert done.code == 0, done.err
    assert done.stdout == planner("plan", str(spec), "--offline", "-o", "json").stdout
    broken = planner("validate", "-", stdin=STEADY.replace("6ms", "6").encode())
    assert "<stdin>:12:21" in broken.err


def test_the_current_directory_is_the_default(spec: Path) -> None:
    done = planner("validate", cwd=spec.parent)
    assert (done.code, done.out) == (0, "ok  planner.yaml: 1 spec\n")


def test_overlays_and_settings(spec: Path) -> None:
    overlay = spec.parent / "prod.yaml"
    overlay.write_text("spec: {traffic: {rate: 200/s}}\n")
    one = planner("plan", str(spec), "--offline", "-o", "json", "-f", str(overlay))
    other = planner("plan", str(spec), "--offline", "-o", "json", "--set", "traffic.rate=2x")
    assert one.code == 0, one.err
    assert json.loads(one.stdout)["summary"] == json.loads(other.stdout)["summary"]
    done = planner("compare", str(spec), "--set", "traffic.rate=20x")
    assert done.code == 0, done.err
    assert "traffic.rate=20x" in done.out


def test_out_writes_the_document_beside_the_text(spec: Path) -> None:
    target = spec.parent / "plan.json"
    target.write_text("old")
    done = planner("plan", str(spec), "--offline", "--out", str(target))
    assert done.code == 0
    assert done.err == f"wrote {target}\n"
    assert "Plan: 1 to create" in done.out
    assert target.read_bytes() == planner("plan", str(spec), "--offline", "-o", "json").stdout
    assert sorted(path.name for path in spec.parent.iterdir()) == ["plan.json", "planner.yaml"]


def test_a_file_name_that_is_no_text(spec: Path) -> None:
    odd = spec.rename(spec.with_name(os.fsdecode(b"sp\xffec.yaml")))
    done = process("validate", os.fsencode(odd), "-o", "json")
    assert done.code == 0, done.err
    assert json.loads(done.stdout)["specs"][0]["file"].endswith("sp?ec.yaml")
    odd.write_text("{")
    assert process("validate", os.fsencode(odd)).code == 3


def test_out_writes_nothing_for_an_invalid_spec(spec: Path) -> None:
    spec.write_text(STEADY.replace("6ms", "6"))
    target = spec.parent / "plan.json"
    assert planner("plan", str(spec), "--offline", "--out", str(target)).code == 3
    assert not target.exists()


def test_yaml_and_json_hold_the_same(spec: Path) -> None:
    as_yaml = planner("plan", str(spec), "--offline", "-o", "yaml")
    as_json = planner("plan", str(spec), "--offline", "-o", "json")
    assert yaml.safe_load(as_yaml.stdout) == json.loads(as_json.stdout)


def test_flags_win_over_the_environment(spec: Path) -> None:
    env = {"PLANNER_OUTPUT": "json", "PLANNER_OFFLINE": "1"}
    assert planner("plan", str(spec), env=env).out.startswith("{")
    assert not planner("plan", str(spec), "-o", "table", env=env).out.startswith("{")


@pytest.mark.parametrize(
    ("env", "flags", "colored"),
    [
        ({}, [], False),
        ({"FORCE_COLOR": "1"}, [], True),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, [], False),
        ({"FORCE_COLOR": "1"}, ["--no-color"], False),
        ({"FORCE_COLOR": "1", "PLANNER_NO_COLOR": "1"}, [], False),
    ],
)
def test_color(spec: Path, env: dict[str, str], flags: list[str], *, colored: bool) -> None:
    done = planner(*flags, "validate", str(spec), env=env)
    assert done.code == 0
    assert (ESCAPE in done.stdout) is colored
    failed = planner(*flags, "no-such-command", env=env)
    assert (ESCAPE in failed.stderr) is colored


def test_off_a_terminal_lines_are_at_most_100_wide(spec: Path) -> None:
    for command in (["plan", "--offline"], ["explain"]):
        done = planner(command[0], str(spec), *command[1:], env={"COLUMNS": "40"})
        assert done.code == 0
        assert max(map(len, done.out.splitlines())) <= 100


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_a_narrow_encoding_loses_characters_and_nothing_else(spec: Path, encoding: str) -> None:
    odd = spec.rename(spec.with_name("größe→.yaml"))
    env = {"PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"}
    done = process("validate", odd.name, cwd=odd.parent, env=env)
    assert done.code == 0, done.stderr
    assert done.stdout.decode(encoding) == f"ok  {odd.name}: 1 spec\n".encode(
        encoding, "replace"
    ).decode(encoding)
    document = process("validate", odd.name, "-o", "json", cwd=odd.parent, env=env)
    assert json.loads(document.stdout.decode("utf-8"))["specs"][0]["file"] == odd.name
    failed = process("validate", "höhe→.yaml", cwd=odd.parent, env=env)
    assert failed.code == 3
    assert "Traceback" not in failed.stderr.decode(encoding)


def test_without_a_home(spec: Path) -> None:
    done = process("plan", str(spec), "--offline", env={"HOME": None, "USER": None})
    assert (done.code, done.err) == (0, "")
    gone = process("plan", str(spec), "--offline", env={"HOME": "/nonexistent"})
    assert (gone.code, gone.err) == (0, "")


def test_quiet_and_verbose(spec: Path) -> None:
    target = str(spec.parent / "plan.json")
    quiet = planner("-q", "plan", str(spec), "--offline", "--out", target)
    assert (quiet.code, quiet.err) == (0, "")
    verbose = planner("-v", "plan", str(spec), "--offline", "--out", target)
    assert "planned 1 spec" in verbose.err
    assert verbose.stdout == quiet.stdout


def test_an_output_that_is_no_file_is_written_to(spec: Path) -> None:
    done = planner("plan", str(spec), "--offline", "--out", os.devnull)
    assert done.code == 0, done.err
    assert not Path(os.devnull).is_file()


def test_version_and_completion() -> None:
    assert planner("--version").out == f"planner {__version__}\n"
    for shell in ("bash", "zsh", "fish"):
        done = planner("completion", shell)
        assert done.code == 0, done.err
        assert "_PLANNER_COMPLETE" in done.out
    offered = planner(
        env={"_PLANNER_COMPLETE": "complete_bash", "COMP_WORDS": "planner prov", "COMP_CWORD": "1"}
    )
    assert offered.out.split() == ["providers"]


def _shell(spec: Path, line: str) -> subprocess.CompletedProcess[str]:
    command = " ".join([*PLANNER, "plan", str(spec), "--offline"])
    return subprocess.run(
        ["bash", "-c", f"{command} {line}"],
        env=environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("closed", [">&-", ">&- 2>&-", "<&-", "-o json >&-"])
def test_a_closed_stream_is_no_failure(spec: Path, closed: str) -> None:
    done = _shell(spec, closed)
    assert (done.returncode, done.stderr) == (0, "")
    assert _shell(spec.with_name("nowhere.yaml"), closed).returncode == 3


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux")
@pytest.mark.parametrize("output", ["table", "json"])
def test_a_full_disk_behind_standard_output(spec: Path, output: str) -> None:
    done = _shell(spec, f"-o {output} >/dev/full")
    assert done.returncode == 1
    assert done.stderr.startswith("error[cannot-write]: standard output: No space left on device\n")


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ("response: 256B", "response: 256B, max_request: 5MiB", "spec.payload.max_request"),
        ("load_time: 3s", "image_size: 11GB", "spec.models[0].image_size"),
        ("image: 6", "network_isolation: true\n      image: 6", "network_isolation"),
        (
            "image: 6",
            "data_capture: {percentage: 1%, s3_uri: s3://b/c/}\n      image: 6",
            "data_capture",
        ),
        (
            "image: 6",
            "vpc: {subnets: [subnet-1], security_groups: [sg-1]}\n      image: 6",
            "sagemaker.vpc",
        ),
    ],
)
def test_what_rules_serverless_out_names_the_line_of_the_spec_and_the_row_of_the_documents(
    spec: Path, old: str, new: str, named: str
) -> None:
    text = STEADY.replace(old, new, 1)
    spec.write_text(text)
    done = planner("explain", str(spec))
    assert done.code == 0, done.err
    key = named.rpartition(".")[2]
    line = next(n for n, each in enumerate(text.splitlines(), 1) if f"{key}:" in each)
    said = " ".join(word for row in done.out.splitlines() for word in row.split())
    assert f"{named} at planner.yaml:{line}" in said
    assert "[S6]" in said or "[S" in said.partition(named)[0][-80:]
