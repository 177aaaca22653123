"""The fake cloud keeps what is asked of providers: the class of tests is held to itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from planner.engine import Link
from planner.model.change import Action, Change
from planner.model.warm_up import Sample
from planner.provider.testing import Conformance, Fault, Meddling, States
from planner.provider.testing.fake import OWNER, PROTECT, SELF, desired, link
from planner.provider.testing.fake_cloud import QUICK_S, SLOW_S, FakeCloud

NAME = "shop"
STATES = States(
    owner=NAME,
    first=desired(NAME),
    second=desired(NAME, image="2"),
    third=desired(NAME, image="3"),
    in_place=desired(NAME, label="bold", most=9),
    replaced=desired(NAME, zone="south"),
    bare=desired(NAME, most=0),
    fleet=tuple((name, desired(name)) for name in (f"other-{n}" for n in range(12))),
)


class FakeWorld:
    """A cloud in memory, and the hands of others."""

    def __init__(self) -> None:
        self.states = STATES
        self.sample = Sample.of(b"{}", "application/json")
        self.reset()
        used = f"endpoint/{NAME}"
        self.meddlings = (
            self._meddling("a label by hand", used, "Label", "loud"),
            self._meddling("a scaler by hand", f"scaler/{NAME}", "Most", 99),
            Meddling(name="a version by hand", make=self._hand_made, field=(used, "Version")),
            Meddling(name="a tag of others", make=lambda: self._tag(audited="yes")),
            Meddling(name="a tier", make=lambda: self.cloud.meddle(used, Tier="gold")),
            Meddling(name="scaled", make=lambda: self.cloud.meddle(f"scaler/{NAME}", Count=9)),
        )

    def link(self) -> Link:
        return link(self.cloud)

    def reset(self) -> None:
        self.cloud = FakeCloud()

    def writes(self) -> Sequence[str]:
        return self.cloud.calls

    def calls_of(self, change: Change) -> Sequence[str]:
        if change.action is Action.REPLACE:
            return [f"delete {change.address}", f"create {change.address}"]
        return [f"{change.action.value} {change.address}"]

    def inventory(self) -> Mapping[str, Any]:
        return self.cloud.everything()

    def fail(self, fault: Fault, call: str, nth: int = 1) -> None:
        self.cloud.fail(fault, call, nth)

    def slow(self) -> None:
        self.cloud.takes_s = SLOW_S

    def mute(self) -> None:
        self.cloud.mute = True

    def calm(self) -> None:
        self.cloud.heal()
        self.cloud.takes_s = QUICK_S
        self.cloud.advance(SLOW_S)

    def retag(self, owner: str | None, *, copied_from: str | None = None) -> None:
        for address, body in self.cloud.everything().items():
            if address.startswith(("endpoint/", "version/")) and NAME in address:
                own = {OWNER: owner, SELF: owner and (copied_from or body["Name"])}
                kept = {k: v for k, v in body["Tags"].items() if k not in own}
                tags = {**kept, **{k: v for k, v in own.items() if v is not None}}
                self.cloud.meddle(address, Tags=tags)

    def protect(self) -> None:
        self._tag(**{PROTECT: "true"})

    def borrow(self) -> str:
        used = self.cloud.everything()[f"endpoint/{NAME}"]
        theirs = {"Name": "theirs", "Version": used["Version"], "Zone": "east", "Tags": {}}
        self.cloud.meddle("endpoint/theirs", theirs)
        return f"version/{used['Version']}"

    def _tag(self, **tags: str) -> None:
        address = f"endpoint/{NAME}"
        self.cloud.meddle(address, Tags={**self.cloud.everything()[address]["Tags"], **tags})

    def _hand_made(self) -> None:
        self.cloud.meddle("version/made-by-hand", Name="made-by-hand", Image="0", Tags={})
        self.cloud.meddle(f"endpoint/{NAME}", Version="made-by-hand")

    def _meddling(self, name: str, address: str, field: str, wrong: Any) -> Meddling:
        def make() -> None:
            self.cloud.meddle(address, **{field: wrong})

        return Meddling(name=name, make=make, field=(address, field))


class TestFake(Conformance):
    @pytest.fixture
    def world(self) -> FakeWorld:
        return FakeWorld()
