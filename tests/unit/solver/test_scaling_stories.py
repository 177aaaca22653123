"""When to scale with the load and when not to: three loads, one cloud, and a replay as judge."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from functools import cache

import pytest

from planner.model.candidate import Autoscaling, Decision, Solved, Step
from planner.model.effort import Effort
from planner.model.traffic import Burst, Diurnal, Pattern, Spike, Steady
from planner.model.workload import Constraints, Workload
from planner.solver import solve
from tests.support.asks import (
    ALLOW,
    SCALING,
    acme,
    curve,
    latency,
    machine,
    model,
    on_acme,
    on_demand,
    solved,
    workload,
)
from tests.support.replay import average, by_policy, late_share, responses, spread
from tests.support.simulations import poisson

EFFORT = Effort(requests=40_000)
MEAN_S, P99_S, SLO_S, OVERHEAD_S = 1.0, 2.0, 3.5, 0.005
HOUR_S, DAY_S = 3600.0, 86_400.0
SLOW = replace(SCALING, start_s=300.0)
LAG_S = SLOW.period_s * SLOW.breaches_up + SLOW.start_s
FIXED = machine("one", 1, 0.1)
SCALED = replace(machine("one", 1, 0.1, scaled=True), autoscaling=SLOW)
RANKER = model(curves=(curve(MEAN_S, P99_S, on="one"),), vcpus_per_request=1.0)

BURST = Steady(rate=2.0, burst=Burst(rate=8.0, duration_s=480.0, every_s=HOUR_S))
SWING = Diurnal(base=0.4, peak=8.0, peak_at_s=12 * HOUR_S, width_s=6 * HOUR_S)
EVENING = Spike(
    name="evening",
    cron="0 20 * * *",
    rate=18.0,
    duration_s=1800.0,
    starts_s=tuple(day * DAY_S + 20 * HOUR_S for day in range(7)),
)
SPIKE = replace(SWING, spikes=(EVENING,))


def asked(pattern: Pattern, **more: object) -> Workload:
    return on_acme(workload(pattern, RANKER, goals=latency(p99=SLO_S), **more))


@cache
def outcome(pattern: Pattern, *, scaled: bool = True, fixed: bool = True) -> Solved:
    offerings = [*([FIXED] if fixed else []), *([SCALED] if scaled else [])]
    return solved(solve(asked(pattern), acme(*offerings), EFFORT))


def chosen(pattern: Pattern, **which: bool) -> Decision:
    return outcome(pattern, **which).decisions[0]


def policy(decision: Decision) -> Autoscaling:
    assert decision.autoscaling is not None
    return decision.autoscaling


def line(decision: Decision, label: str) -> Step:
    (found,) = [step for step in decision.arithmetic if step.label == label]
    return found


def day_of(pattern: Diurnal) -> tuple[float, ...]:
    """Arrivals of a Monday, from the pattern's own words: a bell, and its spike."""

    def rate(t: float) -> float:
        away = abs(t % DAY_S - pattern.peak_at_s)
        away = min(away, DAY_S - away)
        half = pattern.width_s / 2.0
        bell = pattern.base + (pattern.peak - pattern.base) * 0.5 ** ((away / half) ** 2)
        for spike in pattern.spikes:
            start = spike.starts_s[0]
            if start <= t % DAY_S < start + spike.duration_s:
                return max(bell, spike.rate)
        return bell

    most = max(pattern.peak, *(spike.rate for spike in pattern.spikes), 0.0)
    return tuple(poisson(DAY_S, 11, rate, most))


@cache
def arrivals(pattern: Diurnal) -> tuple[float, ...]:
    return day_of(pattern)


def held(
    decision: Decision, pattern: Diurnal, *, scheduled: bool = True
) -> list[tuple[float, int]]:
    """Replicas over a day under the decision's own settings, by a policy of the test's own."""
    scaling = policy(decision)
    assert decision.replicas is not None
    floors = list(on_monday(scaling)) if scheduled else []

    def floor(t: float) -> int:
        return max((least for start, end, least in floors if start <= t < end), default=0)

    return by_policy(
        arrivals(pattern),
        seconds=DAY_S,
        target=scaling.target / 60.0,
        least=decision.replicas.min,
        most=decision.replicas.max,
        period_s=SLOW.period_s,
        breaches=(SLOW.breaches_up, SLOW.breaches_down),
        start_s=SLOW.start_s,
        cooldown_s=(scaling.cooldown_up_s, scaling.cooldown_down_s),
        floor=floor,
    )


