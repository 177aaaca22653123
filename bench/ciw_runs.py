"""What ciw, a simulator by others, says about a queue: percentiles, and how noisy they are.

A run is made of independent stretches, each with its own seed and a part at its start that does
not count. Stretches are added until the p99 is known well enough, or there are too many requests.
"""

from __future__ import annotations

import json
import math
import multiprocessing
import statistics
import sys
import time
import zlib
from array import array
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import ciw

SERVICE_S = 0.1
QUANTILES = (0.5, 0.9, 0.95, 0.99)


@dataclass(frozen=True, kw_only=True)
class Case:
    """A queue of `replicas` x `slots` servers in order of arrival.

    `routing` pooled is one line for all; least (fewest outstanding, ties by lot) and random choose
    a replica on arrival. `service` is lognormal, or exponential (then its SCV is 1). Gaps between
    arrivals of SCV above 1 are hyperexponential with balanced means.
    """

    replicas: int
    rho: float
    scv: float
    slots: int = 1
    routing: str = "pooled"
    arrival_scv: float = 1.0
    service: str = "lognormal"

    @property
    def servers(self) -> int:
        return self.replicas * self.slots

    @property
    def rate(self) -> float:
        return self.rho * self.servers / SERVICE_S

    @property
    def sigma(self) -> float:
        return math.sqrt(math.log1p(self.scv))

    @property
    def name(self) -> str:
        parts = [f"{self.replicas}x{self.slots}", f"rho {self.rho:.2f}", f"scv {self.scv:g}"]
        parts += [self.routing] if self.routing != "pooled" else []
        parts += [f"arrivals scv {self.arrival_scv:g}"] if self.arrival_scv != 1.0 else []
        parts += [self.service] if self.service != "lognormal" else []
        return ", ".join(parts)

    def memory(self) -> float:
        """Requests until the queue has forgotten its state, about."""
        spread = max(0.5, (self.arrival_scv + self.scv) / 2.0)
        return spread * (1.0 + self.rho) / (1.0 - self.rho) ** 2

    def settling(self) -> int:
        """Requests at the start of a stretch that do not count."""
        return int(20.0 * self.servers / (1.0 - self.rho) + 10.0 * self.memory())


@dataclass(frozen=True, kw_only=True)
class Effort:
    """Requests per stretch and in all, and the relative noise of the p99 that is enough.

    Few stretches can agree by chance: at least `stretches` are made, and as many requests as the
    queue forgets its state `memories` times.
    """

    stretch: int = 15_000
    stretches: int = 8
    memories: int = 1000
    most: int = 1_500_000
    noise: float = 0.015

    def for_case(self, case: Case) -> Effort:
        """Less of what ciw is slow at, and where the noise falls too slowly to be beaten."""
        routed, full = case.routing != "pooled", case.rho > 0.9
        return replace(
            self,
            most=self.most // (4 if routed else 1),
            noise=self.noise * (3.0 if full else 1.5 if routed else 1.0),
        )

    def enough(self, case: Case, p99s: list[float], requests: int) -> bool:
        """True when no more stretches are needed."""
        # With many servers the wait, which is what remembers, is a small part of the response.
        least = self.memories * case.memory() / math.sqrt(case.servers)
        if len(p99s) < self.stretches or requests < min(least, self.most):
            return False
        return requests >= self.most or _noise(p99s) <= self.noise


@dataclass(frozen=True, kw_only=True)
class Answer:
    """Percentiles in seconds, by percent; `noise` is the standard error over them, relative."""

    percentiles: dict[str, float]
    noise: dict[str, float]
    mean_s: float
    mean_noise: float
    requests: int
    seconds: float

    @property
    def requests_per_s(self) -> float:
        return self.requests / self.seconds


def label(q: float) -> str:
    return f"p{round(100 * q)}"


class Leaving(ciw.ExitNode):
    """Keeps the response time of each request, not the request: millions fit in memory."""

    def __init__(self) -> None:
        super().__init__()
        self.times = array("d")

    def accept(self, next_individual: Any, completed: bool = True) -> None:
        records = next_individual.data_records
        self.times.append(records[-1].exit_date - records[0].arrival_date)
        next_individual.node = -1
        self.number_of_individuals += 1
        self.number_of_completed_individuals += completed


def gaps(rate: float, scv: float) -> ciw.dists.Distribution:
    """Times between arrivals."""
    if scv <= 1.0:
        return ciw.dists.Exponential(rate)
    often = (1.0 + math.sqrt((scv - 1.0) / (scv + 1.0))) / 2.0
    rates = [2.0 * rate * often, 2.0 * rate * (1.0 - often)]
    return ciw.dists.HyperExponential(rates, [often, 1.0 - often])


def services(case: Case) -> ciw.dists.Distribution:
    if case.service == "exponential":
        return ciw.dists.Exponential(1.0 / SERVICE_S)
    if case.scv == 0.0:
        return ciw.dists.Deterministic(SERVICE_S)
    return ciw.dists.Lognormal(math.log(SERVICE_S) - case.sigma**2 / 2.0, case.sigma)


