"""What one minute of simulated traffic would leave in a cloud's metrics, whatever the cloud."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from planner.model.value import value

Times = tuple[tuple[float, float], ...]
"""(seconds, how many times): durations of one kind in a minute, rising."""


@value
class Minute:
    """Requests from `at_s` on for `seconds`, and what they met.

    `total` is how long answers took, `model` the time in the model, waiting there included,
    `overhead` what the platform adds, cold starts included; `queue` the waits alone. `cold` are
    starts of capacity, `loads` waits for models of a shared memory, each of which takes `load_s`
    itself; both are in `overhead`. `unloads` models had to go for them. `service_s` is the mean of
    the service alone, 0 where nobody knows. `capacity` counts replicas or units, `busy` what is in
    service, `slots` what one of the capacity serves at once.
    `cpu`, `memory` and `gpu` are fractions; None where nobody knows.
    """

    at_s: float
    seconds: float
    requests: float
    refused: float
    failed: float
    total: Times
    model: Times
    overhead: Times
    queue: Times
    cold: Times
    loads: Times
    capacity: float
    busy: float
    slots: float
    cpu: float | None = None
    memory: float | None = None
    gpu: float | None = None
    resident: float | None = None
    load_s: float = 0.0
    unloads: float = 0.0
    service_s: float = 0.0


def minute_of(row: Mapping[str, Any]) -> Minute:
    """A minute that was a JSON value; ValueError for what is none."""
    known = {one.name for one in fields(Minute)}
    try:
        if set(row) - known:
            raise ValueError(f"unknown: {', '.join(sorted(set(row) - known))}")
        return Minute(**{name: _read(given) for name, given in row.items()})
    except (AttributeError, TypeError) as error:
        raise ValueError(str(error)) from error


def _read(given: Any) -> Any:
    if isinstance(given, list):
        return tuple((float(took), float(times)) for took, times in given)
    return None if given is None else float(given)
