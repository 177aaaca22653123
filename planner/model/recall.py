"""The requests that an endpoint got, as a cloud remembers them."""

from __future__ import annotations

from planner.model.value import value


@value
class Recall:
    """Which requests are asked for: of one endpoint, in seconds since the epoch.

    `table` is one that requests are logged to, "" the cloud's own; `warehouse` answers by SQL.
    """

    endpoint: str
    since_s: float
    until_s: float
    table: str = ""
    warehouse: str = ""


@value
class Recalled:
    """Requests by the start of their period, rising; a period without any may be missing.

    `dispersion` is variance over mean of the requests in the seconds of a period, 1 for Poisson
    arrivals; None where only periods are known. `seconds` is over how many it was taken.
    """

    source: str
    period_s: float
    counts: tuple[tuple[float, float], ...]
    dispersion: float | None = None
    seconds: int = 0
    notes: tuple[str, ...] = ()
