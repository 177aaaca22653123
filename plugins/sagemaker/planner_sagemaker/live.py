"""SageMaker as it runs: the connection, and what its changes take beside the rules of fields."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from types import ModuleType
from typing import Any

from planner.errors import ProviderError
from planner.model.change import ChangeSet
from planner.model.live import LiveState
from planner.model.resource import DesiredState
from planner.provider.gateway import Gateway, Records
from planner_sagemaker.alignment import aligned
from planner_sagemaker.standing import pins_of
from planner_sagemaker.transitions import ordered, unreachable


def _sdk() -> ModuleType:
    try:
        from planner_sagemaker import gateway  # noqa: PLC0415 - the SDK
    except ImportError as error:
        raise ProviderError(
            "gateway-missing",
            f"talking to SageMaker needs {error.name}, which is not installed",
            hint="pip install 'endpoint-planner[sagemaker]'",
        ) from error
    return gateway


class SageMakerLive:
    """What of SageMaker needs a cloud, or knows of one."""

    def place(self, settings: Any) -> Mapping[str, str]:
        """The region: the account is that of the credentials."""
        return {"region": settings.region}

    def gateway(self, place: Mapping[str, str], endpoint_url: str | None) -> Gateway:
        """The connection to a region; raises ProviderError where what it runs on is missing."""
        found: Gateway = _sdk().SageMakerGateway(place["region"], endpoint_url)
        return found

    def records(self, place: Mapping[str, str], endpoint_url: str | None) -> Records:
        """What AWS has on record of a region; errors as with `gateway`."""
        connection = _sdk().Connection
        from planner_sagemaker.records import SageMakerRecords  # noqa: PLC0415 - few need it

        return SageMakerRecords(place["region"], partial(connection, endpoint_url=endpoint_url))

    def aligned(self, desired: DesiredState, live: LiveState) -> DesiredState:
        """Desired state in the names of what lives already with the same content."""
        return aligned(desired, live)

    def ordered(self, changes: ChangeSet, desired: DesiredState, live: LiveState) -> ChangeSet:
        """Changes in an order that SageMaker takes; ProviderError for what it never does."""
        return ordered(changes, desired, live)

    def unreachable(self, live: LiveState, hosting: str) -> str:
        """Why an endpoint cannot become of a hosting mode; empty where it can."""
        return unreachable(live, hosting)

    def imported(self, live: LiveState, place: Mapping[str, str]) -> Mapping[str, Any]:
        """What of a spec makes this endpoint again; ProviderError for what none can say."""
        from planner_sagemaker.importing import imported  # noqa: PLC0415 - one command needs it

        return imported(live, place["region"])

    def pins(self, live: LiveState) -> Mapping[str, str]:
        """What an endpoint has now, as pins that `planner simulate` takes."""
        return pins_of(live)
