"""Simulated traffic for endpoints of a sandbox: what its metrics show is what a cloud's would."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import asdict

from planner.checkup.running import Planned, Running, running
from planner.engine import Connections
from planner.engine.link import ENDPOINT
from planner.errors import ProviderError
from planner.model.value import value
from planner.solver.minutes import MINUTE_S, Passing, minutes

AHEAD_S = 900.0
"""How long traffic goes on after the time that passed, for who looks at what is now."""


@value
class Driving:
    """How long traffic flows; `fresh` begins right after an update."""

    seconds: float
    seed: int = 0
    fresh: bool = False


@value
class Driven:
    """Traffic that an endpoint had from `since_s` on."""

    endpoint: str
    provider: str
    since_s: float
    seconds: float
    requests: float


def driven(
    planned: Iterable[Planned], connections: Connections, driving: Driving
) -> tuple[Driven, ...]:
    """Send simulated traffic at every endpoint that is there, and let that much time pass.

    Raises ProviderError where the cloud is no sandbox, or none of the endpoints is there.
    """
    there = list(running(planned, connections, fresh=driving.fresh))
    if not there:
        raise ProviderError(
            "nothing-to-drive",
            "none of these endpoints is in the sandbox",
            hint="planner apply SPEC --sandbox",
        )
    begins = {
        provider: _passed(connections, provider, driving)
        for provider in {one.decision.provider for one in there}
    }
    return tuple(_driven(one, connections, driving, begins[one.decision.provider]) for one in there)


def _passed(connections: Connections, provider: str, driving: Driving) -> float:
    """Let the time pass, from the next whole minute on; gives that."""
    stand_in = connections.stand_in(provider)
    if stand_in is None:
        raise ProviderError("no-sandbox", "simulated traffic is for a sandbox alone")
    now_s = stand_in.now_s()
    begin_s = math.ceil(now_s / MINUTE_S) * MINUTE_S
    stand_in.advance(begin_s + driving.seconds - now_s)
    return begin_s


def _driven(one: Running, connections: Connections, driving: Driving, since_s: float) -> Driven:
    stand_in = connections.stand_in(one.decision.provider)
    assert stand_in is not None
    passing = Passing(
        since_s=since_s, seconds=driving.seconds + AHEAD_S, seed=f"{driving.seed}/{since_s:.0f}"
    )
    found = list(minutes(one.spec.workload, one.simulation, passing))
    live = one.standing.live
    name = next((each.name for each in live.objects if each.kind == ENDPOINT), live.endpoint)
    stand_in.load(
        {
            "endpoint": name,
            "region": one.standing.desired.region,
            "minutes": [asdict(minute) for minute in found],
        }
    )
    inside = [minute for minute in found if minute.at_s < since_s + driving.seconds]
    return Driven(
        endpoint=one.decision.endpoint,
        provider=one.decision.provider,
        since_s=since_s,
        seconds=driving.seconds,
        requests=sum(minute.requests for minute in inside),
    )
