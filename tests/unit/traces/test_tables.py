"""Traffic as csv, as people and spreadsheets export it."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from planner.errors import PlannerError
from planner.traces import Reading, Recorded, Tally, from_counts, read_log
from planner.traces.formats import notes_of

COUNTS = "timestamp,count\n2026-11-21T12:00:00Z,30\n2026-11-21T12:01:00Z,20\n"


def counted(text: str | bytes, columns: Mapping[str, str] | None = None) -> Recorded:
    data = text.encode() if isinstance(text, str) else text
    lines = data.splitlines(keepends=True)
    found = read_log("c.csv", lines, Reading(columns=columns or {}), Tally())
    return from_counts(found.counts, 60, notes_of("c.csv", found))


@pytest.mark.parametrize(
    "text",
    [
        COUNTS,
        COUNTS.replace("\n", "\r\n"),
        "\ufeff" + COUNTS,
        COUNTS.replace(",", ";"),
        COUNTS.replace(",", "\t"),
        COUNTS.replace("timestamp,count", '"timestamp","count"'),
        "timestamp,count\n2026-11-21T12:01:00Z,20\n2026-11-21T13:00:00+01:00,30\n",
        "timestamp,count,note\n1795262400,30,\n1795262460000,20,later\n",
        COUNTS + "\n\n",
    ],
)
def test_the_same_counts_in_any_dress(text: str) -> None:
    found = counted(text)
    assert (found.counts, found.bucket_s, found.notes) == ((30.0, 20.0), 60, ())


def test_gaps_are_empty_buckets() -> None:
    found = counted(COUNTS + "2026-11-21T12:04:00Z,7\n")
    assert found.counts == (30.0, 20.0, 0.0, 0.0, 7.0)


def test_counts_of_one_moment_are_added_and_that_is_said() -> None:
    found = counted(COUNTS + "2026-11-21T12:01:00Z,5\n")
    assert found.counts == (30.0, 25.0)
    assert "1 rows are of a moment that another row has too" in found.notes[0]


def test_buckets_that_were_stamped_a_little_late_are_whole_ones() -> None:
    stamps = ("12:00:00", "12:05:00", "12:10:01", "12:15:00", "12:25:02")
    rows = "".join(f"2026-11-21T{at}Z,300\n" for at in stamps)
    found = counted("timestamp,count\n" + rows)
    assert (found.bucket_s, found.start_s % 300) == (300, 0)
    assert found.counts == (300.0, 300.0, 300.0, 300.0, 0.0, 300.0)


@pytest.mark.parametrize("count", ["-5", "nan", "inf", "many", ""])
def test_what_is_no_count(count: str) -> None:
    with pytest.raises(PlannerError, match=r"2 of 5 lines are none of csv; the first is line 4"):
        counted(COUNTS + f"2026-11-21T12:02:00Z,{count}\n" * 2)


@pytest.mark.parametrize(
    ("text", "columns", "code", "hint"),
    [
        ("2026-11-21T12:00:00Z,5\n", {}, "no-header", "sed -i 1itimestamp,count c.csv"),
        ("1795262400,5\n1795262460,5\n", {}, "no-header", "sed -i 1itimestamp,count c.csv"),
        ("when,n\n", {}, "unknown-column", "--columns timestamp=when"),
        ("ts,n\n", {"count": "m"}, "unknown-column", "--columns count=ts"),
        ("timestamp,count\n", {}, "trace-empty", "another --since"),
        ("timestamp,count\n2026-11-21T12:00:00Z,0\n", {}, "trace-empty", "another --since"),
        ('timestamp,count\n"' + "x" * 200_000, {}, "unreadable-log", "as it was exported"),
    ],
)
def test_what_is_no_table(text: str, columns: dict[str, str], code: str, hint: str) -> None:
    with pytest.raises(PlannerError) as raised:
        counted(text, columns)
    assert raised.value.code == code
    assert hint in str(raised.value.hint)


def test_a_quote_that_never_ends_is_told_as_that() -> None:
    with pytest.raises(PlannerError) as error:
        counted('"timestamp,count\n' + "2026-11-21T12:00:00Z,30\n" * 6_000)
    assert error.value.code == "unreadable-log"


@pytest.mark.parametrize("stamp", ["1e300", "-99999999999999", "9e29", "0001-01-01T00:00:00Z"])
def test_what_is_no_moment_since_1970_is_passed_over_or_refused(stamp: str) -> None:
    found = counted(COUNTS + f"{stamp},1\n")
    assert found.counts == (30.0, 20.0)
    with pytest.raises(PlannerError) as error:
        counted(f"timestamp,count\n{stamp},1\n{stamp},1\n")
    assert error.value.code == "unreadable-log"
