"""The dashboard of an endpoint in CloudWatch: found, put and deleted, those of others never."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from planner.errors import AuthError, ProviderError
from planner.model.change import Action
from planner.model.live import LiveObject, LiveState, Operation
from planner.model.resource import DesiredState
from planner_sagemaker.reading import Answer, Ask, RefusedError, tag_of, tagged_object, watch_tags
from planner_sagemaker.resources.dashboard import KIND, put_dashboard
from planner_sagemaker.resources.tags import DASHBOARD, OWNER, SELF

_CLOUDWATCH = "cloudwatch"


class Dashboards:
    """Dashboards through `ask`; keeps nothing."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask

    def read(self, desired: DesiredState, live: LiveState) -> Iterator[LiveObject]:
        """The one that is desired, and the one that the tag of a living endpoint names.

        Nothing is asked for any other endpoint. One that is not desired is told of where it is
        the endpoint's own, and may be unreadable.
        """
        wanted = {one.name for one in desired.resources if one.kind == KIND}
        endpoint = next((one for one in live.objects if one.kind == "endpoint"), None)
        named = tag_of((endpoint.body if endpoint else {}).get("Tags"), DASHBOARD)
        for name in sorted(wanted | ({named} if named else set())):
            try:
                found = self._object(name)
            except AuthError:
                if name in wanted:
                    raise
                continue
            own = endpoint is not None and found is not None and found.owner == endpoint.owner
            if found is not None and (name in wanted or own):
                yield found

    def write(self, operation: Operation) -> None:
        """Make one change; what is done already is a success."""
        if operation.action is Action.DELETE:
            try:
                asked = {"DashboardNames": [operation.name]}
                self._ask(_CLOUDWATCH, "DeleteDashboards", asked)
            except RefusedError as refusal:
                if not refusal.missing:
                    raise
            return
        found = self._object(operation.name)
        if found is None:
            self._ask(_CLOUDWATCH, "PutDashboard", put_dashboard(operation.body))
        else:
            self._change(operation, found)

    def claim(self, live: LiveState, owner: str) -> Iterator[str]:
        """Put the owner's tags on the dashboard; gives its address where it changed hands."""
        for one in live.objects:
            if one.kind != KIND or one.owned_by(owner):
                continue
            own = {OWNER: owner, SELF: one.name}
            self._tag(one.name, [{"Key": key, "Value": text} for key, text in own.items()])
            yield one.address

    def _change(self, operation: Operation, found: LiveObject) -> None:
        wanted = operation.body.get("Tags", [])
        if not found.owned_by(tag_of(wanted, OWNER) or ""):
            raise ProviderError(
                "foreign-dashboard",
                f"{found.address} is owned by {found.proprietor}: it is not touched",
                hint="give this spec another metadata.name, or delete the other dashboard first",
            )
        if found.body["DashboardBody"] != operation.body["DashboardBody"]:
            body = {key: item for key, item in operation.body.items() if key != "Tags"}
            self._ask(_CLOUDWATCH, "PutDashboard", put_dashboard(body))
        # PutDashboard takes tags at a creation only, and ignores them where there is one.
        present = found.body.get("Tags") or []
        changed = [tag for tag in wanted if tag not in present]
        if changed:
            self._tag(operation.name, changed)

    def _tag(self, name: str, tags: list[Answer]) -> None:
        shown = self._shown(name)
        if shown is not None:
            asked = {"ResourceARN": shown["DashboardArn"], "Tags": tags}
            self._ask(_CLOUDWATCH, "TagResource", asked)

    def _shown(self, name: str) -> Answer | None:
        try:
            return self._ask(_CLOUDWATCH, "GetDashboard", {"DashboardName": name})
        except RefusedError as refusal:
            if refusal.missing:
                return None
            raise

    def _object(self, name: str) -> LiveObject | None:
        shown = self._shown(name)
        if shown is None:
            return None
        body = {"DashboardName": name, "DashboardBody": _parsed(shown["DashboardBody"])}
        return tagged_object(KIND, name, body, watch_tags(self._ask, shown["DashboardArn"]))


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:  # CloudWatch takes no other text
        return text
