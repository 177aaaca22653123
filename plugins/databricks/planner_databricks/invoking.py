"""One query of a serving endpoint, and whose fault it is where there is no answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from io import BytesIO
from typing import Any

from planner.errors import ProviderError
from planner.model.resource import DesiredState
from planner.model.warm_up import SAMPLE, Answer, Reply, Sample, Target
from planner_databricks.reading import KIND, RefusedError, endpoint_name
from planner_databricks.reading import Answer as Shown
from planner_databricks.resources.names import entity_names

Timed = Callable[[str, Sample, str], float]
"""Sends a sample to a path or URL; `details` (third) are those of an address of its own."""


class Once(BytesIO):
    """A body that the SDK sends once: it repeats requests whose body it can rewind."""

    def seekable(self) -> bool:
        """No, whatever it could."""
        return False


def invoked(
    timed: Timed,
    describe: Callable[[str], Shown | None],
    desired: DesiredState,
    target: Target,
    *,
    sample: Sample,
) -> Reply:
    """Call the model once; only refused credentials and no way there are raised."""
    name = endpoint_name(desired)
    body: Mapping[str, Any] = next((r.body for r in desired.resources if r.kind == KIND), {})
    entities = (body.get("config") or {}).get("served_entities") or ()
    entity = entity_names((target.model,))[target.model]
    url, details = f"/serving-endpoints/{name}", ""
    if body.get("route_optimized"):
        url, details = _own_address(describe(name) or {}, name, target, len(entities))
    elif len(entities) > 1:
        url = f"{url}/served-models/{entity}/invocations"
    else:
        url = f"{url}/invocations"
    try:
        return Reply(answer=Answer.ANSWERED, seconds=timed(url, sample, details))
    except RefusedError as refusal:
        return _refused(refusal, f"{name} {entity}")
    except ProviderError as error:
        if error.code == "unreachable" and "timed out" in error.message:
            return _failed(error.message, f"{name} {entity}")
        raise


def _own_address(shown: Shown, name: str, target: Target, entities: int) -> tuple[str, str]:
    """Where alone a route-optimized endpoint answers, and what its token is exchanged for."""
    if entities > 1:
        # The documented address is that of the whole endpoint, and its split decides who answers.
        raise ProviderError(
            "entity-out-of-reach",
            f"{target.model} cannot be called by itself: {name} is route-optimized, and its "
            f"address splits the calls between {entities} models",
            hint="providers.databricks.route_optimized: false, or no rollout.warm_up",
        )
    info = (shown.get("data_plane_info") or {}).get("query_info") or {}
    url = info.get("endpoint_url") or shown.get("endpoint_url")
    if not url:
        raise ProviderError(
            "no-address",
            f"{name} is route-optimized, and the workspace shows no address of it",
            hint=f"databricks serving-endpoints get {name}",
        )
    return str(url), str(info.get("authorization_details") or "")


def _refused(refusal: RefusedError, served: str) -> Reply:
    text = f"{refusal.cloud_code}: {refusal.text}"
    if refusal.later:
        return Reply(answer=Answer.LATER, seconds=0.0, text=text)
    if refusal.internal:
        return _failed(text, served)
    return Reply(answer=Answer.REFUSED, seconds=0.0, text=text, hint=SAMPLE)


def _failed(text: str, served: str) -> Reply:
    """`served` is the endpoint and its entity, as the command line takes them."""
    logs = f"databricks serving-endpoints logs {served}"
    return Reply(answer=Answer.FAILED, seconds=0.0, text=text, hint=logs)
