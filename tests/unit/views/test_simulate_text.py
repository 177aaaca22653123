import re
from dataclasses import replace
from io import StringIO

import pytest

from planner.model.candidate import Range
from planner.model.simulation import Simulation
from planner.model.traffic import (
    Burst,
    Diurnal,
    Intermittent,
    Pattern,
    Stages,
    Steady,
    Trace,
    Traffic,
)
from planner.views.simulate_text import Replay, render_simulation, replayed
from planner.views.style import Style
from tests.support import decisions, simulated

DIURNAL = Replay(name="diurnal", calendar=True)
MET = """\
ok fraud-scorer met every objective, $612.40/month
    where       cloud north-1
    hosting     single-model small.2 x 5..9 (6.2 on average), routing least-outstanding
    options     zone_aware true
    traffic     diurnal, 37,440,000 requests in 24 h, 433/s on average, 1,200/s at most
    simulated   2,000,000 requests for 37,440,000, seed 7; in brackets 95 % confidence intervals
    p50         8.1 ms (7.86 ms to 8.34 ms) of 15 ms: ok, 46 % spare
    p90         18.3 ms (17.8 ms to 18.8 ms)
    p95         25.4 ms (24.6 ms to 26.2 ms)
    p99         41.2 ms (40 ms to 42.4 ms) of 50 ms: ok, 17.6 % spare
    objective   cold starts 0.04 % (asked 5 %, holds)
    refused     0.01 % of the requests, answered 429
    cold        0.04 % of the requests waited for a start
    busy        52 % of the capacity on average
    capacity    5.5 replicas on average, 5 to 9
    late        1 of 24 windows with more late requests than allowed
    worst       12:00 for 60 min: 8.4 % late, p99 190 ms, 0.2 % refused at 1,200/s on 5 replicas
    note        requests within a bucket come at random

           requests, the highest rate
  1,200/s |                        #########
          |                        #########
          |            ............#########................
      0/s |            #####################################
           replicas, from least to most
        9 |                          :''''':
          |..........................:     :................
          |
        0 |
           p99 latency, log scale; asked: latency p99 50 ms
   200 ms |                        :':
          |                        : :
          |                        : :
    50 ms |------------------------:-:----------------------
          |                        : '''''':
    20 ms |            ............:       :................
          ++-----------+-----------+------------+-----------
           00:00       06:00       12:00        18:00
"""
MISSED = """\
! fraud-scorer missed 1 of 3 objectives: latency p99, $612.40/month
"""


def shown(made: Simulation, traffic: Replay = DIURNAL, **style: int) -> str:
    out = StringIO()
    render_simulation(made, traffic=traffic, out=out, style=Style(**style))
    return out.getvalue()


def test_objectives_that_are_met() -> None:
    wide, narrow = shown(simulated.simulation()), shown(simulated.simulation(), width=60)
    text, chart = MET.split("\n\n")
    assert wide.split("\n\n")[0] == text
    assert narrow.split("\n\n")[1] == chart


def test_one_that_is_missed() -> None:
    text = shown(simulated.missed())
    assert text.startswith(MISSED)
    assert "p99         63 ms (61.1 ms to 64.9 ms) of 50 ms: missed by 26 %\n" in text


@pytest.mark.parametrize("width", [60, 100, 200])
@pytest.mark.parametrize("blocks", [False, True])
def test_no_line_is_wider_than_asked(width: int, *, blocks: bool) -> None:
    week = simulated.simulation(windows=simulated.week(), cycle_s=simulated.WEEK_S, late_windows=7)
    text = shown(week, width=width, blocks=blocks)
    assert max(map(len, text.splitlines())) == width
    assert text.isascii() is not blocks


def test_the_five_worst_windows_of_a_week() -> None:
    windows = list(simulated.week())
    windows[60] = simulated.window(60 * 3600.0, late=0.5, p99_s=1.25)
    text = shown(
        simulated.simulation(windows=tuple(windows), cycle_s=simulated.WEEK_S, late_windows=7)
    )
    assert "late        7 of 168 windows with more late requests than allowed\n" in text
    worst = re.findall(r"(\w+ 12:00) for 60 min", text)
    assert worst == ["Wed 12:00", "Mon 12:00", "Tue 12:00", "Thu 12:00", "Fri 12:00"]
    assert (
        "worst       Wed 12:00 for 60 min: 50 % late, p99 1.25 s at 400/s on 5 replicas\n" in text
    )


def test_no_requests_and_no_windows() -> None:
    text = shown(simulated.empty())
    assert text.startswith("ok fraud-scorer had no objective to meet, $612.40/month\n")
    assert "simulated   0 requests, seed 7\n" in text
    assert "p99         -\n" in text
    assert "cold        - of the requests" in text
    assert "nan" not in text.lower()
    assert "late " not in text
    assert "|" not in text


