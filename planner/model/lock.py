"""What was decided once and is to stay: the lock of a spec, and what became of it in a plan."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field

from planner.diagnostics import Location
from planner.model.candidate import Autoscaling, Concurrency, Range
from planner.model.plan import CatalogStamp
from planner.model.value import value


@value
class LockedEndpoint:
    """The configuration of one cloud endpoint, without what is only predicted of it.

    `models` tells which of the spec's models it serves, empty where it serves them all. The
    `average` of its scaling says nothing; `monthly_usd` is what it cost when it was locked.
    """

    name: str
    provider: str
    region: str
    hosting: str
    instance_type: str
    models: str
    replicas: Range | None
    units: Range | None
    concurrency: Concurrency
    scaling: Autoscaling | None
    routing: str
    options: tuple[tuple[str, str], ...]
    monthly_usd: float = field(default=0.0, compare=False)

    @property
    def values(self) -> dict[tuple[str, ...], str]:
        """Everything that is held, as text by the keys of the lock file that say it."""
        found: dict[tuple[str, ...], object] = {
            ("provider",): self.provider,
            ("region",): self.region,
            ("hosting",): self.hosting,
            ("instance",): self.instance_type,
            ("models",): self.models,
            ("replicas",): self.replicas,
            ("units",): self.units,
            ("concurrency", "per_replica"): self.concurrency.per_replica,
            ("concurrency", "max"): self.concurrency.max,
            ("routing",): self.routing,
            **{("options", name): item for name, item in self.options},
        }
        if self.scaling is not None:
            found[("scaling", "metric")] = self.scaling.metric
            found[("scaling", "target")] = self.scaling.target
            found[("scaling", "cooldown_up")] = self.scaling.cooldown_up_s
            found[("scaling", "cooldown_down")] = self.scaling.cooldown_down_s
            found[("scaling", "timezone")] = self.scaling.timezone
            for one in self.scaling.scheduled:
                found[("scaling", "scheduled", one.name)] = f"{one.cron}: {one.min} to {one.max}"
        return {keys: str(item) for keys, item in found.items() if item not in {None, ""}}


def _nowhere(*_: str) -> tuple[Location | None, str]:
    return None, ""


@value
class Lock:
    """The decision for one spec: `input` is the digest of what the spec asked then.

    Without endpoints it is that of a spec which its lock file does not know. `places` tells where
    the keys below the entry stand, and quotes the line; `file` is the lock file's name.
    """

    workload: str
    input: str = ""
    planner_version: str = ""
    catalogs: tuple[CatalogStamp, ...] = ()
    endpoints: tuple[LockedEndpoint, ...] = ()
    file: str = ""
    places: Callable[..., tuple[Location | None, str]] = field(
        default=_nowhere, repr=False, compare=False
    )
