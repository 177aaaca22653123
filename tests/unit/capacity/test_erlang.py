import math

import pytest

from planner.capacity.erlang import (
    BlockingTable,
    Wait,
    deterministic_factor,
    mean_wait_factor,
    wait,
)


def blocking_by_sum(offered: float, servers: int) -> float:
    terms = [offered**k / math.factorial(k) for k in range(servers + 1)]
    return terms[-1] / sum(terms)


def waiting_by_sum(offered: float, servers: int) -> float:
    tail = offered**servers / math.factorial(servers) * servers / (servers - offered)
    return tail / (sum(offered**k / math.factorial(k) for k in range(servers)) + tail)


@pytest.mark.parametrize(
    ("offered", "servers", "expected"),
    [(2.0, 3, 4 / 19), (1.0, 1, 0.5), (10.0, 10, 0.214582), (0.0, 4, 0.0), (3.0, 0, 1.0)],
)
def test_erlang_b_of_the_textbook(offered: float, servers: int, expected: float) -> None:
    assert BlockingTable(offered).blocking(servers) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(
    ("offered", "servers", "expected"), [(2.0, 3, 4 / 9), (1.0, 2, 1 / 3), (0.7, 1, 0.7)]
)
def test_erlang_c_of_the_textbook(offered: float, servers: int, expected: float) -> None:
    assert BlockingTable(offered).waiting(servers) == pytest.approx(expected)


@pytest.mark.parametrize("servers", [1, 2, 7, 30])
@pytest.mark.parametrize("rho", [0.05, 0.5, 0.93])
def test_the_recursions_are_the_exact_sums(servers: int, rho: float) -> None:
    offered = rho * servers
    table = BlockingTable(offered)
    assert table.blocking(servers) == pytest.approx(blocking_by_sum(offered, servers))
    assert table.waiting(servers) == pytest.approx(waiting_by_sum(offered, servers))


def test_a_table_answers_alike_in_any_order() -> None:
    forth, back = BlockingTable(5.0), BlockingTable(5.0)
    rising = [forth.blocking(k) for k in range(9)]
    assert [back.blocking(k) for k in reversed(range(9))] == rising[::-1]
    assert rising == sorted(rising, reverse=True)


def test_everybody_waits_at_saturation() -> None:
    assert BlockingTable(4.0).waiting(4) == 1.0
    assert BlockingTable(4.5).waiting(4) == 1.0
    endless = wait(BlockingTable(4.0), 4, 4.0, mean_service_s=1.0, scv=1.0)
    assert endless == Wait(probability=1.0, decay=0.0)
    assert endless.mean_s == math.inf


@pytest.mark.parametrize("scv", [0.0, 0.1, 0.6, 1.0, 4.0])
@pytest.mark.parametrize("rho", [0.1, 0.5, 0.9])
def test_one_server_waits_as_pollaczek_and_khinchine_say(rho: float, scv: float) -> None:
    service_s = 0.02
    expected = rho * service_s * (1.0 + scv) / (2.0 * (1.0 - rho))
    found = wait(BlockingTable(rho), 1, rho, mean_service_s=service_s, scv=scv)
    assert found.mean_s == pytest.approx(expected)
    assert found.probability == pytest.approx(rho)


@pytest.mark.parametrize(("servers", "offered"), [(2, 1.5), (8, 6.0), (40, 33.0)])
def test_exponential_service_is_exact(servers: int, offered: float) -> None:
    found = wait(BlockingTable(offered), servers, offered, mean_service_s=0.5, scv=1.0)
    assert found.mean_s == pytest.approx(
        waiting_by_sum(offered, servers) * 0.5 / (servers - offered)
    )
    assert found.decay == pytest.approx((servers - offered) / 0.5)


def test_nobody_waits_far_above_the_mean_number_busy() -> None:
    assert wait(BlockingTable(1.0), 60, 1.0, mean_service_s=1.0, scv=1.0).mean_s == 0.0


def test_constant_service_waits_between_half_and_all_of_exponential() -> None:
    assert deterministic_factor(1, 0.7) == 0.5
    assert deterministic_factor(16, 0.0) == 1.0
    light, heavy = deterministic_factor(16, 0.3), deterministic_factor(16, 0.95)
    assert 0.5 < heavy < light < 1.0


def test_evener_arrivals_wait_less_and_burstier_ones_more() -> None:
    even, poisson, bursty = (
        mean_wait_factor(4, 0.8, 0.5, arrivals) for arrivals in (0.0, 1.0, 4.0)
    )
    assert even < poisson < bursty
    assert even == pytest.approx(poisson * 0.5 / 1.5)
    assert mean_wait_factor(4, 0.8, 0.0, 0.0) > 0.0
