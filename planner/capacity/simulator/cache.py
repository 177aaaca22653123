"""A station of replicas that each keep models in memory and load what a request finds missing."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Sequence
from heapq import heappop, heappush, heapreplace
from itertools import accumulate
from random import Random

from planner.capacity.model_cache import CachedModel
from planner.capacity.simulator.draws import Draw
from planner.capacity.simulator.tally import Tally


class _Replica:
    """Slots with one line, and a memory that gives up the least recently used model."""

    __slots__ = ("ends", "free", "loaded_s", "ready", "used_bytes")

    def __init__(self, slots: int, now_s: float) -> None:
        self.free = [now_s] * slots
        """When each slot is free: a heap."""
        self.ends = [math.inf]
        """Ends of its requests: a heap that infinity keeps from being empty."""
        self.ready: OrderedDict[int, float] = OrderedDict()
        """When each model held was or will be loaded, the least recently used first."""
        self.used_bytes = 0.0
        self.loaded_s = -math.inf
        """When it was last sent a request that made it load."""

    def outstanding(self, now_s: float) -> int:
        """Requests in service or in line."""
        ends = self.ends
        while ends[0] <= now_s:
            heappop(ends)
        return len(ends) - 1


class Cached:
    """A multi-model endpoint: a request goes to a replica that holds its model.

    Of several, to the one with the fewest outstanding. Where each of them has `slots` outstanding
    and `patience` more, and another replica has fewer than `slots`, it goes there, and the model is
    loaded there too. A model nobody
    holds goes to the replica with the fewest outstanding, then one with room for it, then the one
    that has loaded nothing for longest. A load takes up the slot of the request that needs it, and
    requests that find their model loading wait in their own. Memory changes in order of arrival:
    a model may be given up while a request for it is still in line.
    """

    __slots__ = (
        "_cumulative",
        "_draw",
        "_holders",
        "_load_s",
        "_memory_bytes",
        "_names",
        "_rates",
        "_replicas",
        "_rng",
        "_size_bytes",
        "_slots",
        "patience",
    )

    def __init__(
        self,
        draw: Draw,
        rng: Random,
        *,
        replicas: int,
        slots: int,
        memory_bytes: float,
        models: Sequence[CachedModel],
    ) -> None:
        each = [m for m in models for _ in range(m.count)]
        self._draw = draw
        self._rng = rng
        self._slots = slots
        self._memory_bytes = memory_bytes
        self._names = range(len(each))
        self._cumulative = list(accumulate(m.rate for m in each))
        self._rates = [m.rate for m in each]
        self._size_bytes = [m.size_bytes for m in each]
        self._load_s = [m.load_s for m in each]
        self._replicas = [_Replica(slots, 0.0) for _ in range(replicas)]
        self._holders: dict[int, list[_Replica]] = {}
        self.patience = 0
        """Requests that may wait at those who hold a model before another replica loads it too."""

    def serve(self, times_s: Sequence[float]) -> Tally:
        """Take these arrivals, rising and not before those of the last call."""
        tally = Tally()
        delays, holders, route = tally.delays, self._holders, self._route
        count = len(times_s)
        models = self._rng.choices(self._names, cum_weights=self._cumulative, k=count)
        cold, busy_s = 0, 0.0
        for now, model, service_s in zip(times_s, models, self._draw(count), strict=True):
            replica = route(now, model, holders.get(model))
            free, held = replica.free, replica.ready
            begin = free[0] if free[0] > now else now
            ready = held.get(model)
            if ready is None:
                ready = begin + self._load_s[model]
                self._keep(replica, model, ready)
                replica.loaded_s = now
                cold += 1
            else:
                held.move_to_end(model)
                cold += ready > begin
            start = ready if ready > begin else begin
            end = start + service_s
            heapreplace(free, end)
            heappush(replica.ends, end)
            busy_s += end - begin
            if start > now:
                delays.append(start - now)
        tally.served, tally.cold, tally.busy_s = count, cold, busy_s
        return tally

    def preload(self) -> None:
        """Fill the memories as after a long time: what was asked for last, one copy each.

        How long ago a model was asked for is exponential with its rate, so that this is the state
        of a cache that gives up the least recently used, exactly (Coffman, Denning 1973, ch. 6).
        """
        places: list[tuple[int, _Replica]] = []
        roomiest = [(0.0, number) for number in range(len(self._replicas))]
        draw = self._rng.expovariate
        ages = [draw(rate) for rate in self._rates]
        for model in sorted(self._names, key=ages.__getitem__):
            used_bytes, number = roomiest[0]
            size_bytes = self._size_bytes[model]
            if used_bytes + size_bytes > self._memory_bytes:
                break
            heapreplace(roomiest, (used_bytes + size_bytes, number))
            places.append((model, self._replicas[number]))
        for used_bytes, number in roomiest:
            self._replicas[number].used_bytes = used_bytes
        for model, replica in reversed(places):
            replica.ready[model] = -math.inf
            self._holders[model] = [replica]

    def resize(self, now_s: float, replicas: int) -> None:
        """Add replicas that hold nothing, or let the last ones finish and go, one stays."""
        while len(self._replicas) > max(1, replicas):
            gone = self._replicas.pop()
            for model in gone.ready:
                self._forget(gone, model)
        while len(self._replicas) < replicas:
            self._replicas.append(_Replica(self._slots, now_s))

    def _route(self, now_s: float, model: int, held: Sequence[_Replica] | None) -> _Replica:
        """The replica for a request, given those that hold its model."""
        fewest, best = self._slots + self.patience, None
        for replica in held or ():
            ends = replica.ends
            while ends[0] <= now_s:
                heappop(ends)
            if len(ends) <= fewest:
                fewest, best = len(ends) - 1, replica
                if not fewest:
                    break
        if best is not None:
            return best
        other = self._least(now_s, self._memory_bytes - self._size_bytes[model])
        if held is None or other.outstanding(now_s) < self._slots:
            return other
        return min(held, key=lambda one: one.outstanding(now_s))

    def _least(self, now_s: float, fits_bytes: float) -> _Replica:
        """The replica with the fewest outstanding; of those one with room, or longest unloaded."""
        best, fewest = self._replicas[0], math.inf
        for one in self._replicas:
            ends = one.ends
            while ends[0] <= now_s:
                heappop(ends)
            if len(ends) > fewest:
                continue
            if len(ends) == fewest:
                full, best_full = one.used_bytes > fits_bytes, best.used_bytes > fits_bytes
                if full > best_full or (full == best_full and one.loaded_s >= best.loaded_s):
                    continue
            best, fewest = one, len(ends)
        return best

    def _keep(self, replica: _Replica, model: int, ready_s: float) -> None:
        """Take a model in and give up the least recently used until all fits."""
        models, sizes = replica.ready, self._size_bytes
        models[model] = ready_s
        self._holders.setdefault(model, []).append(replica)
        replica.used_bytes += sizes[model]
        while replica.used_bytes > self._memory_bytes:
            given_up, _ = models.popitem(last=False)
            replica.used_bytes -= sizes[given_up]
            self._forget(replica, given_up)

    def _forget(self, replica: _Replica, model: int) -> None:
        held = self._holders[model]
        held.remove(replica)
        if not held:
            del self._holders[model]
