"""Corrections from what an endpoint shows: found where they are, refused where nothing follows."""

from __future__ import annotations

import pytest

from planner.capacity.latency import Pool
from planner.capacity.load import Bin, Load, Segment
from planner.capacity.service_time import ServiceTime
from planner.model.workload import ServicePoint
from planner.profiling import MeasurementError
from planner.profiling.calibrate import Seen, calibrated, reason_of
from planner.profiling.content import Content
from planner.profiling.windows import pairs, rows, window

FLAT = (
    ServicePoint(concurrency=1, mean_s=0.010, p99_s=0.020),
    ServicePoint(concurrency=2, mean_s=0.010, p99_s=0.020),
)


def shown(
    service: ServiceTime, *, rate: float, replicas: int, concurrency: int, names: str = "p50 p99"
) -> Seen:
    """What an endpoint with this service time would show, by the formula itself."""
    load = Load(
        segments=(Segment(3600.0, rate),),
        bins=(Bin(rate, 1.0, 1.0),),
        mean=rate,
        peak=rate,
        beyond=0.0,
        arrival_scv=1.0,
    )
    pool = Pool(load, service, overhead_s=0.0)
    servers = (replicas * concurrency,)
    latency = {
        name: pool.mean(servers)
        if name == "mean"
        else pool.quantile(servers, float(f"{name[1:]}e-2"))
        for name in names.split()
    }
    return Seen(latency=latency, rate_per_s=rate, replicas=replicas, concurrency=concurrency)


@pytest.mark.parametrize("factor", [0.5, 1.0, 1.4, 2.5])
@pytest.mark.parametrize("names", ["p50 p99", "mean p99", "p50", "mean", "p90", "p50 p90 p99"])
def test_the_factor_that_was_put_in_comes_out(factor: float, names: str) -> None:
    truth = ServiceTime(0.010 * factor, 0.35)
    seen = shown(truth, rate=120.0, replicas=3, concurrency=2, names=names)
    found = calibrated(FLAT, [seen])
    told_spread = found.scv is not None
    assert found.factor == pytest.approx(factor, rel=0.03 if told_spread else 0.12)
    if told_spread:
        assert found.scv == pytest.approx(truth.scv, abs=0.03)


def test_the_curve_is_read_where_the_load_is() -> None:
    rising = tuple(ServicePoint(concurrency=n, mean_s=0.010 * n) for n in (1, 2, 4, 8))
    # 20/s on one replica that shares itself: rho 0.2, so 1.25 requests are met, 12.5 ms each.
    seen = Seen(latency={"mean": 0.0125}, rate_per_s=20.0, replicas=1, concurrency=8)
    assert calibrated(rising, [seen]).factor == pytest.approx(1.0, rel=0.02)


def test_several_windows_speak_of_one_service_time_or_of_none() -> None:
    slow = ServiceTime(0.014, 0.3)
    windows = [shown(slow, rate=rate, replicas=3, concurrency=2) for rate in (60.0, 120.0, 180.0)]
    assert calibrated(FLAT, windows).factor == pytest.approx(1.4, rel=0.05)
    other = shown(ServiceTime(0.03, 0.3), rate=60.0, replicas=3, concurrency=2)
    with pytest.raises(MeasurementError) as raised:
        calibrated(FLAT, [*windows, other])
    assert raised.value.code == "windows-contradict"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("p50=30ms,p99=20ms,rate=50/s,replicas=2", "observation-contradicts"),
        ("p50=12ms,p99=12.1ms,rate=300/s,replicas=2", "observation-contradicts"),
        ("p50=12ms,p90=40ms,p99=41ms,rate=50/s,replicas=2", "observation-contradicts"),
        ("p50=12ms,p99=400ms,rate=50/s,replicas=2", "outside-the-model"),
        ("p50=90ms,rate=380/s,replicas=2", "outside-the-model"),
        ("p50=30s,rate=1/min,replicas=2", "out-of-reach"),
        ("p50=12ms,p99=20ms,replicas=2", "incomplete-observation"),
        ("p50=12ms,p99=20ms,rate=50/s", "incomplete-observation"),
        ("p50=12,rate=50/s,replicas=2", "bare-duration"),
        ("p50=12ms,rate=50/s,replicas=1.5", "unknown-observation"),
        ("p50=12ms,rate=50/s,replicas=2,cpu=3", "unknown-observation"),
        ("p50=12ms,rate", "unknown-observation"),
        ("rate=50/s,replicas=2", "nothing-observed"),
        ("p50=2ms,rate=50/s,replicas=2", "overhead-too-long"),
    ],
)
def test_what_nothing_follows_from(text: str, code: str) -> None:
    overhead = 0.005 if code == "overhead-too-long" else 0.0
    with pytest.raises(MeasurementError) as raised:
        calibrated(FLAT, [window(pairs(text), overhead_s=overhead, concurrency=2)])
    assert raised.value.code == code
    assert raised.value.hint


def test_windows_from_files() -> None:
    csv = Content("w.csv", b"p50_ms,p99_ms,rate_per_min,replicas\n12,20,600,2\n13,,600,2\n")
    first, second = (window(one, overhead_s=0.0, concurrency=4) for one in rows(csv))
    assert dict(first.latency) == {"p50": 0.012, "p99": 0.02}
    assert (first.rate_per_s, first.replicas, first.concurrency) == (10.0, 2, 4)
    assert dict(second.latency) == {"p50": 0.013}
    json = Content("w.json", b'{"p50_ms": 12, "p99": "20ms", "rate_per_s": 10, "replicas": 2}')
    (same,) = (window(one, overhead_s=0.0, concurrency=4) for one in rows(json))
    assert same == first
    with pytest.raises(MeasurementError, match="a window is an object"):
        list(rows(Content("w.json", b"[3]")))


def test_the_reason_names_both_sides() -> None:
    seen = shown(ServiceTime(0.014, 0.3), rate=120.0, replicas=3, concurrency=2)
    text = reason_of(calibrated(FLAT, [seen]))
    assert text.startswith("p50 of 13.")
    assert text.endswith("was predicted, at 120/s on 3 replicas")
