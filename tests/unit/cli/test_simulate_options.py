"""What `planner simulate` is told: the budget as people write large counts, and a recording."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from planner.cli.recording import names_counts, overlays_of, parse_columns
from planner.cli.simulate import parse_budget
from planner.errors import UsageError


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("1", 1),
        ("2000000", 2_000_000),
        ("2,000,000", 2_000_000),
        ("2_000_000", 2_000_000),
        ("2M", 2_000_000),
        ("2m", 2_000_000),
        ("0.5M", 500_000),
        ("500k", 500_000),
        ("2e6", 2_000_000),
        ("1.5E6", 1_500_000),
        ("1G", 1_000_000_000),
    ],
)
def test_a_count(text: str, count: int) -> None:
    assert parse_budget(text) == count


@pytest.mark.parametrize("text", ["", "0", "-1", "many", "2 M", "2MB", "1e", "0.1", "nan", "1e999"])
def test_no_count(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_budget(text)
    assert caught.value.code == "invalid-requests"
    assert caught.value.hint == "--requests 2M"


def test_columns() -> None:
    assert parse_columns([]) == {}
    assert parse_columns(["timestamp=ts, count=requests"]) == {
        "timestamp": "ts",
        "count": "requests",
    }
    assert parse_columns(["timestamp=a", "timestamp=b=c"]) == {"timestamp": "b=c"}


@pytest.mark.parametrize(
    ("text", "code", "hint"),
    [
        ("timestmp=ts", "unknown-column", "--columns timestamp"),
        ("ts", "unknown-column", "--columns count"),
        ("", "unknown-column", "--columns count"),
        ("count=", "invalid-columns", "--columns timestamp=ts,count=requests"),
        ("count", "invalid-columns", "--columns timestamp=ts,count=requests"),
    ],
)
def test_no_columns(text: str, code: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_columns([text])
    assert (caught.value.code, caught.value.hint) == (code, hint)


@pytest.mark.parametrize(
    ("first", "expected"),
    [
        (b"timestamp,count\n", True),
        (b"\xef\xbb\xbfcount,timestamp\r\n", True),
        (b'"timestamp","count"\n', True),
        (b'{"timestamp": 1.5, "count": 3}\n', True),
        (b"timestamp,request_count,error-count\n", False),
        (b"timestamp\ncount\n", False),
        (b"\x00\xff\n", False),
        (b"", False),
    ],
)
def test_whether_the_first_line_names_counts(
    tmp_path: Path, first: bytes, *, expected: bool
) -> None:
    plain, packed = tmp_path / "a.csv", tmp_path / "a.csv.gz"
    plain.write_bytes(first)
    packed.write_bytes(gzip.compress(first))
    assert names_counts(plain) is expected
    assert names_counts(packed) is expected


def test_a_recording_that_cannot_be_read_is_left_to_the_reader(tmp_path: Path) -> None:
    broken = tmp_path / "a.csv.gz"
    broken.write_bytes(b"not packed")
    cut = tmp_path / "b.csv.gz"
    cut.write_bytes(gzip.compress(b"timestamp,count\n" * 1000)[:20])
    assert [names_counts(path) for path in (broken, cut, tmp_path, tmp_path / "none")] == [
        False
    ] * 4


def test_what_the_spec_says_about_its_own_recording_goes_first(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text("timestamp,count\n")
    away, given = (json.loads(one.text) for one in overlays_of(str(file), ["timestamp=ts"]))
    assert away == {"spec": {"traffic": None}}
    assert given["spec"]["traffic"]["columns"] == {"timestamp": "ts", "count": "count"}
