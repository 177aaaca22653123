"""Work that only computes, shared by processes: threads would take turns at it."""

from __future__ import annotations

import os
import pickle
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from typing import Any, TypeVar

Found = TypeVar("Found")

_ASIDE = 10
"""Added to the niceness of processes that compute while another one waits for a cloud."""

_TOGETHER = 4
"""Answers in one message: what is alike in them is sent, and kept, once."""


def can_share() -> bool:
    """Whether processes can begin as copies of this one.

    With a second thread they cannot, and on macOS what the system keeps beside may not survive it.
    """
    return sys.platform == "linux" and threading.active_count() == 1


def in_processes(
    ask: Callable[[int], Found], count: int, *, processes: int, aside: bool = False
) -> Iterator[Found | None]:
    """The answers for 0 to `count` in their order; None where a process could not give one.

    What `ask` raises is lost: whoever wants to know asks again. The processes begin with the first
    answer that is wanted, and end with the iterator. Those that are `aside` take processors only
    as far as the asking one, and what it waits for, leave them.
    """
    forking: Any = get_context("fork")
    sources: dict[Connection, Any] = {}
    for first in range(processes):
        receiver, sender = forking.Pipe(duplex=False)
        numbers = range(first, count, processes)
        # What it inherits of other pipes it closes: else nobody would know when this one is gone.
        inherited = [*sources, receiver]
        given = (partial(_message, ask), numbers, sender, inherited, aside)
        child = forking.Process(target=_answered, args=given, daemon=True)
        child.start()
        sender.close()
        sources[receiver] = child
    try:
        yield from _in_order(list(sources), count)
    finally:
        for receiver, child in sources.items():
            receiver.close()
            child.terminate()
            child.join()


def _in_order(open_ones: list[Connection], count: int) -> Iterator[Any]:
    """Answers as their numbers come; a process that died leaves None for all it has not sent."""
    found: dict[int, Any] = {}
    for number in range(count):
        while number not in found and open_ones:
            for receiver in wait(open_ones):
                assert isinstance(receiver, Connection)
                try:
                    found.update(pickle.loads(receiver.recv_bytes()))  # noqa: S301 - our own child
                except (EOFError, OSError):  # the second where it died in the middle of a message
                    open_ones.remove(receiver)
        yield found.pop(number, None)


def _answered(
    message: Callable[[range], bytes],
    numbers: range,
    sender: Connection,
    inherited: list[Connection],
    aside: bool,
) -> None:
    """Send answers until there are no more, or nobody wants them."""
    for receiver in inherited:
        receiver.close()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent is interrupted, and ends this one
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if aside:
        os.nice(_ASIDE)
    with suppress(OSError):
        for begin in range(0, len(numbers), _TOGETHER):
            sender.send_bytes(message(numbers[begin : begin + _TOGETHER]))


def _message(ask: Callable[[int], Any], numbers: range) -> bytes:
    try:
        return pickle.dumps({number: ask(number) for number in numbers}, pickle.HIGHEST_PROTOCOL)
    except Exception:  # asked again where it can be told
        return pickle.dumps(dict.fromkeys(numbers))