def test_one_window() -> None:
    one = simulated.window(0.0, seconds=simulated.DAY_S)
    text = shown(simulated.simulation(windows=(one,), late_windows=0))
    assert "late        0 of 1 window with more late requests than allowed\n" in text
    assert "worst" not in text
    assert "capacity    5.5 replicas on average, 5 to 5\n" in text
    assert "400/s |####" in text


def test_windows_without_a_request_have_no_latency_to_draw() -> None:
    silent = simulated.window(0.0, rate_per_s=0.0, p50_s=None, p99_s=None)
    text = shown(simulated.simulation(windows=(silent,), late_windows=0))
    assert "requests, the highest rate" in text
    assert "log scale" not in text


def test_gaps_are_said() -> None:
    said = "requests, the highest rate; blank where nothing was simulated\n"
    half = simulated.simulation(windows=simulated.day()[::2])
    assert said in shown(half)
    assert said not in shown(simulated.simulation())


def test_every_request_simulated_stands_for_itself() -> None:
    text = shown(simulated.simulation(simulated=5_000, requests=5_000.0))
    assert "simulated   5,000 requests, seed 7;" in text


def test_a_short_cycle_is_simulated_several_times() -> None:
    text = shown(simulated.simulation(simulated=10_036, requests=2_000.0))
    assert "simulated   10,036 requests, the cycle 5.02 times over, seed 7;" in text


def test_what_is_met_without_confidence_may_be_missed() -> None:
    (asked,) = (simulated.margin("latency p99", 0.05, 0.0412),)
    text = shown(simulated.simulation(margins=(replace(asked, met=False),)))
    assert text.startswith("! fraud-scorer may miss 1 of 1 objective: latency p99, ")
    assert "p99         41.2 ms (40 ms to 42.4 ms) of 50 ms: not sure to hold\n" in text
    broken = simulated.margin("latency p50", 0.001, 0.0081)
    both = shown(simulated.simulation(margins=(replace(asked, met=False), broken)))
    assert both.startswith("! fraud-scorer missed 2 of 2 objectives: latency p99, latency p50, ")


def test_what_capacity_counts() -> None:
    units = decisions.decision(replicas=None, units=Range(min=4, max=8), autoscaling=None)
    assert "5.5 units on average" in shown(simulated.simulation(decision=units))
    on_demand = decisions.decision(replicas=None, autoscaling=None)
    assert "5.5 busy instances on average" in shown(simulated.simulation(decision=on_demand))


def test_the_line_across_the_latency_is_the_objective_on_p99_or_the_longest_asked() -> None:
    slow = (
        simulated.margin("latency p50", 0.1, 0.0081),
        simulated.margin("latency p95", 2.0, 0.0254),
    )
    assert "asked: latency p95 2 s\n" in shown(simulated.simulation(margins=slow))
    both = (*slow, simulated.margin("latency p99", 0.5, 0.0412))
    assert "asked: latency p99 500 ms\n" in shown(simulated.simulation(margins=both))
    assert "log scale\n" in shown(simulated.simulation(margins=()))


def test_an_objective_on_the_mean_is_listed() -> None:
    mean = (simulated.margin("latency mean", 0.02, 0.0098),)
    assert "objective   latency mean 9.8 ms of 20 ms (51 % spare)\n" in shown(
        simulated.simulation(margins=mean)
    )


def test_colour_adds_nothing_but_colour() -> None:
    plain, colored = (shown(simulated.missed(), color=one, blocks=True) for one in (False, True))
    assert re.sub(r"\x1b\[\d+m", "", colored) == plain
    assert "\x1b[31mp99         \x1b[0m63 ms" in colored
    assert "\x1b[32mp50         \x1b[0m8.1 ms" in colored
    assert colored.startswith("\x1b[31m!\x1b[0m \x1b[1mfraud-scorer\x1b[0m")


@pytest.mark.parametrize(
    ("pattern", "name", "calendar"),
    [
        (Diurnal(base=1, peak=2, peak_at_s=0, width_s=3600), "diurnal", True),
        (Intermittent(requests_per_day=40, windows=()), "intermittent", True),
        (Steady(rate=3), "steady", True),
        (Steady(rate=3, burst=Burst(rate=9, duration_s=60, every_s=3600)), "steady", False),
        (Stages(start=0, stages=()), "stages", False),
        (Trace(file="week.csv", counts=(1.0, 2.0)), "trace week.csv", False),
    ],
)
def test_the_name_of_the_traffic(pattern: Pattern, name: str, *, calendar: bool) -> None:
    traffic = Traffic(pattern=pattern)
    assert replayed(traffic) == Replay(name=name, calendar=calendar)
    assert replayed(traffic, trace="a.csv") == Replay(name="trace a.csv", calendar=False)
