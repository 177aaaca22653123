"""Whatever is asked and can be planned converges: applied, it needs nothing; then the next spec."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

import planner
from planner.engine import Outcome
from planner.errors import ProviderError
from planner.model.resource import DesiredState
from planner.provider.testing.running import Operator
from planner.spec import Source
from tests.support.sagemaker_values import IMAGE, ROLE, VPC
from tests.support.sagemaker_world import SageMakerWorld, sagemaker_world

NAME = "shop-ranker"
TOPIC = "arn:aws:sns:us-east-1:123456789012:on-call-"
WORDS = st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=9)
TAGS = st.dictionaries(
    st.from_regex(r"[A-Za-z][A-Za-z0-9 _.:/=+@-]{0,20}[a-z]", fullmatch=True),
    st.builds("{}{}{}".format, WORDS, st.sampled_from(["", " _.:/=+-@", " "]), WORDS),
    max_size=4,
)
CLOCK = st.builds("{:02}:{:02}".format, st.integers(0, 23), st.integers(0, 59))
SPIKES = st.builds(
    lambda day, hour, rate: {
        "name": f"push-{day}",
        "at": f"0 {hour} * * {day}",
        "rate": rate,
        "duration": "20m",
    },
    st.sampled_from(["mon", "fri"]),
    st.integers(0, 23),
    st.integers(900, 2000),
)
STEADY = st.builds(lambda rate: {"type": "steady", "rate": rate}, st.integers(1, 900))
DIURNAL = st.builds(
    lambda base, more, peak_at, zone, spikes: {
        "type": "diurnal",
        "base": base,
        "peak": base + more,
        "peak_at": peak_at,
        "timezone": zone,
        "spikes": spikes,
    },
    st.integers(1, 50),
    st.integers(1, 800),
    CLOCK,
    st.sampled_from(["UTC", "America/New_York", "Asia/Kolkata"]),
    st.lists(SPIKES, max_size=1),
)
ROLLOUTS = st.one_of(
    st.just({}),
    st.just({"strategy": "all-at-once", "rollback": False, "bake": "0s", "interval": "0s"}),
    st.builds(
        lambda strategy, step, minutes, alarms: {
            "strategy": strategy,
            "step": f"{step}%",
            "interval": f"{minutes}m",
            "alarms": alarms,
        },
        st.sampled_from(["canary", "linear", "rolling"]),
        st.integers(10, 50),
        st.integers(1, 20),
        st.lists(st.sampled_from(["a-5xx", "Zweiter Alarm", "p99"]), max_size=2, unique=True),
    ),
)
ALERTS = st.builds(
    lambda topics, dashboard, skip: {"topics": topics, "dashboard": dashboard, "skip": skip},
    st.lists(st.sampled_from([f"{TOPIC}a", f"{TOPIC}b"]), max_size=2, unique=True),
    st.booleans(),
    st.lists(st.sampled_from(["idle", "rate", "errors", "fullness"]), max_size=2, unique=True),
)
CAPTURES = st.builds(
    lambda percent: {"percentage": f"{percent}%", "s3_uri": "s3://captured/shop"},
    st.integers(1, 100),
)


@st.composite
def models(draw: st.DrawFn) -> list[dict[str, Any]]:
    number = draw(st.sampled_from([1, 1, 1, 3]))
    environment = draw(st.dictionaries(st.sampled_from("ABC"), st.text("xyz", min_size=1)))
    return [
        {
            "name": f"m{index}",
            "artifact": f"s3://models/{index}/v{draw(st.integers(1, 3))}.tar.gz",
            "framework": "xgboost",
            "size": "120MiB",
            "memory": "400MiB",
            "compute": "cpu",
            "service_time": f"{draw(st.integers(2, 40))}ms",
            "reference_instance": "ml.c7i.large",
            "max_concurrency": 2,
            "load_time": "3s",
            "environment": environment,
        }
        for index in range(number)
    ]


@st.composite
def specs(draw: st.DrawFn) -> bytes:
    """A document that is valid; whether it can be met is for the solver to say."""
    block: dict[str, Any] = {"region": "us-east-1", "role_arn": ROLE, "image": IMAGE}
    for key, given_ in {
        "vpc": st.just(VPC),
        "kms_key": st.just("alias/serving"),
        "data_capture": CAPTURES,
        "alerts": ALERTS,
        "network_isolation": st.just(True),
    }.items():
        if draw(st.integers(0, 3)) == 0:
            block[key] = draw(given_)
    served = draw(models())
    hosting = draw(st.sampled_from(["dedicated", "single-model", "serverless", None]))
    document: dict[str, Any] = {
        "apiVersion": "planner/v1alpha1",
        "kind": "Endpoint",
        "metadata": {"name": NAME, "labels": draw(TAGS)},
        "spec": {
            "models": served,
            "payload": {"request": "4KiB", "response": "256B"},
            "traffic": draw(STEADY | DIURNAL),
            "slo": {
                "latency": {draw(st.sampled_from(["p95", "p99"])): "900ms"},
                "cold_start": "allow" if hosting == "serverless" else "forbid",
            },
            "rollout": draw(ROLLOUTS),
            "providers": {"sagemaker": block},
        },
    }
    if hosting is not None and len(served) == 1:
        document["spec"]["constraints"] = {"hosting": [hosting]}
    return json.dumps(document, ensure_ascii=False).encode()


def planned(text: bytes) -> tuple[DesiredState, ...]:
    read = planner.load([Source(name="generated.yaml", text=text)], env={})
    run = planner.plan(read, verify=False)
    return run.desired if run.plan.complete else ()


@pytest.fixture(scope="module")
def world() -> Iterator[SageMakerWorld]:
    with pytest.MonkeyPatch.context() as environment, sagemaker_world() as found:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
            environment.delenv(name, raising=False)
        yield found


@settings(
    max_examples=12,
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),  # shrinking would take minutes
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
@given(before=specs(), after=specs())
def test_one_spec_after_another(world: SageMakerWorld, before: bytes, after: bytes) -> None:
    states = [state for text in (before, after) for state in planned(text)]
    assume(len(states) == 2)
    world.reset()
    here = Operator(world)
    for state in states:
        try:
            job = here.job(state)
        except ProviderError as error:
            if error.code == "conversion-refused":
                continue
            raise
        ended = here.carry_out(job)
        assert ended.outcome in {Outcome.APPLIED, Outcome.UNCHANGED}, ended
        written = list(world.writes())
        assert here.needed(state).acting == ()
        assert here.apply(state).outcome is Outcome.UNCHANGED
        assert list(world.writes()) == written
    assert here.destroy(states[0]).outcome is Outcome.APPLIED
    assert world.inventory() == {}
