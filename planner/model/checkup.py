"""What a look at a running endpoint found: causes with what to do about them."""

from __future__ import annotations

from enum import StrEnum

from planner.model.value import value


class Severity(StrEnum):
    """How much a finding matters, by falling weight."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


class Condition(StrEnum):
    """How an endpoint does, as far as its metrics tell."""

    AILING = "ailing"
    NOTED = "noted"
    HEALTHY = "healthy"
    UNMEASURED = "no-data"
    ABSENT = "absent"


@value
class Finding:
    """One cause: what was measured, what was to be expected, and what to do.

    `source_id` is the row of the vendor documents (docs/coverage.md), `rule` the stable name.
    `command` is the planner's own next step, "" where it has none; who asked adds of what.
    """

    rule: str
    source_id: str
    severity: Severity
    cause: str
    action: str
    measured: str
    expected: str
    command: str = ""
    saves_monthly_usd: float | None = None


@value
class Checkup:
    """One endpoint looked at; `unmeasured` names what its cloud has no number for."""

    endpoint: str
    workload: str
    provider: str
    region: str
    since_s: float
    until_s: float
    condition: Condition
    requests: float = 0.0
    monthly_usd: float | None = None
    findings: tuple[Finding, ...] = ()
    unmeasured: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
