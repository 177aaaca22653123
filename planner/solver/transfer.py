"""A size that was found for one question, under another one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from planner.capacity.cold_start import whole_endpoint
from planner.capacity.latency import SplitPool
from planner.solver.ask import Ask
from planner.solver.sized import Sized


def transferred(ask: Ask, sized: Sized, *, slower: float = 1.0) -> Sized:
    """The same size under the load of another question, its models `slower` by a factor.

    Nothing of it is proven there.
    """
    outside = sum(call.latency_s for call in sized.models[0].external_calls)
    own = sized.slots.service.plus(-outside) if outside else sized.slots.service
    service = own.times(slower).plus(outside)
    split = sized.slots.count if isinstance(sized.pool, SplitPool) else 0
    pool = ask.pool(service, sized.offering.overhead_s, sized.served_share, slots=split)
    if sized.cache is not None:
        pool = pool.loading(sized.cold)
    idle = sized.idle
    if idle is not None and sized.offering.cold is not None:
        idle_s = sized.offering.cold.idle_s
        idle = whole_endpoint(pool.load, idle_s=idle_s, cold_s=sized.cold.delay_s)
    names = {m.name for m in sized.models}
    return replace(
        sized,
        models=tuple(m for m in ask.workload.models if m.name in names),
        slots=replace(sized.slots, service=service),
        pool=pool,
        idle=idle,
        servers=_as_long(sized.servers, len(pool.bins)),
        proof=None,
    )


def _as_long(servers: Sequence[int], count: int) -> tuple[int, ...]:
    return (*servers[:count], *([servers[-1]] * (count - len(servers))))
