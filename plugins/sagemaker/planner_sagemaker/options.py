"""All that a region's catalog depends on."""

from __future__ import annotations

from planner.model.price_list import PriceList
from planner.model.value import value

SPEC = "spec: providers.sagemaker"
DEFAULT_OVERHEAD_S = 0.005
OVERHEAD_NOTE = (
    "assumption: SageMaker adds 5 ms to each request; it publishes OverheadLatency only as a "
    "metric of a running endpoint; set providers.sagemaker.overhead to what yours shows"
)


@value
class CatalogOptions:
    """All that a spec may change about a region's offerings; None takes the flagged default.

    `listed` goes before the prices of the tables, and its quotas are those of `account`.
    """

    region: str
    overhead_s: float | None = None
    startup_s: float | None = None
    keep_alive_s: float | None = None
    cold_start_s: float | None = None
    architectures: tuple[str, ...] = ("x86_64",)
    prices: tuple[tuple[str, float], ...] = ()
    quotas: tuple[tuple[str, int], ...] = ()
    volume_gb: int | None = None
    cooldown_up_s: float | None = None
    cooldown_down_s: float | None = None
    listed: PriceList | None = None
    account: str = ""

    @property
    def overhead(self) -> float:
        """Seconds that SageMaker adds to each request."""
        return DEFAULT_OVERHEAD_S if self.overhead_s is None else self.overhead_s

    @property
    def overhead_notes(self) -> tuple[str, ...]:
        """That the overhead is assumed, unless the spec gives it."""
        return (OVERHEAD_NOTE,) if self.overhead_s is None else ()
