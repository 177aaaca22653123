"""One InvokeEndpoint, and whose fault it is where there is no answer.

Dedicated, serverless and Marketplace models are called alike; a model that shares its endpoint is
named by its artifact.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from planner.errors import ProviderError
from planner.model.resource import DesiredState
from planner.model.warm_up import SAMPLE, Answer, Reply, Sample, Target
from planner_sagemaker.reading import RefusedError, endpoint_name
from planner_sagemaker.resources.model import below, shared_prefix

RUNTIME = "sagemaker-runtime"
Timed = Callable[[str, Mapping[str, Any]], float]
"""Asks the runtime for an operation, and gives the seconds until its answer is read."""

_LATER = {
    # Still being provisioned, or the model is still being downloaded and loaded (botocore).
    "ModelNotReadyException",
    *("ServiceUnavailable", "ThrottlingException", "Throttling"),
}
_CALLER = 400
_SERVER = 500


def invoked(timed: Timed, desired: DesiredState, target: Target, sample: Sample) -> Reply:
    """Call the model once; only refused credentials and no way there are raised."""
    name = endpoint_name(desired)
    parameters: dict[str, Any] = {
        "EndpointName": name,
        "Body": sample.body or b"",
        "ContentType": sample.content_type,
    }
    prefix = shared_prefix(desired)
    if prefix is not None:
        parameters["TargetModel"] = below(prefix, target.artifact)
    try:
        seconds = timed("InvokeEndpoint", parameters)
    except RefusedError as refusal:
        return _refused(refusal, name, desired.region)
    except ProviderError as error:
        # What takes longer than the cloud allows looks like a connection that broke.
        if error.code == "unreachable" and "timeout" in error.message.lower():
            return _failed(error.message, name, desired.region)
        raise
    return Reply(answer=Answer.ANSWERED, seconds=seconds)


def _refused(refusal: RefusedError, name: str, region: str) -> Reply:
    """ModelError is the container's own answer, and ValidationError that of the cloud."""
    text = f"{refusal.cloud_code}: {refusal.text}" if refusal.text else refusal.cloud_code
    if refusal.cloud_code in _LATER:
        return Reply(answer=Answer.LATER, seconds=0.0, text=text)
    if refusal.cloud_code == "ValidationError":
        hint = f"aws sagemaker describe-endpoint --region {region} --endpoint-name {name}"
        return Reply(answer=Answer.REFUSED, seconds=0.0, text=text, hint=hint)
    if refusal.cloud_code == "ModelError" and _CALLER <= (refusal.original or 0) < _SERVER:
        return Reply(answer=Answer.REFUSED, seconds=0.0, text=text, hint=SAMPLE)
    return _failed(text, name, region)


def _failed(text: str, name: str, region: str) -> Reply:
    logs = f"aws logs tail /aws/sagemaker/Endpoints/{name} --region {region} --since 15m"
    return Reply(answer=Answer.FAILED, seconds=0.0, text=text, hint=logs)
