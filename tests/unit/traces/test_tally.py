"""Counts by the second and how irregular they are, judged by draws of known dispersion."""

from __future__ import annotations

from random import Random

import pytest

from planner.traces import Tally, from_tally, rows_of, silences, snippet

START = 1_795_219_200  # a full hour


def drawn(kind: str, minutes: int, rate: float, seed: int = 1) -> Tally:
    """Arrivals by chance, in pairs of two, in bursts of ten seconds, or like a clock."""
    draw, tally, at = Random(seed), Tally(), 0.0
    stamps: list[float] = []
    while at < minutes * 60:
        if kind == "clock":
            at += 1.0 / rate
            stamps.append(at)
        elif kind == "pairs":
            at += draw.expovariate(rate / 2)
            stamps += [at, at]
        else:
            at += draw.expovariate(rate)
            busy = kind != "bursts" or (at % 20) < 10
            stamps += [at] if busy else []
    for stamp in stamps:
        if stamp < minutes * 60:
            tally.add(START + int(stamp))
    return tally


@pytest.mark.parametrize("rate", [2.0, 40.0])
def test_dispersion_of_known_arrivals(rate: float) -> None:
    chance = drawn("chance", 240, rate).dispersion(60)
    assert chance is not None
    assert chance.index == pytest.approx(1.0, rel=4 * chance.error)
    pairs = drawn("pairs", 240, rate).dispersion(60)
    assert pairs is not None
    assert pairs.index == pytest.approx(2.0, rel=4 * pairs.error)
    clock = drawn("clock", 240, rate).dispersion(60)
    assert clock is not None
    assert clock.index < 0.2


def test_bursts_of_several_seconds_are_seen_at_their_own_scale() -> None:
    found = drawn("bursts", 60, 20.0).dispersion(60)
    assert found is not None
    assert found.width_s == 10
    assert found.index > 50


def test_a_snippet_says_what_is_known_below_the_bucket() -> None:
    def said(kind: str, bucket_s: int = 60) -> str:
        return "\n".join(snippet(from_tally(drawn(kind, 120, 10.0), bucket_s), "t.csv"))

    assert "dispersion: 2.0" in said("pairs") or "dispersion: 1.9" in said("pairs")
    assert "as by chance (Poisson)" in said("chance")
    assert "more regular than Poisson" in said("clock")
    assert "nothing is known: Poisson (dispersion: 1) is assumed" in said("pairs", 1)


def test_every_request_is_in_one_bucket_whatever_the_order_and_the_width() -> None:
    stamps = [START + at for at in (0, 59, 60, 3_599, 3_600, 3_601, 86_399, 90_000)]
    rising, mixed = Tally(), Tally()
    for stamp in stamps:
        rising.add(stamp)
    for stamp in stamps[::-1]:
        mixed.add(stamp)
    assert (rising.out_of_order, mixed.out_of_order) == (0, 7)
    for bucket_s in (1, 5, 60, 900, 3600, 86_400):
        assert list(rising.buckets(bucket_s)) == list(mixed.buckets(bucket_s))
        assert sum(number for _, number in rising.buckets(bucket_s)) == len(stamps)
        assert all(at % bucket_s == 0 for at, _ in rising.buckets(bucket_s))
    recorded = from_tally(mixed, 60)
    assert list(rows_of(recorded))[:3] == [
        "timestamp,count",
        "2026-11-21T00:00:00Z,2",
        "2026-11-21T00:01:00Z,1",
    ]
    (said,) = silences(recorded)
    assert "no request for 23 h" in said or "no request for 22" in said
