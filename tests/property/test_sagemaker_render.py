"""Whatever is decided, every rendered request passes the service model."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from croniter import croniter
from hypothesis import given, settings
from hypothesis import strategies as st
from planner_sagemaker.offerings import SERVERLESS_SIZES_MB
from planner_sagemaker.provider import provider
from planner_sagemaker.resources.cron import aws_schedules

from planner.model.candidate import Autoscaling, Concurrency, Decision, Range, ScheduledAction
from tests.support.botocore_walk import violations
from tests.support.sagemaker_values import VPC, decision, model, render, serverless, workload

TYPES = sorted(
    {
        one.instance_type
        for one in provider.catalog(provider.catalog_settings(None)).offerings
        if one.hosting == "dedicated"
    }
)
NAMES = st.text(min_size=1, max_size=80)
RANGES = st.tuples(st.integers(0, 500), st.integers(0, 500)).map(
    lambda pair: Range(min=min(pair), max=max(pair))
)
CRONS = st.sampled_from(["45 11 * * 1-5", "0 0 1 * 1", "*/7 3 * * *", "0 8 29 2 *", "0 0 * * 0"])


@st.composite
def autoscalings(draw: st.DrawFn) -> Autoscaling:
    actions = tuple(
        ScheduledAction(name=draw(NAMES), cron=draw(CRONS), min=bounds.min, max=bounds.max)
        for bounds in draw(st.lists(RANGES, max_size=2))
    )
    return Autoscaling(
        metric="SageMakerVariantInvocationsPerInstance",
        target=draw(st.floats(0.1, 1e6)),
        cooldown_up_s=draw(st.floats(0, 3600)),
        cooldown_down_s=draw(st.floats(0, 3600)),
        average=1.0,
        scheduled=actions,
        timezone=draw(st.sampled_from(["UTC", "Europe/Vienna", "Asia/Kolkata"])),
    )


@st.composite
def decisions(draw: st.DrawFn) -> Decision:
    hosting = draw(st.sampled_from(["dedicated", "single-model", "multi-model", "serverless"]))
    if hosting == "serverless":
        memory = draw(st.sampled_from(SERVERLESS_SIZES_MB))
        most = draw(st.integers(1, 200))
        prewarm = draw(st.integers(0, most))
        return serverless(
            endpoint=draw(NAMES),
            instance_type=f"serverless-{memory}",
            concurrency=Concurrency(per_replica=1, max=most),
            units=draw(st.none() | RANGES),
            autoscaling=draw(st.none() | autoscalings()),
            options=(("memory_mb", str(memory)), ("prewarm", str(prewarm))),
        )
    return decision(
        endpoint=draw(NAMES),
        hosting=hosting,
        instance_type=draw(st.sampled_from(TYPES)),
        replicas=draw(RANGES),
        routing=draw(st.sampled_from(["least-outstanding", "random"])),
        autoscaling=None if hosting == "dedicated" else draw(st.none() | autoscalings()),
        options=(("model_cache", draw(st.sampled_from(["enabled", "disabled"]))),),
    )


@settings(max_examples=150, deadline=None)
@given(decisions(), st.booleans(), st.booleans())
def test_every_request_passes_the_service_model(chosen: Decision, vpc: bool, capture: bool) -> None:
    state = render(
        chosen,
        vpc=VPC if vpc else None,
        kms_key="alias/k",
        data_capture={"percentage": "0.1%", "s3_uri": "s3://b/p"} if capture else None,
    )
    for call in provider.exports()["api"](state):
        assert violations(call.service, call.operation, call.parameters) == []
    seen: set[str] = set()
    for resource in state.resources:
        assert set(resource.after) <= seen
        assert resource.address not in seen
        seen.add(resource.address)


@settings(max_examples=50, deadline=None)
@given(decisions(), st.dictionaries(st.from_regex(r"[A-Z_]{1,9}", fullmatch=True), NAMES))
def test_equal_content_has_equal_names(chosen: Decision, environment: dict[str, str]) -> None:
    pairs = tuple(environment.items())
    forward = render(chosen, workload(model(environment=pairs)))
    backward = render(chosen, workload(model(environment=pairs[::-1])))
    assert forward == backward
    moved = render(replace(chosen, endpoint=f"{chosen.endpoint}x"), workload(model()))
    assert moved.endpoint != forward.endpoint


def matches(schedule: str, at: datetime) -> bool:
    """Whether a six-field AWS schedule of ours matches a minute; read by a second hand."""
    minute, hour, date, month, day, _ = schedule.removeprefix("cron(").removesuffix(")").split()
    five = f"{minute} {hour} {date.replace('?', '*')} {month} {day.replace('?', '*')}"
    return bool(croniter.match(five, at))


FIELD = st.sampled_from(["*", "1", "2-4", "*/2", "1,5", "3-6/2"])
DAY = st.sampled_from(["*", "0", "7", "1-5", "5-7", "*/3", "sat", "mon-wed", "0,6"])


@settings(max_examples=100, deadline=None)
@given(FIELD, FIELD, FIELD, FIELD, DAY, st.integers(0, 365 * 24 * 60))
def test_aws_schedules_match_when_cron_does(
    minute: str, hour: str, date: str, month: str, day: str, later: int
) -> None:
    cron = f"{minute} {hour} {date} {month} {day}"
    schedules = aws_schedules(cron)
    start = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=later)
    for at in (start, *(croniter(cron, start).get_next(datetime) for _ in range(1))):
        assert any(matches(one, at) for one in schedules) == bool(croniter.match(cron, at))
