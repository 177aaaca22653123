"""Field types for specs and for provider blocks: what a person writes, checked and in SI units.

    class Settings(SpecBlock):
        region: Text
        timeout: PositiveDuration = 60.0

A field of type `Duration` holds seconds, `Size` bytes, `Rate` requests per second, `Fraction` and
`Ratio` a part of one, `Money` US dollars and `Clock` seconds after midnight. The JSON Schema of
each names the accepted writing, so that editors complain before the planner does.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, core_schema

from planner.model import units
from planner.model.units import Scalar, UnitError

UNIT = "x-unit"
_ENV = r"|\$\{env:[^}]*\}"
_NUM = r"(\d+(\.\d+)?|\.\d+)"
_GROUP = rf"({_NUM}|\d{{1,3}}(,\d{{3}})+(\.\d+)?)"
_TIME = rf"({_NUM}\s*(ns|us|µs|μs|ms|s|min|m|h|d|w)\s*)+"
_NAME = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?\Z")


class SpecBlock(BaseModel):
    """Base of every block of a spec: frozen, and unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


class Quantity:
    """Annotation that reads a field with `parse`; its UnitError becomes a diagnostic."""

    def __init__(
        self, parse: Callable[[Any], Any], schema: dict[str, Any], *, positive: str = ""
    ) -> None:
        self._parse = parse
        self._schema = schema
        self._positive = positive
        self.example = str(next(iter(schema.get("examples", ())), ""))

    def _read(self, value: Any) -> Any:
        number = self._parse(value)
        if self._positive and number <= 0:
            raise UnitError(f"must be greater than 0, not {value}", self._positive)
        return number

    def __get_pydantic_core_schema__(
        self, _source: Any, _handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        read = self._read if self._positive else self._parse
        return core_schema.no_info_plain_validator_function(read)

    def __get_pydantic_json_schema__(
        self, _schema: CoreSchema, _handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return dict(self._schema)


def _written(unit: str, pattern: str, example: str, *numbers: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a quantity: text of one form, or a bare number where one is clear.

    UNIT stays in it for whoever has to write a default as a person would.
    """
    text = {"type": "string", "pattern": f"^({pattern}{_ENV})$"}
    body = {"anyOf": [text, *numbers]} if numbers else text
    return {**body, "examples": [example], UNIT: unit}


def _number(value: Any) -> float:
    """Read a plain number without a unit, at least zero."""
    try:
        if isinstance(value, bool):
            raise TypeError
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        shown = value if isinstance(value, Scalar) else type(value).__name__
        raise UnitError(f"must be a number, not {shown}", "write a number such as 1.5") from None
    if not 0 <= number < float("inf"):
        raise UnitError(f"must be a finite number, at least 0, not {value}", "write 0 or more")
    return number


def _count(value: Any) -> int:
    """Read a whole number, at least zero; digits from the environment are accepted."""
    number = _number(value)
    if number != int(number):
        raise UnitError(f"must be a whole number, not {value}", f"write {round(number)}")
    return int(number)


def _text(value: Any) -> str:
    """Read text; what YAML reads as a number or truth value must be quoted."""
    if isinstance(value, str):
        if value.strip():
            return value
        raise UnitError("must not be empty", "write a text, or remove the key")
    if isinstance(value, bool):
        raise UnitError(f"must be text, not {str(value).lower()}", f'write "{str(value).lower()}"')
    if isinstance(value, int | float):
        raise UnitError(f"must be text, not the number {value}", f'quote it: "{value}"')
    raise UnitError(f"must be text, not {_kind(value)}", 'write one text such as "a-name"')


def _flag(value: Any) -> bool:
    """Read true or false; YAML 1.1's other words are text and therefore refused."""
    if isinstance(value, bool):
        return value
    meant = {"yes": "true", "on": "true", "y": "true", "no": "false", "off": "false", "n": "false"}
    text = str(value).lower()
    if text in {"true", "false"} and isinstance(value, str):
        return text == "true"
    hint = f"write {meant[text]}" if text in meant else "write true or false"
    raise UnitError(f"must be true or false, not {value}", hint)


def _label(value: Any) -> str:
    """Read a DNS label: lower-case letters, digits and inner hyphens, at most 63."""
    text = _text(value)
    if len(text) > 63:
        raise UnitError(
            f"must be at most 63 characters long, not {len(text)}", f"write {text[:60]}"
        )
    if not _NAME.match(text):
        near = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "my-endpoint"
        raise UnitError(f"must be lower-case letters, digits and hyphens: {text}", f"write {near}")
    return text


def _kind(value: Any) -> str:
    if value is None:
        return "nothing"
    return "a mapping" if isinstance(value, dict) else "a list"


_DURATION = _written(
    "duration", rf"0|{_TIME}|P(\d+(\.\d+)?[WD])*(T(\d+(\.\d+)?[HMS])+)?", "50ms", {"const": 0}
)
_SIZE = _written(
    "size", rf"{_GROUP}\s*([kKMGTP]i?B?|B)?", "120MiB", {"type": "number", "minimum": 0}
)
_PER = r"\s*/\s*(s|sec|second|min|minute|h|hour|d|day|w|week)"
_RATE = _written("rate", rf"{_GROUP}({_PER})?", "1200/s", {"type": "number", "minimum": 0})
_FRACTION = _written(
    "fraction",
    r"(100(\.0+)?|\d{1,2}(\.\d+)?|\.\d+)\s*%|0?\.\d+|0|1(\.0+)?",
    "65%",
    {"type": "number", "minimum": 0, "maximum": 1},
)
_RATIO = _written(
    "fraction",
    rf"{_GROUP}\s*%|0?\.\d+|0|1(\.0+)?",
    "120%",
    {"type": "number", "minimum": 0, "maximum": 1},
)
_MONEY = _written("money", rf"{_GROUP}\s*USD", "3000 USD")
_CLOCK = _written("clock", r"([01]?\d|2[0-3]):[0-5]\d(:[0-5]\d)?|24:00(:00)?", "20:30")

Duration = Annotated[float, Quantity(units.parse_duration, _DURATION)]
PositiveDuration = Annotated[
    float, Quantity(units.parse_duration, _DURATION, positive="write a duration such as 50ms")
]
Size = Annotated[int, Quantity(units.parse_size, _SIZE)]
PositiveSize = Annotated[
    int, Quantity(units.parse_size, _SIZE, positive="write a size such as 120MiB")
]
Rate = Annotated[float, Quantity(units.parse_rate, _RATE)]
PositiveRate = Annotated[
    float, Quantity(units.parse_rate, _RATE, positive="write a rate such as 1200/s")
]
Fraction = Annotated[float, Quantity(units.parse_fraction, _FRACTION)]
PositiveFraction = Annotated[
    float, Quantity(units.parse_fraction, _FRACTION, positive="write a fraction such as 65%")
]
Ratio = Annotated[float, Quantity(units.parse_ratio, _RATIO)]
Money = Annotated[float, Quantity(units.parse_money, _MONEY)]
PositiveMoney = Annotated[
    float, Quantity(units.parse_money, _MONEY, positive="write an amount such as 3000 USD")
]
Clock = Annotated[float, Quantity(units.parse_clock, _CLOCK)]
Number = Annotated[float, Quantity(_number, {"type": "number", "minimum": 0})]
PositiveNumber = Annotated[
    float,
    Quantity(_number, {"type": "number", "exclusiveMinimum": 0}, positive="write a number above 0"),
]
Count = Annotated[int, Quantity(_count, {"type": "integer", "minimum": 0})]
PositiveCount = Annotated[
    int, Quantity(_count, {"type": "integer", "minimum": 1}, positive="write 1 or more")
]
Text = Annotated[str, Quantity(_text, {"type": "string", "minLength": 1})]
Flag = Annotated[bool, Quantity(_flag, {"type": "boolean"})]
DnsLabel = Annotated[
    str,
    Quantity(
        _label,
        {"type": "string", "pattern": "^[a-z0-9]([a-z0-9-]*[a-z0-9])?$", "maxLength": 63},
    ),
]
