"""A provider's lifecycle rules from its `lifecycle.yml`."""

from __future__ import annotations

from importlib.resources import files

from pydantic import BaseModel, ConfigDict, TypeAdapter

from planner.diff import Lifecycle, UsualTime
from planner.model.change import Action
from planner.model.lifecycle import Behaviour, FieldRule


class _RuleEntry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: str
    path: str | tuple[str, ...]
    behaviour: Behaviour
    reason: str
    source: str


class _DurationEntry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: str
    action: Action
    least_s: float
    most_s: float
    source: str


class _LifecycleFile(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    order: tuple[str, ...]
    tied: tuple[str, ...]
    kept: tuple[str, ...]
    owned: tuple[str, ...]
    durations: tuple[_DurationEntry, ...] = ()
    rules: tuple[_RuleEntry, ...]


def read_lifecycle(package: str) -> Lifecycle:
    """The rules in the file beside a plugin's modules; ValueError where it is malformed."""
    import yaml  # noqa: PLC0415 - only where live state is compared

    text = (files(package) / "lifecycle.yml").read_text(encoding="utf-8")
    found = TypeAdapter(_LifecycleFile).validate_python(yaml.safe_load(text))
    return Lifecycle(
        order=found.order,
        tied=found.tied,
        kept=found.kept,
        owned=found.owned,
        durations=tuple(
            UsualTime(kind=one.kind, action=one.action, least_s=one.least_s, most_s=one.most_s)
            for one in found.durations
        ),
        rules=tuple(
            FieldRule(
                kind=one.kind,
                path=path,
                behaviour=one.behaviour,
                reason=one.reason,
                source=one.source,
            )
            for one in found.rules
            for path in ((one.path,) if isinstance(one.path, str) else one.path)
        ),
    )
