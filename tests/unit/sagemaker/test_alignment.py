"""What lives with equal content keeps its name, and nothing else is taken for equal."""

from __future__ import annotations

from dataclasses import replace

import pytest
from planner_sagemaker.alignment import aligned

from planner.diff import compared
from planner.model.candidate import Range
from planner.model.change import Action
from planner.model.live import Health, LiveState
from planner.model.resource import DesiredState, Resource
from planner.provider.lifecycle import read_lifecycle
from tests.support.sagemaker_live import OWNER, lives, renamed
from tests.support.sagemaker_values import IMAGE, bodies, decision, model, render, workload

LIFECYCLE = read_lifecycle("planner_sagemaker")
WANTED = render(decision())
ELSEWHERE = renamed(renamed(lives(WANTED), "model", "by-hand"), "endpoint-config", "by-hand-config")


def of(state: DesiredState, kind: str) -> Resource:
    (found,) = (one for one in state.resources if one.kind == kind)
    return found


def action(state: DesiredState, live: LiveState) -> Action:
    return compared(state, live, LIFECYCLE, owner=OWNER).action


def test_what_lives_under_its_own_names_is_left_as_it_is() -> None:
    assert aligned(WANTED, lives(WANTED)) == WANTED
    assert aligned(WANTED, LiveState(endpoint="fraud-scorer", health=Health.ABSENT)) == WANTED


def test_equal_content_keeps_its_names_wherever_they_stand() -> None:
    known = aligned(WANTED, ELSEWHERE)
    assert of(known, "model").name == of(known, "model").body["ModelName"] == "by-hand"
    assert of(known, "model").address == "model/by-hand"
    config = of(known, "endpoint-config")
    assert (config.address, config.after) == ("endpoint-config/by-hand-config", ("model/by-hand",))
    assert config.body["EndpointConfigName"] == "by-hand-config"
    assert [one["ModelName"] for one in config.body["ProductionVariants"]] == ["by-hand"]
    endpoint = of(known, "endpoint")
    assert endpoint.body["EndpointConfigName"] == "by-hand-config"
    assert endpoint.after[0] == "endpoint-config/by-hand-config"
    assert set(endpoint.after[1:]) == {of(known, "alarm").address}
    assert endpoint.name == of(WANTED, "endpoint").name


def test_what_another_tool_made_is_not_rolled_out_anew() -> None:
    assert action(WANTED, ELSEWHERE) is Action.UPDATE
    changes = compared(aligned(WANTED, ELSEWHERE), ELSEWHERE, LIFECYCLE, owner=OWNER)
    moved = {
        (change.address.partition("/")[0], field.path)
        for change in changes.acting
        for field in change.fields
        if field.action is not Action.NONE
    }
    # Names are marked where they are claimed; what is served is the same.
    assert moved == {("model", "Tags[planner:self]"), ("endpoint-config", "Tags[planner:self]")}


def test_the_tags_name_the_object_that_carries_them_and_no_digest_of_another() -> None:
    known = aligned(WANTED, ELSEWHERE)
    for kind, name in (("model", "by-hand"), ("endpoint-config", "by-hand-config")):
        tags = {tag["Key"]: tag["Value"] for tag in of(known, kind).body["Tags"]}
        assert tags == {"planner:owner": OWNER, "planner:self": name, "team": "risk"}
    assert of(known, "endpoint").body["Tags"] == of(WANTED, "endpoint").body["Tags"]


def test_the_tags_are_no_content() -> None:
    relabelled = render(decision(), workload(labels=(("team", "fraud"),)))
    assert of(aligned(relabelled, ELSEWHERE), "model").name == "by-hand"


@pytest.mark.parametrize(
    ("other", "model_name", "config_name"),
    [
        (render(decision(replicas=Range(min=3, max=6))), "by-hand", None),
        (render(decision(instance_type="ml.c7i.xlarge")), "by-hand", None),
        (render(decision(), workload(model(artifact="s3://models/next.tar.gz"))), None, None),
        (render(decision(), image=IMAGE.replace(":1", ":2")), None, None),
    ],
    ids=["count", "type", "artifact", "image"],
)
def test_other_content_has_its_own_name(
    other: DesiredState, model_name: str | None, config_name: str | None
) -> None:
    known = aligned(other, ELSEWHERE)
    assert of(known, "model").name == (model_name or of(other, "model").name)
    assert of(known, "endpoint-config").name == (config_name or of(other, "endpoint-config").name)
    served = bodies(known)["endpoint-config"]["ProductionVariants"][0]["ModelName"]
    assert served == of(known, "model").name
    assert bodies(known)["endpoint"]["EndpointConfigName"] == of(known, "endpoint-config").name


def test_an_object_of_its_own_name_comes_before_a_twin() -> None:
    (model_object,) = (one for one in lives(WANTED).objects if one.kind == "model")
    live = lives(WANTED)
    twin = replace(model_object, address="model/twin", name="twin")
    both = replace(live, objects=(*live.objects, twin))
    assert aligned(WANTED, both) == WANTED


def test_aligning_twice_changes_nothing_more() -> None:
    known = aligned(WANTED, ELSEWHERE)
    assert aligned(known, ELSEWHERE) == known


def test_nothing_but_names_and_their_tags_differs() -> None:
    known = aligned(WANTED, ELSEWHERE)
    assert replace(known, resources=()) == replace(WANTED, resources=())
    for before, after in zip(WANTED.resources, known.resources, strict=True):
        named = {"ModelName", "EndpointConfigName", "ProductionVariants", "Tags"}
        assert {k: v for k, v in before.body.items() if k not in named} == {
            k: v for k, v in after.body.items() if k not in named
        }
