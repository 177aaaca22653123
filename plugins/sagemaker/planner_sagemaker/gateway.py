"""The connection to SageMaker and Application Auto Scaling, the only place that uses boto3."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from importlib.metadata import version
from typing import Any
from urllib.parse import urlsplit

import boto3
import botocore.session
from botocore import exceptions as failures
from botocore import xform_name
from botocore.config import Config
from botocore.parsers import ResponseParserError

from planner.errors import AuthError, LaterError, PlannerError, ProviderError
from planner.model.change import ChangeSet
from planner.model.check import Check
from planner.model.live import Health, LiveObject, LiveState, Operation
from planner.model.resource import DesiredState
from planner.model.vitals import Vitals, Window
from planner.model.warm_up import Reply, Sample, Target
from planner.provider.gateway import Watch
from planner_sagemaker.alarms import ALARM, Alarms
from planner_sagemaker.dashboards import Dashboards
from planner_sagemaker.exports.api import OPERATIONS
from planner_sagemaker.invoking import RUNTIME, invoked
from planner_sagemaker.leftovers import Leftovers
from planner_sagemaker.preflight import Usage, checks
from planner_sagemaker.reading import (
    Answer,
    Reader,
    RefusedError,
    endpoint_name,
    health,
    nothing_known,
)
from planner_sagemaker.resources.dashboard import KIND as DASHBOARD
from planner_sagemaker.tag_index import TagIndex
from planner_sagemaker.tenancy import Tenancy, claimed, previous
from planner_sagemaker.unreached import fix
from planner_sagemaker.vitals import vitals
from planner_sagemaker.writing import Writer

_PATIENCE = Config(
    retries={"mode": "standard", "total_max_attempts": 4},
    connect_timeout=5,
    read_timeout=60,
    max_pool_connections=32,
    # Whole: botocore makes its own anew for every call, an eighth of what a call costs here.
    user_agent=f"endpoint-planner/{version('endpoint-planner')} Boto3/{boto3.__version__}",
)
_ONCE = _PATIENCE.merge(
    # A model may take 60 s, and its client should wait for 70 s (InvokeEndpoint, API reference).
    # A second try of botocore's own would count into the time of the first.
    Config(retries={"mode": "standard", "total_max_attempts": 1}, read_timeout=70)
)
_BY_PATH = _PATIENCE.merge(Config(s3={"addressing_style": "path"}))
"""Where no bucket has a host name of its own."""

_DENIED = {
    *("AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "NotAuthorized"),
    "403",  # all that is known of a HEAD that S3 refuses
}
_REFUSED_KEYS = {
    *("ExpiredToken", "ExpiredTokenException", "UnrecognizedClientException"),
    *("InvalidClientTokenId", "InvalidSignatureException", "SignatureDoesNotMatch"),
    *("MissingAuthenticationToken", "MissingAuthenticationTokenException"),
    *("IncompleteSignature", "IncompleteSignatureException", "AuthFailure"),
}
_NO_KEYS = (
    *(failures.NoCredentialsError, failures.PartialCredentialsError, failures.ProfileNotFound),
    *(failures.CredentialRetrievalError, failures.TokenRetrievalError, failures.SSOError),
)
_NO_WAY = (failures.HTTPClientError, failures.ConnectionError)
_LOOPBACK = {"127.0.0.1", "localhost", "::1"}
_LOOKS = 3
"""How often in a row nothing is found until that is believed: reads lag behind writes."""

_PAUSE_S = 2.0
"""At most so long until something that was made is looked for again."""


class Connection:
    """Calls of the cloud's API by name; every failure is an AuthError or a ProviderError."""

    def __init__(self, region: str, endpoint_url: str | None) -> None:
        self.sandboxed = _on_loopback(endpoint_url)
        self._region = region
        self._endpoint_url = endpoint_url
        self._session: Any = None
        self._clients: dict[str, Any] = {}
        self._lock = threading.Lock()

    def ask(self, service: str, operation: str, parameters: Mapping[str, Any]) -> Answer:
        """One call; a list comes whole, page after page."""
        try:
            client = self._client(service)
            name = xform_name(operation)
            if client.can_paginate(name):
                pages = client.get_paginator(name).paginate(**parameters)
                answer: Answer = pages.build_full_result()
            else:
                answer = getattr(client, name)(**parameters)
        except failures.ClientError as error:
            raise _refusal(operation, error.response) from error
        except failures.BotoCoreError as error:
            raise self._failure(operation, error) from error
        except ResponseParserError as error:  # a page of a proxy or of a server that broke down
            text = str(error).partition("\n")[0].rstrip(":")
            raise ProviderError("unreadable-answer", f"{operation}: {text}") from error
        answer.pop("ResponseMetadata", None)
        return answer

    def timed(self, operation: str, parameters: Mapping[str, Any]) -> float:
        """Seconds of one call of the runtime, tried once, until its whole answer is there."""
        self._client(RUNTIME)  # made before the time begins
        begun = time.perf_counter()
        answer = self.ask(RUNTIME, operation, parameters)
        try:
            answer["Body"].read()
        except failures.BotoCoreError as error:
            raise self._failure(operation, error) from error
        return time.perf_counter() - begun

    def creation(self, kind: str, described: Answer) -> Answer:
        """The members of a description that the creation of its kind takes as well."""
        service, operation = OPERATIONS[kind]
        model = self._client(service).meta.service_model.operation_model(operation)
        projected: Answer = _projected(model.input_shape, described)
        return projected

    def _client(self, service: str) -> Any:
        with self._lock:  # making a client is not safe in threads, using it is
            if service not in self._clients:
                if self._session is None:
                    self._session = boto3.session.Session(
                        botocore_session=_session(), **self._keys()
                    )
                stand_in = self._endpoint_url is not None or _on_loopback(_replaced())
                patience = _BY_PATH if stand_in else _PATIENCE
                self._clients[service] = self._session.client(
                    service,
                    region_name=self._region,
                    endpoint_url=self._endpoint_url,
                    config=_ONCE if service == RUNTIME else patience,
                )
            return self._clients[service]

    def _keys(self) -> dict[str, Any]:
        given = {"AWS_ACCESS_KEY_ID", "AWS_PROFILE"} & os.environ.keys()
        if not self.sandboxed or given:
            return {}
        return {"aws_access_key_id": "sandbox", "aws_secret_access_key": "sandbox"}

    def _failure(self, operation: str, error: failures.BotoCoreError) -> PlannerError:
        if isinstance(error, _NO_KEYS):
            return AuthError(
                "no-credentials",
                f"there are no credentials for AWS: {error}",
                hint="aws sso login, or export AWS_ACCESS_KEY_ID=... AWS_SECRET_ACCESS_KEY=...",
            )
        if isinstance(error, _NO_WAY):
            return ProviderError(
                "unreachable",
                f"{operation} did not get through: {error}",
                hint=fix(error, self._endpoint_url or "", self._region, os.environ),
            )
        return ProviderError("aws-client", f"{operation} could not be asked: {error}")


