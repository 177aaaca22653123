"""Everything that carries an owner's tag, with all of its tags, in one question."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence

from planner.errors import AuthError
from planner.model.resource import DesiredState
from planner_sagemaker.reading import Answer, Ask, Known, own_tags
from planner_sagemaker.resources.tags import OWNER, SELF

TAGGING = "resourcegroupstaggingapi"
_TYPES = ("sagemaker:endpoint", "sagemaker:endpoint-config", "sagemaker:model", "cloudwatch:alarm")
_VALUES = 20
"""Values of one key that a filter takes (TagFilter.Values)."""

_PAGE = 100
_BELIEVED_S = 30.0
"""How long an answer is used: a plan reads within it, and what is applied later is read again."""


class TagIndex:
    """Tags by ARN, asked for once for each owner; safe in threads."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self._lock = threading.Lock()
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
        # Held while asking: who waits here is most often about to ask for the same owners.
        with self._lock:
            at, known = self._known.get(owner, (0.0, None))
            if known is None or time.monotonic() - at > _BELIEVED_S:
                self._ask_for(_chunk(owner, together))
                _, known = self._known[owner]
            return known or {}

    def _ask_for(self, owners: Sequence[str]) -> None:
        asked = {
            "ResourceTypeFilters": list(_TYPES),
            "TagFilters": [{"Key": OWNER, "Values": list(owners)}],
            "ResourcesPerPage": _PAGE,
        }
        found: dict[str, dict[str, list[Answer]]] = {owner: {} for owner in owners}
        for one in self._ask(TAGGING, "GetResources", asked)["ResourceTagMappingList"]:
            owner = next(tag["Value"] for tag in one["Tags"] if tag["Key"] == OWNER)
            found[owner][one["ResourceARN"]] = one["Tags"]
        now = time.monotonic()
        self._known.update({owner: (now, tags) for owner, tags in found.items()})


def _chunk(owner: str, together: Sequence[str]) -> list[str]:
    """The owners that are asked for with this one."""
    others = sorted({*together, owner})
    begin = others.index(owner) // _VALUES * _VALUES
    return others[begin : begin + _VALUES]
