"""Questions whose refusals are answers, too."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from planner.errors import AuthError, PlannerError
from planner.model.check import Verdict
from planner_sagemaker.preflight.finding import Finding
from planner_sagemaker.reading import Answer, Ask, RefusedError

AT_ONCE = 8
_ABSENT = {
    # A HEAD has no body, so that all that is known of its refusal is the status.
    *("404", "NoSuchKey", "NoSuchBucket"),
    "NoSuchEntity",
    "ImageNotFoundException",
    "RepositoryNotFoundException",
}

Given = TypeVar("Given")
Found = TypeVar("Found")


def asked(
    ask: Ask, service: str, operation: str, parameters: Mapping[str, Any]
) -> Answer | PlannerError:
    """The answer, or what came instead of it."""
    try:
        return ask(service, operation, parameters)
    except PlannerError as error:
        return error


def is_absent(error: PlannerError) -> bool:
    """Whether the cloud says that there is no such thing."""
    return isinstance(error, RefusedError) and error.cloud_code in _ABSENT


def unread(subject: str, operation: str, error: PlannerError) -> Finding:
    """What could not be found out about a subject, and why."""
    if isinstance(error, AuthError):
        cause = f"{operation} is not allowed"
    elif isinstance(error, RefusedError):
        cause = f"{operation} was refused with {error.cloud_code}"
    else:
        cause = f"{operation} got no answer"
    return Finding(subject=subject, verdict=Verdict.UNKNOWN, cause=cause, words=str(error))


def each(look: Callable[[Given], Found], subjects: Iterable[Given]) -> list[Found]:
    """What a look finds of every distinct subject, in their order, several at a time."""
    distinct = list(dict.fromkeys(subjects))
    if len(distinct) < 2:
        return [look(one) for one in distinct]
    with ThreadPoolExecutor(max_workers=AT_ONCE, thread_name_prefix="preflight") as pool:
        return list(pool.map(look, distinct))
