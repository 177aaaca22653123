"""Where the Prometheus metrics that a workspace exports count the requests of an endpoint."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from planner.model.export import Asked


class DatabricksMetrics:
    """Metrics of the export API, scraped once a minute; counts are those of the last minute."""

    def requests(self, asked: Asked, /) -> Mapping[str, Any]:
        """All requests."""
        return _query(asked, "request_count_total")

    def failed(self, asked: Asked, /) -> Mapping[str, Any]:
        """Answers of 500 and above."""
        return _query(asked, "request_5xx_count_total")

    def within(self, asked: Asked, seconds: float, /) -> Mapping[str, Any]:
        """Requests of the buckets up to a latency."""
        bound = f"{seconds * 1000.0:g}"
        return _query(asked, "request_latency_ms_bucket", f', le=~"{bound}([.]0)?"')

    def hints(self, asked: Asked, /) -> tuple[str, ...]:
        """What has to be held against the workspace's own metrics."""
        return (
            f"{asked.state.endpoint}: which bounds the buckets of request_latency_ms have is not "
            "documented; where the objective is none of them, take the next below in `le`",
            f"{asked.state.endpoint}: the label endpoint_name is the one your scrape job sets",
        )


def _query(asked: Asked, metric: str, more: str = "") -> dict[str, Any]:
    query = f'sum({metric}{{endpoint_name="{asked.state.endpoint}"{more}}})'
    return {"type": "Prometheus", "spec": {"query": query}}
