"""Single writes to a workspace, safe to repeat."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from planner.errors import LaterError, ProviderError
from planner.model.change import Action
from planner.model.live import LiveState, Operation
from planner_databricks.alerting import AlertBook
from planner_databricks.reading import (
    BUSY,
    ENDPOINTS,
    EXISTING,
    KIND,
    MISSING,
    Answer,
    Ask,
    Reader,
    RefusedError,
    path_of,
)
from planner_databricks.resources.alerts import KIND as ALERT
from planner_databricks.resources.tags import ALERTS, DIGEST, OWNER, SELF, as_tags, as_values

Request = tuple[str, str, dict[str, Any]]
"""Verb, part of the endpoint, body."""

TABLE = "inference_table_config"
_CARRIED = ("instance_profile_arn",)
"""Of a served entity what is never asked for and would be lost: a config is put as a whole."""


class Writer:
    """Writes through `ask`, and reads again what a write may have done already."""

    def __init__(self, ask: Ask, reader: Reader, alerts: AlertBook) -> None:
        self._ask = ask
        self._reader = reader
        self._alerts = alerts

    def write(self, operation: Operation) -> None:
        """Make one change; what is done already is a success."""
        if operation.kind == ALERT:
            self._alerts.write(operation)
        elif operation.action is Action.DELETE:
            self._delete(operation)
        elif operation.action is Action.CREATE:
            self._create(operation)
        elif operation.action is Action.UPDATE:
            self._update(operation)
        else:
            raise ProviderError(
                "unsupported-operation", f"{operation.action} is not one call: {operation.address}"
            )

    def tag(
        self,
        name: str,
        wanted: Mapping[str, str],
        present: Mapping[str, str],
        gone: Sequence[str] = (),
    ) -> None:
        """Set tags that are not there yet or have other values, and take those that are to go."""
        changed = {key: text for key, text in wanted.items() if present.get(key) != text}
        left = [key for key in gone if key in present and key not in wanted]
        body = {
            **({"add_tags": as_tags(changed)} if changed else {}),
            **({"delete_tags": left} if left else {}),
        }
        if body:
            self._ask("PATCH", path_of(name, "tags"), body=body)

    def claimed(self, live: LiveState, owner: str) -> tuple[str, ...]:
        """Give the endpoint and its alerts to an owner; gives what was not the owner's."""
        taken = [one for one in live.objects if one.kind == KIND and not one.owned_by(owner)]
        for one in taken:
            present = as_values(one.body.get("tags"))
            self.tag(one.name, {OWNER: owner, SELF: one.name}, present)
        alerts = self._alerts.claimed(live, owner)
        return (*(one.address for one in taken), *alerts)

    def _create(self, operation: Operation) -> None:
        try:
            self._ask("POST", ENDPOINTS, body=operation.body)
        except RefusedError as refusal:
            if refusal.cloud_code != EXISTING or not self._ours(operation):
                raise

    def _ours(self, operation: Operation) -> bool:
        """Whether what exists is what would have been created: the SDK may have asked twice."""
        shown = self._reader.describe(operation.name) or {}
        found, wanted = as_values(shown.get("tags")), as_values(operation.body.get("tags"))
        return all(found.get(key) == wanted.get(key) is not None for key in (OWNER, SELF, DIGEST))

    def _delete(self, operation: Operation) -> None:
        try:
            self._ask("DELETE", path_of(operation.name))
        except RefusedError as refusal:
            if refusal.cloud_code != MISSING:
                raise

    def _update(self, operation: Operation) -> None:
        """The fewest requests: of each part the one that changes it, as databricks/cli orders them.

        Tags come first: were the mark of what is applied to come last and be refused, nothing would
        be left to do and the mark be wrong for good.
        """
        shown = self._reader.describe(operation.name)
        if shown is None:
            raise ProviderError("not-found", f"{operation.address} does not exist any more")
        wanted = operation.body
        now = self._reader.body(shown, wanted)
        present = as_values(shown.get("tags"))
        self.tag(operation.name, as_values(wanted.get("tags")), present, gone=(ALERTS,))
        for verb, part, body in (*_gateway(now, wanted), *_mails(now, wanted)):
            self._ask(verb, path_of(operation.name, part), body=body)
        if now.get("config") != wanted["config"]:
            self._configure(operation, shown)

    def _configure(self, operation: Operation, shown: Answer) -> None:
        """Put a config in place, unless that is what an update under way does."""
        if self._under_way(operation, shown):
            return
        body = _carried(operation.body["config"], shown)
        try:
            self._ask("PUT", path_of(operation.name, "config"), body=body)
        except RefusedError as refusal:
            again = self._reader.describe(operation.name)
            if refusal.cloud_code != BUSY or again is None:
                raise
            if not self._under_way(operation, again):
                raise LaterError(
                    "busy",
                    f"{operation.address} is being updated by somebody else: {refusal.text}",
                    hint="wait until that has ended, and run it again",
                ) from refusal

    def _under_way(self, operation: Operation, shown: Answer) -> bool:
        pending, wanted = shown.get("pending_config"), operation.body["config"]
        if pending is None or (shown.get("state") or {}).get("config_update") != "IN_PROGRESS":
            return False
        return bool(self._reader.config(pending, wanted) == wanted)


def _gateway(now: Answer, wanted: Answer) -> Iterator[Request]:
    """An AI gateway with the wanted table; what else it has is left as it is.

    A table gets another name only after it was switched off.
    """
    gateway = dict(now.get("ai_gateway") or {})
    before = gateway.pop(TABLE, None)
    after = (wanted.get("ai_gateway") or {}).get(TABLE)
    if before == after:
        return
    if before is not None and after is not None:
        yield "PUT", "ai-gateway", {**gateway, TABLE: {**before, "enabled": False}}
    yield "PUT", "ai-gateway", {**gateway, TABLE: after} if after else gateway


def _mails(now: Answer, wanted: Answer) -> Iterator[Request]:
    mails = wanted.get("email_notifications") or {}
    if (now.get("email_notifications") or {}) != mails:
        yield "PATCH", "notifications", {"email_notifications": mails}


def _carried(config: Answer, shown: Answer) -> Answer:
    """The config with what its entities have beside it now."""
    live = {
        one["name"]: {name: one[name] for name in _CARRIED if one.get(name)}
        for one in (shown.get("config") or {}).get("served_entities") or ()
    }
    entities = [{**live.get(one["name"], {}), **one} for one in config["served_entities"]]
    return {**config, "served_entities": entities}