def on_monday(scaling: Autoscaling) -> Iterator[tuple[float, float, int]]:
    """(from, to, minimum) of the actions of a Monday that raise the minimum."""
    moments = []
    for action in scaling.scheduled:
        minute, hour, _, _, weekday = action.cron.split()
        if weekday == "mon":
            moments.append((int(hour) * HOUR_S + int(minute) * 60.0, action.min))
    moments.sort()
    for (start, least), (end, _) in zip(moments[::2], moments[1::2], strict=True):
        yield start, end, least


def late(pattern: Diurnal, counts: list[tuple[float, int]]) -> float:
    times = responses(
        arrivals(pattern),
        counts,
        slots=1,
        routing="least-outstanding",
        service=spread(MEAN_S, P99_S),
        seed=5,
    )
    return late_share(times, SLO_S - OVERHEAD_S)


# A burst of eight minutes, and capacity that takes as long.


def test_a_burst_shorter_than_the_lag_is_not_left_to_autoscaling() -> None:
    assert BURST.burst.duration_s == LAG_S  # type: ignore[union-attr]
    decision = chosen(BURST)
    assert decision.autoscaling is None
    assert decision.replicas is not None
    assert decision.replicas.min == decision.replicas.max > 8.0 * MEAN_S


def test_nor_where_only_an_autoscaled_endpoint_is_offered() -> None:
    decision = chosen(BURST, fixed=False)
    assert decision.hosting == "single-model"
    assert decision.autoscaling is None
    assert decision.replicas == chosen(BURST).replicas


@pytest.mark.parametrize("fixed", [True, False])
def test_and_the_plan_says_which_rise_is_faster_than_which_lag(fixed: bool) -> None:
    decision = chosen(BURST, fixed=fixed)
    assert decision.replicas is not None
    told = line(decision, "autoscaling")
    assert told.expression == (
        "2/s to 8/s within the lag of 8 min: new capacity would come too late"
    )
    assert told.value == f"fixed at {decision.replicas.max}"


@pytest.mark.parametrize(
    ("pattern", "told"),
    [
        (Steady(rate=8.0), "the load never rises"),
        (Steady(rate=0.04), "no more than the least that is asked for is ever needed"),
    ],
)
def test_other_reasons_not_to_scale_are_told_apart(pattern: Steady, told: str) -> None:
    assert line(chosen(pattern, fixed=False), "autoscaling").expression == told


def test_a_burst_that_outlasts_the_lag_by_hours_does_not_change_that() -> None:
    """The first minutes of it are as late as ever."""
    lasting = replace(BURST, burst=Burst(rate=8.0, duration_s=4 * HOUR_S, every_s=DAY_S))
    assert chosen(lasting).autoscaling is None


def test_a_policy_left_alone_with_that_burst_is_late() -> None:
    """The judge's own policy: told nothing, it has the capacity when the burst is over."""
    cycle = HOUR_S
    times = tuple(poisson(4 * HOUR_S, 3, lambda t: 8.0 if t % cycle >= cycle - 480.0 else 2.0, 8.0))
    changes = by_policy(
        times,
        seconds=4 * HOUR_S,
        target=0.7 / MEAN_S,
        least=3,
        most=20,
        period_s=SLOW.period_s,
        breaches=(SLOW.breaches_up, SLOW.breaches_down),
        start_s=SLOW.start_s,
        cooldown_s=(SLOW.cooldown_up_s, SLOW.cooldown_down_s),
    )
    answers = responses(
        times, changes, slots=1, routing="least-outstanding", service=spread(MEAN_S, P99_S), seed=2
    )
    assert late_share(answers, SLO_S - OVERHEAD_S) > 0.3


# A slow day.


