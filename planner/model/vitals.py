"""What an endpoint's metrics show over a stretch of time, in the planner's own terms.

Seconds, requests, fractions of one; moments are seconds since the epoch. None stands for a number
that a cloud does not have, or did not have in that period.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from planner.model.value import value


@value
class Window:
    """Which stretch of time is asked for.

    Where a cloud shows only what is now, it is looked at `looks` times, a minute apart by `pause`.
    """

    since_s: float
    until_s: float
    looks: int = 1
    pause: Callable[[float], None] | None = None

    @property
    def seconds(self) -> float:
        """Its length."""
        return self.until_s - self.since_s


@value
class Spread:
    """How long something took, `count` times; None where the cloud keeps no such percentile.

    A cloud that only counts by `buckets` (their upper ends, rising) leaves open where in its bucket
    a percentile lies; what is given then is a straight line through it.
    """

    count: float
    mean_s: float
    p50_s: float | None = None
    p90_s: float | None = None
    p95_s: float | None = None
    p99_s: float | None = None
    buckets: tuple[float, ...] = ()

    def at(self, quantile: float | None) -> float | None:
        """The percentile of a quantile, the mean for None; None where it was not measured."""
        known = {None: self.mean_s, 0.5: self.p50_s, 0.9: self.p90_s}
        return {**known, 0.95: self.p95_s, 0.99: self.p99_s}.get(quantile)

    def least(self, quantile: float | None) -> float | None:
        """What the percentile is at least: the lower end of its bucket where there are any."""
        found = self.at(quantile)
        if found is None or quantile is None or not self.buckets:
            return found
        return max((end for end in self.buckets if end < found), default=0.0)


@value
class Period:
    """One period of the window, from `start_s` on.

    `errors_4xx` holds what was answered 429. `replicas` counts instances or units that were up.
    `saturation` is the most requests at once over what the cloud lets in.
    `cpu`, `memory` and `gpu` are means over the replicas, of all that each has. `latency_p99_s` is
    of all that is measured of an answer. `spilled` requests found no warm capacity; `resident`
    counts the models in a replica's memory.
    """

    start_s: float
    requests: float
    errors_4xx: float | None = None
    errors_5xx: float | None = None
    replicas: float | None = None
    saturation: float | None = None
    cpu: float | None = None
    memory: float | None = None
    gpu: float | None = None
    latency_p99_s: float | None = None
    cold_starts: float | None = None
    spilled: float | None = None
    hits: float | None = None
    unloads: float | None = None
    resident: float | None = None


@value
class Vitals:
    """An endpoint's metrics from `since_s` to `until_s`, in periods of `period_s`.

    `model` is the time in the model's container, `overhead` what the cloud adds, `total` both and
    the queue where they are measured as one, `queue` the wait alone. `setup` are cold starts;
    `waiting`, `downloading` and `loading` are those of models that share a memory. The last known
    request, at `last_request_s`, may be of before the window, which itself begins no earlier than
    the endpoint. `notes` say what about it is special.
    """

    endpoint: str
    since_s: float
    until_s: float
    period_s: float
    periods: tuple[Period, ...] = ()
    model: Spread | None = None
    overhead: Spread | None = None
    total: Spread | None = None
    queue: Spread | None = None
    setup: Spread | None = None
    waiting: Spread | None = None
    downloading: Spread | None = None
    loading: Spread | None = None
    last_request_s: float | None = None
    updated_s: float | None = None
    notes: tuple[str, ...] = ()

    @property
    def measured(self) -> bool:
        """Whether there is any number to go by."""
        return bool(self.periods) or self.last_request_s is not None

    @property
    def seconds(self) -> float:
        """Seconds that the periods cover."""
        return self.period_s * len(self.periods)

    @property
    def requests(self) -> float:
        """Requests of all periods."""
        return sum(one.requests for one in self.periods)

    @property
    def rate_per_s(self) -> float:
        """Mean rate over the periods."""
        return self.requests / self.seconds if self.periods else 0.0

    @property
    def peak_per_s(self) -> float:
        """Rate of the busiest period."""
        return max((one.requests for one in self.periods), default=0.0) / self.period_s

    def count(self, name: str) -> float | None:
        """Sum of a count over the periods that have it, None where none has."""
        return _summed(getattr(one, name) for one in self.periods)

    def share(self, name: str) -> float | None:
        """The same as a share of all requests; None without requests."""
        found = self.count(name)
        return None if found is None or self.requests <= 0.0 else found / self.requests

    def mean(self, name: str) -> float | None:
        """Mean of a number over the periods that have it, None where none has."""
        found = [x for one in self.periods if (x := getattr(one, name)) is not None]
        return sum(found) / len(found) if found else None

    def sustained(self, name: str, share: float = 0.05) -> float | None:
        """What a number was at or above in this share of the periods that have it."""
        found = sorted(x for one in self.periods if (x := getattr(one, name)) is not None)
        return found[-max(1, round(share * len(found)))] if found else None

    @property
    def hit_rate(self) -> float | None:
        """Share of requests whose model was loaded already, by the requests of each period."""
        seen = [(one.requests, one.hits) for one in self.periods if one.hits is not None]
        weight = sum(requests for requests, _ in seen)
        if weight <= 0.0:
            return None
        return sum(requests * hits for requests, hits in seen) / weight


def _summed(numbers: Iterable[float | None]) -> float | None:
    found = [one for one in numbers if one is not None]
    return sum(found) if found else None
