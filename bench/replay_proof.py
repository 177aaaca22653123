"""Proves the replay: exact values within 1 %, and ciw on a shortest-queue case within noise.

Run by `python bench/replay.py --check`.
"""

from __future__ import annotations

import math
import statistics
import sys
from dataclasses import dataclass

from measure import table
from replay import Service, erlang_c, percentile, poisson, replay


def prove(*, requests: int, seeds: int) -> bool:
    """Print every case; true where all hold."""
    print()
    checked = [check_exact(case, requests, seeds) for case in exact_cases()]
    header = ["against exact values", "mean", "replay", "error", "p99", "replay", "error", "<= 1 %"]
    table(header, [row for row, _ in checked])
    print()
    held = check_ciw(replicas=5, rate=3.5, until=8000.0, seeds=8)
    return held and all(holds for _, holds in checked)


@dataclass(frozen=True, kw_only=True)
class Exact:
    """A case with known answers: the mean response, and p99 where a formula gives it."""

    name: str
    routing: str
    replicas: int
    slots: int
    service: Service
    rate: float
    mean_s: float
    p99_s: float | None = None


def mmc_mean(servers: int, rate: float) -> float:
    """Mean response of M/M/c with unit service time."""
    return 1.0 + erlang_c(servers, rate) / (servers - rate)


def mmc_p99(servers: int, rate: float) -> float:
    """P99 of the response of M/M/c with unit service time: wait and service, convolved exactly."""
    waits, drain = erlang_c(servers, rate), servers - rate

    def late(t: float) -> float:
        if abs(drain - 1.0) < 1e-9:
            return math.exp(-t) * (1.0 + waits * t)
        both = (drain * math.exp(-t) - math.exp(-drain * t)) / (drain - 1.0)
        return (1.0 - waits) * math.exp(-t) + waits * both

    low, high = 0.0, 1000.0
    for _ in range(80):
        middle = (low + high) / 2.0
        low, high = (middle, high) if late(middle) > 0.01 else (low, middle)
    return high


def pollaczek_khinchine(rate: float, scv: float) -> float:
    """Mean response of M/G/1 with unit mean service time."""
    return 1.0 + rate * (1.0 + scv) / (2.0 * (1.0 - rate))


def shortest_of_two(rate: float, longest: int = 45) -> float:
    """Mean response of two M/M/1 lines where each joins the shorter: the chain itself, solved.

    Unit service time, lines cut at `longest`; Gauss-Seidel over the balance equations.
    """
    states = [(a, b) for a in range(longest + 1) for b in range(longest + 1)]
    inflow: dict[tuple[int, int], list[tuple[tuple[int, int], float]]] = {s: [] for s in states}
    outflow = dict.fromkeys(states, 0.0)
    for state in states:
        for following, flow in _moves(state, rate):
            if max(following) <= longest:
                inflow[following].append((state, flow))
                outflow[state] += flow
    chance = dict.fromkeys(states, 1.0)
    for _ in range(2000):
        change = 0.0
        for state in states:
            found = sum(chance[other] * flow for other, flow in inflow[state]) / outflow[state]
            change = max(change, abs(found - chance[state]) / (found + 1e-6))
            chance[state] = found
        total = sum(chance.values())
        chance = {state: value / total for state, value in chance.items()}
        if change < 1e-7:
            break
    return sum(sum(state) * value for state, value in chance.items()) / rate


def _moves(state: tuple[int, int], rate: float) -> list[tuple[tuple[int, int], float]]:
    """Where a state leads, and how fast."""
    a, b = state
    first = 0.5 if a == b else float(a < b)
    moves = [((a + 1, b), rate * first), ((a, b + 1), rate * (1.0 - first))]
    moves += [((a - 1, b), 1.0)] if a else []
    moves += [((a, b - 1), 1.0)] if b else []
    return [(following, flow) for following, flow in moves if flow > 0.0]


