"""All endpoints of a run at once: reading them, and making them real."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from typing import TypeVar

from planner.engine.apply import Applied, Job, Manner, applied

PARALLEL = 10
"""Endpoints at a time where nobody says otherwise."""

Given = TypeVar("Given")
Found = TypeVar("Found")


def each(jobs: Sequence[Job], manner: Manner, *, parallel: int = PARALLEL) -> tuple[Applied, ...]:
    """Carry out jobs, in their order where they cannot run at once; one's failure is its own.

    An interrupt lets nothing new begin and still gives every result; a second one is raised.
    """
    with _pooled(parallel) as threads:
        running = [threads.submit(applied, job, manner) for job in jobs]
        try:
            wait(running)
        except KeyboardInterrupt:
            manner.halt.set()
            wait(running)
        return tuple(one.result() for one in running)


def at_once(
    ask: Callable[[Given], Found], of: Sequence[Given], *, parallel: int = PARALLEL
) -> list[Found]:
    """The answers in order; the first error in that order is raised, once all have ended."""
    if parallel == 1 or len(of) == 1:
        return [ask(one) for one in of]
    with _pooled(parallel) as threads:
        asked: list[Future[Found]] = [threads.submit(ask, one) for one in of]
        wait(asked)
        return [one.result() for one in asked]


def pool(parallel: int) -> ThreadPoolExecutor:
    """Threads for so many endpoints at a time."""
    return ThreadPoolExecutor(max_workers=parallel, thread_name_prefix="planner")


@contextmanager
def _pooled(parallel: int) -> Iterator[ThreadPoolExecutor]:
    threads = pool(parallel)
    try:
        yield threads
    finally:
        # Whoever interrupts twice does not wait for a cloud that does not answer.
        threads.shutdown(wait=False, cancel_futures=True)
