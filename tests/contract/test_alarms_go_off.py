"""Alarms of the sandbox's CloudWatch under simulated traffic: quiet when well, told when ill."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import boto3
import pytest

import planner
from planner.engine import Connections
from planner.model.minute import Minute
from planner.model.traffic import Steady
from planner.spec import Source
from tests.support.sandbox import KEYS, ONE_TRY
from tests.support.specs import STEADY, fixed, fleet, named, serverless
from tests.support.ward import Traffic, admitted, ward

ALERTED = f"{STEADY}      alerts: {{}}\n"
HOUR_S = 3600.0
Change = Callable[[int, Minute], Minute]


FIXED, SERVERLESS, FLEET = fixed(ALERTED), serverless(ALERTED), fleet(ALERTED)


@pytest.fixture(scope="module")
def connections() -> Iterator[Connections]:
    with ward() as found:
        yield found


class Watched:
    """An endpoint with its alarms."""

    def __init__(self, connections: Connections, name: str, text: str) -> None:
        specs = planner.load([Source(name="planner.yaml", text=named(name, text).encode())])
        (self.patient,) = admitted(connections, list(specs))
        stand_in = connections.stand_in("sagemaker")
        assert stand_in is not None
        self.stand_in = stand_in
        self._name = name
        self._client: Any = boto3.client(
            "cloudwatch", "us-east-1", endpoint_url=stand_in.url, config=ONE_TRY, **KEYS
        )

    def states(self) -> dict[str, dict[str, Any]]:
        pages = self._client.get_paginator("describe_alarms").paginate(
            AlarmNamePrefix=f"{self._name}-", AlarmTypes=["MetricAlarm"]
        )
        found = (one for page in pages for one in page["MetricAlarms"])
        return {one["AlarmName"].removeprefix(f"{self._name}-"): one for one in found}

    def on(self) -> set[str]:
        """Alarms that have gone off and are not over."""
        return {name for name, one in self.states().items() if one["StateValue"] == "ALARM"}

    def never_on(self) -> bool:
        """Whether all alarms are what they became when they were made."""
        return all(
            one["StateValue"] in {"OK", "INSUFFICIENT_DATA"}
            and (
                one["StateTransitionedTimestamp"] - one["AlarmConfigurationUpdatedTimestamp"]
            ).total_seconds()
            < 180
            for one in self.states().values()
        )

    def under(self, change: Change | None = None, rate: float = 0.0, minutes: int = 30) -> set[str]:
        """Alarms that are on after so many minutes."""
        workload = None
        if rate:
            asked = self.patient.workload
            workload = replace(asked, traffic=replace(asked.traffic, pattern=Steady(rate=rate)))
        traffic = Traffic(workload=workload, minutes_long=minutes)
        self.patient.case(traffic if change is None else replace(traffic, change=change))
        return self.on()


def test_fixed_capacity(connections: Connections) -> None:
    one = Watched(connections, "fixed", FIXED)
    assert {"5xx", "4xx", "latency-p99", "cpu", "memory", "fullness", "rate", "idle"} == set(
        one.states()
    )
    assert one.under(minutes=45) == set()
    assert one.never_on()

    def failing(_: int, minute: Minute) -> Minute:
        asked = minute.requests
        return replace(minute, failed=0.03 * asked, refused=0.05 * asked)

    def slow(_: int, minute: Minute) -> Minute:
        longer = tuple((20.0 * took, many) for took, many in minute.model)
        return replace(minute, model=longer, cpu=0.93, memory=0.93)

    assert one.under(failing, minutes=8) == {"5xx", "4xx"}
    assert one.under(slow, minutes=8) == {"latency-p99", "cpu", "memory", "fullness"}
    assert {"rate", "fullness"} <= one.under(rate=700.0, minutes=20)
    assert one.under(minutes=8) == set()
    one.stand_in.advance(23 * HOUR_S)
    assert one.on() == set()
    one.stand_in.advance(7 * HOUR_S)
    assert one.on() == {"idle"}


def test_capacity_by_request(connections: Connections) -> None:
    one = Watched(connections, "on-demand", SERVERLESS)
    assert set(one.states()) == {"5xx", "4xx", "latency-p90", "cold-starts", "rate", "idle"}
    assert one.under(minutes=180) == set()

    def colder(_: int, minute: Minute) -> Minute:
        count = 0.4 * minute.requests
        return replace(minute, cold=((5.0, count),) if count else ())

    assert one.under(colder, minutes=180) == {"cold-starts"}


def test_models_that_share_memory(connections: Connections) -> None:
    one = Watched(connections, "shared", FLEET)
    assert "hits" in one.states()
    assert "memory" not in one.states()
    assert one.under(minutes=30) == set()
    assert one.never_on()

    def missing(_: int, minute: Minute) -> Minute:
        count = 0.6 * minute.requests
        return replace(minute, loads=((1.0, count),), load_s=1.0, unloads=count)

    assert "hits" in one.under(missing, minutes=10)
