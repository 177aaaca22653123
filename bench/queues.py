"""The planner's percentiles of a queue against ciw, and both against exact values."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import product

import exact
from ciw_runs import QUANTILES, SERVICE_S, Answer, Case, closeness, label

from planner.capacity.latency import Pool, SplitPool, outside_validity
from planner.capacity.load import build_load
from planner.capacity.service_time import ServiceTime
from planner.model.traffic import Steady, Traffic

Predict = Callable[[Case], Callable[[float], float]]

GRID = tuple(
    Case(replicas=servers, rho=rho, scv=scv)
    for servers, rho, scv in product(
        (1, 2, 4, 8, 16, 32), (0.5, 0.7, 0.8, 0.9, 0.95), (0.0, 0.05, 0.25, 1.0, 4.0)
    )
)
LEAST = tuple(
    Case(replicas=replicas, slots=slots, rho=rho, scv=0.25, routing="least")
    for replicas, slots, rho in product((2, 4, 8, 16), (1, 2), (0.5, 0.7, 0.9))
)
RANDOM = tuple(
    Case(replicas=replicas, slots=slots, rho=rho, scv=0.25, routing="random")
    for replicas, slots, rho in product((2, 8), (1, 2), (0.5, 0.7, 0.9))
)
BURSTS = tuple(
    Case(replicas=servers, rho=rho, scv=0.25, arrival_scv=4.0)
    for servers, rho in product((1, 4, 16), (0.5, 0.7, 0.9))
)
EXPONENTIAL = tuple(
    Case(replicas=servers, rho=rho, scv=1.0, service="exponential")
    for servers, rho in product((1, 4, 16), (0.5, 0.8, 0.9))
)
ROUTED = (*LEAST, *RANDOM)
ALL = (*GRID, *ROUTED, *BURSTS, *EXPONENTIAL)


def service_of(case: Case) -> ServiceTime:
    return ServiceTime(SERVICE_S, case.sigma)


def formula(case: Case) -> Pool:
    """The planner's closed form for a case."""
    pattern = Steady(rate=case.rate)
    load = build_load(
        Traffic(pattern=pattern, burstiness=math.sqrt(case.arrival_scv)), service_s=SERVICE_S
    )
    service = service_of(case)
    if case.routing == "random":
        return SplitPool(load, service, overhead_s=0.0, slots=case.slots)
    return Pool(load, service, overhead_s=0.0)


def by_formula(case: Case) -> Callable[[float], float]:
    pool = formula(case)
    return lambda q: pool.quantile((case.servers,), q)


def formula_holds(case: Case) -> bool:
    return not outside_validity(service_of(case), case.rho, case.servers)


def simulation_holds(case: Case) -> bool:
    return case.rho <= 0.9


@dataclass(frozen=True, kw_only=True)
class Summary:
    """Errors of one way of predicting over some cells."""

    cells: int
    error: dict[str, float]
    within: float
    worst: float
    worst_at: str
    noise: float

    @property
    def mean(self) -> float:
        """Mean absolute error over p50, p90 and p99."""
        return sum(self.error[p] for p in ("p50", "p90", "p99")) / 3.0


def summary(errors: Mapping[Case, dict[str, float]], answers: Mapping[Case, Answer]) -> Summary:
    """Over all cells; a cell is close where p50, p90 and p99 all are."""
    judged = ("p50", "p90", "p99")
    size = {case: max(abs(found[p]) for p in judged) for case, found in errors.items()}
    worst = max(size, key=lambda case: size[case])
    n = len(errors)
    return Summary(
        cells=n,
        error={
            label(q): sum(abs(found[label(q)]) for found in errors.values()) / n for q in QUANTILES
        },
        within=sum(value <= 0.10 for value in size.values()) / n,
        worst=size[worst],
        worst_at=worst.name,
        noise=sum(answers[case].noise["p99"] for case in errors) / n,
    )


def compare(
    predict: Predict, cases: Iterable[Case], answers: Mapping[Case, Answer]
) -> dict[Case, dict[str, float]]:
    """Relative errors by case and percentile."""
    return {case: closeness(predict(case), answers[case]) for case in cases}


@dataclass(frozen=True, kw_only=True)
class Check:
    """A number of ciw, or of the planner, beside the exact one."""

    what: str
    exact: float
    found: float
    noise: float = 0.0

    @property
    def error(self) -> float:
        return self.found / self.exact - 1.0


def ciw_checks(answers: Mapping[Case, Answer]) -> list[Check]:
    """The judge judged: M/M/c percentiles, and queues with one server."""
    checks: list[Check] = []
    for case in EXPONENTIAL:
        late = exact.exponential_response(case.servers, case.rate, SERVICE_S)
        answer = answers[case]
        checks += _percentiles("M/M/c", case, late, answer.percentiles, answer.noise)
    for case in _one_server(answers):
        answer = answers[case]
        checks += _one_server_checks(
            case, answer.percentiles, answer.mean_s, answer.noise | {"mean": answer.mean_noise}
        )
    return checks


def single_server_checks(found: Mapping[Case, tuple[dict[str, float], float]]) -> list[Check]:
    """Percentiles of M/D/1 and means of M/G/1, of predictions by case."""
    checks: list[Check] = []
    for case in _one_server(found):
        checks += _one_server_checks(case, *found[case], {})
    return checks


def formula_checks() -> list[Check]:
    """The closed form: waits of M/M/c, percentiles of M/D/1, means of M/G/1."""
    checks: list[Check] = []
    found: dict[Case, tuple[dict[str, float], float]] = {}
    for case in (one for one in GRID if one.rho <= 0.9):
        pool = formula(case)
        found[case] = (
            {label(q): pool.quantile((case.servers,), q) for q in QUANTILES},
            pool.mean((case.servers,)),
        )
        if case.scv == 1.0:
            waiting, mean = exact.exponential_servers(case.servers, case.rate, SERVICE_S)
            wait = pool.wait(0, case.servers)
            name = f"{case.replicas} servers, rho {case.rho}"
            checks += [
                Check(what=f"M/M/c chance to wait, {name}", exact=waiting, found=wait.probability),
                Check(what=f"M/M/c mean wait, {name}", exact=mean, found=wait.mean_s),
            ]
    return checks + single_server_checks(found)


def _one_server(cases: Iterable[Case]) -> list[Case]:
    known = set(cases)
    return [case for case in GRID if case.servers == 1 and case in known]


def _one_server_checks(
    case: Case, percentiles: Mapping[str, float], mean_s: float, noise: Mapping[str, float]
) -> list[Check]:
    mean = SERVICE_S + exact.general_mean_wait(case.rate, SERVICE_S, case.scv)
    checks = [
        Check(
            what=f"M/G/1 mean, {case.name}",
            exact=mean,
            found=mean_s,
            noise=noise.get("mean", 0.0),
        )
    ]
    if case.scv == 0.0:
        checks += _percentiles("M/D/1", case, _constant_response(case), percentiles, noise)
    return checks


def _constant_response(case: Case) -> Callable[[float], float]:
    late = exact.constant_wait(case.rate, SERVICE_S)
    return lambda seconds: 1.0 if seconds < SERVICE_S else late(seconds - SERVICE_S)


def _percentiles(
    what: str,
    case: Case,
    late: Callable[[float], float],
    percentiles: Mapping[str, float],
    noise: Mapping[str, float],
) -> list[Check]:
    return [
        Check(
            what=f"{what} {label(q)}, {case.name}",
            exact=exact.quantile(late, q, SERVICE_S),
            found=percentiles[label(q)],
            noise=noise.get(label(q), 0.0),
        )
        for q in QUANTILES
    ]
