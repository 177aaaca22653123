"""The plan: everything a reviewer needs, and everything apply will do."""

from __future__ import annotations

from enum import StrEnum

from planner.model.candidate import (
    Alternative,
    Decision,
    Exclusions,
    Infeasible,
    Outcome,
    Robustness,
    Sensitivity,
)
from planner.model.catalog import Limit
from planner.model.change import Action, ChangeSet
from planner.model.check import Check
from planner.model.drift import Sync
from planner.model.policy import Judgement
from planner.model.resource import DesiredState
from planner.model.value import value
from planner.model.warm_up import Warming


class Mode(StrEnum):
    """What the plan was compared with."""

    OFFLINE = "offline"
    SANDBOX = "sandbox"
    LIVE = "live"


@value
class LimitBreach:
    """A limit over a region, workspace or account that the endpoints of one run exceed together."""

    provider: str
    region: str
    limit: Limit
    measured: float
    endpoints: tuple[str, ...]


@value
class CatalogStamp:
    """Which data priced the plan."""

    provider: str
    region: str
    version: str
    as_of: str


class LockState(StrEnum):
    """What became of the lock of a spec."""

    HELD = "held"
    OUTDATED = "outdated"
    UPGRADED = "upgraded"


@value
class Offer:
    """A cheaper configuration than the locked one, in words, and what both cost a month."""

    configuration: str
    monthly_usd: float
    locked_monthly_usd: float

    @property
    def saving(self) -> float:
        """As a fraction of what the locked one costs."""
        if self.locked_monthly_usd <= 0:
            return 0.0
        return 1.0 - self.monthly_usd / self.locked_monthly_usd


@value
class Locking:
    """Whether a spec's lock decided; `reason` says why it did not.

    `offer` is what `--upgrade` takes, or has taken.
    """

    workload: str
    state: LockState
    offer: Offer | None = None
    reason: str = ""


@value
class Pending:
    """Changes of one endpoint with all that making them needs; `owner` is the workload's name.

    A desired state without resources is a removal. `warming` is what is called once it is there.
    """

    owner: str
    desired: DesiredState
    changes: ChangeSet
    warming: Warming | None = None

    @property
    def to_warm(self) -> Warming | None:
        """What is called after these changes; None where they leave the endpoint itself alone."""
        return self.warming if _makes_endpoint(self.changes) else None


@value
class EndpointPlan:
    """One cloud endpoint: the decision, what else was looked at, and the changes it needs.

    `workload` is the spec document it comes from; a split fleet gives several endpoints, of which
    the first carries the alternatives. `sync` is None for a plan that was held against nothing.
    `labels` and `zones` are those that the spec states.
    """

    workload: str
    decision: Decision
    changes: ChangeSet
    alternatives: tuple[Alternative, ...] = ()
    excluded: tuple[Exclusions, ...] = ()
    monthly_usd_before: float = 0.0
    desired: DesiredState | None = None
    sync: Sync | None = None
    labels: tuple[tuple[str, str], ...] = ()
    zones: int = 1
    warming: Warming | None = None

    @property
    def pending(self) -> Pending | None:
        """What is to be applied; None for a plan that was held against nothing."""
        if self.desired is None:
            return None
        return Pending(
            owner=self.workload, desired=self.desired, changes=self.changes, warming=self.warming
        )

    @property
    def to_warm(self) -> Warming | None:
        """What is called after these changes; None where they leave the endpoint itself alone."""
        return self.warming if _makes_endpoint(self.changes) else None

    @property
    def name(self) -> str:
        """The cloud endpoint's name."""
        return self.decision.endpoint

    @property
    def action(self) -> Action:
        """The worst action over its objects."""
        return self.changes.action

    @property
    def monthly_usd_after(self) -> float:
        """Monthly cost once the changes are made."""
        return 0.0 if self.action is Action.DELETE else self.decision.cost.monthly_usd


@value
class Plan:
    """All endpoints of one run, sorted by name.

    `removals` are endpoints of these specs that are to go, `strays` those that would go if asked.
    """

    mode: Mode
    fingerprint: str
    planner_version: str
    endpoints: tuple[EndpointPlan, ...]
    infeasible: tuple[Infeasible, ...] = ()
    breaches: tuple[LimitBreach, ...] = ()
    catalogs: tuple[CatalogStamp, ...] = ()
    removals: tuple[Pending, ...] = ()
    strays: tuple[str, ...] = ()
    checks: tuple[Check, ...] = ()
    locks: tuple[Locking, ...] = ()
    policy: Judgement | None = None

    @property
    def pending(self) -> tuple[Pending, ...]:
        """Everything to be applied, what goes last."""
        found = (endpoint.pending for endpoint in self.endpoints)
        return (*(one for one in found if one is not None), *self.removals)

    @property
    def changing(self) -> bool:
        """True when something is to be written."""
        acts = any(endpoint.action is not Action.NONE for endpoint in self.endpoints)
        return acts or any(one.changes.acting for one in self.removals)

    @property
    def complete(self) -> bool:
        """True when every spec was solved and no shared limit is broken."""
        return not self.infeasible and not self.breaches

    @property
    def verified(self) -> bool:
        """True when a simulation confirms every endpoint."""
        return all(endpoint.decision.verification is not None for endpoint in self.endpoints)

    @property
    def monthly_usd_before(self) -> float:
        """Monthly cost of what runs now, over all endpoints: the sum of what is shown of each."""
        return round(sum(round(each.monthly_usd_before, 2) for each in self.endpoints), 2)

    @property
    def monthly_usd_after(self) -> float:
        """Monthly cost of all endpoints once the changes are made, summed up likewise."""
        return round(sum(round(each.monthly_usd_after, 2) for each in self.endpoints), 2)


def _makes_endpoint(changes: ChangeSet) -> bool:
    """Whether the object that clients call is created, updated or replaced."""
    return any(
        one.address.startswith("endpoint/") and one.action is not Action.DELETE
        for one in changes.acting
    )


@value
class Explanation:
    """Why one workload got its answer, and where that answer would change."""

    workload: str
    outcome: Outcome
    sensitivities: tuple[Sensitivity, ...] = ()
    robustness: tuple[Robustness, ...] = ()
    catalogs: tuple[CatalogStamp, ...] = ()
