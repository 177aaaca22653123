"""SQL alerts as they live: read, written and claimed, one request for each.

Raw JSON, as for endpoints: /api/2.0/alerts of databricks-sdk `AlertsV2API`.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from planner.errors import ProviderError
from planner.model.change import Action
from planner.model.live import LiveObject, LiveState, Operation
from planner.model.resource import DesiredState, Resource
from planner_databricks.reading import MISSING, Answer, Ask, RefusedError
from planner_databricks.resources.alerts import ENDPOINT, KIND, marked, marks
from planner_databricks.resources.tags import ALERTS, OWNER, SELF, as_values

ALERT_PATH = "/api/2.0/alerts"
FIELDS = (
    *("display_name", "query_text", "warehouse_id", "custom_summary", "custom_description"),
    *("evaluation", "schedule"),
)
"""What an update may change; the folder is chosen when an alert is made (databricks-sdk)."""

_NEEDED = ("display_name", "query_text", "warehouse_id", "evaluation", "schedule")
_SHOWN_ONLY = ("state", "last_evaluated_at")
_PAGE = "100"
_COPY = "#"
"""What parts the name of a second alert with the same marks from its ID."""

_BELIEVED_S = 60.0
"""How long a list of all alerts serves endpoints that are read together."""


class AlertBook:
    """The alerts of a workspace that carry marks; safe in threads.

    Keeps IDs, and for a minute what was listed for endpoints that are read together.
    """

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self._ids: dict[str, str] = {}
        self._tried: set[str] = set()
        self._listed: tuple[float, list[Answer]] | None = None
        self._lock = threading.Lock()
        self._listing = threading.Lock()

    def read(
        self, endpoint: str, wanted: Sequence[Resource] = (), *, shared: bool = False
    ) -> tuple[LiveObject, ...]:
        """The alerts of an endpoint, in the terms of their creation.

        What is called otherwise than its marks say is a copy, or has another use by now: it is
        nobody's. Of several that are made alike, those behind the first have names of their own.
        """
        bodies = {one.name: one.body for one in wanted if one.kind == KIND}
        found: dict[str, LiveObject] = {}
        for shown in self._of(endpoint, self._shared() if shared else self._rows()):
            whose = marks(str(shown.get("query_text", "")))
            if whose.get(ENDPOINT) != endpoint or whose[SELF] != shown.get("display_name"):
                continue
            name = whose[SELF]
            if name in found:
                name = f"{name}{_COPY}{shown['id']}"
            with self._lock:
                self._ids[name] = str(shown["id"])
            found[name] = LiveObject(
                address=f"{KIND}/{name}",
                kind=KIND,
                name=name,
                body=_body(shown, bodies.get(name, {})),
                owner=whose[OWNER],
                origin=name,
            )
        return tuple(found.values())

    def write(self, operation: Operation) -> None:
        """Make one change; what is done already is a success."""
        self._listed = None
        if operation.action is Action.DELETE:
            self._delete(operation.name)
        elif operation.action in {Action.CREATE, Action.UPDATE}:
            self._put(operation.name, operation.body)
        else:
            raise ProviderError(
                "unsupported-operation", f"{operation.action} is not one call: {operation.address}"
            )

    def joined(self, live: LiveState, desired: DesiredState, *, shared: bool = False) -> LiveState:
        """What was read of an endpoint, with its alerts where it has some or is to have some.

        Of an endpoint that is to stay, what another spec has made and this one does not ask for is
        that spec's.
        """
        endpoint = next((one for one in live.objects if one.kind == "endpoint"), None)
        tags = as_values(endpoint.body.get("tags") if endpoint else None)
        wanted = {one.name: one for one in desired.resources if one.kind == KIND}
        if not wanted and ALERTS not in tags:
            return live
        name = endpoint.name if endpoint else desired.endpoint
        found = self.read(name, tuple(wanted.values()), shared=shared)
        if desired.resources:
            own = tags.get(OWNER)
            found = tuple(one for one in found if one.name in wanted or one.owner == own)
        return replace(live, objects=(*live.objects, *found))

    def claimed(self, live: LiveState, owner: str) -> tuple[str, ...]:
        """Put the owner's mark on the alerts that were read; gives the addresses of those."""
        taken = [one for one in live.objects if one.kind == KIND and not one.owned_by(owner)]
        self._listed = None
        for one in taken:
            text = str(one.body["query_text"])
            query = marked(text, {**marks(text), OWNER: owner})
            self._put(one.name, {**one.body, "query_text": query})
        return tuple(one.address for one in taken)

    def _put(self, name: str, body: Mapping[str, Any]) -> None:
        """Create it, or change what differs of the one that is there, whoever made it just now."""
        shown = self._known(name)
        if shown is None and name in self._tried:
            self.read(marks(body["query_text"])[ENDPOINT])
            shown = self._known(name)
        if shown is None:
            self._create(name, body)
            return
        now = _body(shown, body)
        changed = [field for field in FIELDS if now.get(field) != body.get(field)]
        if changed:
            sent = {
                field: body[field] for field in FIELDS if field in {*_NEEDED, *changed} & {*body}
            }
            query = {"update_mask": ",".join(changed)}
            self._ask("PATCH", f"{ALERT_PATH}/{shown['id']}", body=sent, query=query)

    def _create(self, name: str, body: Mapping[str, Any]) -> None:
        """Make it; names are not unique, so that it is asked for once and then looked for."""
        with self._lock:
            self._tried.add(name)
        self._ask("POST", ALERT_PATH, body=body)

    def _delete(self, name: str) -> None:
        """Into the trash, from which it can be taken back for a month."""
        shown = self._known(name)
        if shown is not None:
            self._ask("DELETE", f"{ALERT_PATH}/{shown['id']}")

    def _known(self, name: str) -> Answer | None:
        """The alert that was read under a name, if it is still that."""
        with self._lock:
            identifier = self._ids.get(name)
        shown = None if identifier is None else self._shown(identifier)
        own = name.partition(_COPY)[0]
        if shown is None or marks(str(shown.get("query_text", ""))).get(SELF) != own:
            return None
        return shown

    def _shown(self, identifier: str) -> Answer | None:
        try:
            shown = self._ask("GET", f"{ALERT_PATH}/{identifier}")
        except RefusedError as refusal:
            if refusal.cloud_code == MISSING:
                return None
            raise
        # What is in the trash is still shown (databricks/cli, bundle/direct/dresources/alert.go).
        return None if shown.get("lifecycle_state") == "DELETED" else shown

    def _of(self, endpoint: str, rows: Iterable[Answer]) -> Iterator[Answer]:
        """Alerts that may be of an endpoint, the oldest first, each as a whole."""
        for row in rows:
            if not str(row.get("display_name", "")).startswith(f"{endpoint}-"):
                continue
            # The list is documented to hold whole alerts; one without a query is asked for.
            shown = row if "query_text" in row else self._shown(str(row["id"]))
            if shown is not None and shown.get("lifecycle_state") != "DELETED":
                yield shown

    def _shared(self) -> list[Answer]:
        """All alerts as they were a moment ago; who comes while they are listed waits for that."""
        with self._listing:
            begun, listed = time.monotonic(), self._listed  # which a write takes away at any time
            if listed is None or begun - listed[0] > _BELIEVED_S:
                listed = self._listed = (begun, list(self._rows()))
            return listed[1]

    def _rows(self) -> Iterator[Answer]:
        """All alerts, page by page."""
        query = {"page_size": _PAGE}
        while True:
            answer = self._ask("GET", ALERT_PATH, query=query)
            yield from answer.get("alerts") or ()
            token = answer.get("next_page_token")
            if not token:
                return
            query = {**query, "page_token": str(token)}


