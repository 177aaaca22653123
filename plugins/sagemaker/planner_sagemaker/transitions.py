"""Changes of a running endpoint that SageMaker takes in one order only, or not at all."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace
from typing import Any

from planner.errors import ProviderError
from planner.model.change import Action, Change, ChangeSet, Risk
from planner.model.live import LiveObject, LiveState
from planner.model.resource import DesiredState
from planner_sagemaker.counts import counted, switches
from planner_sagemaker.resources.names import readable
from planner_sagemaker.resources.tags import DIGEST, SELF
from planner_sagemaker.telling import told

_SCALING = ("scalable-target", "scaling-policy", "scheduled-action")
_ATTACHED = ("scaling-policy", "scheduled-action")
_REFUSED = "SageMaker refuses another type while the variant is registered for scaling"


def ordered(changes: ChangeSet, desired: DesiredState, live: LiveState) -> ChangeSet:
    """The same changes in an order that SageMaker takes.

    A scaled variant gets another instance type by deregistering, updating and registering again
    (docs.aws.amazon.com sagemaker/latest/dg endpoint-scaling-update). Raises ProviderError
    `conversion-refused` where an instance-backed endpoint would become serverless.
    """
    changes = _spared(_alarms_last(told(changes, desired, live)), live)
    found = counted(_arranged(changes, desired, live), desired, live)
    return _told(_settled(found), desired, live)


def unreachable(live: LiveState, hosting: str) -> str:
    """Why an endpoint cannot become of a hosting mode; empty where it can."""
    before = _variant_now(live)
    if before is None or "ServerlessConfig" in before or hosting != "serverless":
        return ""
    return f"SageMaker does not turn the instances of {live.endpoint} into a serverless endpoint"


def _spared(changes: ChangeSet, live: LiveState) -> ChangeSet:
    """Policies and actions that others attached stay; what is ours begins with the endpoint.

    Their target stays with them: DeregisterScalableTarget deletes all that is attached to it.
    """
    own = f"{readable(live.endpoint)}-"
    theirs = tuple(
        change
        for change in changes.changes
        if change.action is Action.DELETE
        and change.address.startswith(("scaling-policy/", "scheduled-action/"))
        and not change.address.partition("/")[2].startswith(own)
    )
    bound = tuple(
        change
        for change in changes.changes
        if theirs
        and change.action is Action.DELETE
        and change.address.startswith("scalable-target/")
    )
    notes = (
        *(f"{one.address} was made by others: left alone" for one in theirs),
        *(f"{one.address} stays for what others attached to it" for one in bound),
    )
    kept = tuple(change for change in changes.changes if change not in (*theirs, *bound))
    still = changes.action if any(c.action is not Action.NONE for c in kept) else Action.NONE
    return replace(changes, action=still, changes=kept, notes=(*changes.notes, *notes))


def _settled(changes: ChangeSet) -> ChangeSet:
    """No change at all where nothing but the mark of what was last applied would move.

    The mark is written with the next change; by itself it is nobody's wish.
    """
    acting = [f for c in changes.acting for f in c.fields if f.action is not Action.NONE]
    marks = {f"Tags[{DIGEST}]", f"Tags[{SELF}]"}
    if not acting or any(c.action is not Action.UPDATE for c in changes.acting):
        return changes
    if any(field.path not in marks for field in acting):
        return changes
    quiet = tuple(
        _quiet(change) if change.action is Action.UPDATE else change for change in changes.changes
    )
    return replace(changes, action=Action.NONE, changes=quiet)


def _quiet(change: Change) -> Change:
    return replace(
        change,
        action=Action.NONE,
        risk=Risk.NONE,
        reason="is as it should be",
        fields=tuple(replace(field, action=Action.NONE) for field in change.fields),
    )


def _told(changes: ChangeSet, desired: DesiredState, live: LiveState) -> ChangeSet:
    """With a word on counts that autoscaling set: they are nobody's drift."""
    notes = tuple(
        f"{live.counts[variant]} instances of {variant}, set by autoscaling"
        f"{_fate(target, changes, desired)}"
        for target in live.objects
        if target.kind == "scalable-target"
        for variant in [target.body["ResourceId"].rpartition("/")[2]]
        if variant in live.counts
    )
    return replace(changes, notes=(*changes.notes, *notes))


