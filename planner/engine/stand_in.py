"""The control paths of a sandbox that is served here, as `planner.provider.sandbox` has them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from planner.errors import ProviderError
from planner.model.value import value

_WAIT_S = 60.0


@value
class StandIn:
    """A cloud that is stood in for at `url`."""

    url: str

    def now_s(self) -> float:
        """Its time."""
        return float(self._asked("clock", None)["now"])

    def advance(self, seconds: float) -> None:
        """Let time pass there."""
        self._asked("clock", {"advance": seconds})

    def load(self, traffic: Mapping[str, Any]) -> None:
        """Let an endpoint have had traffic; raises ProviderError where it cannot have any."""
        self._asked("load", traffic)

    def _asked(self, path: str, body: Mapping[str, Any] | None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        try:
            asked = Request(f"{self.url}/_sandbox/{path}", data=data)  # noqa: S310 - the loopback
            with urlopen(asked, timeout=_WAIT_S) as answer:  # noqa: S310
                return json.load(answer)
        except HTTPError as error:
            told = error.read().decode("utf-8", "replace")
            raise ProviderError("sandbox-refused", f"/_sandbox/{path}: {told}") from error
        except OSError as error:
            raise ProviderError("sandbox-unreachable", f"/_sandbox/{path}: {error}") from error