def _body(shown: Answer, wanted: Mapping[str, Any]) -> dict[str, Any]:
    """What an alert would be made with to be as it is, its subscribers in the wanted order."""
    body = {field: shown[field] for field in FIELDS if shown.get(field) not in (None, "", {})}
    shown_so = body.get("evaluation") or {}
    evaluation = {field: item for field, item in shown_so.items() if field not in _SHOWN_ONLY}
    if evaluation:
        evaluation["notification"] = _notification(evaluation)
        body["evaluation"] = {field: item for field, item in evaluation.items() if item != {}}
    if "parent_path" in wanted:
        # Never changed, and shown as the workspace writes it: what was asked for stands.
        body["parent_path"] = wanted["parent_path"]
    return body


def _notification(evaluation: Mapping[str, Any]) -> dict[str, Any]:
    """Empty members left out; an address twice is one."""
    given = dict(evaluation.get("notification") or {})
    told = given.pop("subscriptions", None) or ()
    mails = sorted({one["user_email"] for one in told if one.get("user_email")})
    places = sorted({one["destination_id"] for one in told if one.get("destination_id")})
    subscribed = [
        *({"user_email": one} for one in mails),
        *({"destination_id": one} for one in places),
    ]
    return {**given, **({"subscriptions": subscribed} if subscribed else {})}