def exact_cases() -> list[Exact]:
    memoryless = Service(kind="exponential", mean_s=1.0, scv=1.0)
    cases = [
        Exact(
            name=f"M/M/{n * k} rho {load} {routing} {n} x {k}",
            routing=routing,
            replicas=n,
            slots=k,
            service=memoryless,
            rate=load * n * k,
            mean_s=mmc_mean(n * k, load * n * k),
            p99_s=mmc_p99(n * k, load * n * k),
        )
        for routing, n, k in (
            ("pooled", 4, 1),
            ("pooled", 4, 4),
            ("least-outstanding", 1, 8),
            ("two-choices", 1, 3),
        )
        for load in (0.5, 0.75)
    ]
    for load in (0.5, 0.75):
        cases.append(
            Exact(
                name=f"4 x M/M/4 rho {load} random",
                routing="random",
                replicas=4,
                slots=4,
                service=memoryless,
                rate=load * 16,
                mean_s=mmc_mean(4, load * 4),
                p99_s=mmc_p99(4, load * 4),
            )
        )
        for kind, scv in (("constant", 0.0), ("gamma", 0.05), ("lognormal", 0.25)):
            cases.append(
                Exact(
                    name=f"M/{'D' if scv == 0.0 else 'G'}/1 rho {load} {kind} SCV {scv:g}",
                    routing="least-outstanding",
                    replicas=1,
                    slots=1,
                    service=Service(kind=kind, mean_s=1.0, scv=scv),
                    rate=load,
                    mean_s=pollaczek_khinchine(load, scv),
                )
            )
        shortest = shortest_of_two(2 * load)
        cases += [
            Exact(
                name=f"shortest of 2 lines rho {load} {routing}",
                routing=routing,
                replicas=2,
                slots=1,
                service=memoryless,
                rate=2 * load,
                mean_s=shortest,
            )
            for routing in ("least-outstanding", "two-choices")
        ]
    return cases


def check_exact(case: Exact, requests: int, seeds: int) -> tuple[list[str], bool]:
    """One row of the proof, and whether the case holds within 1 % of the mean response."""
    means, tails = [], []
    for seed in range(seeds):
        responses = replay(
            poisson(case.rate, requests, seed),
            case.service.draw(requests, seed),
            case.replicas,
            case.slots,
            routing=case.routing,
            seed=seed,
        )[requests // 20 :]
        means.append(statistics.fmean(responses))
        tails.append(percentile(sorted(responses), 0.99))
    mean, p99 = statistics.fmean(means), statistics.fmean(tails)
    error = mean / case.mean_s - 1.0
    row = [case.name, f"{case.mean_s:.4f}", f"{mean:.4f}", f"{error:+.2%}"]
    holds = abs(error) <= 0.01
    if case.p99_s is not None:
        tail_error = p99 / case.p99_s - 1.0
        row += [f"{case.p99_s:.3f}", f"{p99:.3f}", f"{tail_error:+.2%}"]
        holds = holds and abs(tail_error) <= 0.01
    else:
        row += ["", "", ""]
    return [*row, "yes" if holds else "NO"], holds


def check_ciw(*, replicas: int, rate: float, until: float, seeds: int) -> bool:
    """Fewest outstanding in ciw and here, each with seeds of its own; within three errors.

    ciw's router for it is LoadBalancing: its JoinShortestQueue leaves out the request in service.
    """
    try:
        import ciw  # noqa: PLC0415 - only the proof needs it
    except ImportError:
        sys.exit("the proof needs ciw: pip install ciw")
    theirs, ours = [], []
    for seed in range(seeds):
        ciw.seed(seed)
        network = ciw.create_network(
            arrival_distributions=[ciw.dists.Exponential(rate)] + [None] * replicas,
            service_distributions=[ciw.dists.Deterministic(0.0)]
            + [ciw.dists.Gamma(20.0, 0.05)] * replicas,
            number_of_servers=[math.inf] + [1] * replicas,
            routing=ciw.routing.NetworkRouting(
                routers=[
                    ciw.routing.LoadBalancing(list(range(2, replicas + 2))),
                    *[ciw.routing.Leave()] * replicas,
                ]
            ),
        )
        simulation = ciw.Simulation(network)
        simulation.simulate_until_max_time(until)
        found = sorted(
            r.exit_date - r.arrival_date
            for r in simulation.get_all_records()
            if r.node > 1 and r.arrival_date > until / 20
        )
        theirs.append((statistics.fmean(found), percentile(found, 0.99)))
        requests = round(rate * until)
        service = Service(kind="gamma", mean_s=1.0, scv=0.05)
        responses = replay(
            poisson(rate, requests, 1000 + seed),
            service.draw(requests, 1000 + seed),
            replicas,
            1,
            seed=seed,
        )
        found = sorted(responses[requests // 20 :])
        ours.append((statistics.fmean(found), percentile(found, 0.99)))
    rows, holds = [], True
    for index, name in enumerate(("mean", "p99")):
        a, b = ([one[index] for one in side] for side in (theirs, ours))
        noise = math.hypot(statistics.stdev(a), statistics.stdev(b)) / math.sqrt(seeds)
        apart = statistics.fmean(b) - statistics.fmean(a)
        within = abs(apart) <= 3.0 * noise
        holds = holds and within
        rows.append(
            [
                f"JSQ {replicas} x 1, rho {rate / replicas:.2f}, gamma SCV 0.05: {name}",
                f"{statistics.fmean(a):.4f}",
                f"{statistics.fmean(b):.4f}",
                f"{apart:+.4f}",
                f"{noise:.4f}",
                "yes" if within else "NO",
            ]
        )
    table(["against ciw", "ciw", "replay", "apart", "std. error", "within 3"], rows)
    return holds
