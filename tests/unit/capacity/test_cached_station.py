import math
import random
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.capacity.erlang import BlockingTable
from planner.capacity.model_cache import CachedModel
from planner.capacity.simulator.cache import Cached
from tests.support.simulations import least_recently_used, percentile, poisson

Draw = Callable[[int], list[float]]


def always(seconds: float) -> Draw:
    return lambda n: [seconds] * n


def arrivals(rate: float, requests: int, seed: int) -> list[float]:
    return list(poisson(requests / rate, seed, lambda _: rate, rate))


def zipf(count: int, *, load_s: float = 0.0, sizes: Sequence[float] = (1.0,)) -> list[CachedModel]:
    return [
        CachedModel(rate=(i + 1.0) ** -0.9, size_bytes=sizes[i % len(sizes)], load_s=load_s)
        for i in range(count)
    ]


def station(models: Sequence[CachedModel], draw: Draw, **more: float) -> Cached:
    return Cached(
        draw,
        random.Random(4),
        replicas=int(more.get("replicas", 1)),
        slots=int(more.get("slots", 1)),
        memory_bytes=more.get("memory_bytes", 1e9),
        models=models,
    )


def missed(cached: Cached, times: list[float]) -> float:
    cached.serve(times[: len(times) // 5])
    rest = times[len(times) // 5 :]
    return cached.serve(rest).cold / len(rest)


@pytest.mark.parametrize("sizes", [(1.0,), (0.4, 2.5, 1.0, 1.0)])
@pytest.mark.parametrize("share", [0.05, 0.2, 0.6])
def test_one_replica_misses_what_a_replay_of_its_memory_misses(
    share: float, sizes: Sequence[float]
) -> None:
    models = zipf(200, sizes=sizes)
    capacity = share * sum(m.size_bytes for m in models)
    judged = least_recently_used(
        [m.rate for m in models], [m.size_bytes for m in models], capacity, requests=100_000, seed=1
    )
    cached = station(models, always(0.001), memory_bytes=capacity)
    assert missed(cached, arrivals(1.0, 100_000, 2)) == pytest.approx(judged, abs=0.01)


def test_replicas_with_little_to_do_are_one_large_memory() -> None:
    models = zipf(400)
    judged = least_recently_used(
        [m.rate for m in models], [1.0] * 400, 100.0, requests=100_000, seed=1
    )
    cached = station(models, always(0.001), replicas=4, memory_bytes=25.0)
    assert missed(cached, arrivals(1.0, 100_000, 2)) == pytest.approx(judged, abs=0.02)


def test_a_busy_model_is_held_by_several_replicas() -> None:
    hot = [CachedModel(rate=1.0, size_bytes=1.0, load_s=0.0)]
    rng = random.Random(3)
    tally = station(
        hot, lambda n: [rng.expovariate(1.0) for _ in range(n)], replicas=8, slots=1
    ).serve(arrivals(5.0, 100_000, 5))
    # Each replica loads it once; they then share the load, if not one line.
    assert tally.cold == 8
    waiting = BlockingTable(5.0).waiting(8)
    assert len(tally.delays) / tally.served == pytest.approx(waiting, rel=0.35)


def test_one_replica_whose_models_all_fit_is_a_plain_queue() -> None:
    rng = random.Random(3)
    cached = station(zipf(50), lambda n: [rng.expovariate(1.0) for _ in range(n)], slots=6)
    tally = cached.serve(arrivals(4.0, 300_000, 5))
    assert tally.cold == 50
    assert len(tally.delays) / tally.served == pytest.approx(
        BlockingTable(4.0).waiting(6), rel=0.04
    )
    assert percentile(sorted(tally.delays), 0.9) == pytest.approx(math.log(10.0) / 2.0, rel=0.08)


def test_a_load_holds_its_slot_and_keeps_waiting_who_asks_for_the_same_model() -> None:
    one = [CachedModel(rate=1.0, size_bytes=1.0, load_s=10.0)]
    tally = station(one, always(1.0), slots=2).serve([0.0, 4.0, 9.5, 11.5, 20.0])
    # Loaded at 10: the second has waited for that in its own slot, the third for a slot first.
    assert tally.delays == [10.0, 6.0, 1.5]
    assert tally.cold == 2
    assert tally.busy_s == pytest.approx(11.0 + 7.0 + 3 * 1.0)


def test_a_preloaded_memory_misses_as_one_that_has_run_for_long() -> None:
    models = zipf(300, load_s=0.0)
    rates = [m.rate for m in models]
    sizes = [m.size_bytes for m in models]
    long = least_recently_used(rates, sizes, 60.0, requests=400_000, seed=1)
    cold = served = 0
    for seed in range(40):
        cached = Cached(
            always(0.0001),
            random.Random(seed),
            replicas=1,
            slots=50,
            memory_bytes=60.0,
            models=models,
        )
        cached.preload()
        tally = cached.serve([0.01 * i for i in range(500)])
        cold, served = cold + tally.cold, served + tally.served
    assert cold / served == pytest.approx(long, abs=0.01)


def test_models_alike_are_as_many_models() -> None:
    alike = [CachedModel(rate=1.0, size_bytes=1.0, load_s=0.5, count=40)]
    apart = [CachedModel(rate=1.0, size_bytes=1.0, load_s=0.5)] * 40
    times = arrivals(3.0, 20_000, 1)
    results = [
        station(models, always(0.01), memory_bytes=10.0).serve(times) for models in (alike, apart)
    ]
    assert results[0].delays == results[1].delays
    # Asked for evenly, a quarter of the models in memory answers a quarter of the requests.
    assert results[0].cold / len(times) == pytest.approx(0.75, abs=0.02)


def test_a_new_replica_is_empty_and_one_that_goes_takes_its_models_along() -> None:
    models = zipf(10, load_s=1.0)
    times = arrivals(5.0, 4_000, 1)
    cached = station(models, always(0.01), replicas=2, slots=4)
    cached.preload()
    cached.resize(0.0, 1)
    lost = cached.serve(times)
    again = cached.serve([times[-1] + 1.0 + t for t in times])
    cached.resize(2 * times[-1] + 2.0, 3)
    grown = cached.serve([2 * times[-1] + 3.0 + t for t in times])
    assert lost.cold >= 5
    assert len(lost.delays) > 0
    assert again.cold == 0
    assert grown.cold <= 20


def test_a_model_larger_than_memory_is_loaded_each_time() -> None:
    huge = [CachedModel(rate=1.0, size_bytes=5.0, load_s=2.0)]
    tally = station(huge, always(1.0), memory_bytes=4.0).serve([0.0, 10.0, 20.0])
    assert (tally.cold, tally.delays) == (3, [2.0, 2.0, 2.0])


class Plain:
    """A replica as the rules state it, by looking at all its requests each time."""

    def __init__(self) -> None:
        self.ends: list[float] = []
        self.models: list[int] = []
        self.ready: dict[int, float] = {}
        self.loaded = -math.inf

    def outstanding(self, now: float) -> int:
        return sum(end > now for end in self.ends)

    def slot_from(self, now: float, slots: int) -> float:
        busiest = sorted(self.ends, reverse=True)
        return max(now, busiest[slots - 1]) if len(busiest) >= slots else now


def replayed(
    times: Sequence[float],
    names: Sequence[int],
    sizes: Sequence[float],
    *,
    replicas: int,
    slots: int,
    memory: float,
    load_s: float,
    service_s: float,
) -> tuple[int, list[float]]:
    """(cold requests, delays) of requests for these models."""
    up = [Plain() for _ in range(replicas)]
    holders: dict[int, list[Plain]] = {}
    cold, delays = 0, []
    for now, name in zip(times, names, strict=True):
        held = holders.setdefault(name, [])
        room = memory - sizes[name]
        least = min(
            up,
            key=lambda r: (
                r.outstanding(now),
                sum(sizes[m] for m in r.models) > room,
                r.loaded,
            ),
        )
        chosen = min(held, key=lambda r: r.outstanding(now)) if held else least
        if chosen.outstanding(now) >= slots > least.outstanding(now):
            chosen = least
        slot = chosen.slot_from(now, slots)
        if name in chosen.models:
            chosen.models.remove(name)
            chosen.models.append(name)
            start = max(slot, chosen.ready[name])
            cold += start > slot
        else:
            start = chosen.ready[name] = slot + load_s
            cold += 1
            chosen.loaded = now
            chosen.models.append(name)
            held.append(chosen)
            while sum(sizes[m] for m in chosen.models) > memory:
                holders[chosen.models.pop(0)].remove(chosen)
        chosen.ends.append(start + service_s)
        if start > now:
            delays.append(start - now)
    return cold, delays


@settings(max_examples=80, deadline=None)
@given(
    replicas=st.integers(1, 4),
    slots=st.integers(1, 3),
    memory=st.integers(1, 14),
    load_s=st.sampled_from([0.0, 0.25, 3.0]),
    rate=st.sampled_from([0.5, 4.0, 12.0]),
    seed=st.integers(0, 1000),
)
def test_routing_and_memory_are_those_of_a_plain_replay(
    replicas: int, slots: int, memory: int, load_s: float, rate: float, seed: int
) -> None:
    # Whole sizes, so that no sum depends on its order.
    models = zipf(12, load_s=load_s, sizes=(1.0, 3.0, 1.0, 2.0))
    times = arrivals(rate, 150, seed)
    cached = Cached(
        always(0.375),
        random.Random(seed),
        replicas=replicas,
        slots=slots,
        memory_bytes=float(memory),
        models=models,
    )
    names = random.Random(seed).choices(range(12), [m.rate for m in models], k=len(times))
    cold, delays = replayed(
        times,
        names,
        [m.size_bytes for m in models],
        replicas=replicas,
        slots=slots,
        memory=float(memory),
        load_s=load_s,
        service_s=0.375,
    )
    tally = cached.serve(times)
    assert (tally.served, tally.cold) == (len(times), cold)
    assert tally.delays == pytest.approx(delays)