def network(case: Case) -> ciw.network.Network:
    """One node, or a door that takes no time and sends to one node per replica."""
    arrivals, service = gaps(case.rate, case.arrival_scv), services(case)
    if case.routing == "pooled":
        return ciw.create_network(
            arrival_distributions=[arrivals],
            service_distributions=[service],
            number_of_servers=[case.servers],
        )
    n = case.replicas
    replicas = list(range(2, n + 2))
    if case.routing == "least":
        # ciw's JoinShortestQueue does not count the request in service, its LoadBalancing does.
        door = ciw.routing.LoadBalancing(replicas)
    else:
        door = ciw.routing.Probabilistic(replicas, [1.0 / n] * n)
    return ciw.create_network(
        arrival_distributions=[arrivals, *[None] * n],
        service_distributions=[ciw.dists.Deterministic(0.0), *[service] * n],
        number_of_servers=[math.inf, *[case.slots] * n],
        routing=ciw.routing.NetworkRouting([door, *[ciw.routing.Leave()] * n]),
    )


def responses(made: ciw.network.Network, requests: int, seed: int) -> array[float]:
    """Response times in the order in which requests were done."""
    ciw.seed(seed)
    simulation = ciw.Simulation(made, exit_node_class=Leaving)
    simulation.simulate_until_max_customers(requests)
    return simulation.nodes[-1].times


def percentile(ordered: array[float] | list[float], q: float) -> float:
    return ordered[min(len(ordered) - 1, math.ceil(q * len(ordered)) - 1)]


def measure(case: Case, effort: Effort) -> Answer:
    """The percentiles of one case."""
    effort = effort.for_case(case)
    made, settling = network(case), case.settling()
    seed = zlib.crc32(case.name.encode())
    every = array("d")
    parts: list[list[float]] = []
    means: list[float] = []
    started = time.perf_counter()
    stretch = max(effort.stretch, 5 * settling)
    while True:
        times = responses(made, stretch + settling, seed + len(parts))[settling:]
        every.extend(times)
        means.append(statistics.fmean(times))
        ordered = sorted(times)
        parts.append([percentile(ordered, q) for q in QUANTILES])
        if effort.enough(case, [part[-1] for part in parts], len(every)):
            break
    whole = sorted(every)
    return Answer(
        percentiles={label(q): percentile(whole, q) for q in QUANTILES},
        noise={label(q): _noise([part[i] for part in parts]) for i, q in enumerate(QUANTILES)},
        mean_s=statistics.fmean(means),
        mean_noise=_noise(means),
        requests=len(every) + settling * len(parts),
        seconds=time.perf_counter() - started,
    )


def _noise(values: list[float]) -> float:
    """Standard error of the mean of independent stretches, relative."""
    return statistics.stdev(values) / math.sqrt(len(values)) / statistics.fmean(values)


def _measured(job: tuple[Case, Effort]) -> tuple[Case, Answer]:
    return job[0], measure(*job)


class Answers:
    """Answers of ciw, asked once and kept in a file where one is named."""

    def __init__(self, cache: Path | None, effort: Effort, workers: int) -> None:
        self._cache, self._effort, self._workers = cache, effort, workers
        self._known: dict[str, Answer] = {}
        if cache is not None and cache.exists():
            kept = json.loads(cache.read_text(encoding="utf-8"))
            self._known = {key: Answer(**value) for key, value in kept.items()}

    def _key(self, case: Case) -> str:
        effort = "/".join(map(str, asdict(self._effort).values()))
        return f"ciw {ciw.__version__}, {case.name}, {effort}"

    def of(self, cases: Iterable[Case]) -> dict[Case, Answer]:
        """All answers, those not known yet from processes of their own, the longest first."""
        wanted = list(dict.fromkeys(cases))
        missing = [case for case in wanted if self._key(case) not in self._known]
        missing.sort(key=lambda case: (case.routing != "pooled", case.rho, case.scv), reverse=True)
        if missing:
            self._ask(missing)
        return {case: self._known[self._key(case)] for case in wanted}

    def _ask(self, missing: list[Case]) -> None:
        jobs = [(case, self._effort) for case in missing]
        started = time.perf_counter()
        with multiprocessing.Pool(self._workers) as pool:
            for done, (case, answer) in enumerate(pool.imap_unordered(_measured, jobs), 1):
                self._known[self._key(case)] = answer
                self._keep()
                spent = time.perf_counter() - started
                print(
                    f"ciw {done}/{len(jobs)} ({spent:.0f} s): {case.name}: {answer.requests:,} "
                    f"requests, p99 noise {answer.noise['p99']:.1%}",
                    file=sys.stderr,
                )

    def _keep(self) -> None:
        if self._cache is None:
            return
        kept = {key: asdict(answer) for key, answer in self._known.items()}
        fresh = self._cache.with_suffix(".new")
        fresh.write_text(json.dumps(kept, indent=0), encoding="utf-8")
        fresh.replace(self._cache)


def closeness(predicted: Callable[[float], float], answer: Answer) -> dict[str, float]:
    """Relative error of a prediction by percentile."""
    return {label(q): predicted(q) / answer.percentiles[label(q)] - 1.0 for q in QUANTILES}
