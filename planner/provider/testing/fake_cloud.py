"""A small cloud in memory: versions that never change, endpoints that take time, scalers."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from typing import Any

from planner.errors import ProviderError
from planner.model.value import value
from planner.provider.testing.world import Fault

QUICK_S = 2.0
SLOW_S = 100_000.0
READY, MOVING, FAILED = "ready", "moving", "failed"

Body = dict[str, Any]


@value
class _Move:
    """What becomes of an endpoint, and when; no body is its end."""

    at_s: float
    body: Body | None
    fault: Fault | None


class FakeCloud:
    """What is asked is recorded; the clock moves by `advance` alone; safe in threads.

    | kind     | fields                            | rules                                     |
    |----------|-----------------------------------|-------------------------------------------|
    | version  | Name Image Tags                   | never changes                             |
    | endpoint | Name Version Zone Label Tier Tags | Zone stays; another Version takes time    |
    | scaler   | Name Least Most                   | belongs to an endpoint, and goes with it  |

    Calls read as `create endpoint/shop`. While it is `mute` no model answers; `loaded` are those
    that did, by endpoint and version.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._now_s = 0.0
        self._objects: dict[str, Body] = {}
        self._moves: dict[str, _Move] = {}
        self._failed: dict[str, str] = {}
        self._faults: dict[tuple[str, int], Fault] = {}
        self._seen: Counter[str] = Counter()
        self.calls: list[str] = []
        self.takes_s = QUICK_S
        self.mute = False
        self.loaded: set[tuple[str, str, str]] = set()

    @property
    def now_s(self) -> float:
        """Seconds since this cloud began."""
        return self._now_s

    def advance(self, seconds: float) -> None:
        """Move the clock, and let what is due happen."""
        with self._lock:
            self._now_s += seconds
            for address, move in list(self._moves.items()):
                if move.at_s <= self._now_s:
                    del self._moves[address]
                    self._arrive(address, move)

    def fail(self, fault: Fault, call: str, nth: int = 1) -> None:
        """Strike the `nth` call like this from now on, once."""
        with self._lock:
            self._faults[call, self._seen[call] + nth] = fault

    def heal(self) -> None:
        """Lift all faults."""
        with self._lock:
            self._faults.clear()
            self.mute = False

    def everything(self) -> dict[str, Body]:
        """All objects by address, oldest first; endpoints with their Status and Reason."""
        with self._lock:
            found = deepcopy(self._objects)
            for address, body in found.items():
                if address.startswith("endpoint/"):
                    move, reason = self._moves.get(address), self._failed.get(address, "")
                    body["Status"] = MOVING if move else FAILED if reason else READY
                    body["Reason"] = reason
                    body["Next"] = move.body["Version"] if move and move.body else None
            return found

    def create(self, address: str, body: Body) -> None:
        """Make an object; an endpoint needs its version, and takes time."""
        with self._called(f"create {address}") as fault:
            if address in self._objects:
                raise ProviderError("exists", f"{address} exists already")
            _need(address, body, self._objects)
            self._objects[address] = deepcopy(body)
            if address.startswith("endpoint/"):
                self._objects[address].setdefault("Tier", "standard")
                self._moves[address] = self._begin(deepcopy(self._objects[address]), fault)

    def update(self, address: str, fields: Body) -> None:
        """Change fields: at once, but for an endpoint's Version, which is rolled out."""
        with self._called(f"update {address}") as fault:
            now = self._settled(address)
            if address.startswith("version/"):
                raise ProviderError("immutable", f"{address} cannot be changed")
            if fields.get("Zone", now.get("Zone")) != now.get("Zone"):
                raise ProviderError("immutable", f"the zone of {address} cannot be changed")
            _need(address, fields, self._objects)
            after = {**now, **deepcopy(fields)}
            if after.get("Version") != now.get("Version"):
                self._moves[address] = self._begin(after, fault)
                after = {**after, "Version": now["Version"]}
            self._objects[address] = after

    def delete(self, address: str) -> None:
        """Delete an object, whoever uses it; an endpoint takes time, and takes its scaler along."""
        with self._called(f"delete {address}"):
            self._settled(address)
            if address.startswith("endpoint/"):
                self._moves[address] = self._begin(None, None)
            else:
                del self._objects[address]

    def tag(self, address: str, tags: dict[str, str]) -> None:
        """Replace the tags of an object at once."""
        with self._called(f"tag {address}"):
            self._settled(address)["Tags"] = dict(tags)

    def meddle(self, address: str, body: Body | None = None, **fields: Any) -> None:
        """Put an object there, or change some of its fields, behind everybody's back."""
        with self._lock:
            self._objects[address] = {**self._objects.get(address, {}), **(body or {}), **fields}

    @contextmanager
    def _called(self, call: str) -> Iterator[Fault | None]:
        with self._lock:
            self.calls.append(call)
            self._seen[call] += 1
            fault = self._faults.pop((call, self._seen[call]), None)
            if fault is Fault.REFUSED:
                raise ProviderError("refused", f"{call}: not now")
            yield fault
            if fault is Fault.LOST_ANSWER:
                raise ProviderError("unreachable", f"{call}: no answer came")

    def _settled(self, address: str) -> Body:
        """An object that is there and does not move."""
        if address not in self._objects:
            raise ProviderError("missing", f"{address} does not exist")
        if address in self._moves:
            raise ProviderError("busy", f"{address} is being changed")
        return self._objects[address]

    def _begin(self, body: Body | None, fault: Fault | None) -> _Move:
        return _Move(at_s=self._now_s + self.takes_s, body=body, fault=fault)

    def _arrive(self, address: str, move: _Move) -> None:
        if move.fault is Fault.FAILURE:
            self._failed[address] = "there is no room"
        elif move.fault is Fault.ROLLBACK:
            pass
        elif move.body is None:
            del self._objects[address]
            self._failed.pop(address, None)
            self._objects.pop(f"scaler/{address.partition('/')[2]}", None)
        else:
            self._failed.pop(address, None)
            self._objects[address] = move.body


def _need(address: str, body: Body, there: Mapping[str, Body]) -> None:
    kind, _, name = address.partition("/")
    needed = {"endpoint": f"version/{body.get('Version')}", "scaler": f"endpoint/{name}"}.get(kind)
    if needed is not None and needed not in there:
        raise ProviderError("missing", f"{address} needs {needed}, which does not exist")
