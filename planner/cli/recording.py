"""A recording on the command line, in place of the traffic of every spec."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from planner.cli.named import unknown_name
from planner.errors import UsageError

if TYPE_CHECKING:
    from planner.spec import Source

COLUMNS = ("timestamp", "count")
_FIRST_BYTES = 10_000
_BETWEEN_NAMES = re.compile(r"[,;\t{}:\s\"']+")


def overlays_of(file: str, columns: Iterable[str]) -> tuple[Source, ...]:
    """Make overlays that replay `file`; `columns` are `timestamp=NAME` and `count=NAME`.

    Every recorded request counts: a configuration is not excused from the busiest minutes.
    """
    from planner.spec import Source

    path, named = Path(file).absolute(), parse_columns(columns)
    if "count" not in named and names_counts(path):
        named["count"] = "count"
    traffic = {"type": "trace", "file": str(path), "size_for": "max", "columns": named}
    # The first takes away what the spec says about its own recording, such as its bucket.
    layers = {"--trace (first)": None, "--trace": traffic}
    return tuple(
        Source(name=name, text=json.dumps({"spec": {"traffic": layer}}, indent=1).encode())
        for name, layer in layers.items()
    )


def parse_columns(given: Iterable[str]) -> dict[str, str]:
    """Read `KEY=NAME[,KEY=NAME]` each; UsageError for another key or no name."""
    named: dict[str, str] = {}
    for word in (word for text in given for word in text.split(",")):
        key, _, name = (part.strip() for part in word.partition("="))
        if key not in COLUMNS:
            raise unknown_name(
                "unknown-column",
                f"a recording has the columns {' and '.join(COLUMNS)}, not `{key}`",
                name=key,
                known=COLUMNS,
                option="--columns",
            )
        if not name:
            raise UsageError(
                "invalid-columns",
                f"--columns {word}: the name of the column is missing",
                hint="--columns timestamp=ts,count=requests",
            )
        named[key] = name
    return named


def names_counts(path: Path) -> bool:
    """Tell whether the first line names a column `count`; whatever is wrong the reader tells."""
    first = b""
    with suppress(OSError, EOFError):
        packed = path.suffix == ".gz"
        with gzip.open(path) if packed else path.open("rb") as file:
            first = file.readline(_FIRST_BYTES)
    return "count" in _BETWEEN_NAMES.split(first.decode("utf-8-sig", "replace"))
