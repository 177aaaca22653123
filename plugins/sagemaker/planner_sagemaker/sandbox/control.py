"""`/_sandbox`: how tests and people steer the cloud; no client library knows these paths.

- `clock`: POST `{"advance": 600}` moves the time; GET tells it.
- `faults`: POST a list of rules in YAML or JSON; GET shows those in force.
- `calls`: GET the recorded requests, with `?mutating=true` only those that write.
- `quotas`: POST `{"quotas": {"ml.m5.large for endpoint usage": 4}, "region": "us-east-1"}`; without
  a region for all.
- `pace`: POST `{"create_s": 60, "consistency_s": 5}` sets how long things take; GET tells it.
- `endpoints/NAME`: POST `{"region": ..., "seconds": 60}` begins maintenance: `SystemUpdating`.
- `scale`: POST `{"endpoint": NAME, "instances": 9, "region": ..., "variant": ...}` does what the
  autoscaler would.
- `account`: POST `{"roles": [...], "objects": [...], "images": [...], "alarms": [...], "denied":
  [...]}` puts what endpoints depend on; GET tells it.
- `load`: POST `{"endpoint": NAME, "region": ..., "minutes": [...]}` puts what simulated traffic
  leaves in the metrics; a minute has the fields of `planner.model.minute.Minute`.
- `prices`: POST `{"region": ..., "prices": {"ml.m5.large": 0.2}}` lists types at other prices;
  a list gives as many rows, null none.
- `reset`: POST forgets everything.
"""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from planner_sagemaker.sandbox import account
from planner_sagemaker.sandbox.autoscaler import scale
from planner_sagemaker.sandbox.cloud import Call, Cloud
from planner_sagemaker.sandbox.driving import drive
from planner_sagemaker.sandbox.errors import CloudError
from planner_sagemaker.sandbox.faults import read_rules
from planner_sagemaker.sandbox.passing import pass_time
from planner_sagemaker.sandbox.pricing import set_prices
from planner_sagemaker.sandbox.quotas import ALL_REGIONS, set_limits
from planner_sagemaker.sandbox.store import Key
from planner_sagemaker.sandbox.transitions import KIND, save
from planner_sagemaker.sandbox.wire import DEFAULT_REGION


def routes(cloud: Cloud) -> list[Route]:
    """The control paths of one cloud."""
    control = _Control(cloud)
    return [
        Route("/clock", control.clock, methods=["GET", "POST"]),
        Route("/faults", control.faults, methods=["GET", "POST"]),
        Route("/calls", control.calls, methods=["GET"]),
        Route("/quotas", control.quotas, methods=["POST"]),
        Route("/pace", control.pace, methods=["GET", "POST"]),
        Route("/endpoints/{name}", control.maintain, methods=["POST"]),
        Route("/scale", control.scale, methods=["POST"]),
        Route("/account", control.account, methods=["GET", "POST"]),
        Route("/load", control.load, methods=["POST"]),
        Route("/prices", control.prices, methods=["POST"]),
        Route("/reset", control.reset, methods=["POST"]),
    ]


class _Control:
    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    async def clock(self, request: Request) -> Response:
        """The time; a POST moves it forward and lets what is due happen."""
        if request.method == "POST":
            asked = await request.json()
            try:
                self._cloud.advance(float(asked["advance"]))
            except (KeyError, TypeError, ValueError) as error:
                return _refused(f'{{"advance": seconds}} expected: {error}')
            pass_time(self._cloud)
        return JSONResponse({"now": self._cloud.clock.now()})

    async def faults(self, request: Request) -> Response:
        """The rules in force; a POST puts others in their place."""
        if request.method == "POST":
            try:
                self._cloud.faults.replace(read_rules((await request.body()).decode()))
            except ValueError as error:
                return _refused(str(error))
        return JSONResponse([rule.model_dump() for rule in self._cloud.faults.rules])

    async def calls(self, request: Request) -> Response:
        """The recorded requests, oldest first."""
        asked = request.query_params.get("mutating")
        mutating = None if asked is None else asked == "true"
        found: list[dict[str, Any]] = [
            {**asdict(one), "mutating": one.mutating}
            for one in self._cloud.calls.every(mutating=mutating)
        ]
        return JSONResponse(found)

    async def quotas(self, request: Request) -> Response:
        """Grant quotas, from the next request on."""
        asked = await request.json()
        try:
            limits = {str(name): int(amount) for name, amount in asked["quotas"].items()}
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            return _refused(f'{{"quotas": {{name: number}}}} expected: {error}')
        set_limits(self._cloud, limits, asked.get("region", ALL_REGIONS))
        return JSONResponse(limits)

    async def pace(self, request: Request) -> Response:
        """How long things take; a POST changes what it names, until the sandbox ends."""
        if request.method == "POST":
            asked = await request.json()
            try:
                given = {name: float(seconds) for name, seconds in asked.items()}
                self._cloud.pace = replace(self._cloud.pace, **given)
            except (AttributeError, TypeError, ValueError) as error:
                return _refused(str(error))
        return JSONResponse(asdict(self._cloud.pace))

    async def maintain(self, request: Request) -> Response:
        """What AWS does to an endpoint unasked; nothing else can be done to it meanwhile."""
        asked = await request.json()
        pass_time(self._cloud)
        key = Key(region=str(asked.get("region")), kind=KIND, name=str(request.path_params["name"]))
        endpoint = self._cloud.store.get(key)
        if endpoint is None or endpoint["EndpointStatus"] != "InService":
            return _refused(f"no endpoint {key.name} is in service in {key.region}")
        done_at = self._cloud.clock.now() + float(asked.get("seconds", 60))
        endpoint["EndpointStatus"] = "SystemUpdating"
        endpoint["_steps"] = [{"at": done_at, "do": "serve"}]
        save(self._cloud, key, endpoint)
        return JSONResponse({"status": endpoint["EndpointStatus"]})

    async def scale(self, request: Request) -> Response:
        """Move the count of a scaled variant, within the range of its target."""
        asked = await request.json()
        pass_time(self._cloud)
        try:
            call = Call(
                cloud=self._cloud,
                region=str(asked.get("region", DEFAULT_REGION)),
                service="application-autoscaling",
                operation="scale",
                parameters=asked,
            )
            return JSONResponse(scale(call))
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            return _refused(f'{{"endpoint": name, "instances": number}} expected: {error}')
        except CloudError as error:
            return _refused(str(error.message))

    async def account(self, request: Request) -> Response:
        """What endpoints depend on; a POST replaces the kinds that it names."""
        has = account.account(self._cloud)
        if request.method == "POST":
            try:
                has = account.change(self._cloud, await request.json())
            except ValueError as error:
                return _refused(str(error))
        return JSONResponse(has.model_dump())

    async def load(self, request: Request) -> Response:
        """Let an endpoint have had traffic."""
        try:
            return JSONResponse(drive(self._cloud, await request.json()))
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            return _refused(f'{{"endpoint": name, "minutes": [...]}} expected: {error}')

    async def prices(self, request: Request) -> Response:
        """List types at other prices."""
        asked = await request.json()
        try:
            set_prices(self._cloud, str(asked.get("region", DEFAULT_REGION)), asked["prices"])
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            return _refused(f'{{"prices": {{type: number}}}} expected: {error}')
        return JSONResponse(asked["prices"])

    async def reset(self, request: Request) -> Response:
        """Forget everything."""
        del request
        self._cloud.reset()
        return JSONResponse({})


def _refused(message: str) -> Response:
    return JSONResponse({"error": message}, status_code=400)