def _fate(target: LiveObject, changes: ChangeSet, desired: DesiredState) -> str:
    """What becomes of a count: an update keeps that of a registered variant only."""
    gone = {one.address for one in changes.acting if one.action is Action.DELETE}
    if target.address not in gone:
        least, most = target.body["MinCapacity"], target.body["MaxCapacity"]
        return f" between {least} and {most}, are kept"
    wanted = _variant_wanted(desired)
    if wanted is not None and switches(changes):
        return f", become {wanted['InitialInstanceCount']}, with which the new config begins"
    return f", become {wanted['InitialInstanceCount']}" if wanted else ", stay as they are"


def _arranged(changes: ChangeSet, desired: DesiredState, live: LiveState) -> ChangeSet:
    before, after = _variant_now(live), _variant_wanted(desired)
    if before is None or after is None:
        return changes
    if "ServerlessConfig" in after and "ServerlessConfig" not in before:
        raise ProviderError(
            "conversion-refused",
            f"SageMaker does not turn the instance-backed endpoint {desired.endpoint} into a "
            "serverless one",
            hint="give the spec another metadata.name, or planner destroy and apply again "
            "(downtime); constraints.hosting keeps it on instances",
        )
    one_way = "ServerlessConfig" in before and "ServerlessConfig" not in after
    found = _one_way(changes) if one_way else changes
    scaled = any(one.kind == "scalable-target" for one in live.objects)
    if not scaled or before.get("InstanceType") == after.get("InstanceType"):
        return found
    wanted = {resource.address for resource in desired.resources}
    return replace(found, changes=tuple(_apart(found, live, wanted)))


def _alarms_last(changes: ChangeSet) -> ChangeSet:
    """Alarms go when no update is watched by them any more."""

    def goes(change: Change) -> bool:
        return change.action is Action.DELETE and change.address.startswith("alarm/")

    return replace(changes, changes=tuple(sorted(changes.changes, key=goes)))


def _apart(changes: ChangeSet, live: LiveState, kept: Collection[str]) -> Iterator[Change]:
    """Scaling away first, the others, and what is wanted of it again.

    Raises ProviderError `foreign-scaling` where what others attached would go as well; what a spec
    took over under its own name is among the `kept` addresses.
    """
    own = f"{readable(live.endpoint)}-"
    for one in live.objects:
        theirs = not one.name.startswith(own) and one.address not in kept
        if one.kind in _ATTACHED and theirs:
            raise ProviderError(
                "foreign-scaling",
                f"another instance type needs the target deregistered, and {one.address}, which "
                "others made, would go with it",
                hint=f"delete {one.name} first, or keep the type with spec.pin.instance",
            )
    wanted = [c for c in changes.changes if c.action is not Action.DELETE and _scales(c.address)]
    for kind in reversed(_SCALING):
        for one in live.objects:
            if one.kind == kind:
                yield Change(
                    address=one.address, action=Action.DELETE, reason=_REFUSED, risk=Risk.IN_PLACE
                )
    yield from (c for c in changes.changes if not _scales(c.address))
    for change in wanted:
        yield replace(
            change, action=Action.CREATE, reason="registered again after the update", risk=Risk.NONE
        )


def _one_way(changes: ChangeSet) -> ChangeSet:
    """The way from serverless to instances, which has no way back."""
    return replace(
        changes,
        changes=tuple(
            replace(c, risk=Risk.ONE_WAY, reason="from serverless to instances: no way back")
            if c.address.startswith("endpoint/") and c.action is Action.UPDATE
            else c
            for c in changes.changes
        ),
    )


def _scales(address: str) -> bool:
    return address.partition("/")[0] in _SCALING


def _variant_now(live: LiveState) -> dict[str, Any] | None:
    endpoint = next((one for one in live.objects if one.kind == "endpoint"), None)
    if endpoint is None:
        return None
    config = live.find(f"endpoint-config/{endpoint.body.get('EndpointConfigName')}")
    return None if config is None else _first(config.body)


def _variant_wanted(desired: DesiredState) -> dict[str, Any] | None:
    config = next((one for one in desired.resources if one.kind == "endpoint-config"), None)
    return None if config is None else _first(config.body)


def _first(config: dict[str, Any]) -> dict[str, Any] | None:
    variants = config.get("ProductionVariants") or [None]
    found: dict[str, Any] | None = variants[0]
    return found
