"""What a workspace has on record: list prices, and the requests that endpoints got."""

from __future__ import annotations

from planner.errors import ProviderError
from planner.model.price_list import PriceList, Wanted
from planner.model.recall import Recall, Recalled
from planner_databricks.price_list import price_list
from planner_databricks.reading import Ask
from planner_databricks.usage import usage


class DatabricksRecords:
    """The records of one workspace; `warehouse` answers where nobody names another."""

    def __init__(self, ask: Ask, warehouse: str) -> None:
        self._ask = ask
        self._warehouse = warehouse

    def price_list(self, wanted: Wanted, /) -> PriceList:
        """Prices of a DBU in a region, by SQL: raises ProviderError `no-warehouse` without one."""
        return price_list(self._ask, self._chosen(wanted.warehouse), wanted)

    def requests(self, recall: Recall, /) -> Recalled:
        """Requests of an endpoint by the minute, summed up in the warehouse."""
        return usage(self._ask, self._chosen(recall.warehouse), recall)

    def _chosen(self, warehouse: str) -> str:
        found = warehouse or self._warehouse
        if not found:
            raise ProviderError(
                "no-warehouse",
                "this is read by SQL, and no SQL warehouse is named",
                hint="--warehouse ID, or export DATABRICKS_WAREHOUSE_ID=ID "
                "(databricks warehouses list)",
            )
        return found
