"""When scheduled actions strike, and what they do then."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from planner_sagemaker.sandbox.schedules import next_strike
from planner_sagemaker.sandbox.serve import running

from tests.support.sandbox import SERVERLESS, Sandbox, refusal

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)  # a Thursday
DIMENSION = "sagemaker:variant:DesiredInstanceCount"
PLACE = {
    "ServiceNamespace": "sagemaker",
    "ResourceId": "endpoint/e/variant/AllTraffic",
    "ScalableDimension": DIMENSION,
}


def strikes(schedule: str, zone: str = "UTC", count: int = 3, begin: datetime = BEGIN) -> list[str]:
    """The first strikes after the beginning of 2026, in UTC."""

    def every() -> Any:
        after = begin.timestamp()
        while True:
            found = next_strike(schedule, zone, after, anchor=BEGIN.timestamp())
            if found is None:
                return
            yield datetime.fromtimestamp(found, UTC).strftime("%y-%m-%d %H:%M")
            after = found

    return list(islice(every(), count))


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        ("at(2026-02-03T04:05:06)", ["26-02-03 04:05"]),
        ("at(2025-12-31T00:00:00)", []),
        ("rate(1 minute)", ["26-01-01 00:01", "26-01-01 00:02", "26-01-01 00:03"]),
        ("rate(2 days)", ["26-01-03 00:00", "26-01-05 00:00", "26-01-07 00:00"]),
        ("cron(0 10 * * ? *)", ["26-01-01 10:00", "26-01-02 10:00", "26-01-03 10:00"]),
        ("cron(15 12 * * ? *)", ["26-01-01 12:15", "26-01-02 12:15", "26-01-03 12:15"]),
        ("cron(0 18 ? * MON-FRI *)", ["26-01-01 18:00", "26-01-02 18:00", "26-01-05 18:00"]),
        ("cron(0 8 1 * ? *)", ["26-01-01 08:00", "26-02-01 08:00", "26-03-01 08:00"]),
        ("cron(0/25 8 * * ? *)", ["26-01-01 08:00", "26-01-01 08:25", "26-01-01 08:50"]),
        ("cron(*/20 0 ? * 1 *)", ["26-01-04 00:00", "26-01-04 00:20", "26-01-04 00:40"]),
        ("cron(5,35 14,2 * * ? *)", ["26-01-01 02:05", "26-01-01 02:35", "26-01-01 14:05"]),
        ("cron(15 10 ? * 6L *)", ["26-01-30 10:15", "26-02-27 10:15", "26-03-27 10:15"]),
        ("cron(0 0 ? * TUE#2 *)", ["26-01-13 00:00", "26-02-10 00:00", "26-03-10 00:00"]),
        ("cron(0 0 L * ? *)", ["26-01-31 00:00", "26-02-28 00:00", "26-03-31 00:00"]),
        ("cron(0 0 31W * ? *)", ["26-01-30 00:00", "26-03-31 00:00", "26-05-29 00:00"]),
        ("cron(0 0 1W FEB ? *)", ["26-02-02 00:00", "27-02-01 00:00", "28-02-01 00:00"]),
        ("cron(0 0 29 2 ? *)", ["28-02-29 00:00", "32-02-29 00:00", "36-02-29 00:00"]),
        ("cron(0 0 1 1 ? 2028-2030)", ["28-01-01 00:00", "29-01-01 00:00", "30-01-01 00:00"]),
        ("cron(0 0 1 1 ? 2025)", []),
        ("cron(0 0 ? * SAT,sun *)", ["26-01-03 00:00", "26-01-04 00:00", "26-01-10 00:00"]),
    ],
)
def test_schedules_strike_when_they_say(schedule: str, expected: list[str]) -> None:
    assert strikes(schedule) == expected


def test_hours_are_those_of_the_time_zone() -> None:
    assert strikes("cron(0 8 * * ? *)", "Europe/Berlin", 1) == ["26-01-01 07:00"]
    summer = datetime(2026, 7, 1, tzinfo=UTC)
    assert strikes("cron(0 8 * * ? *)", "Europe/Berlin", 1, summer) == ["26-07-01 06:00"]
    assert strikes("at(2026-07-01T00:00:00)", "Asia/Tokyo", 1) == ["26-06-30 15:00"]
    change = datetime(2026, 3, 28, 12, tzinfo=UTC)
    around = strikes("cron(30 9 * * ? *)", "Europe/Berlin", 2, change)
    assert around == ["26-03-29 07:30", "26-03-30 07:30"]


@pytest.mark.parametrize(
    "schedule",
    [
        "at(2026-13-01T00:00:00)",
        "rate(0 days)",
        "rate(1 week)",
        "cron(0 8 * * *)",
        "cron(0 8 * * * *)",
        "cron(0 8 ? * ? *)",
        "cron(60 8 * * ? *)",
        "cron(0 24 * * ? *)",
        "cron(0 8 32 * ? *)",
        "cron(0 8 ? * 0 *)",
        "cron(0 8 ? * MUN *)",
        "cron(9-5 8 * * ? *)",
        "cron(0/0 8 * * ? *)",
        "cron(0 8 ? * 2#6 *)",
        "every day",
    ],
)
def test_what_is_no_schedule_is_refused(sandbox: Sandbox, schedule: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        next_strike(schedule, "UTC", 0.0, anchor=0.0)
    sandbox.endpoint()
    scaling = target(sandbox)
    asked = {"ScheduledActionName": "s", "ScalableTargetAction": {"MinCapacity": 3}}
    code, text = refusal(scaling.put_scheduled_action, **PLACE, **asked, Schedule=schedule)
    assert (code, text) == ("ValidationException", f"Invalid schedule: {schedule}")


def target(sandbox: Sandbox, least: int = 1, most: int = 4, **more: Any) -> Any:
    scaling = sandbox.client("application-autoscaling")
    scaling.register_scalable_target(**{**PLACE, **more}, MinCapacity=least, MaxCapacity=most)
    return scaling


def action(sandbox: Sandbox, schedule: str, name: str = "s", **more: Any) -> None:
    given = {"ScalableTargetAction": {"MinCapacity": 3, "MaxCapacity": 6}, **more}
    sandbox.client("application-autoscaling").put_scheduled_action(
        **{**PLACE, "ScheduledActionName": name, "Schedule": schedule, **given}
    )


def bounds(sandbox: Sandbox) -> tuple[int, int]:
    scaling = sandbox.client("application-autoscaling")
    [found] = scaling.describe_scalable_targets(ServiceNamespace="sagemaker")["ScalableTargets"]
    return found["MinCapacity"], found["MaxCapacity"]


def count(sandbox: Sandbox) -> int:
    return int(sandbox.shown()["ProductionVariants"][0]["DesiredInstanceCount"])


def test_an_action_moves_range_and_count(sandbox: Sandbox) -> None:
    sandbox.endpoint()
    target(sandbox)
    action(sandbox, "rate(10 minutes)")
    sandbox.advance(599)
    assert (bounds(sandbox), count(sandbox)) == ((1, 4), 2)
    sandbox.advance(1)
    assert (bounds(sandbox), count(sandbox)) == ((3, 6), 3)
    assert sandbox.shown()["EndpointStatus"] == "Updating"
    sandbox.advance(3)
    shown = sandbox.shown()
    assert (shown["EndpointStatus"], shown["ProductionVariants"][0]["CurrentInstanceCount"]) == (
        "InService", 3,
    )  # fmt: skip


def test_actions_alternate_in_a_long_absence(sandbox: Sandbox) -> None:
    sandbox.endpoint()
    target(sandbox)
    few = {"ScalableTargetAction": {"MinCapacity": 1, "MaxCapacity": 2}}
    action(sandbox, "cron(0 8 * * ? *)", "day", Timezone="Europe/Berlin")
    action(sandbox, "cron(0 20 * * ? *)", "night", Timezone="Europe/Berlin", **few)
    seen = []
    for _ in range(4):
        now = datetime.fromtimestamp(sandbox.get("clock")["now"], UTC)
        sandbox.advance(12 * 3600)
        later = datetime.fromtimestamp(sandbox.get("clock")["now"], UTC)
        assert later > now
        seen.append(bounds(sandbox))
    assert sorted(set(seen)) == [(1, 2), (3, 6)]
    assert seen[0] == seen[2] != seen[1] == seen[3]
    sandbox.advance(30 * 86_400)
    assert bounds(sandbox) == seen[3]


def test_one_bound_pushes_the_other(sandbox: Sandbox) -> None:
    sandbox.endpoint()
    target(sandbox)
    action(sandbox, "rate(1 minute)", ScalableTargetAction={"MinCapacity": 5})
    sandbox.advance(60)
    assert bounds(sandbox) == (5, 5)


def test_an_action_holds_to_its_times(sandbox: Sandbox) -> None:
    sandbox.endpoint()
    target(sandbox)
    now = sandbox.get("clock")["now"]
    action(sandbox, "rate(10 minutes)", StartTime=now + 3600, EndTime=now + 3700)
    sandbox.advance(3599)
    assert bounds(sandbox) == (1, 4)
    sandbox.advance(1)
    assert bounds(sandbox) == (3, 6)
    target(sandbox)
    assert bounds(sandbox) == (1, 4)
    sandbox.advance(86_400)
    assert bounds(sandbox) == (1, 4)


def test_one_time_is_once(sandbox: Sandbox) -> None:
    sandbox.endpoint()
    target(sandbox)
    soon = datetime.fromtimestamp(sandbox.get("clock")["now"] + 100, UTC)
    action(sandbox, f"at({soon:%Y-%m-%dT%H:%M:%S})")
    sandbox.advance(101)
    assert bounds(sandbox) == (3, 6)
    target(sandbox)
    sandbox.advance(86_400)
    assert bounds(sandbox) == (1, 4)


def test_what_is_suspended_or_gone_does_not_strike(sandbox: Sandbox) -> None:
    sandbox.endpoint()
    scaling = target(sandbox)
    action(sandbox, "rate(1 minute)")
    scaling.register_scalable_target(**PLACE, SuspendedState={"ScheduledScalingSuspended": True})
    sandbox.advance(120)
    assert bounds(sandbox) == (1, 4)
    scaling.register_scalable_target(**PLACE, SuspendedState={"ScheduledScalingSuspended": False})
    scaling.delete_scheduled_action(**PLACE, ScheduledActionName="s")
    sandbox.advance(120)
    assert bounds(sandbox) == (1, 4)
    action(sandbox, "rate(1 minute)")
    scaling.deregister_scalable_target(**PLACE)
    sandbox.advance(120)
    assert count(sandbox) == 2


def test_provisioned_concurrency_is_moved_too(sandbox: Sandbox) -> None:
    config = {**SERVERLESS["ServerlessConfig"], "ProvisionedConcurrency": 1}
    sandbox.model()
    sandbox.config("c1", capacity={"ServerlessConfig": config})
    sandbox.endpoint()
    dimension = {"ScalableDimension": "sagemaker:variant:DesiredProvisionedConcurrency"}
    target(sandbox, **dimension)
    action(sandbox, "rate(1 minute)", **dimension)
    sandbox.advance(120)
    [variant] = sandbox.shown()["ProductionVariants"]
    assert variant["CurrentServerlessConfig"] == {**config, "ProvisionedConcurrency": 3}


def test_actions_strike_after_a_restart(tmp_path: Path) -> None:
    file = str(tmp_path / "sandbox.sqlite3")
    with running(file, frozen=True) as url:
        before = Sandbox(url=url)
        before.endpoint()
        target(before)
        action(before, "rate(1 minute)")
    with running(file, frozen=True) as url:
        after = Sandbox(url=url)
        after.advance(60)
        assert bounds(after) == (3, 6)
