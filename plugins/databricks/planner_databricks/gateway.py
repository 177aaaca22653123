"""The connection to a workspace, the only place that uses databricks-sdk."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from functools import cached_property, partial
from importlib.metadata import version
from typing import Any, cast
from urllib.parse import urlsplit

from databricks.sdk.core import ApiClient, Config
from databricks.sdk.data_plane import DataPlaneTokenSource
from databricks.sdk.errors import (
    DeadlineExceeded,
    InternalError,
    PermissionDenied,
    TemporarilyUnavailable,
    TooManyRequests,
    Unauthenticated,
)
from databricks.sdk.errors.base import DatabricksError
from databricks.sdk.service import serving

from planner.errors import AuthError, LaterError, PlannerError, ProviderError
from planner.model.change import ChangeSet
from planner.model.check import Check
from planner.model.live import Health, LiveObject, LiveState, Operation
from planner.model.resource import DesiredState
from planner.model.vitals import Vitals, Window
from planner.model.warm_up import Reply, Sample, Target
from planner.provider.gateway import Watch
from planner_databricks.alerting import ALERT_PATH, AlertBook
from planner_databricks.invoking import Once, invoked
from planner_databricks.pacing import Budget, Patience, PutOffError
from planner_databricks.preflight import checks
from planner_databricks.reading import (
    ENDPOINTS,
    KIND,
    Answer,
    Reader,
    RefusedError,
    endpoint_name,
    health,
)
from planner_databricks.resources.tags import OWNER, SELF, as_values
from planner_databricks.unreached import fix
from planner_databricks.vitals import exported, vitals
from planner_databricks.writing import Writer

_LOOPBACK = {"127.0.0.1", "localhost", "::1"}
_PATIENCE_S = {True: 15, False: 300}
"""How long the SDK tries again if nobody says otherwise; True is for a sandbox."""

_CONNECTIONS = 32
_LOOKS = 3
"""How often in a row nothing is found until that is believed."""

_PAUSE_S = 2.0
_QUERY_S = 300
"""A model may take 297 s (limits of model serving, 2026)."""

CREATION = {
    "endpoint": frozenset(
        {
            *("name", "route_optimized", "description", "tags", "config", "ai_gateway"),
            *("email_notifications", "telemetry_config", "budget_policy_id"),
        }
    ),
    "entity": frozenset(one.name for one in fields(serving.ServedEntityInput)),
}
"""Fields of a creation; those of an entity as the SDK has them."""


class Connection:
    """Requests to a workspace; every failure is an AuthError or a ProviderError.

    `patience_s` is how long a request is tried again that is throttled or does not get through; a
    write that is throttled, or one too many for the budget, is a LaterError at once.
    """

    def __init__(
        self,
        profile: str | None,
        endpoint_url: str | None,
        patience_s: int | None = None,
        budget: Budget | None = None,
    ) -> None:
        self.sandboxed = _on_loopback(endpoint_url)
        self._patience_s = patience_s or _PATIENCE_S[self.sandboxed]
        self._patience = Patience(self._patience_s)
        self._own_budget = budget
        self._budget = budget or Budget()
        self._profile = profile
        self._endpoint_url = endpoint_url
        self._clients: dict[int | None, ApiClient] = {}
        self._lock = threading.Lock()

    @property
    def near(self) -> bool:
        """Whether this is a sandbox, also one that was found as a workspace is."""
        return self.sandboxed or _on_loopback(self._host)

    @property
    def cloud(self) -> str:
        """The cloud that the workspace says it is on, in lower case; "" where it does not say."""
        config: Any = self._connected()._cfg
        return str(config.cloud.value).lower() if config.cloud else ""

    def ask(
        self,
        method: str,
        path: str,
        *,
        body: Mapping[str, Any] | None = None,
        query: Mapping[str, str] | None = None,
    ) -> Answer:
        """One request; the SDK repeats it where it was throttled or did not get through."""
        request = f"{method} {path}"
        client = self._connected()
        writes = method != "GET" and path.startswith(ENDPOINTS)
        once = (method, path) == ("POST", ALERT_PATH)
        # A sandbox counts by its own, quicker clock, and says when to ask again.
        if writes and method != "DELETE" and (self._own_budget or not self.near):
            self._budget.take()
        self._patience.begin(patient=not (writes or once), once=once)
        try:
            answer: Any = client.do(
                method,
                path,
                query=None if query is None else dict(query),
                body=None if body is None else dict(body),
                headers={"Accept": "application/json"},
            )
        except PutOffError as later:
            after_s = later.after_s if writes or once else None
            raise self._put_off(request, later.cause, after_s) from later
        except DatabricksError as error:
            raise _refusal(request, error) from error
        except (OSError, TimeoutError) as error:
            raise self._failure(request, error) from error
        return dict(answer or {})

    def text(self, path: str) -> str:
        """What is there to read that is no JSON."""
        request = f"GET {path}"
        client = self._connected()
        try:
            self._patience.begin(patient=True)
            answer: Any = client.do("GET", path, headers={"Accept": "text/plain"}, raw=True)
            with answer["contents"] as contents:
                return str(contents.read().decode("utf-8", "replace"))
        except PutOffError as later:
            raise self._put_off(request, later.cause, None) from later
        except DatabricksError as error:
            raise _refusal(request, error) from error
        except (OSError, TimeoutError) as error:
            raise self._failure(request, error) from error

    def timed(self, url: str, sample: Sample, details: str) -> float:
        """Seconds of one query, tried once, until its whole answer is there.

        `url` is a path of the workspace, or an endpoint's own address, which takes nothing but a
        token that was exchanged for its `details`.
        """
        client = self._connected(_QUERY_S)
        auth = self._exchanged(url, details) if "://" in url else None
        begun = time.perf_counter()
        try:
            answer: Any = client.do(
                "POST",
                url=url if "://" in url else f"{self._host}{url}",
                data=Once(sample.body or b""),
                headers={"Content-Type": sample.content_type, "Accept": "application/json"},
                auth=auth,
                raw=True,
            )
            with answer["contents"] as contents:
                contents.read()
        except DatabricksError as error:
            raise _refusal(f"POST {url}", error) from error
        except (OSError, TimeoutError) as error:
            raise self._failure(f"POST {url}", error) from error
        return time.perf_counter() - begun

    def _exchanged(self, url: str, details: str) -> Callable[[Any], Any] | None:
        """Puts the token of an endpoint on a request, as the SDK's own data plane gets it."""
        if self.sandboxed:
            return None  # there is no account to have another from
        try:
            token = self._tokens.token(url, details).access_token
        except OSError as error:
            raise self._failure("POST /oidc/v1/token", error) from error
        except (ValueError, KeyError, NotImplementedError) as error:  # the last for what is no JSON
            raise AuthError(
                "oauth-needed",
                f"a route-optimized endpoint takes OAuth tokens only: {error}",
                hint=f"databricks auth login --host {self._host}, and no DATABRICKS_TOKEN",
            ) from error

        def sign(request: Any) -> Any:
            request.headers["Authorization"] = f"Bearer {token}"
            return request

        return sign

    @property
    def _host(self) -> str:
        config: Any = self._connected()._cfg
        return str(config.host)

    @cached_property
    def _tokens(self) -> Any:
        """Where tokens of endpoints come from; it keeps them as long as they hold."""
        config: Any = self._connected()._cfg
        return DataPlaneTokenSource(config.host, config.oauth_token)

    def _connected(self, timeout_s: int | None = None) -> ApiClient:
        """A client that waits so long for an answer; None: as long as the SDK does."""
        with self._lock:
            if timeout_s not in self._clients:
                self._clients[timeout_s] = ApiClient(self._config(timeout_s))
            return self._clients[timeout_s]

    def _config(self, timeout_s: int | None) -> Config:
        given: dict[str, Any] = {"profile": self._profile} if self._profile else {}
        if self._endpoint_url:
            given["host"] = self._endpoint_url
        if self.sandboxed:
            # No profile and no credentials of this machine go to a stand-in.
            given |= {"token": "sandbox", "auth_type": "pat", "profile": ""}
        try:
            return Config(
                product="endpoint-planner",
                product_version=version("endpoint-planner"),
                retry_timeout_seconds=self._patience_s,
                max_connections_per_pool=_CONNECTIONS,
                max_connection_pools=_CONNECTIONS,  # requests takes this one for a host
                clock=cast("Any", self._patience),
                http_timeout_seconds=timeout_s,
                **given,
            )
        except (ValueError, OSError) as error:
            raise AuthError(
                "no-credentials",
                f"there are no credentials for Databricks: {error}",
                hint="databricks auth login, or export DATABRICKS_HOST=... DATABRICKS_TOKEN=...",
            ) from error

    def _failure(self, request: str, error: Exception) -> PlannerError:
        cause = error.__cause__
        if isinstance(cause, TooManyRequests | TemporarilyUnavailable):
            return self._put_off(request, cause, None)
        return ProviderError(
            "unreachable",
            f"{request} did not get through: {cause or error}",
            hint=fix(error, self._host, stand_in=self._endpoint_url is not None),
        )

    def _put_off(self, request: str, cause: BaseException, after_s: float | None) -> PlannerError:
        """What is asked again later, by whoever waits, or was asked for long enough."""
        code = "throttled" if isinstance(cause, TooManyRequests) else "unavailable"
        hint = "planner apply SPEC --parallelism 1, or later"
        if after_s is not None:
            return LaterError(code, f"{request} was put off: {cause}", after_s=after_s, hint=hint)
        told = f"{request} was put off for up to {self._patience_s} s: {cause}"
        return ProviderError(code, told, hint=hint)


