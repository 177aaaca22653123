"""What k6 and Locust have in common: an endpoint as the data of a load test."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from importlib.resources import files
from typing import Any

from planner.exports.schedule import schedule
from planner.model.export import Asked
from planner.model.workload import LatencyTarget, MeasuredAt
from planner.provider import registry
from planner.provider.interface import Calling

UNTARGETED_S = 1.0
"""What an answer is taken to need at most where no objective says."""


class Plain:
    """Endpoints of a provider that does not say how they are called: a URL, perhaps a token."""

    def target(self, asked: Asked, /) -> Mapping[str, Any]:
        """The name."""
        return {"endpoint": asked.state.endpoint}

    def javascript(self) -> str:
        """A POST to ENDPOINT_URL with ENDPOINT_TOKEN."""
        return template("plain.js")

    def python(self) -> str:
        """A POST to ENDPOINT_URL with ENDPOINT_TOKEN."""
        return template("plain_call.txt")

    def hints(self, asked: Asked, /) -> tuple[str, ...]:
        """What to set."""
        return (f"{asked.state.endpoint}: set ENDPOINT_URL, and ENDPOINT_TOKEN where it needs one",)


def calling(provider: str) -> Calling:
    """How this provider's endpoints are called."""
    loaded = registry.get(provider)
    return loaded.exporting().calling() if hasattr(loaded, "exporting") else Plain()


def template(name: str) -> str:
    """A text beside this module."""
    return (files("planner.exports") / "templates" / name).read_text(encoding="utf-8")


def test_of(asked: Asked) -> dict[str, Any]:
    """One endpoint: its target, its rate over time, its models and what must hold."""
    steps = schedule(asked)
    peak = max(step.rate for step in steps)
    slo = asked.workload.slo
    slowest_s = max((target.seconds for target in slo.latency), default=UNTARGETED_S)
    target = calling(asked.state.provider).target(asked)
    return {
        "target": dict(target),
        "steps": [[step.seconds, step.rate] for step in steps],
        "poisson": asked.workload.traffic.arrival == "poisson",
        "models": _models(asked) if target.get("models") else [],
        "bytes": asked.workload.payload.request_bytes,
        # Little's law, doubled: who waits for an answer cannot send the next request.
        "clients": max(2, math.ceil(2.0 * peak * slowest_s)),
        "slowest_s": slowest_s,
        "latency": [_latency(one) for one in slo.latency],
        "refused": slo.errors,
        "failed": None if slo.availability is None else round(1.0 - slo.availability, 9),
    }


def _models(asked: Asked) -> list[list[Any]]:
    """Names with their shares added up, in the order of the spec."""
    named = set(asked.decision.models)
    models = [one for one in asked.workload.models if one.name in named]
    total = math.fsum(one.weight for one in models)
    found: list[list[Any]] = []
    reached = 0.0
    for one in models:
        reached += one.weight / total
        found.append([one.name, round(reached, 9)])
    found[-1][1] = 1.0
    return found


def _latency(target: LatencyTarget) -> dict[str, Any]:
    """A bound in milliseconds; a quantile of None is the mean."""
    return {"quantile": target.quantile, "ms": round(target.seconds * 1000.0, 6)}


def notes(asked: Asked) -> Iterator[str]:
    """What a load test of this endpoint does otherwise than its traffic."""
    name = asked.state.endpoint
    yield from calling(asked.state.provider).hints(asked)
    yield f"{name}: requests are filler; set BODY_FILE to a file with a real one"
    slo = asked.workload.slo
    if slo.measured_at is not MeasuredAt.CLIENT and slo.latency:
        yield (
            f"{name}: the objective holds at the {slo.measured_at}, and the test measures at the "
            "client: run it in the region of the endpoint"
        )
    if slo.ttft or slo.itl:
        yield f"{name}: times of tokens are not measured, whole answers are"
