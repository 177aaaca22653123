"""How load tests call Databricks endpoints: the invocations path, with a bearer token."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from planner.model.export import Asked


class DatabricksCalling:
    """The endpoint's own address splits the traffic between its entities."""

    def target(self, asked: Asked, /) -> Mapping[str, Any]:
        """The path in the workspace, and whether the endpoint answers elsewhere."""
        return {
            "path": f"/serving-endpoints/{asked.state.endpoint}/invocations",
            "routed": routed(asked),
        }

    def javascript(self) -> str:
        """For k6."""
        return _template("call.js")

    def python(self) -> str:
        """For Locust."""
        return _template("call.txt")

    def hints(self, asked: Asked, /) -> tuple[str, ...]:
        """What to set."""
        name = asked.state.endpoint
        if routed(asked):
            # docs.databricks.com machine-learning/model-serving/query-route-optimization
            return (
                f"{name}: set DATABRICKS_ENDPOINT_URL to the endpoint's own URL, which exists once "
                "it does, and DATABRICKS_TOKEN to an OAuth token: it takes no other",
            )
        return (f"{name}: set DATABRICKS_HOST and DATABRICKS_TOKEN",)


def routed(asked: Asked) -> bool:
    """Whether it answers at an address of its own alone."""
    return bool(asked.state.resources[0].body["route_optimized"])


def _template(name: str) -> str:
    return (files("planner_databricks.exports") / "templates" / name).read_text(encoding="utf-8")
