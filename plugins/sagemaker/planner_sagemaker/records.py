"""What AWS has on record: prices, quotas, and the requests that endpoints got."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from planner.model.price_list import PriceList, Wanted
from planner.model.recall import Recall, Recalled
from planner_sagemaker.invocations import invocations
from planner_sagemaker.price_list import PRICING_REGION, price_list
from planner_sagemaker.reading import Ask


class _Connected(Protocol):
    """A connection to one region."""

    @property
    def ask(self) -> Ask:
        """Asks a service for an operation."""
        ...


class SageMakerRecords:
    """The records of one region; `connect` makes a connection to a region."""

    def __init__(self, region: str, connect: Callable[[str], _Connected]) -> None:
        self._ask = connect(region).ask
        self._prices = connect(PRICING_REGION).ask

    def price_list(self, wanted: Wanted, /) -> PriceList:
        """Prices of hosting and quotas of the account in a region, whole or not at all."""
        return price_list(self._prices, self._ask, wanted)

    def requests(self, recall: Recall, /) -> Recalled:
        """Requests of an endpoint by the minute; after 15 days coarser ones are kept."""
        return invocations(self._ask, recall)
