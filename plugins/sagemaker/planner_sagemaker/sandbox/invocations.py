"""InvokeEndpoint: which endpoint, variant and model would have answered.

The first call of each model is answered as late as if it had to be loaded first.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from planner_sagemaker.sandbox import models
from planner_sagemaker.sandbox.account import account
from planner_sagemaker.sandbox.cloud import ACCOUNT, LATE, Call, Handler
from planner_sagemaker.sandbox.errors import CloudError
from planner_sagemaker.sandbox.faults import Effect
from planner_sagemaker.sandbox.store import Document
from planner_sagemaker.sandbox.transitions import KIND

_SPREAD = (5**0.5 - 1) / 2
"""Multiples of it fall evenly into the weights of variants, in no order that shows."""

_GONE = {"Creating", "Deleting", "Failed", "OutOfService"}


def invoke_endpoint(call: Call) -> Mapping[str, Any]:
    """No model runs here: the answer names what was asked."""
    name = call.parameters["EndpointName"]
    endpoint = call.seen(KIND, name)
    if endpoint is None or endpoint["EndpointStatus"] in _GONE:
        # aws/amazon-sagemaker-examples#293
        raise _invalid(f"Endpoint {name} of account {ACCOUNT} not found.")
    variant = _variant(call, endpoint)
    answer = {"endpoint": name, "variant": variant["VariantName"]}
    target = _target_model(call, endpoint, variant)
    if call.befallen(Effect.MODEL_ERROR):
        raise _model_error(call, 500, "Internal Server Error")
    if call.befallen(Effect.MODEL_REFUSAL):
        raise _model_error(call, 400, "Bad Request")
    if call.befallen(Effect.MODEL_LOADING):
        # Code and status are botocore's, the text is ours.
        said = (call.fault.message if call.fault else None) or "The model is still being loaded."
        raise CloudError("ModelNotReadyException", said, status=429)
    if target:
        answer["model"] = target
    return {
        LATE: call.cloud.pace.load_s if _loads(call, endpoint, target) else 0.0,
        "Body": json.dumps(answer).encode(),
        "ContentType": "application/json",
        "InvokedProductionVariant": variant["VariantName"],
    }


def _variant(call: Call, endpoint: Document) -> Document:
    wanted = call.parameters.get("TargetVariant")
    variants: Sequence[Document] = endpoint["ProductionVariants"]
    if wanted is not None:
        for one in variants:
            if one["VariantName"] == wanted:
                return one
        raise _invalid(f"Variant {wanted} of endpoint {endpoint['EndpointName']} not found.")
    total = sum(one["CurrentWeight"] for one in variants)
    left = call.cloud.calls.count * _SPREAD % 1.0 * total
    for one in variants:
        left -= one["CurrentWeight"]
        if left < 0:
            return one
    return variants[-1]


def _target_model(call: Call, endpoint: Document, variant: Document) -> str:
    """The artifact that is asked for, "" where the endpoint has one model for all."""
    target = str(call.parameters.get("TargetModel", ""))
    prefix = _prefix(call, endpoint, variant)
    if prefix is None and target:
        # aws/amazon-sagemaker-examples#1026
        raise _invalid(
            f"Endpoint {endpoint['EndpointName']} is not a multi-model endpoint and does not "
            "support target model header."
        )
    if prefix is None:
        return ""
    if not target:
        # aws/sagemaker-tensorflow-serving-container#166
        raise _invalid(f"Request {uuid.uuid4()} is missing a target model header.")
    put = account(call.cloud).objects
    uri = f"{prefix.rstrip('/')}/{target.lstrip('/')}"
    if put is not None and all(one.uri != uri for one in put):
        # The sentence is that of aws-solutions-library-samples/fraud-detection-using-machine-
        # learning#9, where a single model is missing.
        raise _invalid(
            f'Failed to download model data from URL: "{uri}". Please ensure that there is an '
            "object located at the URL and that the role passed to CreateModel has permissions to "
            "download the object."
        )
    return target


def _prefix(call: Call, endpoint: Document, variant: Document) -> str | None:
    """Where the models of a variant lie; None where it has one model for all.

    A model that was deleted meanwhile tells nothing, and its endpoint goes on serving.
    """
    for config in endpoint["_ProductionVariants"]:
        if config["VariantName"] == variant["VariantName"] and "ModelName" in config:
            model = call.strong(models.KIND, config["ModelName"]) or {}
            for container in models.containers(model):
                if container.get("Mode") == "MultiModel":
                    return str(container["ModelDataUrl"])
    return None


def _loads(call: Call, endpoint: Document, target: str) -> bool:
    """Whether this is a model's first call since the endpoint was made or updated."""
    since = [endpoint["EndpointConfigName"], endpoint["LastModifiedTime"]]
    loaded = endpoint.get("_loaded")
    if loaded is None or loaded["since"] != since:
        loaded = endpoint["_loaded"] = {"since": since, "models": []}
    if target in loaded["models"]:
        return False
    loaded["models"].append(target)
    call.put(KIND, endpoint["EndpointName"], endpoint)
    return True


def _model_error(call: Call, status: int, answer: str) -> CloudError:
    """The text of aws/amazon-sagemaker-examples#407."""
    name, region = call.parameters["EndpointName"], call.region
    said = (call.fault.message if call.fault else None) or answer
    side = "server" if status >= 500 else "client"
    text = (
        f'Received {side} error ({status}) from model with message "{said}". See https://{region}.'
        f"console.aws.amazon.com/cloudwatch/home?region={region}#logEventViewer:group=/aws/"
        f"sagemaker/Endpoints/{name} in account {ACCOUNT} for more information."
    )
    log = f"arn:aws:logs:{region}:{ACCOUNT}:log-group:/aws/sagemaker/Endpoints/{name}"
    more = {"OriginalStatusCode": status, "OriginalMessage": said, "LogStreamArn": log}
    return CloudError("ModelError", text, status=424, more=more)


def _invalid(text: str) -> CloudError:
    return CloudError("ValidationError", text)


HANDLERS: Mapping[str, Handler] = {"InvokeEndpoint": invoke_endpoint}
