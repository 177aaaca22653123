"""A provider of the fake cloud, as far as it is live: rules, connection, desired states."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from typing import Any

from planner.diff import Lifecycle
from planner.engine import Link
from planner.errors import ProviderError
from planner.model.change import Action, ChangeSet, Risk
from planner.model.check import Check, Verdict
from planner.model.lifecycle import Behaviour, FieldRule
from planner.model.live import Health, LiveObject, LiveState, Operation
from planner.model.resource import DesiredState, Resource
from planner.model.vitals import Vitals, Window
from planner.model.warm_up import Answer, Reply, Sample, Target
from planner.provider.gateway import Gateway, Watch
from planner.provider.testing.fake_cloud import FAILED, MOVING, READY, Body, FakeCloud

OWNER, SELF, DIGEST, PROTECT = "planner:owner", "planner:self", "planner:digest", "planner:protect"
COLD_S, WARM_S = 3.0, 0.02
LOOK_S = 1.0
"""How far the clock moves between two looks at an endpoint that is waited for."""

_HEALTH = {READY: Health.READY, MOVING: Health.MOVING, FAILED: Health.FAILED}
_COMPUTED = {"Status", "Reason", "Next"}


def _rule(kind: str, path: str, behaviour: Behaviour) -> FieldRule:
    return FieldRule(
        kind=kind, path=path, behaviour=behaviour, reason=f"{path} of a {kind}", source="FakeCloud"
    )


LIFECYCLE = Lifecycle(
    order=("version", "endpoint", "scaler"),
    tied=("scaler",),
    kept=("version",),
    owned=("version", "endpoint"),
    rules=(
        _rule("version", "Name", Behaviour.ROLLING),
        _rule("version", "Image", Behaviour.ROLLING),
        _rule("endpoint", "Name", Behaviour.REPLACE),
        _rule("endpoint", "Version", Behaviour.ROLLING),
        _rule("endpoint", "Zone", Behaviour.REPLACE),
        _rule("endpoint", "Label", Behaviour.IN_PLACE),
        _rule("endpoint", "Tier", Behaviour.SERVER_DEFAULT),
        _rule("endpoint", f"Tags.{DIGEST}", Behaviour.INPUT_ONLY),
        _rule("endpoint", "Tags.*", Behaviour.SERVER_DEFAULT),
        _rule("version", "Tags.*", Behaviour.SERVER_DEFAULT),
        _rule("scaler", "Name", Behaviour.REPLACE),
        _rule("scaler", "Least", Behaviour.IN_PLACE),
        _rule("scaler", "Most", Behaviour.IN_PLACE),
        _rule("scaler", "Count", Behaviour.OUTPUT_ONLY),
    ),
)


def desired(
    name: str, *, image: str = "1", zone: str = "north", label: str = "plain", most: int = 4
) -> DesiredState:
    """An endpoint on a version that is named by its content; it is its own owner.

    It has a scaler, unless that could scale to nothing at `most`.
    """
    version = f"{name}-{_hash(image)}"
    digest = _hash(f"{image} {zone} {label} {most}")
    used = {
        "Name": name,
        "Version": version,
        "Zone": zone,
        "Label": label,
        "Tags": {OWNER: name, SELF: name, DIGEST: digest},
    }
    tags = {OWNER: name, SELF: version}
    return _state(
        name,
        digest,
        (
            _resource("version", version, {"Name": version, "Image": image, "Tags": tags}),
            _resource("endpoint", name, used),
            *([_resource("scaler", name, {"Name": name, "Least": 1, "Most": most})] * (most > 0)),
        ),
    )


def link(cloud: FakeCloud) -> Link:
    """A connection to a fake cloud."""
    return Link(provider="fake", gateway=FakeGateway(cloud), lifecycle=LIFECYCLE, rules=Fake(cloud))


class Fake:
    """What of the fake provider needs its cloud, or knows of it."""

    def __init__(self, cloud: FakeCloud) -> None:
        self._cloud = cloud

    def place(self, settings: Any, /) -> Mapping[str, str]:
        """There is one place."""
        del settings
        return {}

    def gateway(self, place: Mapping[str, str], endpoint_url: str | None, /) -> Gateway:
        """The connection to the cloud in memory."""
        del place, endpoint_url
        return FakeGateway(self._cloud)

    def aligned(self, desired: DesiredState, live: LiveState, /) -> DesiredState:
        """Names say all: versions carry the hash of their content."""
        del live
        return desired

    def ordered(self, changes: ChangeSet, desired: DesiredState, live: LiveState, /) -> ChangeSet:
        """A scaler goes with its endpoint: where that is replaced it is made again."""
        del desired, live
        if not any(one.action is Action.REPLACE for one in changes.changes):
            return changes
        return replace(
            changes,
            changes=tuple(
                replace(one, action=Action.CREATE, reason="went with the endpoint", risk=Risk.NONE)
                if one.address.startswith("scaler/") and one.action is not Action.DELETE
                else one
                for one in changes.changes
            ),
        )

    def unreachable(self, live: LiveState, hosting: str, /) -> str:
        """Nothing is."""
        del live, hosting
        return ""

    def pins(self, live: LiveState, /) -> Mapping[str, str]:
        """Nothing of it can be simulated."""
        del live
        return {}


class FakeGateway:
    """A connection to a fake cloud; keeps nothing."""

    def __init__(self, cloud: FakeCloud) -> None:
        self._cloud = cloud

    def read(self, desired: DesiredState, /, *, together: Sequence[str] = ()) -> LiveState:
        """The endpoint, the versions that it has or is to have, and its scaler."""
        del together
        there = self._cloud.everything()
        endpoint = there.get(f"endpoint/{desired.endpoint}")
        named = {one.address for one in desired.resources if one.kind == "version"}
        if endpoint is not None:
            named |= {f"version/{endpoint['Version']}", f"version/{endpoint['Next']}"}
        named |= {f"endpoint/{desired.endpoint}", f"scaler/{desired.endpoint}"}
        found = tuple(_object(one, body) for one, body in there.items() if one in named)
        shown = endpoint or {}
        return LiveState(
            endpoint=desired.endpoint,
            health=_HEALTH[shown["Status"]] if shown else Health.ABSENT,
            objects=found,
            detail=f"{shown['Status']} {shown['Reason']}".strip() if shown else "",
            digest=shown["Tags"].get(DIGEST) if shown else None,
        )

    def endpoints(self, owner: str, /) -> tuple[str, ...]:
        """Those whose tags say so."""
        found = (_object(address, body) for address, body in self._cloud.everything().items())
        return tuple(
            sorted(one.name for one in found if one.kind == "endpoint" and one.owned_by(owner))
        )

    def leftovers(
        self, desired: DesiredState, live: LiveState, /, *, owner: str, keep: int
    ) -> tuple[LiveObject, ...]:
        """Versions that no endpoint has or gets, without the newest."""
        needed = {one.address for one in desired.resources} | {o.address for o in live.objects}
        found = _versions(self._cloud, desired.endpoint, owner)
        return tuple(one for one in found if one.address not in needed)[keep:]

    def shared(self, live: LiveState, /) -> frozenset[str]:
        """Versions that another endpoint has or gets."""
        there = self._cloud.everything()
        return frozenset(
            f"version/{body[key]}"
            for address, body in there.items()
            if address != f"endpoint/{live.endpoint}"
            for key in ("Version", "Next")
            if body.get(key)
        )

    def previous(self, live: LiveState, /, *, owner: str) -> DesiredState | None:
        """The endpoint on its newest version that it does not run."""
        running = next((one for one in live.objects if one.kind == "endpoint"), None)
        if running is None or not running.owned_by(owner):
            return None
        kept = _versions(self._cloud, live.endpoint, owner)
        if not kept:
            return None
        version, digest = kept[0], f"back to {kept[0].name}"
        tags = {**running.body["Tags"], DIGEST: digest}
        back = {**running.body, "Version": version.name, "Tags": tags}
        scalers = (one for one in live.objects if one.kind == "scaler")
        resources = (
            _resource("version", version.name, version.body),
            _resource("endpoint", running.name, back),
            *(_resource("scaler", one.name, one.body) for one in scalers),
        )
        return _state(live.endpoint, digest, resources)

    def checks(self, work: Sequence[tuple[DesiredState, ChangeSet]], /) -> tuple[Check, ...]:
        """There is room for everything."""
        return tuple(
            Check(name="room", subject=one.endpoint, verdict=Verdict.PASSED, detail="there is room")
            for one, _ in work
        )

    def vitals(self, live: LiveState, window: Window, /) -> Vitals:
        """Nothing: nobody calls what is in memory."""
        since_s, until_s = window.since_s, window.until_s
        return Vitals(endpoint=live.endpoint, since_s=since_s, until_s=until_s, period_s=60.0)

    def claim(self, live: LiveState, /, *, owner: str) -> tuple[str, ...]:
        """Put the owner's tags on the endpoint and its versions."""
        changed = [one for one in live.objects if one.kind in LIFECYCLE.owned]
        changed = [one for one in changed if not one.owned_by(owner)]
        for one in changed:
            tags = {**one.body.get("Tags", {}), OWNER: owner, SELF: one.name}
            self._cloud.tag(one.address, tags)
        return tuple(one.address for one in changed)

    def write(self, operation: Operation, /) -> None:
        """One call; what is gone may be deleted, and what we made may be created again."""
        address, body = operation.address, operation.body
        there = self._cloud.everything().get(address)
        if operation.action is Action.DELETE:
            if there is not None:
                self._cloud.delete(address)
        elif operation.action is Action.UPDATE:
            self._cloud.update(address, _kept_tags(body, there))
        elif operation.kind != "version" or there is None or there["Tags"] != body["Tags"]:
            self._cloud.create(address, body)

    def settle(self, desired: DesiredState, watch: Watch, /) -> LiveState:
        """Look, and move the clock, until nothing moves."""
        begun_s = self._cloud.now_s
        while True:
            live = self.read(desired)
            if live.health is not Health.MOVING:
                return live
            elapsed_s = self._cloud.now_s - begun_s
            if elapsed_s >= watch.timeout_s:
                raise ProviderError(
                    "not-settled", f"{desired.endpoint} is still moving after {elapsed_s:.0f} s"
                )
            watch.beat(f"moving, {elapsed_s:.0f} s")
            watch.pause(0.0)
            self._cloud.advance(LOOK_S)

    def invoke(self, desired: DesiredState, target: Target, sample: Sample, /) -> Reply:
        """A model answers, late where its version was not called before; none while `mute`."""
        del sample
        shown = self._cloud.everything()[f"endpoint/{desired.endpoint}"]
        if self._cloud.mute or shown["Status"] != READY:
            return Reply(answer=Answer.FAILED, seconds=0.0, text="no answer", hint="wait")
        called = (desired.endpoint, target.model, shown["Version"])
        seconds = WARM_S if called in self._cloud.loaded else COLD_S
        self._cloud.loaded.add(called)
        return Reply(answer=Answer.ANSWERED, seconds=seconds)


