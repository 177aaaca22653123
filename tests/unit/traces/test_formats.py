"""Each format of logs, by lines as the programs' documentation shows them."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from planner.errors import PlannerError
from planner.traces import Reading, Tally, from_counts, from_tally, read_log
from planner.traces.formats import notes_of

NOON = int(datetime(2026, 11, 21, 12, 0, 0, tzinfo=UTC).timestamp())
COMMON = b'127.0.0.1 - frank [21/Nov/2026:13:00:07 +0100] "GET /score?x=1 HTTP/1.1" 200 2326'
COMBINED = COMMON + b' "http://www.example.com/" "Mozilla/4.08 [en] (Win98; I ;Nav)"'
ALB = (
    b"h2 2026-11-21T12:00:09.186641Z app/my-lb/50dc6c495c0c9188 192.168.131.39:2817 10.0.0.1:80 "
    b'0.086 0.048 0.037 200 200 0 57 "POST https://www.example.com:443/score?x=1 HTTP/2.0" '
    b'"curl/7.46.0" ECDHE-RSA-AES128-GCM-SHA256 TLSv1.2 arn:aws:elasticloadbalancing:us-east-2:'
    b'123456789012:targetgroup/my-targets/73e2d6bc24d8a067 "Root=1-58337281-1d84f3d73c47ec4e5857" '
    b'"www.example.com" "arn:aws:acm:us-east-2:123456789012:certificate/1234" 1 '
    b'2026-11-21T12:00:07.364000Z "waf,forward" "-" "-" "10.0.0.1:80" "200" "-" "-" TID_dead'
)


def read(*lines: bytes, **more: object) -> tuple[Tally, str]:
    tally = Tally()
    reading = Reading(**{"columns": {}, **more})  # type: ignore[arg-type]
    return tally, read_log("log", [line + b"\n" for line in lines], reading, tally).form


def only(tally: Tally) -> tuple[int, int]:
    """The only second and its requests."""
    (found,) = [one for one in tally.buckets(1) if one[1]]
    return found


@pytest.mark.parametrize("line", [COMMON, COMBINED, b"nginx: " + COMBINED + b' "10.0.0.7"'])
def test_access_logs_with_their_own_offset(line: bytes) -> None:
    tally, form = read(line, line)
    assert (form, only(tally)) == ("common", (NOON + 7, 2))


def test_a_load_balancers_log_counts_when_a_request_came_not_when_it_was_answered() -> None:
    tally, form = read(ALB)
    assert (form, only(tally)) == ("alb", (NOON + 7, 1))


@pytest.mark.parametrize(
    ("line", "zone"),
    [
        (b'{"timestamp": "2026-11-21T12:00:07.5Z", "path": "/score"}', "UTC"),
        (b'{"@timestamp": "2026-11-21T07:00:07-05:00"}', "UTC"),
        (b'{"time": "2026-11-21 13:00:07", "uri": "/score"}', "Europe/Berlin"),
        (b'{"ts": 1795262407.25}', "UTC"),
        (b'{"ts": 1795262407250}', "UTC"),
        (b'{"ts": "1795262407250000000"}', "UTC"),
    ],
)
def test_json_lines_in_any_unit_and_zone(line: bytes, zone: str) -> None:
    tally, form = read(line, zone=ZoneInfo(zone))
    assert (form, only(tally)) == ("jsonl", (NOON + 7, 1))


def test_csv_of_requests_and_of_counts() -> None:
    tally, form = read(b"id,timestamp", b"1,2026-11-21T12:00:07Z", b"2,2026-11-21T12:00:07Z")
    assert (form, only(tally)) == ("csv", (NOON + 7, 2))
    tally = Tally()
    lines = [b"when,n\n", b"2026-11-21T12:00:00Z,30\n", b"2026-11-21T12:10:00Z,12.5\n"]
    reading = Reading(form="csv", columns={"timestamp": "when", "count": "n"})
    found = from_counts(read_log("c.csv", lines, reading, tally).counts, 60)
    assert (found.start_s, found.bucket_s, found.counts) == (NOON, 600, (30.0, 12.5))
    assert found.dispersion is None
    assert found.notes == ("the counts are 10 min apart, so that is the bucket",)


@pytest.mark.parametrize("line", [COMBINED, ALB, b'{"ts": 1795262407, "url": "/score?x=1"}'])
def test_other_paths_are_passed_by(line: bytes) -> None:
    other = line.replace(b"/score", b"/ping")
    tally, _ = read(line, other, other, path="/score*")
    assert tally.requests == 1


def test_lines_that_are_none_are_counted_up_to_one_in_a_hundred() -> None:
    tally = Tally()
    lines = [COMMON] * 150 + [b"cut o", b"", b"\xff\xfe"] + [COMMON] * 150
    with pytest.raises(PlannerError, match=r"2 of 60 lines are none of common; .* line 51"):
        read_log("a.log", lines[100:160], Reading(columns={}), Tally())
    found = read_log("a.log", lines, Reading(columns={}), tally)
    assert (found.bad, found.first_bad, tally.requests) == (2, 151, 300)


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        ([], "empty-file"),
        ([b"hello world and all"], "unknown-format"),
        ([b"colour,size", b"1,2"], "unknown-column"),
        ([b'{"ts": 1}', b'{"ts": 1795262407}'], "trace-too-long"),
        ([b'{"Label": "Invocations", "Datapoints": []}'], "unreadable-log"),
        ([b"[", b'{"ts": 1795262407}', b"]"], "unknown-format"),
        ([b"{", b'"ts": 1}'], "unreadable-log"),
        ([b'{"ts": "NaN"}', b'{"ts": 1e400}'], "unreadable-log"),
        ([b'{"ts": ' + b"[" * 100_000], "unreadable-log"),
    ],
)
def test_what_is_no_log(lines: list[bytes], code: str) -> None:
    with pytest.raises(PlannerError) as error:
        read(*lines)
    assert error.value.code == code


ENVOY = (
    b'[2026-11-21T12:00:07.123Z] "POST /score?x=1 HTTP/1.1" 200 - via_upstream - "-" 12 5 4 3 "-" '
    b'"curl/8" "1b2c" "shop" "10.0.0.1:8080" outbound|80||shop - 10.0.0.2:80 10.0.0.3:51042 - -'
)


@pytest.mark.parametrize(
    "lines",
    [
        [ENVOY],
        [
            b"#Version: 1.0",
            b"#Fields: date time cs-method cs-uri-stem",
            b"",
            b"2026-11-21 12:00:07 POST /score",
        ],
        [b"2026-11-21T13:00:07,250+01:00 INFO POST /score 200 12ms\r"],
    ],
)
def test_lines_that_begin_with_a_moment(lines: list[bytes]) -> None:
    """Envoy's default format, W3C's extended format, and what people write themselves."""
    tally, form = read(*lines, path="/score")
    assert (form, only(tally)) == ("iso", (NOON + 7, 1))
    tally, _ = read(*lines, *lines, path="/ping")
    assert tally.requests == 0


def test_an_hour_that_clocks_have_twice_is_told_by_the_order() -> None:
    hours = [(1, 60), (2, 60), (2, 60), (3, 60)]
    lines = [
        b'{"time": "2026-10-25 %02d:%02d:00"}' % (hour, minute)
        for hour, minutes in hours
        for minute in range(minutes)
    ]
    tally = Tally()
    reading = Reading(columns={}, zone=ZoneInfo("Europe/Berlin"))
    found = read_log("a.log", lines, reading, tally)
    assert [number for _, number in tally.buckets(3600)] == [60, 60, 60, 60]
    assert (found.twice, found.skipped) == (120, 0)
    assert "120 stamps are of an hour that the clocks of this zone had twice" in next(
        notes_of("a.log", found)
    )


def test_an_hour_that_clocks_skipped_is_of_another_zone() -> None:
    reading = Reading(columns={}, zone=ZoneInfo("Europe/Berlin"))
    lines = [b'{"time": "2026-03-29 02:30:00"}', b'{"time": "2026-03-29 02:30:00Z"}']
    found = read_log("a.log", lines, reading, Tally())
    assert (found.twice, found.skipped) == (0, 1)
    assert "look at --timezone" in next(notes_of("a.log", found))


def test_days_when_clocks_change_are_read_in_their_zone() -> None:
    lines = [b'{"time": "2026-10-25 01:30:00"}', b'{"time": "2026-10-25 03:30:00"}']
    tally, _ = read(*lines, zone=ZoneInfo("Europe/Berlin"))
    assert from_tally(tally, 3600).length_s == 4 * 3600  # three hours apart
