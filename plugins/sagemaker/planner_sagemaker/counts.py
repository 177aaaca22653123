"""Instances that somebody moved by hand where nothing scales them: set right in place."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from planner.model.change import Action, Change, ChangeSet, FieldChange, Risk
from planner.model.live import LiveState
from planner.model.resource import DesiredState

_REASON = "UpdateEndpointWeightsAndCapacities sets counts in place; nothing scales this variant"


def counted(changes: ChangeSet, desired: DesiredState, live: LiveState) -> ChangeSet:
    """With the count of a variant of fixed size, where it is not that of its config.

    A new config brings its own counts, and where a target is registered they are the autoscaler's.
    """
    moved = _moved(desired, live)
    if moved is None or _scaled(changes, desired, live) or switches(changes):
        return changes
    return replace(
        changes,
        action=Action.UPDATE if changes.action is Action.NONE else changes.action,
        changes=tuple(
            _with(change, moved) if change.address.startswith("endpoint/") else change
            for change in changes.changes
        ),
    )


def switches(changes: ChangeSet) -> bool:
    """Whether the endpoint gets another config."""
    return any(
        field.path == "EndpointConfigName" and field.action is not Action.NONE
        for change in changes.acting
        if change.address.startswith("endpoint/")
        for field in change.fields
    )


def _moved(desired: DesiredState, live: LiveState) -> FieldChange | None:
    variant = _variant(desired)
    wanted = variant.get("InitialInstanceCount")
    now = live.counts.get(str(variant.get("VariantName")))
    if wanted is None or now is None or wanted == now:
        return None
    return FieldChange(
        path=f"DesiredInstanceCount[{variant['VariantName']}]",
        desired=wanted,
        live=now,
        action=Action.UPDATE,
        reason=_REASON,
    )


def _scaled(changes: ChangeSet, desired: DesiredState, live: LiveState) -> bool:
    """Whether a target is, or stays, registered."""
    gone = {one.address for one in changes.acting if one.action is Action.DELETE}
    return any(one.kind == "scalable-target" for one in desired.resources) or any(
        one.kind == "scalable-target" and one.address not in gone for one in live.objects
    )


def _with(change: Change, field: FieldChange) -> Change:
    if change.action not in {Action.NONE, Action.UPDATE}:
        return change
    calm = change.action is Action.NONE
    return replace(
        change,
        action=Action.UPDATE,
        reason=field.reason if calm else change.reason,
        risk=Risk.IN_PLACE if calm else change.risk,
        fields=(*change.fields, field),
    )


def _variant(desired: DesiredState) -> dict[str, Any]:
    config = next((one for one in desired.resources if one.kind == "endpoint-config"), None)
    variants = config.body.get("ProductionVariants", []) if config is not None else []
    return variants[0] if len(variants) == 1 else {}
