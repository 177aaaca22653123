"""A client in Python for each endpoint: boto3, set to what is planned."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from importlib.resources import files

from planner.model.client import Client, client_file, connections, longest_answer
from planner.model.export import Asked, ExportedFile
from planner.model.units import format_duration
from planner_sagemaker.exports.calling import SageMakerCalling
from planner_sagemaker.resources.names import readable

_LIMIT_S = 70
_SOURCE = (
    "a model may take 60 s, and the socket has to wait for 70 s (InvokeEndpoint, API reference)"
)
_SHARED = {"multi-model", "serverless"}
"""Where a request may come before its model is loaded."""


def clients(asked: Sequence[Asked]) -> tuple[ExportedFile, ...]:
    """One file for each endpoint; it runs as it stands and sends one request."""
    return tuple(client_file(one, _client(one)) for one in asked)


def _client(asked: Asked) -> Client:
    return Client(
        package="boto3",
        template=_template(),
        settings=tuple(_settings(asked)),
        notes=tuple(_notes(asked)),
    )


def _settings(asked: Asked) -> Iterator[str]:
    decision = asked.decision
    pool = connections(asked)
    cold = decision.hosting in _SHARED and asked.workload.slo.cold_start.allowed
    answer = longest_answer(asked, limit_s=_LIMIT_S, cold=cold, source=_SOURCE)
    mode, why = _mode(asked)
    yield f"ENDPOINT = {json.dumps(readable(asked.state.endpoint))}"
    yield f"REGION = {json.dumps(asked.state.region)}"
    yield f"# {pool.why}."
    yield "# What is above the pool is opened anew for each request."
    yield f"CONNECTIONS = {pool.number}"
    yield f"# {answer.why}."
    yield f"READ_TIMEOUT_S = {answer.number}"
    yield f"# {why}."
    yield f"RETRY_MODE = {json.dumps(mode)}"
    yield from _loading(asked)
    models = SageMakerCalling().target(asked).get("models")
    if models:
        yield "# TargetModel by the model's name in the spec."
        yield f"MODELS = {json.dumps(models)}"
    else:
        yield "MODELS = {}"


def _loading(asked: Asked) -> Iterator[str]:
    """How long a model is waited for that is not there yet: 429 ModelNotReadyException."""
    if asked.decision.hosting not in _SHARED:
        yield "# A model on instances of its own is loaded before its endpoint serves."
        yield "LOAD_S = 0"
        return
    named = set(asked.decision.models)
    load_s = max(one.load_s for one in asked.workload.models if one.name in named)
    yield f"# The longest load of a model is {format_duration(load_s)}; ModelNotReadyException ends"
    yield "# with it, and botocore does not try that one again."
    yield f"LOAD_S = {math.ceil(load_s)}"


def _mode(asked: Asked) -> tuple[str, str]:
    """How botocore tries again (boto3 guide, Retries), and why so here."""
    if asked.decision.hosting == "serverless":
        return "adaptive", "Above its concurrency a serverless endpoint refuses: send slower then"
    if asked.decision.autoscaling is not None:
        return "adaptive", "Capacity follows the traffic minutes late: send slower meanwhile"
    return "standard", "Capacity is fixed at what the peak needs: a refusal is a moment's"


def _notes(asked: Asked) -> Iterator[str]:
    if any(one.llm is not None and one.llm.streaming for one in asked.workload.models):
        yield (
            f"{asked.state.endpoint}: the client takes answers whole; tokens as they come are "
            "invoke_endpoint_with_response_stream"
        )


def _template() -> str:
    place = files("planner_sagemaker.exports") / "templates" / "client.txt"
    return place.read_text(encoding="utf-8")