def _versions(cloud: FakeCloud, endpoint: str, owner: str) -> list[LiveObject]:
    """An owner's versions of an endpoint that no endpoint has or gets, newest first."""
    there = cloud.everything()
    used = {body[k] for body in there.values() for k in ("Version", "Next") if body.get(k)}
    found = (_object(address, body) for address, body in reversed(there.items()))
    return [
        one
        for one in found
        if one.kind == "version"
        and one.name.startswith(f"{endpoint}-")
        and one.owned_by(owner)
        and one.name not in used
    ]


def _object(address: str, shown: Body) -> LiveObject:
    kind, _, name = address.partition("/")
    tags = shown.get("Tags", {})
    return LiveObject(
        address=address,
        kind=kind,
        name=name,
        body={key: item for key, item in shown.items() if key not in _COMPUTED},
        owner=tags.get(OWNER),
        origin=tags.get(SELF),
        protected=PROTECT in tags,
    )


def _kept_tags(body: Body, there: Body | None) -> Body:
    """A body with the tags that others have set beside its own."""
    if there is None or "Tags" not in body:
        return body
    return {**body, "Tags": {**there.get("Tags", {}), **body["Tags"]}}


def _state(name: str, digest: str, resources: tuple[Resource, ...]) -> DesiredState:
    return DesiredState(
        endpoint=name, provider="fake", region="", resources=resources, digest=digest
    )


def _resource(kind: str, name: str, body: Body) -> Resource:
    return Resource(address=f"{kind}/{name}", kind=kind, name=name, body=body)


def _hash(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:8]
