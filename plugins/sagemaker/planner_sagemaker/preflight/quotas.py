"""Whether the account's quotas have room for all of the work at its most, and all that runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from planner.errors import PlannerError
from planner.model.check import Check, Verdict
from planner.model.value import value
from planner_sagemaker.preflight.asking import asked, unread
from planner_sagemaker.preflight.demand import Demand, Quotas
from planner_sagemaker.preflight.finding import Finding, named, told
from planner_sagemaker.preflight.usage import Listed, Usage
from planner_sagemaker.reading import Ask

MOST_OTHERS = 500
"""Beyond so many endpoints that are none of this run's, what they have is not counted."""

_NAME = "quota"


@value
class Allowed:
    """A quota as it is applied to the account."""

    code: str
    amount: float


@value
class Room:
    """What is asked of one quota, and what others have of it; None where nobody counted."""

    quota: str
    region: str
    wanted: Mapping[str, int]
    others: int | None
    uncounted: str = ""

    @property
    def total(self) -> int:
        """What is taken at the most."""
        return sum(self.wanted.values()) + (self.others or 0)

    def against(self, allowed: Allowed | None) -> Finding:
        """How this quota fares."""
        if allowed is None:
            return Finding(
                subject=self.quota,
                verdict=Verdict.UNKNOWN,
                cause="Service Quotas does not list it for this account",
            )
        words = f"{self._measured} of {allowed.amount:,.0f} allowed in {self.region}"
        if self.total > allowed.amount:
            hint = (
                "aws service-quotas request-service-quota-increase --service-code sagemaker"
                f" --quota-code {allowed.code} --desired-value {self.total}"
                f" --region {self.region}"
            )
            return self._found(Verdict.FAILED, words, words, hint)
        if self.others is None:
            return self._found(Verdict.UNKNOWN, self.uncounted, f"{words}; {self.uncounted}")
        return self._found(Verdict.PASSED, words, words)

    @property
    def _measured(self) -> str:
        planned = sum(self.wanted.values())
        ranked = sorted(self.wanted, key=lambda name: (-self.wanted[name], name))
        parts = named([f"{name} {self.wanted[name]:,}" for name in ranked])
        used = f", {self.others:,} used by others" if self.others else ""
        return f"{planned:,} planned at most ({parts}){used}: {self.total:,}"

    def _found(self, verdict: Verdict, cause: str, words: str, hint: str = "") -> Finding:
        return Finding(subject=self.quota, verdict=verdict, cause=cause, words=words, hint=hint)


def quota_checks(
    ask: Ask, wanted: Sequence[Demand], usage: Usage, *, listed: Listed, region: str
) -> Iterator[Check]:
    """Each quota that something takes more of, over all that is wanted together.

    `listed` are the endpoints that there are.
    """
    quotas = sorted({quota for one in wanted for quota in one.grows})
    if not quotas:
        return
    found = asked(ask, "service-quotas", "ListServiceQuotas", {"ServiceCode": "sagemaker"})
    if isinstance(found, PlannerError):
        yield from told(_NAME, "quota", [unread(q, "ListServiceQuotas", found) for q in quotas])
        return
    allowed = {
        one["QuotaName"]: Allowed(code=one["QuotaCode"], amount=one["Value"])
        for one in found["Quotas"]
        if "Value" in one
    }
    others, uncounted = _others(usage, listed, {one.endpoint for one in wanted})
    found_out = [
        Room(
            quota=quota,
            region=region,
            wanted=_wanted(wanted, quota),
            others=None if others is None else others[quota],
            uncounted=uncounted,
        ).against(allowed.get(quota))
        for quota in quotas
    ]
    # What was measured is told of each quota, also where the numbers are the same.
    for one in found_out:
        if one.verdict is not Verdict.UNKNOWN:
            yield from told(_NAME, "quota", [one])
    unknown = [one for one in found_out if one.verdict is Verdict.UNKNOWN]
    yield from told(_NAME, "quota", unknown)


def _wanted(demanded: Sequence[Demand], quota: str) -> dict[str, int]:
    return {one.endpoint: one.most[quota] for one in demanded if one.most[quota]}


def _others(usage: Usage, listed: Listed, own: set[str]) -> tuple[Quotas | None, str]:
    """What all endpoints but the work's have, or why that is not known."""
    if isinstance(listed, PlannerError):
        return None, f"what other endpoints have of it was not counted: {listed}"
    names = [name for name in listed if name not in own]
    unseen = len(set(names) - usage.known.keys())
    if unseen > MOST_OTHERS:
        return None, f"what {unseen:,} other endpoints have of it was not counted"
    try:
        return usage.of(names), ""
    except PlannerError as error:
        return None, f"what other endpoints have of it was not counted: {error}"
