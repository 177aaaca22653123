"""What the client of an endpoint is set to, and from which of the plan's numbers each follows."""

from __future__ import annotations

import math

from planner.model.export import Asked, ExportedFile
from planner.model.units import format_duration, format_number, format_rate
from planner.model.value import value

_LATE = 2.0
"""An answer that takes so many times the tail is lost, and not late."""

_LEAST_S = 1
"""Where one packet is lost, it is sent again after a second (RFC 6298, 2.1)."""


@value
class Client:
    """A client as a provider has it: code with a line `# SETTINGS`, and what stands there."""

    package: str
    template: str
    settings: tuple[str, ...]
    notes: tuple[str, ...]


def client_file(asked: Asked, client: Client) -> ExportedFile:
    """The client of one endpoint, that says above what it is and what it cannot do."""
    name = asked.state.endpoint
    head = (f"The client of {name}, as planned: pip install {client.package}", *client.notes)
    text = "".join(f"# {line}\n" for line in head) + client.template
    return ExportedFile(
        name=f"{name}.client.py",
        syntax="text",
        content=text.replace("# SETTINGS\n", "".join(f"{line}\n" for line in client.settings)),
        notes=client.notes,
    )


@value
class Setting:
    """A whole number with the reason for it, in one line."""

    number: int
    why: str


def connections(asked: Asked) -> Setting:
    """How many are open at once, of all clients together, at the peak."""
    decision = asked.decision
    mean_s, rate = decision.latency.mean_s, decision.peak_per_s
    # Little's law; as many come by chance as a Poisson distribution has within three deviations.
    average = rate * mean_s
    flying = math.ceil(average + 3.0 * math.sqrt(average))
    return Setting(
        number=max(1, decision.concurrency.max, flying),
        why=f"At the peak {format_rate(rate)} of {format_duration(mean_s)} each are "
        f"{format_number(average, 3)} at once, by chance {flying}; at most "
        f"{decision.concurrency.max} are in service",
    )


def longest_answer(asked: Asked, *, limit_s: int, cold: bool, source: str) -> Setting:
    """Seconds until an answer is given up: twice the tail, or all that the cloud allows.

    `limit_s` is what a client has to wait where a model may take its time, `source` who says so;
    `cold` where a request may have to wait for capacity or for a model that is loaded.
    """
    named = [(one.seconds, f"the objective {one.label}") for one in asked.workload.slo.latency]
    tail_s, what = max([*named, (asked.decision.latency.p99_s, "the planned p99")])
    if cold:
        return Setting(number=limit_s, why=f"A first request waits for its model: {source}")
    twice_s = max(_LEAST_S, math.ceil(_LATE * tail_s))
    if twice_s >= limit_s:
        return Setting(number=limit_s, why=f"Twice {what} is above the limit: {source}")
    least = f", at least {_LEAST_S} s: a lost packet is sent again after that (RFC 6298)"
    why = f"Twice {what} of {format_duration(tail_s)}"
    return Setting(number=twice_s, why=f"{why}{least if twice_s == _LEAST_S else ''}")
