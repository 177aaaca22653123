"""Values that only the workspace knows, as variables of files that cannot look them up."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

Lookup = dict[str, str]


def referenced(
    value: Any, endpoint: str, *, refer: Callable[[str], str], literal: Callable[[str], str]
) -> tuple[Any, dict[str, str]]:
    """A body with a reference in place of each look-up, and what each variable stands for.

    `refer` writes a reference to a variable, `literal` text in which the tool finds none.
    """
    variables: dict[str, str] = {}

    def written(item: Any) -> Any:
        if isinstance(item, list):
            return [written(one) for one in item]
        if isinstance(item, str):
            return literal(item)
        if not isinstance(item, dict):
            return item
        source = item.get("$from")
        if not isinstance(source, dict):
            return {key: written(one) for key, one in item.items()}
        name = _variable(endpoint, source["path"])
        variables[name] = f"{source['field']} at GET {source['path']}"
        return refer(name)

    return written(value), variables


def _variable(endpoint: str, path: str) -> str:
    """`ranker_champion_version` for the version that the alias `champion` stands for."""
    *_, model, _, alias = path.split("/")
    words = f"{endpoint}_{model.rsplit('.', 1)[-1]}_{alias}_version"
    return re.sub(r"[^a-zA-Z0-9_]", "_", words)


def notes(variables: dict[str, str], tool: str) -> tuple[str, ...]:
    """What any tool that goes by a state of its own does otherwise with these endpoints."""
    aliases = f"{tool} does not resolve aliases of models: set {', '.join(sorted(variables))}"
    return (
        *([aliases] if variables else []),
        f"{tool} goes by its own state: it writes the tag planner_owner, and does not look whose "
        "endpoints are that exist",
    )
