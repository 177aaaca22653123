"""What a cloud itself says its prices and quotas are, as it was read on a day.

It stands beside the tables that a provider brings along, and goes before them.
"""

from __future__ import annotations

from planner.model.value import value


@value
class ListPrice:
    """USD per `unit` of what a provider calls `key`, in effect since `since`; `sku` is the row."""

    key: str
    usd: float
    unit: str
    since: str
    sku: str


@value
class ListQuota:
    """How much of something an account may have, by the cloud's name for it."""

    name: str
    amount: float


@value
class PriceList:
    """One region's prices, and quotas of the `account` that asked; "" is no account.

    `read_at` is a moment in UTC as ISO-8601. `unknown` was priced and nothing else is known of it,
    `left_out` is what somebody did not want to be read. `notes` say what else was not taken.
    """

    provider: str
    region: str
    read_at: str
    source: str
    prices: tuple[ListPrice, ...]
    account: str = ""
    quotas: tuple[ListQuota, ...] = ()
    unknown: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def __hash__(self) -> int:
        # A tuple keeps no hash, and every endpoint of a run asks for the catalog by this.
        return hash((self.provider, self.region, self.read_at, len(self.prices), self.account))

    @property
    def read_on(self) -> str:
        """The day it was read."""
        return self.read_at[:10]


@value
class Wanted:
    """What of a cloud's prices is wanted: one region, as of a moment in UTC as ISO-8601.

    `leave_out` are patterns of names that are not to be read. `warehouse` answers where prices
    stand in a table, within `patience_s`.
    """

    region: str
    now: str
    quotas: bool = True
    leave_out: tuple[str, ...] = ()
    warehouse: str = ""
    patience_s: float = 600.0
