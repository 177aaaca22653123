"""Service times from response times, held against systems that are known."""

from __future__ import annotations

import heapq
import math
from random import Random

import pytest

from planner.profiling import MeasurementError, Observation
from planner.profiling.conversion import converted


def closed(users: float, mean_s: float, rate: float | None = None, **more: object) -> Observation:
    return Observation(  # type: ignore[arg-type]
        instance_type="a", loop="closed", users=users, mean_s=mean_s, throughput_per_s=rate, **more
    )


def opened(rate: float, mean_s: float, **more: object) -> Observation:
    return Observation(  # type: ignore[arg-type]
        instance_type="a", loop="open", mean_s=mean_s, throughput_per_s=rate, **more
    )


def means(*observations: Observation) -> dict[int, float]:
    (curve,) = converted(observations)
    return {point.concurrency: point.mean_s for point in curve.points}


def mean_value_analysis(service_s: float, pause_s: float, users: int) -> tuple[float, float]:
    """Response time and throughput of one shared server, by the textbook's recursion."""
    queue = response = rate = 0.0
    for number in range(1, users + 1):
        response = service_s * (1.0 + queue)
        rate = number / (pause_s + response)
        queue = rate * response
    return response, rate


def replica_with_slots(
    users: int, *, slots: int, mean_s: float, scv: float, pause_s: float, seed: int
) -> tuple[float, float]:
    """Response time and throughput of users before `slots` servers and one line, event by event."""
    random = Random(seed)
    sigma = math.sqrt(math.log1p(scv))
    mu = math.log(mean_s) - sigma * sigma / 2.0
    arrivals = [(random.expovariate(1.0 / pause_s), user) for user in range(users)]
    heapq.heapify(arrivals)
    free = [0.0] * slots
    heapq.heapify(free)
    total, count, last = 0.0, 0, 0.0
    while count < 40_000:
        at, user = heapq.heappop(arrivals)
        start = max(at, heapq.heappop(free))
        done = start + random.lognormvariate(mu, sigma)
        heapq.heappush(free, done)
        heapq.heappush(arrivals, (done + random.expovariate(1.0 / pause_s), user))
        total, count, last = total + done - at, count + 1, max(last, done)
    return total / count, count / last


def test_without_pauses_a_mean_is_the_service_time_as_it_stands() -> None:
    (curve,) = converted([closed(1, 0.04, 25.0), closed(4, 0.08, 50.0), closed(8, 0.16)])
    assert [(p.concurrency, p.mean_s) for p in curve.points] == [(1, 0.04), (4, 0.08), (8, 0.16)]
    assert curve.converted == ""


def test_pauses_before_a_shared_server() -> None:
    seen = []
    for users in (1, 2, 4, 8, 16):
        response, rate = mean_value_analysis(0.020, 0.1, users)
        seen.append(closed(users, response, rate))
    found = means(*seen)
    assert max(found) >= 8
    for count, mean in found.items():
        # Shared equally: twice the requests take twice the time.
        assert mean == pytest.approx(0.020 * count, rel=0.02), count


@pytest.mark.parametrize(("slots", "scv"), [(1, 0.25), (2, 0.25), (4, 1.0), (4, 0.05)])
def test_pauses_before_slots_and_one_line(slots: int, scv: float) -> None:
    seen = []
    for users in (1, 2, 4, 8, 16, 24):
        response, rate = replica_with_slots(
            users, slots=slots, mean_s=0.040, scv=scv, pause_s=0.08, seed=users
        )
        seen.append(closed(users, response, rate))
    found = means(*seen)
    for count, mean in found.items():
        # Regular service queues less than what the model takes.
        assert mean == pytest.approx(0.040 * max(1.0, count / slots), rel=0.08), count


def test_rates_before_a_shared_server() -> None:
    seen = [opened(rate, 0.020 / (1.0 - 0.020 * rate)) for rate in (5.0, 15.0, 30.0, 40.0)]
    assert means(*seen) == {count: pytest.approx(0.020 * count, rel=1e-3) for count in (1, 2, 4, 5)}


