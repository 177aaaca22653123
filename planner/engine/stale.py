"""Whether the cloud is still as the plan saw it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from planner.model.change import Action, Change, ChangeSet


def moved(planned: ChangeSet, now: ChangeSet, *, less: bool = False) -> str:
    """What the cloud changed of an endpoint since it was planned; empty where that is nothing.

    Only what the plan would write, or would have to write by now, counts: fields that a rule
    ignores may move. With `less` it may be that a part of the plan is done.
    """
    told = list(_moved(planned, now, less=less))
    if not told:
        return ""
    return f"the cloud changed since the plan: {'; '.join(told)}"


def _moved(planned: ChangeSet, now: ChangeSet, *, less: bool) -> Iterator[str]:
    before = {change.address: change for change in planned.acting}
    after = {change.address: change for change in now.acting}
    for address in sorted({*before, *after}):
        then, found = before.get(address), after.get(address)
        if then is None and found is not None:
            yield f"{address} now needs {_act(found)}{_why(found)}"
        elif found is None and then is not None and not less:
            yield f"{address} no longer needs {_act(then)}"
        elif then is not None and found is not None and not (less and _begun(then, found)):
            yield from _fields(then, found, less=less)


def _begun(then: Change, found: Change) -> bool:
    """A replacement whose deletion is done."""
    return then.action is Action.REPLACE and found.action is Action.CREATE


def _fields(then: Change, found: Change, *, less: bool) -> Iterator[str]:
    if then.action is not found.action:
        yield f"{then.address} now needs {_act(found)}, planned was {_act(then)}"
        return
    before, after = _live(then), _live(found)
    for path in sorted(after if less else {*before, *after}):
        if before.get(path) != after.get(path):
            yield f"{then.address} {path} was {before.get(path)}, is {after.get(path)}"


def _live(change: Change) -> dict[str, Any]:
    return {f.path: f.live for f in change.fields if f.action is not Action.NONE}


def _act(change: Change) -> str:
    return {"create": "a creation", "delete": "a deletion", "replace": "a replacement"}.get(
        change.action.value, "an update"
    )


def _why(change: Change) -> str:
    differs = [
        f"{field.path} is {field.live}, wanted is {field.desired}"
        for field in change.fields
        if field.action not in {Action.NONE, Action.CREATE}
    ]
    return f" ({', '.join(differs)})" if differs else ""
