"""Fields of the types of databricks-sdk, as the rules of `lifecycle.yml` call them."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from enum import Enum
from typing import Any, get_args, get_type_hints


def fields_of(kind: Any, path: str) -> Iterator[str]:
    """Every leaf of an SDK dataclass, as a path that rules speak of."""
    for inner in get_args(kind):
        if inner is not type(None):
            many = getattr(kind, "__origin__", None) is list
            kind, path = inner, f"{path}[0]" if many else path
            break
    if get_args(kind):
        yield from fields_of(kind, f"{path}.key" if kind.__origin__ is dict else path)
    elif dataclasses.is_dataclass(kind):
        for name, hint in get_type_hints(kind).items():
            yield from fields_of(hint, f"{path}.{name}")
    elif not (isinstance(kind, type) and issubclass(kind, Enum)) or path:
        yield path
