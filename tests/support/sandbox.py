"""Clients of a running sandbox: boto3, whose every answer is judged, and the control paths."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from planner.provider.gateway import Watch
from tests.support.botocore_answers import answer_faults

ROLE = "arn:aws:iam::123456789012:role/Execution"
IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/model:1"
KEYS = {"aws_access_key_id": "sandbox", "aws_secret_access_key": "sandbox"}
ONE_TRY = Config(retries={"total_max_attempts": 1}, read_timeout=5, connect_timeout=5)


@dataclass(frozen=True, kw_only=True)
class Sandbox:
    """A running sandbox; `faulty` collects answers that the service model forbids."""

    url: str
    faulty: list[str] = field(default_factory=list)
    _clients: dict[tuple[str, str], Any] = field(default_factory=dict)

    @cached_property
    def sagemaker(self) -> Any:
        return self.client("sagemaker")

    def client(self, service: str, region: str = "us-east-1", config: Config = ONE_TRY) -> Any:
        """A client without retries, made once for each service and region."""
        if config is not ONE_TRY or (service, region) not in self._clients:
            made = boto3.client(
                service, region_name=region, endpoint_url=self.url, config=config, **KEYS
            )
            made.meta.events.register(f"response-received.{service}", partial(self._judge, service))
            if config is not ONE_TRY:
                return made
            self._clients[service, region] = made
        return self._clients[service, region]

    def _judge(self, service: str, response_dict: Any = None, **rest: Any) -> None:
        operation = rest["event_name"].rpartition(".")[2]
        if response_dict is None:
            return
        parsed = rest["parsed_response"]
        self.faulty.extend(answer_faults(service, operation, response_dict, parsed))

    def get(self, path: str) -> Any:
        with urlopen(f"{self.url}/_sandbox/{path}") as answer:
            return json.load(answer)

    def post(self, path: str, document: Any = None) -> Any:
        body = document if isinstance(document, bytes) else json.dumps(document).encode()
        try:
            with urlopen(Request(f"{self.url}/_sandbox/{path}", data=body)) as answer:
                return json.load(answer)
        except HTTPError as error:
            return {"status": error.code, **json.load(error)}

    def advance(self, seconds: float) -> None:
        self.post("clock", {"advance": seconds})

    def fault(self, effect: str, operation: str = "*", **more: Any) -> None:
        """Put one rule in force: members of `match` by keyword, those of the rule in `rule`."""
        rule = more.pop("rule", {})
        self.post("faults", [{"match": {"operation": operation, **more}, "effect": effect, **rule}])

    def model(self, name: str = "m", **more: Any) -> None:
        self.sagemaker.create_model(
            ModelName=name, ExecutionRoleArn=ROLE, PrimaryContainer={"Image": IMAGE}, **more
        )

    def config(self, name: str, *, variant: str = "AllTraffic", **more: Any) -> None:
        """A config of one variant; what is not given is two small instances."""
        capacity = more.pop("capacity", {"InstanceType": "ml.m5.large", "InitialInstanceCount": 2})
        one = {"VariantName": variant, "ModelName": "m", **capacity}
        self.sagemaker.create_endpoint_config(
            EndpointConfigName=name, ProductionVariants=[one], **more
        )

    def endpoint(self, name: str = "e", config: str = "c1", **more: Any) -> None:
        """An endpoint in service; model and config are made where they do not exist."""
        for make in (self.model, lambda: self.config(config)):
            with suppress(ClientError):  # it exists already, or creating the endpoint will say so
                make()
        self.sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=config, **more)
        self.advance(60)

    def shown(self, name: str = "e") -> dict[str, Any]:
        answer: dict[str, Any] = self.sagemaker.describe_endpoint(EndpointName=name)
        return answer


SERVERLESS = {"ServerlessConfig": {"MemorySizeInMB": 2048, "MaxConcurrency": 5}}


def refusal(call: Any, **parameters: Any) -> tuple[str, str]:
    """Code and message with which a call is refused."""
    with pytest.raises(ClientError) as refused:
        call(**parameters)
    error = refused.value.response["Error"]
    return error["Code"], error["Message"]


def arn(kind: str, name: str, region: str = "us-east-1") -> str:
    return f"arn:aws:sagemaker:{region}:123456789012:{kind}/{name}"


def watch(timeout_s: float, beat: Callable[[str], None] = lambda text: None) -> Watch:
    """How a test waits: for real, and to the end."""
    return Watch(timeout_s=timeout_s, beat=beat, pause=time.sleep)
