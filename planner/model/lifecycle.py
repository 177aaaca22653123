"""How the fields of cloud objects behave when they are to change, as data from a provider."""

from __future__ import annotations

from enum import StrEnum
from fnmatch import fnmatchcase

from planner.model.value import value


class Behaviour(StrEnum):
    """What a difference in one field leads to.

    in-place        an update of the same object
    rolling         an update that replaces what runs, without downtime
    replace         delete and create, with downtime
    one-way         an update that cannot be undone
    server-default  filled by the cloud where nothing is asked: no difference
    input-only      accepted and never shown again: cannot be compared
    output-only     the cloud's own: never compared
    """

    IN_PLACE = "in-place"
    ROLLING = "rolling"
    REPLACE = "replace"
    ONE_WAY = "one-way"
    SERVER_DEFAULT = "server-default"
    INPUT_ONLY = "input-only"
    OUTPUT_ONLY = "output-only"


IGNORED = (Behaviour.SERVER_DEFAULT, Behaviour.INPUT_ONLY, Behaviour.OUTPUT_ONLY)
"""Behaviours of differences that change nothing; they stay in the plan with their reason."""


@value
class FieldRule:
    """The behaviour of the fields of `kind` whose path matches `path` (`*` for anything).

    A `server-default` counts only where nothing is asked for; asked-for values are compared.
    """

    kind: str
    path: str
    behaviour: Behaviour
    reason: str
    source: str

    def holds_for(self, kind: str, path: str) -> bool:
        """True where this rule speaks of a field."""
        return self.kind == kind and fnmatchcase(path, self.path)
