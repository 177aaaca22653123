"""Everything that carries an owner's tag, with all of its tags, in one question."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Iterable, Iterator, Sequence

from planner.errors import AuthError
from planner.model.resource import DesiredState
from planner_sagemaker.reading import Answer, Ask, Known, own_tags
from planner_sagemaker.resources.tags import OWNER, SELF

TAGGING = "resourcegroupstaggingapi"
_TYPES = ("sagemaker:endpoint", "sagemaker:endpoint-config", "sagemaker:model", "cloudwatch:alarm")
_VALUES = 20
"""Values of one key that a filter takes (TagFilter.Values)."""

_PAGE = 100
_BELIEVED_S = 120.0
"""How long an answer is used: a plan of thousands reads within it, and an apply reads again."""


class TagIndex:
    """Tags by ARN, asked for once for each owner; safe in threads."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self._lock = threading.Lock()
        self._locks: dict[str, threading.Lock] = {}
        self._groups: dict[str, tuple[str, ...]] = {}
        self._known: dict[str, tuple[float, dict[str, list[Answer]]]] = {}

    def endpoints(self, owner: str) -> tuple[str, ...]:
        """Names of endpoints whose tags say that they are the owner's and made for them, sorted.

        Raises AuthError where tags may not be looked for.
        """
        names = []
        for arn, tags in self._of(owner).items():
            kind, _, name = arn.rpartition(":")[2].partition("/")
            if kind == "endpoint" and {"Key": SELF, "Value": name} in tags:
                names.append(name)
        return tuple(sorted(names))

    def known(self, desired: DesiredState, together: Sequence[str]) -> Known:
        """Tags of desired objects where they hold all that is wanted, None for all others.

        The index may lag behind: only what is as it should be is taken from it. Owners of
        `together` are asked for in one question, as many as it takes.
        """
        asked = {one.address: one.body.get("Tags", []) for one in desired.resources}

        def known(address: str, arn: str) -> list[Answer] | None:
            wanted = asked.get(address, [])
            owner = next((tag["Value"] for tag in wanted if tag["Key"] == OWNER), None)
            if owner is None:
                return None
            try:
                found = self._of(owner, together).get(arn)
            except AuthError:
                return None
            right = found is not None and all(tag in found for tag in wanted)
            return own_tags(found) if found is not None and right else None

        return known

    def _of(self, owner: str, together: Sequence[str] = ()) -> dict[str, list[Answer]]:
        known = self._believed(owner)
        if known is not None:
            return known
        owners = self._group(owner, together)
        with self._asking(owners[0]):  # who waits here would ask for the same
            known = self._believed(owner)
            if known is None:
                self._ask_for(owners)
                known = self._known[owner][1]
            return known

    def _believed(self, owner: str) -> dict[str, list[Answer]] | None:
        at, known = self._known.get(owner, (0.0, None))
        return None if known is None or time.monotonic() - at > _BELIEVED_S else known

    def _group(self, owner: str, together: Sequence[str]) -> tuple[str, ...]:
        """The owners that are asked for with this one, also when they are asked for again."""
        with self._lock:
            if together and owner not in self._groups:
                for group in _groups({*together, owner}):
                    self._groups.update(dict.fromkeys(group, group))
            return self._groups.get(owner, (owner,))

    def _asking(self, first: str) -> threading.Lock:
        with self._lock:
            return self._locks.setdefault(first, threading.Lock())

    def _ask_for(self, owners: Sequence[str]) -> None:
        asked = {
            "ResourceTypeFilters": list(_TYPES),
            "TagFilters": [{"Key": OWNER, "Values": list(owners)}],
            "ResourcesPerPage": _PAGE,
        }
        found: dict[str, dict[str, list[Answer]]] = {owner: {} for owner in owners}
        for one in self._ask(TAGGING, "GetResources", asked)["ResourceTagMappingList"]:
            owner = next((tag["Value"] for tag in one["Tags"] if tag["Key"] == OWNER), None)
            # It lags behind itself: what is found by a tag may have another one by now.
            if owner in found:
                found[owner][one["ResourceARN"]] = one["Tags"]
        now = time.monotonic()
        self._known.update({owner: (now, tags) for owner, tags in found.items()})


def _groups(owners: Iterable[str]) -> Iterator[tuple[str, ...]]:
    """As few groups as a filter allows; neighbours are in different ones.

    Endpoints are read by name: so the first ones ask for all groups at once, and wait for none.
    """
    ordered = sorted(owners)
    count = math.ceil(len(ordered) / _VALUES)
    for begin in range(count):
        yield tuple(ordered[begin::count])
