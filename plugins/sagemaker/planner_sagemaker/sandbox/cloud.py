"""The cloud as its operations see it: state, time, quotas and faults; and one call on it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from planner.model.value import value
from planner.provider.sandbox.clock import Clock
from planner_sagemaker.sandbox.faults import Effect, Faults, Rule
from planner_sagemaker.sandbox.store import Document, Key, Page, Store

ACCOUNT = "123456789012"
_PARTITIONS = {"cn": "aws-cn", "us-gov": "aws-us-gov"}


@value
class Pace:
    """How long the cloud takes, in seconds of its clock.

    SageMaker takes minutes; a newcomer should not. `waits` scales what a deployment asks to wait.
    """

    create_s: float = 3.0
    update_s: float = 3.0
    rollback_s: float = 2.0
    delete_s: float = 1.0
    waits: float = 1 / 600
    consistency_s: float = 0.0
    """How long something new is not found: SageMaker reads from replicas that lag behind."""
    load_s: float = 0.3
    """How long the first call of a model is answered later, by the wall clock."""


class Cloud:
    """One account: everything that outlives a request."""

    def __init__(
        self, store: Store, clock: Clock, *, pace: Pace | None = None, faults: Faults | None = None
    ) -> None:
        self.store = store
        self.clock = clock
        self.pace = pace or Pace()
        self.faults = faults or Faults()
        self.calls = store.calls

    def reset(self) -> None:
        """Forget state, faults and recorded requests; the clock keeps its time."""
        self.store.clear()
        self.faults.replace([])
        self.store.remember("advanced_s", str(self.clock.advanced_s))

    def advance(self, seconds: float) -> None:
        """Move the clock forward, and keep that for the next start."""
        self.clock.advance(seconds)
        self.store.remember("advanced_s", str(self.clock.advanced_s))


@value
class Call:
    """One request, already validated: what a handler is given.

    Times in `parameters`, as in answers and documents, are seconds since the epoch.
    """

    cloud: Cloud
    region: str
    service: str
    operation: str
    parameters: Mapping[str, Any]
    fault: Rule | None = None
    at: float | None = None
    """When it happens; None is now. What time brings about happens at its own moment."""

    @property
    def now(self) -> float:
        """The cloud's time, as this call has it."""
        return self.cloud.clock.now() if self.at is None else self.at

    def arn(self, kind: str, name: str, service: str = "sagemaker") -> str:
        """The ARN of an object in this call's region."""
        return f"arn:{partition(self.region)}:{service}:{self.region}:{ACCOUNT}:{kind}/{name}"

    def key(self, kind: str, name: str) -> Key:
        """Where an object of this region is kept."""
        return Key(region=self.region, kind=kind, name=name)

    def strong(self, kind: str, name: str) -> Document | None:
        """What was really written."""
        return self.cloud.store.get(self.key(kind, name))

    def seen(self, kind: str, name: str) -> Document | None:
        """What a read finds, which is nothing for a while after a write."""
        found = self.strong(kind, name)
        if found is None or found.get("CreationTime", 0.0) > self.visible_at:
            return None
        return found

    def put(self, kind: str, name: str, document: Document) -> None:
        """Write an object; the first of its `_steps` says when time will change it."""
        steps = document.get("_steps") or []
        self.cloud.store.put(self.key(kind, name), document, due=steps[0]["at"] if steps else None)

    def remove(self, kind: str, name: str) -> bool:
        """Forget an object; tells whether there was one."""
        return self.cloud.store.remove(self.key(kind, name))

    def every(self, kind: str) -> list[Document]:
        """All objects of a kind in this region, by name."""
        return self.cloud.store.every(self.region, kind)

    def page(self, kind: str, page: Page) -> tuple[list[Document], bool]:
        """One page of a list, and whether more follows."""
        return self.cloud.store.page(self.region, kind, page)

    def befallen(self, effect: Effect) -> bool:
        """Whether a fault rule gave this request that effect."""
        return self.fault is not None and self.fault.effect is effect

    @property
    def visible_at(self) -> float:
        """Objects made after this are not seen yet."""
        return self.now - self.cloud.pace.consistency_s


Handler = Callable[[Call], Mapping[str, Any]]
"""Carries out one operation; raises CloudError. The answer may hold more than the model knows:
only what its output shape has is sent."""

LATE = "_late_s"
"""Under this an answer says by how much it comes later, in seconds of the wall clock."""


def partition(region: str) -> str:
    """The first part of ARNs in a region."""
    return next((p for start, p in _PARTITIONS.items() if region.startswith(f"{start}-")), "aws")
