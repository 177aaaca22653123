from __future__ import annotations

from typing import Any

import pytest
from planner_sagemaker.exports.ack import KINDS
from planner_sagemaker.exports.api import OPERATIONS
from planner_sagemaker.provider import provider

from planner.model.export import Asked, ExportedFile
from tests.support.exported_states import SPECIAL, named, shown
from tests.support.field_tables import kubernetes
from tests.support.read_back import read_back

BY_KIND = {kind: ours for ours, (_, kind) in KINDS.items()}


def manifests(*endpoints: Asked) -> ExportedFile:
    (file,) = provider.exporting().files()["ack"](endpoints)
    return file


def read(document: dict[str, Any]) -> dict[str, Any]:
    spec = dict(document["spec"])
    ours = BY_KIND[document["kind"]]
    if ours == "alarm":
        spec["alarmName"] = spec.pop("name")
    return read_back(*OPERATIONS[ours], spec)


def untold(body: dict[str, Any]) -> dict[str, Any]:
    """Without what the controller has no field for."""
    return {name: item for name, item in body.items() if name != "WarmUpConfiguration"}


@pytest.mark.parametrize("kind", sorted(SPECIAL))
def test_manifests_ask_for_what_the_planner_would_send(kind: str) -> None:
    endpoint = shown(kind, "fraud-scorer")
    documents = manifests(endpoint).content
    sent = [untold(one.body) for one in endpoint.state.resources if one.kind in KINDS]
    assert [read(document) for document in documents] == sent
    assert [wrong for document in documents for wrong in kubernetes(document)] == []


def test_scheduled_actions_are_left_out_and_named() -> None:
    scaled, fixed = manifests(shown("scaled", "a")), manifests(named("b"))
    assert any(note.startswith("a: no controller has scheduled actions") for note in scaled.notes)
    assert not any("scheduled" in note for note in fixed.notes)


def test_what_no_controller_has_of_alerts_is_said() -> None:
    alerted, plain = manifests(shown("alerted", "a")), manifests(named("b"))
    assert any(note.startswith("a: no controller has dashboards") for note in alerted.notes)
    assert any(note.startswith("a: the controller has no warm-up") for note in alerted.notes)
    assert not any("dashboard" in note or "warm-up" in note for note in plain.notes)


def test_names_are_small_letters_and_keep_apart() -> None:
    documents = manifests(named("Ab"), named("aB")).content
    names = [(one["kind"], one["metadata"]["name"]) for one in documents]
    assert len(set(names)) == len(names)
    assert all(name == name.lower() and len(name) <= 63 for _, name in names)


def test_objects_that_are_replaced_go_last_and_each_names_its_region() -> None:
    documents = manifests(named("a", region="eu-west-1")).content
    annotations = {one["kind"]: one["metadata"]["annotations"] for one in documents}
    assert annotations["Endpoint"] == {"services.k8s.aws/region": "eu-west-1"}
    assert "PruneLast=true" in annotations["EndpointConfig"].values()
    assert "PruneLast=true" in annotations["Model"].values()
