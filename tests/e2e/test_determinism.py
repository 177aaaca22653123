"""Same specs, same bytes: whatever the hash seed, time zone, locale and order of files."""

from __future__ import annotations

import json
import random
from pathlib import Path

from tests.support.command import planner, process
from tests.support.specs import STEADY, named


def _specs(directory: Path) -> list[str]:
    paths = []
    for name, rate in (("alpha", "100/s"), ("beta", "900/s"), ("gamma", "30/min")):
        path = directory / f"{name}.planner.yaml"
        path.write_text(named(name, STEADY.replace("100/s", rate)))
        paths.append(str(path))
    return paths


def test_two_runs_give_identical_bytes(tmp_path: Path) -> None:
    paths = _specs(tmp_path)
    first = {"PYTHONHASHSEED": "1", "TZ": "UTC", "LC_ALL": "C"}
    second = {"PYTHONHASHSEED": "4711", "TZ": "Asia/Kathmandu", "LC_ALL": "C.UTF-8"}
    files = [tmp_path / "one.json", tmp_path / "two.json"]
    one = process("-q", "plan", *paths, "--offline", "--out", str(files[0]), env=first)
    two = process("-q", "plan", *paths[::-1], "--offline", "--out", str(files[1]), env=second)
    assert one.code == 0, one.err
    assert one.stdout == two.stdout
    assert files[0].read_bytes() == files[1].read_bytes()
    assert (
        process("render", *paths, env=first).stdout
        == process("render", *paths[::-1], env=second).stdout
    )


def test_a_directory_is_its_files(tmp_path: Path) -> None:
    paths = _specs(tmp_path)
    random.Random(7).shuffle(paths)
    by_name = planner("plan", *paths, "--offline", "-o", "json")
    by_directory = planner("plan", str(tmp_path), "--offline", "-o", "json")
    assert by_name.stdout == by_directory.stdout
    names = [one["name"] for one in json.loads(by_name.stdout)["endpoints"]]
    assert names == ["alpha", "beta", "gamma"]


def test_where_a_spec_lies_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    (tmp_path / "there").mkdir()
    documents = set()
    for place in ("here", "there"):
        (tmp_path / place / "planner.yaml").write_text(STEADY)
        done = planner("plan", "--offline", "-o", "json", cwd=tmp_path / place)
        documents.add(done.stdout)
    assert len(documents) == 1
    assert str(tmp_path).encode() not in documents.pop()