class SageMakerGateway:
    """Reads and changes the endpoints of one region; safe for use in several threads.

    What it has listed it keeps; `connection` is one that is open already, and keeps nothing.
    """

    def __init__(
        self,
        region: str,
        endpoint_url: str | None = None,
        *,
        connection: Connection | None = None,
    ) -> None:
        self._connection = connection or Connection(region, endpoint_url)
        self._index = TagIndex(self._connection.ask)
        self._reader = Reader(self._connection.ask, self._connection.creation)
        self._alarms = Alarms(self._connection.ask, self._reader)
        self._dashboards = Dashboards(self._connection.ask)
        self._tenancy = Tenancy(self._connection.ask, self._reader)
        self._usage = Usage(self._connection.ask, self._reader)
        self._region = region
        self._leftovers = Leftovers(self._connection.ask, self._reader, self._tenancy.used)
        # A stand-in does not mind being asked often.
        near = self._connection.sandboxed or _on_loopback(_replaced())
        self._interval_s = 0.05 if near else 10.0
        self._writer = Writer(self._connection.ask, self._reader, min(self._interval_s, _PAUSE_S))

    def read(self, desired: DesiredState, /, *, together: Sequence[str] = ()) -> LiveState:
        """Every object that the endpoint uses, that is desired of it, that scales or watches it."""
        known = self._index.known(desired, together) if together else nothing_known
        live = self._reader.read(desired, known)
        self._usage.seen(live)
        seen = (*self._alarms.read(desired, live, known), *self._dashboards.read(desired, live))
        return replace(live, objects=(*live.objects, *seen))

    def write(self, operation: Operation, /) -> None:
        """Make one change; a deletion of what is gone and a creation of what is there succeed.

        What is there counts only where it carries the same owner and the same digest.
        """
        write = {ALARM: self._alarms.write, DASHBOARD: self._dashboards.write}.get(operation.kind)
        if write is None:
            self._writer.write(operation)
            return
        try:
            write(operation)
        except RefusedError as refusal:
            if not refusal.throttled:
                raise
            # An account puts three alarms a second (CloudWatch service quotas), all endpoints
            # together: of many, some wait.
            raise LaterError("throttled", str(refusal), after_s=self._interval_s) from refusal

    def endpoints(self, owner: str, /) -> tuple[str, ...]:
        """Endpoints that carry this owner's tag; asked for once."""
        return self._index.endpoints(owner)

    def leftovers(
        self, desired: DesiredState, live: LiveState, /, *, owner: str, keep: int
    ) -> tuple[LiveObject, ...]:
        """Models and configs of this owner that no endpoint uses, but for the newest configs."""
        return tuple(self._leftovers.unused(desired, live, owner=owner, keep=keep))

    def shared(self, live: LiveState, /) -> frozenset[str]:
        """Configs that other endpoints run, and the models of these."""
        return frozenset(self._tenancy.shared(live))

    def previous(self, live: LiveState, /, *, owner: str) -> DesiredState | None:
        """The endpoint on the newest config that it does not run."""
        return previous(self._leftovers, self._reader, live, owner)

    def checks(self, work: Sequence[tuple[DesiredState, ChangeSet]], /) -> tuple[Check, ...]:
        """Credentials, permissions, quotas, role, image and artifacts, as far as can be read."""
        return tuple(checks(self._connection.ask, work, self._usage, self._region))

    def vitals(self, live: LiveState, window: Window, /) -> Vitals:
        """What CloudWatch has of the endpoint; nothing is looked at more than once."""
        return vitals(self._connection.ask, live, window)

    def claim(self, live: LiveState, /, *, owner: str) -> tuple[str, ...]:
        """Set the owner's tags on all that is an endpoint's own."""
        return (
            *claimed(self._reader, self._writer, live, owner),
            *self._alarms.claim(live, owner),
            *self._dashboards.claim(live, owner),
        )

    def settle(self, desired: DesiredState, watch: Watch, /) -> LiveState:
        """Wait until the endpoint is ready, failed or gone; raises ProviderError `not-settled`."""
        name = endpoint_name(desired)
        begun = time.monotonic()
        absent = 0
        while True:
            shown = self._reader.describe("endpoint", name)
            now = health(shown)
            absent = absent + 1 if now is Health.ABSENT else 0
            if now in {Health.READY, Health.FAILED} or absent == _LOOKS:
                return self.read(desired)
            status = shown["EndpointStatus"] if shown else "not found"
            elapsed_s = time.monotonic() - begun
            if elapsed_s >= watch.timeout_s:
                raise ProviderError(
                    "not-settled",
                    f"endpoint {name} is still {status} after {elapsed_s:.0f} s; "
                    "what was begun goes on",
                )
            watch.beat(f"{status}, {elapsed_s:.0f} s")
            pause_s = min(self._interval_s, _PAUSE_S) if absent else self._interval_s
            watch.pause(min(pause_s, max(0.0, watch.timeout_s - elapsed_s)))

    def invoke(self, desired: DesiredState, target: Target, sample: Sample, /) -> Reply:
        """InvokeEndpoint, with TargetModel where many models share the endpoint."""
        return invoked(self._connection.timed, desired, target, sample)


