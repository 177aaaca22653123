"""Names that two of the work want, or that somebody has in another spelling.

What lives under a desired name and is somebody else's is refused when the changes are made out, and
never comes here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from planner.errors import PlannerError
from planner.model.check import Check, Verdict
from planner_sagemaker.preflight.asking import unread
from planner_sagemaker.preflight.finding import Finding, told
from planner_sagemaker.preflight.launches import Launch, Work
from planner_sagemaker.preflight.usage import Listed

_HINT = "give one of them another metadata.name"


def clash_checks(work: Work, launches: Sequence[Launch], listed: Listed) -> Iterator[Check]:
    """Over all names at once; `listed` are the endpoints that there are."""
    yield from told("name", "name", [*_twice(work), *_spelled(launches, listed)])


def _twice(work: Work) -> Iterator[Finding]:
    """Names of two workloads that SageMaker's letters make one."""
    owners: dict[str, list[str]] = {}
    for desired, _ in work:
        for one in desired.resources:
            owners.setdefault(one.address, []).append(desired.endpoint)
    for address, several in owners.items():
        if len(several) > 1:
            cause = f"is wanted by {' and '.join(several)}"
            yield Finding(subject=address, verdict=Verdict.FAILED, cause=cause, hint=_HINT)


def _spelled(launches: Sequence[Launch], listed: Listed) -> Iterator[Finding]:
    """Endpoints that are to be created and exist but for their case.

    Their ARNs have names in lower case (philschmid/cdk-samples#2), and so would be the same.
    """
    created = [one.endpoint.name for one in launches if not one.updates]
    if isinstance(listed, PlannerError):
        yield from (unread(name, "ListEndpoints", listed) for name in created)
        return
    live = {name.lower(): name for name in listed}
    for name in created:
        known = live.get(name.lower(), name)
        if known != name:
            cause = f"exists as {known}, and names differ by more than case"
            yield Finding(subject=name, verdict=Verdict.FAILED, cause=cause, hint=_HINT)
