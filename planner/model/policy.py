"""What an organisation asks of every plan, and where a plan goes against it."""

from __future__ import annotations

from dataclasses import field
from enum import StrEnum
from fnmatch import fnmatchcase

from planner.diagnostics import Location
from planner.model.change import Risk
from planner.model.value import value


class Level(StrEnum):
    """Whether a violation stops a plan from being applied."""

    ADVISORY = "advisory"
    MANDATORY = "mandatory"


@value
class Names:
    """Patterns of names: one of `allow` has to fit where there are any, none of `forbid` may."""

    allow: tuple[str, ...] = ()
    forbid: tuple[str, ...] = ()

    def refuses(self, name: str) -> str:
        """Why a name is not to be used; empty where it is."""
        for pattern in self.forbid:
            if fnmatchcase(name, pattern):
                return f"{pattern} is forbidden"
        if self.allow and not any(fnmatchcase(name, pattern) for pattern in self.allow):
            return f"allowed: {', '.join(self.allow)}"
        return ""


@value
class Bounds:
    """What a rule asks; None and empty where it is silent. Money is US dollars a month.

    `total_usd`, `increase_usd` and `increase` (a fraction) are of all matched endpoints together.
    """

    total_usd: float | None = None
    endpoint_usd: float | None = None
    increase_usd: float | None = None
    increase: float | None = None
    regions: Names = field(default_factory=Names)
    providers: Names = field(default_factory=Names)
    instances: Names = field(default_factory=Names)
    hosting: Names = field(default_factory=Names)
    labels: tuple[str, ...] = ()
    replicas: int | None = None
    zones: int | None = None
    cold_start_forbidden: bool = False
    risks_forbidden: tuple[Risk, ...] = ()


@value
class Rule:
    """One rule of a policy for the specs whose name and labels fit; nothing given fits all.

    `places` has where in the policy file each bound stands, by its keys such as `budget.monthly`.
    """

    policy: str
    name: str
    level: Level
    bounds: Bounds
    reason: str = ""
    names: tuple[str, ...] = ()
    labels: tuple[tuple[str, str], ...] = ()
    places: tuple[tuple[str, Location], ...] = field(default=(), compare=False)

    def fits(self, name: str, labels: dict[str, str]) -> bool:
        """Whether the rule is about a spec."""
        named = not self.names or any(fnmatchcase(name, pattern) for pattern in self.names)
        return named and all(
            key in labels and fnmatchcase(labels[key], pattern) for key, pattern in self.labels
        )


@value
class Violation:
    """Where a plan goes against a rule; `endpoints` are those that do.

    `place` is that of the bound in the policy file, `spec_path` what of the spec of `workload` asks
    for it, and `spec_place` where that stands, None where nobody knows.
    """

    code: str
    level: Level
    policy: str
    rule: str
    message: str
    endpoints: tuple[str, ...]
    reason: str = ""
    place: Location | None = None
    workload: str = ""
    spec_path: str = ""
    spec_place: Location | None = None

    @property
    def mandatory(self) -> bool:
        """True when it keeps the plan from being applied."""
        return self.level is Level.MANDATORY


@value
class Judgement:
    """What rules say of a plan: how many were looked at, what is violated, what nobody could tell.

    `untold` has sentences about bounds that a plan of this kind says nothing about.
    """

    rules: int
    violations: tuple[Violation, ...] = ()
    untold: tuple[str, ...] = ()

    @property
    def refused(self) -> bool:
        """True when a mandatory rule is violated."""
        return any(one.mandatory for one in self.violations)