class DatabricksGateway:
    """Reads and changes the endpoints of one workspace; safe for use in several threads."""

    def __init__(
        self,
        profile: str | None = None,
        endpoint_url: str | None = None,
        patience_s: int | None = None,
        budget: Budget | None = None,
    ) -> None:
        self._connection = Connection(profile, endpoint_url, patience_s, budget)
        self._reader = Reader(self._connection.ask, CREATION)
        self._alerts = AlertBook(self._connection.ask)
        self._writer = Writer(self._connection.ask, self._reader, self._alerts)
        self._lock = threading.Lock()
        self._owned: dict[str, list[str]] | None = None

    def read(self, desired: DesiredState, /, *, together: Sequence[str] = ()) -> LiveState:
        """The endpoint, the model versions that its aliases stand for, and alerts if it has any.

        Alerts are listed for all that are read together; of endpoints a list tells too little.
        """
        return self._alerts.joined(self._reader.read(desired), desired, shared=bool(together))

    def write(self, operation: Operation, /) -> None:
        """Make one change; a deletion of what is gone and a creation of what is there succeed.

        What is there counts only where it carries the same owner and the same digest.
        """
        self._writer.write(operation)

    def endpoints(self, owner: str, /) -> tuple[str, ...]:
        """Endpoints that carry this owner's tag, made for them; asked for once."""
        with self._lock:
            if self._owned is None:
                self._owned = {}
                for row in self._connection.ask("GET", ENDPOINTS).get("endpoints") or ():
                    tags = as_values(row.get("tags"))
                    if OWNER in tags and tags.get(SELF) == row["name"]:
                        self._owned.setdefault(tags[OWNER], []).append(str(row["name"]))
            return tuple(sorted(self._owned.get(owner, ())))

    def leftovers(
        self, desired: DesiredState, live: LiveState, /, *, owner: str, keep: int
    ) -> tuple[LiveObject, ...]:
        """Nothing: an endpoint is one object, and its configs are its own."""
        del desired, live, owner, keep
        return ()

    def shared(self, live: LiveState, /) -> frozenset[str]:
        """Nothing: an endpoint has its config to itself."""
        del live
        return frozenset()

    def previous(self, live: LiveState, /, *, owner: str) -> DesiredState | None:
        """None: the workspace keeps no config that nothing serves."""
        del live, owner
        return None

    def checks(self, work: Sequence[tuple[DesiredState, ChangeSet]], /) -> tuple[Check, ...]:
        """Who asks, models, secrets, workload types, quotas, and how often it may be written."""
        return tuple(checks(self._connection.ask, lambda: self._connection.cloud, work))

    def vitals(self, live: LiveState, window: Window, /) -> Vitals:
        """What the export of metrics shows, which is the last minute; none before it serves."""
        name = next((one.name for one in live.objects if one.kind == KIND), live.endpoint)
        shown = self._reader.describe(name) or {}
        return vitals(partial(exported, self._connection.text, name), shown, live.endpoint, window)

    def claim(self, live: LiveState, /, *, owner: str) -> tuple[str, ...]:
        """Set the owner's tags on the endpoint, and marks on its alerts."""
        return self._writer.claimed(live, owner)

    def settle(self, desired: DesiredState, watch: Watch, /) -> LiveState:
        """Wait until the endpoint is ready, failed or gone; raises ProviderError `not-settled`."""
        name = endpoint_name(desired)
        begun = time.monotonic()
        interval_s = 0.05 if self._connection.near else 10.0
        absent = 0
        while True:
            shown = self._reader.describe(name)
            now = health(shown)
            absent = absent + 1 if now is Health.ABSENT else 0
            if now in {Health.READY, Health.FAILED} or absent == _LOOKS:
                return self.read(desired)
            status = self._reader.detail(shown) or "not found"
            elapsed_s = time.monotonic() - begun
            if elapsed_s >= watch.timeout_s:
                raise ProviderError(
                    "not-settled",
                    f"endpoint {name} is still {status} after {elapsed_s:.0f} s; "
                    "what was begun goes on",
                )
            watch.beat(f"{status}, {elapsed_s:.0f} s")
            pause_s = min(interval_s, _PAUSE_S) if absent else interval_s
            watch.pause(min(pause_s, max(0.0, watch.timeout_s - elapsed_s)))

    def invoke(self, desired: DesiredState, target: Target, sample: Sample, /) -> Reply:
        """One request to the endpoint, or to one of its entities where it has several."""
        describe = self._reader.describe
        return invoked(self._connection.timed, describe, desired, target, sample=sample)


def _on_loopback(url: str | None) -> bool:
    return urlsplit(url or "").hostname in _LOOPBACK


def _refusal(request: str, error: DatabricksError) -> PlannerError:
    code, text = str(error.error_code or ""), str(error)
    # A token that is no good is answered with 403 like much else; its code is the number itself.
    if isinstance(error, Unauthenticated) or code in {"401", "403"}:
        return AuthError(
            "credentials-refused",
            f"{request}: Databricks does not accept the credentials: {text}",
            hint="databricks auth login, or export a new DATABRICKS_TOKEN",
        )
    if isinstance(error, PermissionDenied):
        return AuthError(
            "access-denied",
            f"{request} is not allowed: {text}",
            hint="databricks current-user me",
        )
    refused = RefusedError(request, code, text)
    refused.later = isinstance(error, TooManyRequests | TemporarilyUnavailable)
    # What has no class of its own is the answer of something in between, such as a 502.
    refused.internal = isinstance(error, InternalError | DeadlineExceeded) or (
        type(error) is DatabricksError
    )
    return refused