def _replaced() -> str | None:
    """What the environment gives in place of the cloud's addresses; boto3 reads it as well."""
    return os.environ.get("AWS_ENDPOINT_URL")


def _on_loopback(url: str | None) -> bool:
    return urlsplit(url or "").hostname in _LOOPBACK


@cache
def _loader() -> Any:
    """Service models, read once for all clients: to read those of SageMaker takes 0.1 s."""
    return botocore.session.get_session().get_component("data_loader")


def _session() -> Any:
    session = botocore.session.get_session()
    session.register_component("data_loader", _loader())
    return session


def _refusal(operation: str, response: Any) -> PlannerError:
    code = str(response["Error"].get("Code") or "Unknown")
    text = str(response["Error"].get("Message") or "")
    if code in _DENIED:
        return AuthError(
            "access-denied",
            f"{operation} is not allowed: {text}",
            hint="aws sts get-caller-identity",
        )
    if code in _REFUSED_KEYS:
        return AuthError(
            "credentials-refused",
            f"{operation}: AWS does not accept the credentials: {text}",
            hint="aws sso login, or export new AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
        )
    retried = response["ResponseMetadata"].get("RetryAttempts", 0) > 0
    original = response.get("OriginalStatusCode")
    return RefusedError(operation, code, text, retried=retried, original=original)


def _projected(shape: Any, given: Any) -> Any:
    """The part of a value that a shape of the service model has."""
    if shape.type_name == "structure":
        return {
            name: _projected(shape.members[name], item)
            for name, item in given.items()
            if name in shape.members
        }
    if shape.type_name == "list":
        return [_projected(shape.member, item) for item in given]
    return given
