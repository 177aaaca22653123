"""Desired against live state, object by object and field by field, by a provider's rules."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from planner.model.change import RISKS, Action, Change, ChangeSet, FieldChange, Risk
from planner.model.lifecycle import IGNORED, Behaviour, FieldRule
from planner.model.live import LiveObject, LiveState
from planner.model.resource import DesiredState, Resource
from planner.model.value import value

_ACTION = {
    Behaviour.IN_PLACE: Action.UPDATE,
    Behaviour.ROLLING: Action.UPDATE,
    Behaviour.ONE_WAY: Action.UPDATE,
    Behaviour.REPLACE: Action.REPLACE,
    Behaviour.SERVER_DEFAULT: Action.UPDATE,
}
_RISK = {
    Behaviour.SERVER_DEFAULT: Risk.IN_PLACE,
    Behaviour.IN_PLACE: Risk.IN_PLACE,
    Behaviour.ROLLING: Risk.ROLLING,
    Behaviour.ONE_WAY: Risk.ONE_WAY,
    Behaviour.REPLACE: Risk.DOWNTIME,
}
_ACTIONS = tuple(Action)


class UnknownFieldError(LookupError):
    """A field that differs and that no rule speaks of: the provider has to say what it does."""


class ForeignObjectError(Exception):
    """A live object of a desired name that somebody else owns, or nobody."""

    def __init__(self, found: LiveObject) -> None:
        super().__init__(f"{found.address} is owned by {found.proprietor}")
        self.found = found


@value
class UsualTime:
    """How long one action on an object of a kind usually takes."""

    kind: str
    action: Action
    least_s: float
    most_s: float


@value
class Lifecycle:
    """A provider's rules.

    `order` has all kinds as they are created. `tied` kinds exist for one endpoint only and go when
    they are not wanted; `kept` kinds stay for a rollback. `owned` kinds carry the owner's tag.
    """

    rules: tuple[FieldRule, ...]
    order: tuple[str, ...]
    tied: tuple[str, ...]
    kept: tuple[str, ...]
    owned: tuple[str, ...]
    durations: tuple[UsualTime, ...] = ()

    def rank(self, kind: str) -> int:
        """Place in the order of creation; what is not known comes last."""
        return self.order.index(kind) if kind in self.order else len(self.order)

    def expected_s(self, changes: ChangeSet) -> tuple[float, float] | None:
        """How long these changes usually take, at least and at most; None where nobody says."""
        found = [
            time
            for change in changes.acting
            for time in self.durations
            if (time.kind, time.action) == (change.address.partition("/")[0], change.action)
        ]
        if not found:
            return None
        return sum(time.least_s for time in found), sum(time.most_s for time in found)

    def rule(self, kind: str, path: str) -> FieldRule:
        """The first rule that speaks of a field; UnknownFieldError where none does."""
        for rule in self.rules:
            if rule.holds_for(kind, path):
                return rule
        raise UnknownFieldError(f"{kind}: no rule for {path}")


def compared(
    desired: DesiredState, live: LiveState, lifecycle: Lifecycle, *, owner: str
) -> ChangeSet:
    """All changes in the order they would be made; those that are none are listed, too.

    Raises ForeignObjectError before anything that is not `owner`'s would be touched.
    """
    wanted = {resource.address for resource in desired.resources}
    rest = [one for one in live.objects if one.address not in wanted]
    found: list[Change] = []
    for resource in desired.resources:
        existing = live.find(resource.address)
        if existing is None:
            found.append(_successor(resource, rest, lifecycle))
            continue
        if resource.kind in lifecycle.owned and not existing.owned_by(owner):
            raise ForeignObjectError(existing)
        found.append(_update(resource, existing, lifecycle))
    changes = (*_deletions(rest, lifecycle), *found)
    return ChangeSet(
        endpoint=desired.endpoint,
        action=_together(desired, live, changes),
        changes=changes,
        notes=desired.notes,
    )


def _together(desired: DesiredState, live: LiveState, changes: Sequence[Change]) -> Action:
    """What happens to the endpoint as a whole: created, untouched, or the worst of its objects."""
    if not any(live.find(r.address) for r in desired.resources if r.kind == "endpoint"):
        return Action.CREATE
    if all(change.action is Action.NONE for change in changes):
        return Action.NONE
    worst = max(changes, key=lambda change: _ACTIONS.index(change.action)).action
    # New configs and scaling that goes are how an endpoint is updated.
    return Action.REPLACE if worst is Action.REPLACE else Action.UPDATE


def created(desired: DesiredState, *, reason: str) -> ChangeSet:
    """Every object as a create, in order of creation: what is needed when nothing lives yet."""
    return ChangeSet(
        endpoint=desired.endpoint,
        action=Action.CREATE,
        changes=tuple(_creation(resource, reason) for resource in desired.resources),
        notes=desired.notes,
    )


def _successor(resource: Resource, rest: Sequence[LiveObject], lifecycle: Lifecycle) -> Change:
    """The creation of what is not there, held against what it takes the place of."""
    before = [one for one in rest if one.kind == resource.kind in lifecycle.kept]
    if len(before) != 1:
        return _creation(resource, "does not exist yet")
    return _creation(resource, f"takes the place of {before[0].name}", leaves(before[0].body))


def _creation(resource: Resource, reason: str, before: Mapping[str, Any] | None = None) -> Change:
    old = before or {}
    asked = leaves(resource.body)
    fields = tuple(
        FieldChange(
            path=path,
            desired=asked.get(path),
            live=old.get(path),
            action=Action.CREATE if path in asked else Action.NONE,
            reason=reason,
        )
        for path in sorted({*asked, *old})
    )
    return Change(
        address=resource.address,
        action=Action.CREATE,
        reason=reason,
        risk=Risk.NONE,
        fields=fields,
    )


def _update(resource: Resource, existing: LiveObject, lifecycle: Lifecycle) -> Change:
    fields = tuple(_differences(resource, existing, lifecycle))
    acting = [field for field in fields if field.action is not Action.NONE]
    if not acting:
        return Change(
            address=resource.address,
            action=Action.NONE,
            reason="is as it should be",
            risk=Risk.NONE,
            fields=fields,
        )
    worst = max(acting, key=lambda field: _ACTIONS.index(field.action))
    risks = [_RISK[lifecycle.rule(resource.kind, field.path).behaviour] for field in acting]
    return Change(
        address=resource.address,
        action=worst.action,
        reason=worst.reason,
        risk=max(risks, key=RISKS.index),
        fields=fields,
    )


def _differences(
    resource: Resource, existing: LiveObject, lifecycle: Lifecycle
) -> Iterator[FieldChange]:
    asked, lives = leaves(resource.body), leaves(existing.body)
    for path in sorted({*asked, *lives}):
        if path in asked and path in lives and asked[path] == lives[path]:
            continue
        rule = lifecycle.rule(resource.kind, path)
        ignored = rule.behaviour in IGNORED and not (
            rule.behaviour is Behaviour.SERVER_DEFAULT and path in asked
        )
        yield FieldChange(
            path=path,
            desired=asked.get(path),
            live=lives.get(path),
            action=Action.NONE if ignored else _ACTION[rule.behaviour],
            reason=rule.reason,
        )


def _deletions(rest: Sequence[LiveObject], lifecycle: Lifecycle) -> Iterator[Change]:
    """What exists only for this endpoint and is not wanted goes first; the rest is left alone.

    What needs another object goes before it: it might go with it, without having been asked to.
    """
    for one in sorted(rest, key=lambda found: -lifecycle.rank(found.kind)):
        if one.kind in lifecycle.tied:
            yield Change(
                address=one.address,
                action=Action.DELETE,
                reason="the spec does not ask for it",
                risk=Risk.IN_PLACE,
            )
        elif one.kind in lifecycle.kept:
            yield Change(
                address=one.address,
                action=Action.NONE,
                reason="kept for a rollback",
                risk=Risk.NONE,
            )


def leaves(body: Mapping[str, Any], path: str = "") -> dict[str, Any]:
    """Every leaf of a body by its path (`Tags[planner:owner]`, `ProductionVariants[0].Name`).

    Tags are compared by key and things with a `name` by that: their order says nothing.
    """
    found: dict[str, Any] = {}
    for key, item in body.items():
        below = f"{path}.{key}" if path else key
        found.update(_below(item, below))
    return found


def _below(item: Any, path: str) -> dict[str, Any]:
    if isinstance(item, dict) and item:
        return leaves(item, path)
    if not isinstance(item, list | tuple) or not item:
        return {path: item}
    found: dict[str, Any] = {}
    for index, one in enumerate(item):
        tag = _tag(one)
        if tag is not None:
            found[f"{path}[{tag[0]}]"] = tag[1]
        else:
            named = isinstance(one, dict) and isinstance(one.get("name"), str)
            found.update(_below(one, f"{path}[{one['name'] if named else index}]"))
    return found


def _tag(item: Any) -> tuple[Any, Any] | None:
    """Key and value of a tag, however a cloud spells them."""
    if not isinstance(item, dict) or {str(name).lower() for name in item} != {"key", "value"}:
        return None
    tag = {name.lower(): text for name, text in item.items()}
    return tag["key"], tag["value"]