def test_percentiles_of_a_closed_loop_are_never_those_of_an_open_one() -> None:
    tail = (("p50", 0.04), ("p99", 0.09))
    (waits,) = converted([closed(1, 0.04, 25.0, latency=tail), closed(2, 0.05, latency=tail)])
    assert [point.p99_s for point in waits.points] == [None, None]
    (sends,) = converted([opened(1.0, 0.04, latency=tail)])
    assert [point.p99_s for point in sends.points] == [pytest.approx(0.09, rel=0.1)]
    (both,) = converted([opened(1.0, 0.04, latency=tail), closed(4, 0.08, 50.0, latency=tail)])
    assert both.loop == "closed"
    assert {point.p99_s for point in both.points} == {None}


def test_more_than_its_users_can_send() -> None:
    with pytest.raises(MeasurementError, match="at most 50/s, not 90/s") as raised:
        converted([closed(2, 0.04, 90.0)])
    assert raised.value.code == "users-contradict"


def test_what_nobody_said() -> None:
    with pytest.raises(MeasurementError) as raised:
        converted([Observation(instance_type="a", loop="closed", mean_s=0.04)])
    assert raised.value.code == "which-users"
    with pytest.raises(MeasurementError) as rate:
        converted([Observation(instance_type="a", loop="open", mean_s=0.04)])
    assert rate.value.code == "which-rate"


def test_overload_says_how_long_the_run_was() -> None:
    full = opened(48.0, 3.0, offered_per_s=60.0)
    (curve,) = converted([opened(10.0, 0.05), full])
    assert len(curve.points) == 1
    assert "60" in curve.notes[0]
    assert "more than it answers" in curve.notes[0]
    with pytest.raises(MeasurementError, match="at every load"):
        converted([full])


def test_failures_are_told() -> None:
    (curve,) = converted([closed(1, 0.04, errors=0.2)])
    assert "20.0% of the requests failed" in curve.notes[0]


def test_two_observations_at_one_concurrency_are_one_point() -> None:
    (curve,) = converted([opened(10.0, 0.050), opened(10.1, 0.052)])
    assert [p.concurrency for p in curve.points] == [1]


def test_a_day_of_minutes_is_a_curve_in_no_time() -> None:
    random = Random(5)
    windows = []
    for minute in range(1440):
        rate = 35.0 * (1.2 - math.cos(minute / 720 * math.pi)) / 2.2
        mean = 0.020 / (1.0 - 0.020 * rate) * random.uniform(0.97, 1.03)
        windows.append(opened(rate, mean, requests=int(60 * rate)))
    found = means(*windows)
    assert found == {
        1: pytest.approx(0.020, rel=0.05),
        2: pytest.approx(0.040, rel=0.05),
        3: pytest.approx(0.060, rel=0.05),
    }


def test_so_many_users_that_chance_does_not_matter() -> None:
    # 20,000 users who pause 10 s before 100 slots of 50 ms: 1,990 of 2,000 a second.
    found = means(closed(20_000, 0.05025, 1990.0), closed(40_000, 10.0, 2000.0))
    assert max(found) == pytest.approx(20_000, rel=0.01)
    assert found[min(found)] == pytest.approx(0.05, rel=0.05)
    assert min(found) == pytest.approx(100, abs=1)


def test_a_load_at_which_most_requests_failed_is_none() -> None:
    (curve,) = converted([closed(1, 0.1), closed(4, 0.02, errors=0.8)])
    assert [(point.concurrency, point.mean_s) for point in curve.points] == [(1, 0.1)]
    assert curve.notes == ("4 users on a left out: 80% of its requests failed",)
    with pytest.raises(MeasurementError) as raised:
        converted([opened(5.0, 0.02, errors=0.8)])
    assert raised.value.code == "overload-only"
