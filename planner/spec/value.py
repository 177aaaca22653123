"""What goes into the loader and what comes out; standard library only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field
from typing import BinaryIO, TypeAlias

from planner.diagnostics import Location
from planner.model.catalog import LimitOverride
from planner.model.lock import Lock
from planner.model.price_list import PriceList
from planner.model.value import value
from planner.model.workload import Workload

Reader: TypeAlias = Callable[[str], bytes | BinaryIO]
"""Returns a file by its joined name: its bytes, or the open file where it is large; raises OSError.

An open file is the caller's to close, and asked for again where it is read again.
"""


@value
class Source:
    """One text and the name it has in diagnostics; files it names lie beside it."""

    name: str
    text: bytes


@value
class Spec:
    """One endpoint as its file states it: the `index`-th document of `source`, complete.

    `limits` replace the catalog's, where the user knows better. `lock` is what was decided for it
    before, None where nothing is locked. `price_lists` go before the prices of the catalogs.
    """

    source: str
    index: int
    workload: Workload
    places: Callable[[str], tuple[Location, str]] = field(repr=False, compare=False)
    limits: tuple[LimitOverride, ...] = ()
    lock: Lock | None = None
    price_lists: tuple[PriceList, ...] = ()

    def locate(self, path: str) -> Location | None:
        """Location of `spec.traffic.rate` or `spec.models[0].size`, or of its nearest parent."""
        return self.places(path)[0]

    def excerpt(self, path: str) -> str:
        """Quote the line that `locate` names, with carets under the value."""
        return self.places(path)[1]
