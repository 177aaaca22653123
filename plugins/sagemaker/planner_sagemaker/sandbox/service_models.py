"""What botocore's service models say about requests and answers: the one file that reads them.

A model is loaded when the first request for its service comes in.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

_SURROGATES = r"\uD800\uDC00-\uDBFF\uDFFF"
_JAVA = {
    # An escape that begins a range of surrogate pairs; Python's texts have no surrogates.
    _SURROGATES: "\U00010000-\U0010ffff",
    r"\p{L}": r"\w",  # and digits and the underscore, which stand beside it wherever we look
    r"\p{N}": r"\d",
    r"\p{Z}": " \u00a0\u2000-\u200a\u2028\u2029\u202f\u205f\u3000",
    r"\p{Alnum}": "a-zA-Z0-9",
    r"\p{Print}": r"\x20-\x7e",
    r"\p{ASCII}": r"\x00-\x7f",
}


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where in an HTTP message a member stands: `part` is uri, querystring, header or headers."""

    part: str
    name: str


@dataclass(eq=False)
class Shape:
    """One shape of a service model; `kind` is the model's type, such as structure or string.

    `places` has the members that do not stand in the body, `payload` is the one that is the body.
    """

    name: str
    kind: str
    enum: tuple[str, ...] = ()
    pattern: str = ""
    least: float | None = None
    most: float | None = None
    required: tuple[str, ...] = ()
    union: bool = False
    flattened: bool = False
    members: dict[str, Shape] = field(default_factory=dict)
    item: Shape | None = None
    key: Shape | None = None
    places: dict[str, Place] = field(default_factory=dict)
    payload: str = ""

    @property
    def regex(self) -> re.Pattern[str] | None:
        """The pattern for `fullmatch`; None where there is none."""
        return _compiled(self.pattern) if self.pattern else None


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One operation of a service; a shape is None where the model has none."""

    name: str
    input: Shape | None
    output: Shape | None
    result_wrapper: str = ""


@dataclass(frozen=True, kw_only=True)
class Route:
    """The HTTP method and the path, such as `/{Bucket}?list-type=2`, of an operation."""

    operation: str
    method: str
    uri: str


class ServiceModel:
    """The operations of one service as botocore describes them."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._document = document
        self._shapes: dict[str, Shape] = {}
        self.namespace = str(document["metadata"].get("xmlNamespace", ""))
        self.operations: tuple[str, ...] = tuple(document["operations"])
        self.routes: tuple[Route, ...] = tuple(
            Route(operation=name, method=one["http"]["method"], uri=one["http"]["requestUri"])
            for name, one in document["operations"].items()
        )

    @cache  # noqa: B019  a model lives as long as the program
    def operation(self, name: str) -> Operation:
        """One operation; KeyError where the service has none of that name."""
        found = self._document["operations"][name]
        output = found.get("output", {})
        return Operation(
            name=name,
            input=self._shape(found["input"]["shape"]) if "input" in found else None,
            output=self._shape(output["shape"]) if output else None,
            result_wrapper=str(output.get("resultWrapper", "")),
        )

    def _shape(self, name: str) -> Shape:
        if name in self._shapes:
            return self._shapes[name]
        raw = self._document["shapes"][name]
        shape = self._shapes[name] = Shape(
            name=name,
            kind=raw["type"],
            enum=tuple(raw.get("enum", ())),
            pattern=raw.get("pattern", ""),
            least=raw.get("min"),
            most=raw.get("max"),
            required=tuple(raw.get("required", ())),
            union=bool(raw.get("union")),
            flattened=bool(raw.get("flattened")),
            places=_places(raw),
            payload=str(raw.get("payload", "")),
        )
        # Filled afterwards: a shape may contain itself.
        shape.members = {key: self._shape(one["shape"]) for key, one in _members(raw)}
        inner = raw.get("member") or raw.get("value")
        shape.item = self._shape(inner["shape"]) if inner else None
        shape.key = self._shape(raw["key"]["shape"]) if "key" in raw else None
        return shape


def _members(raw: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    return list(raw.get("members", {}).items())


def _places(raw: Mapping[str, Any]) -> dict[str, Place]:
    return {
        key: Place(part=one["location"], name=one.get("locationName", key))
        for key, one in _members(raw)
        if "location" in one
    }


@cache
def load(name: str) -> ServiceModel:
    """The newest model of a service that the installed botocore has."""
    from botocore.loaders import Loader  # noqa: PLC0415 - needed by the sandbox alone

    return ServiceModel(Loader().load_service_model(name, "service-2"))


@cache
def region_names() -> Mapping[str, str]:
    """Names of regions, such as `US East (N. Virginia)`, by their codes."""
    from botocore.loaders import Loader  # noqa: PLC0415 - needed by the sandbox alone

    partitions = Loader().load_data("endpoints")["partitions"]
    return {
        code: one["description"] for part in partitions for code, one in part["regions"].items()
    }


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    # Some models have a slip of the pen in front of the bounds: `(...)${1,128}`.
    text = re.sub(r"\)\$\{", "){", pattern).replace(r"\z", r"\Z")
    for java, python in _JAVA.items():
        text = _translated(text, java, python)
    return re.compile(text)


def _translated(text: str, java: str, python: str) -> str:
    """The ranges that Java names, in brackets of their own where they stand in none."""
    found, *rest = text.split(java)
    for part in rest:
        plain = re.sub(r"\\.", "", found)
        inside = plain.rfind("[") > plain.rfind("]")
        found += (python if inside else f"[{python}]") + part
    return found
