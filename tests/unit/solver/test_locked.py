"""A locked configuration against catalogs that are not those it was decided from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from random import Random

import pytest

from planner.model.candidate import Solved
from planner.model.catalog import Catalog, Offering
from planner.model.effort import Effort
from planner.model.lock import Lock
from planner.model.traffic import Diurnal, Pattern, Steady
from planner.model.workload import Constraints, Pin, Workload
from planner.plans.locking import configuration, locked
from planner.solver import solve
from planner.solver.locked import Unheld, held
from tests.support.asks import ALLOW, latency, model, solved, with_catalogs, workload

DAY = Diurnal(base=20.0, peak=400.0, peak_at_s=72_000.0, width_s=20_000.0)
QUIET = workload(
    8.0, goals=latency(p99=9.0), cold=ALLOW, constraints=Constraints(scale_to_zero=True)
)
FLEET = workload(
    60.0, *(model(f"m{n}", weight=1 / 4, load_s=0.5) for n in range(4)), goals=latency(p99=2.0)
)
ASKED: dict[str, tuple[Workload, Mapping[str, Catalog]]] = {
    "steady": with_catalogs(workload(900.0), "sagemaker", "databricks"),
    "diurnal": with_catalogs(workload(DAY), "sagemaker"),
    "units": with_catalogs(workload(DAY), "databricks"),
    "on demand": with_catalogs(QUIET, "sagemaker"),
    "fleet": with_catalogs(FLEET, "sagemaker"),
    "pinned": with_catalogs(
        workload(50.0, pin=Pin(hosting="dedicated", instance="ml.m5.xlarge", replicas=3)),
        "sagemaker",
    ),
}
BUSIER: dict[str, Pattern] = {
    "steady": Steady(rate=1300.0),
    "diurnal": replace(DAY, base=40.0, peak=600.0),
    "units": replace(DAY, base=40.0, peak=600.0),
}
QUICK = Effort(requests=20_000)


def moved(
    known: Mapping[str, Catalog], change: Callable[[Offering], Offering]
) -> dict[str, Catalog]:
    return {
        name: replace(catalog, offerings=tuple(map(change, catalog.offerings)))
        for name, catalog in known.items()
    }


def dearer(seed: int) -> Callable[[Offering], Offering]:
    """Other prices for everything."""
    random = Random(seed)

    def change(one: Offering) -> Offering:
        if one.price is None:
            return one
        return replace(one, price=replace(one.price, usd=one.price.usd * random.uniform(0.3, 3.0)))

    return change


def lock_of(asked: Workload, found: Solved) -> Lock:
    return locked(found, asked, (), version="1")


def again(name: str, change: Callable[[Offering], Offering], effort: Effort | None = None) -> bool:
    """Hold a lock, unchanged, in other catalogs; and tell whether it was needed."""
    asked, known = ASKED[name]
    lock = lock_of(asked, solved(solve(asked, known, effort)))
    today = moved(known, change)
    best = solved(solve(asked, today, effort))
    kept = held(asked, today, lock, best, read=configuration, effort=effort)
    assert not isinstance(kept, Unheld), kept
    assert configuration(kept) == lock.endpoints
    return configuration(best) != lock.endpoints


@pytest.mark.parametrize("name", ASKED)
def test_prices_move_nothing_that_is_locked(name: str) -> None:
    needed = [again(name, dearer(seed)) for seed in range(4)]
    assert any(needed) or name == "pinned"


@pytest.mark.parametrize("effort", [None, QUICK], ids=["formula", "simulated"])
@pytest.mark.parametrize("name", BUSIER)
def test_a_count_stays_while_the_spec_is_met(name: str, effort: Effort | None) -> None:
    asked, known = ASKED[name]
    busier = replace(asked, traffic=replace(asked.traffic, pattern=BUSIER[name]))
    lock = lock_of(asked, solved(solve(busier, known)))
    best = solved(solve(asked, known, effort))
    assert configuration(best) != lock.endpoints
    kept = held(asked, known, lock, best, read=configuration, effort=effort)
    assert isinstance(kept, Solved), kept
    assert configuration(kept) == lock.endpoints


def test_what_would_be_chosen_today_is_the_first_alternative() -> None:
    asked, known = ASKED["steady"]
    lock = lock_of(asked, solved(solve(asked, known)))
    for seed in range(20):
        today = moved(known, dearer(seed))
        best = solved(solve(asked, today))
        kept = held(asked, today, lock, best, read=configuration, effort=None)
        assert isinstance(kept, Solved)
        if kept is not best:
            assert kept.alternatives[0].instance_type == best.decisions[0].instance_type
            assert kept.alternatives[0].monthly_usd == best.monthly_usd
            assert kept.monthly_usd >= best.monthly_usd
            return
    pytest.fail("no price moved the choice")


def test_what_is_gone_is_not_held() -> None:
    asked, known = ASKED["steady"]
    found = solved(solve(asked, known))
    lock = lock_of(asked, found)
    gone = found.decisions[0].instance_type
    today = {
        name: replace(
            catalog, offerings=tuple(o for o in catalog.offerings if o.instance_type != gone)
        )
        for name, catalog in known.items()
    }
    best = solved(solve(asked, today))
    unheld = held(asked, today, lock, best, read=configuration, effort=None)
    assert isinstance(unheld, Unheld)
    assert (unheld.code, unheld.keys) == ("lock-not-offered", ("endpoints", "w", "instance"))
