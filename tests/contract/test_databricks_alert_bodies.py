"""Bodies of SQL alerts and the rules of their fields, held against the types of databricks-sdk."""

from __future__ import annotations

from typing import get_type_hints

from databricks.sdk.service import sql

from planner.provider.lifecycle import read_lifecycle
from tests.support.databricks_values import rendered
from tests.support.sdk_fields import fields_of

LIFECYCLE = read_lifecycle("planner_databricks")


def test_a_rule_speaks_of_every_field_of_an_alert() -> None:
    for name, hint in get_type_hints(sql.AlertV2).items():
        for path in fields_of(hint, name):
            LIFECYCLE.rule("alert", path)


def test_alerts_are_what_the_sdk_sends() -> None:
    block = {"warehouse": "w", "emails": ["b@c.d", "a@c.d"], "destinations": ["x"], "folder": "/f"}
    _, *alerts = rendered(alerts=block).resources
    assert alerts
    for one in alerts:
        assert sql.AlertV2.from_dict(one.body).as_dict() == one.body
        assert (one.kind, one.body["display_name"], one.after) == (
            "alert",
            one.name,
            ("endpoint/shop",),
        )