def test_a_slow_swing_is_autoscaled_and_a_fifth_cheaper() -> None:
    scaled, fixed = chosen(SWING), chosen(SWING, scaled=False)
    assert policy(scaled).average < 0.8 * fixed.replicas.max  # type: ignore[union-attr]
    assert scaled.cost.monthly_usd < 0.8 * fixed.cost.monthly_usd
    assert line(scaled, "autoscaling").value == f"{policy(scaled).average:.2f} on average"


def test_and_it_holds_in_a_replay_with_a_policy_of_its_own() -> None:
    decision = chosen(SWING)
    counts = held(decision, SWING)
    assert len({count for _, count in counts}) > 5
    assert late(SWING, counts) <= 0.01
    assert average(counts, DAY_S) == pytest.approx(policy(decision).average, rel=0.05)


def test_the_judge_notices_a_target_set_twice_as_high() -> None:
    decision = chosen(SWING)
    lax = replace(
        decision, autoscaling=replace(policy(decision), target=2 * policy(decision).target)
    )
    assert late(SWING, held(lax, SWING)) > 0.05


# A spike that everybody knows of.


def test_a_known_spike_is_met_by_schedule_at_its_price() -> None:
    decision, calm = chosen(SPIKE), chosen(SWING)
    raised = [action for action in policy(decision).scheduled if action.name.endswith("-up")]
    assert len(raised) == 7
    assert [action.cron for action in raised][:2] == ["52 19 * * mon", "52 19 * * tue"]
    assert min(action.min for action in raised) > 18.0 * MEAN_S
    # Each day half an hour and the time around it, of what is missing to the spike's count.
    extra = policy(decision).average - policy(calm).average
    assert 0.4 < extra / (raised[0].min * 0.5 / 24.0) < 2.5
    instances = decision.cost.lines[0]
    assert instances.quantity == pytest.approx(730.0 * policy(decision).average)
    assert decision.cost.monthly_usd > calm.cost.monthly_usd


def test_and_the_spike_is_met_in_the_replay() -> None:
    decision = chosen(SPIKE)
    counts = held(decision, SPIKE)
    assert late(SPIKE, counts) <= 0.01
    assert average(counts, DAY_S) == pytest.approx(policy(decision).average, rel=0.08)


def test_without_its_schedule_the_judge_notices() -> None:
    assert late(SPIKE, held(chosen(SPIKE), SPIKE, scheduled=False)) > 0.02


def test_on_demand_what_spikes_may_be_kept_warm() -> None:
    """Where no start is allowed, all that the spike asks for is held, and paid for."""
    function = on_demand(0.0001, 0.04)
    zero = Constraints(utilization=1.0, scale_to_zero=True)
    calm, spiky = (
        solved(solve(asked(pattern, constraints=zero), acme(function), EFFORT)).decisions[0]
        for pattern in (SWING, SPIKE)
    )
    assert int(spiky.option("prewarm")) == spiky.concurrency.max > calm.concurrency.max
    held_lines = [
        each for each in spiky.cost.lines if "warm" in each.name or "provisioned" in each.name
    ]
    assert held_lines
    assert sum(each.monthly_usd for each in held_lines) > 0.0
    allowed = asked(SPIKE, constraints=zero, cold=ALLOW)
    assert solved(solve(allowed, acme(function), EFFORT)).monthly_usd <= spiky.cost.monthly_usd


@pytest.mark.parametrize("seed", [1, 2])
def test_the_judges_policy_follows_a_step_by_its_own_lag(seed: int) -> None:
    rng = random.Random(seed)
    times = sorted(
        [rng.uniform(0, 3600) for _ in range(3600)]
        + [rng.uniform(3600, 7200) for _ in range(14_400)]
    )
    changes = by_policy(
        times,
        seconds=7200.0,
        target=1.0,
        least=2,
        most=9,
        period_s=60.0,
        breaches=(3, 10),
        start_s=300.0,
        cooldown_s=(60.0, 120.0),
    )
    assert changes[0] == (0.0, 2)
    moment, count = changes[1]
    assert moment == 3600.0 + 3 * 60.0 + 300.0
    assert count in (4, 5)
