"""Quantities as people write them, to and from plain numbers in SI units; standard library only.

| quantity | written                          | value                     |
|----------|----------------------------------|---------------------------|
| duration | `50ms` `1m30s` `PT1H`            | seconds                   |
| size     | `120MiB` `2Gi` `1.5GB` `4096`    | bytes                     |
| rate     | `1200/s` `90/min` `400/day` `12` | per second                |
| fraction | `65%` `0.65`                     | 0.65                      |
| money    | `3000 USD`                       | US dollars                |
| clock    | `20:30`                          | seconds after midnight    |

Every `format_*` result can be pasted back into a spec: the parser of the same quantity reads it.
"""

from __future__ import annotations

import re
from functools import lru_cache
from math import isfinite

Scalar = str | int | float
"""What a YAML scalar may be once it is read."""

_NUMBER = r"\d+(?:\.\d+)?(?:e[+-]?\d+)?|\.\d+"
_GROUPED = re.compile(r"(?<![\d.,])\d{1,3}(?:,\d{3})+(?![\d,])")
_DECIMAL_COMMA = re.compile(r"\d,\d")
_PLAIN = re.compile(rf"(?:{_NUMBER})\Z", re.IGNORECASE)
_AMOUNT = re.compile(rf"({_NUMBER})\s*([^\d\s.].*)?\Z", re.IGNORECASE)
_DURATION_PART = re.compile(r"(\d+(?:\.\d+)?|\.\d+)\s*([a-zµμ]+)\s*", re.IGNORECASE)
_ISO = re.compile(
    r"P(?=.)(?:(\d+(?:\.\d+)?)W)?(?:(\d+(?:\.\d+)?)D)?"
    r"(?:T(?=.)(?:(\d+(?:\.\d+)?)H)?(?:(\d+(?:\.\d+)?)M)?(?:(\d+(?:\.\d+)?)S)?)?\Z"
)
_ISO_SECONDS = (604800, 86400, 3600, 60, 1)
_CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}))?\Z")

# A power of ten is appended to the digits and read once, so that 8.4ms is exactly 0.0084.
_SECONDS = {
    "ns": ("e-9", 1),
    "us": ("e-6", 1),
    "µs": ("e-6", 1),
    "μs": ("e-6", 1),
    "ms": ("e-3", 1),
    "s": ("", 1),
    "m": ("", 60),
    "min": ("", 60),
    "h": ("", 3600),
    "d": ("", 86400),
    "w": ("", 604800),
}
# By the first three letters: a size or a rate in place of a duration is no slip of the pen.
_WORDS = {
    "nan": "ns",
    "mic": "us",
    "mil": "ms",
    "mse": "ms",
    "sec": "s",
    "min": "min",
    "hr": "h",
    "hrs": "h",
    "hou": "h",
    "day": "d",
    "wee": "w",
}
_BYTES = {
    "": 1,
    "k": 1000,
    "m": 1000**2,
    "g": 1000**3,
    "t": 1000**4,
    "p": 1000**5,
    "ki": 1024,
    "mi": 1024**2,
    "gi": 1024**3,
    "ti": 1024**4,
    "pi": 1024**5,
}
_PER = {
    "s": 1,
    "sec": 1,
    "second": 1,
    "min": 60,
    "minute": 60,
    "h": 3600,
    "hour": 3600,
    "d": 86400,
    "day": 86400,
    "w": 604800,
    "week": 604800,
}
_CALENDAR = {"mo", "month", "months", "q", "quarter", "y", "year", "years"}


class UnitError(ValueError):
    """A quantity that cannot be read: a stable code, what is wrong, and a hint to copy."""

    def __init__(self, message: str, hint: str = "", *, code: str = "invalid-value") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.code = code


def _text(value: Scalar, quantity: str, example: str) -> str:
    """Return the value as text without thousands separators; anything but a scalar is refused."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise UnitError(f"{quantity} is a number with its unit, not {_shown(value)}", example)
    text = str(value).strip()
    if not text:
        raise UnitError(f"{quantity} is empty", example)
    if text.startswith("-"):
        raise UnitError(f"{quantity} cannot be negative: {text}", example)
    text = _GROUPED.sub(lambda match: match[0].replace(",", ""), text)
    if _DECIMAL_COMMA.search(text):
        hint = f"write {_DECIMAL_COMMA.sub(lambda match: match[0].replace(',', '.'), text)}"
        raise UnitError(f"{quantity} has a decimal comma: {text}", hint)
    return text


def _shown(value: object) -> str:
    """Name a value that is no scalar in the words of YAML."""
    if isinstance(value, bool):
        return str(value).lower()
    names = {dict: "a mapping", list: "a list", type(None): "null"}
    return names.get(type(value), type(value).__name__)


def _amount(text: str, quantity: str, example: str) -> tuple[float, str]:
    """Split `<number> <unit>`; the unit may be empty."""
    match = _AMOUNT.match(text)
    if match is None:
        raise UnitError(f"{quantity} cannot be read: {text}", example)
    number = float(match[1])
    if number == float("inf"):
        raise UnitError(f"{quantity} is too large: {text}", example)
    return number, (match[2] or "").strip()


def parse_duration(value: Scalar) -> float:
    """Read seconds from `50ms`, `1m30s` or `PT1H`; a bare number but 0 is refused."""
    return _duration(_text(value, "a duration", "write a duration such as 50ms, 1m30s or 2h"))


@lru_cache(maxsize=4096)
def _duration(text: str) -> float:
    if _PLAIN.match(text):
        if float(text) == 0:
            return 0.0
        raise UnitError(
            f"a duration needs a unit: {text}",
            f"write {text}ms or {text}s",
            code="bare-duration",
        )
    if text[0] in "Pp":
        return _iso_duration(text)
    total, end = 0.0, 0
    for match in _DURATION_PART.finditer(text):
        if match.start() != end:
            break
        power, factor = _duration_unit(match[2], match[1])
        total += float(match[1] + power) * factor
        end = match.end()
    if end != len(text) or total == float("inf"):
        hint = "write a duration such as 50ms, 1m30s or 2h"
        raise UnitError(f"a duration cannot be read: {text}", hint)
    return total


def _duration_unit(unit: str, number: str) -> tuple[str, int]:
    found = _SECONDS.get(unit)
    if found is not None:
        return found
    if unit == "M":
        raise UnitError(
            f"M is neither minutes nor months in a duration: {number}M",
            f"write {number}m for minutes or {number}ms for milliseconds",
        )
    if unit.lower() in _CALENDAR:
        raise UnitError(
            f"a duration in {unit} has no fixed length: {number}{unit}", "write days: 30d or 365d"
        )
    known = "ns us ms s m h d w"
    lower = unit.lower()
    near = lower if lower in _SECONDS else _WORDS.get(lower[:3], "")
    hint = f"write {number}{near}" if near else f"units of a duration: {known}"
    raise UnitError(f"unknown unit of a duration: {unit}", hint, code="unknown-unit")


def _iso_duration(text: str) -> float:
    match = _ISO.match(text.upper())
    if match is None:
        raise UnitError(
            f"a duration cannot be read: {text}",
            "write PT1H, PT1M30S or P1D; months and years have no fixed length",
        )
    return sum(
        float(part) * unit
        for part, unit in zip(match.groups(), _ISO_SECONDS, strict=True)
        if part is not None
    )


def parse_size(value: Scalar) -> int:
    """Read bytes from `120MiB`, `2Gi`, `1.5GB`; a bare number is bytes, parts of one round up."""
    return _size(_text(value, "a size", "write a size such as 120MiB, 2Gi or 1.5GB"))


@lru_cache(maxsize=4096)
def _size(text: str) -> int:
    number, unit = _amount(text, "a size", "write a size such as 120MiB, 2Gi or 1.5GB")
    if unit == "m":
        shown = f"{number:g}"
        raise UnitError(
            f"m means a thousandth, and nothing is {text} bytes long",
            f"write {shown}Mi ({shown} x 1024 x 1024 bytes) or {shown}M",
        )
    scale = _BYTES.get(unit.lower().removesuffix("b"))
    if scale is None or unit in {"b", "Kb", "kb", "Mb", "mb", "Gb", "gb", "Tb", "tb"}:
        raise UnitError(
            f"unknown unit of a size: {unit}",
            f"write {number:g}{_size_near(unit)}; units are k M G T (1000) and Ki Mi Gi Ti (1024)",
            code="unknown-unit",
        )
    exact = number * scale
    return -int(-exact // 1)


def _size_near(unit: str) -> str:
    """Guess the unit that was meant; a small b is bits in the trade, so it is never offered."""
    first = unit[:1].upper()
    return f"{first}B" if first in {"K", "M", "G", "T", "P"} else "MiB"


def parse_rate(value: Scalar) -> float:
    """Read requests per second from `1200/s`, `90/min`, `400/day`; a bare number is per second."""
    return _rate(_text(value, "a rate", "write a rate such as 1200/s, 90/min or 400/day"))


@lru_cache(maxsize=4096)
def _rate(text: str) -> float:
    number, unit = _amount(text, "a rate", "write a rate such as 1200/s, 90/min or 400/day")
    if not unit:
        return number
    seconds = _PER.get(unit[1:].strip()) if unit.startswith("/") else None
    if seconds is not None:
        return number / seconds
    shown = f"{number:g}"
    if unit.replace(" ", "") in {"/m", "/M"}:
        raise UnitError(f"/m is minutes to some and months to others: {text}", f"write {shown}/min")
    if unit.lower() in {"qps", "rps", "tps"}:
        raise UnitError(f"unknown unit of a rate: {unit}", f"write {shown}/s", code="unknown-unit")
    if unit.lstrip("/ ").lower() in _CALENDAR:
        raise UnitError(f"a month has no fixed length: {text}", "write it per day: 400/day")
    raise UnitError(
        f"unknown unit of a rate: {unit}",
        f"write {shown}/s, {shown}/min or {shown}/h",
        code="unknown-unit",
    )


def parse_fraction(value: Scalar) -> float:
    """Read a number from 0 to 1 from `65%` or `0.65`; `65` is refused."""
    ratio = parse_ratio(value)
    if ratio > 1:
        raise UnitError(f"a fraction is at most 100%: {value}", "write 100% or less")
    return ratio


def parse_ratio(value: Scalar) -> float:
    """Read a fraction, but `120%` may exceed one; a bare number above one is refused."""
    return _ratio(_text(value, "a fraction", "write a fraction such as 65% or 0.65"))


@lru_cache(maxsize=4096)
def _ratio(text: str) -> float:
    number, unit = _amount(text, "a fraction", "write a fraction such as 65% or 0.65")
    if unit == "%":
        return number / 100
    if unit:
        raise UnitError(
            f"unknown unit of a fraction: {unit}", f"write {number:g}%", code="unknown-unit"
        )
    if number > 1:
        raise UnitError(
            f"a fraction above 1 needs its percent sign: {text}",
            f"write {number:g}% or {number / 100:g}",
            code="bare-percent",
        )
    return number


def parse_money(value: Scalar) -> float:
    """Read US dollars from `3000 USD`; the currency is never guessed, no other one is priced."""
    text = _text(value, "an amount of money", "write an amount such as 3000 USD")
    if text.startswith("$"):
        raise UnitError(f"the currency is not clear: {text}", f"write {text[1:].strip()} USD")
    number, unit = _amount(text, "an amount of money", "write an amount such as 3000 USD")
    if unit == "USD":
        return number
    if not unit:
        raise UnitError(f"an amount of money needs its currency: {text}", f"write {text} USD")
    raise UnitError(f"prices are in USD only, not in {unit}", f"write {number:g} USD")


def parse_clock(value: Scalar) -> float:
    """Read seconds after midnight from `20:30` or `20:30:15`; `24:00` is the end of the day."""
    text = _text(value, "a time of day", 'write a time of day such as "20:30"')
    match = _CLOCK.match(text)
    if match is None:
        raise UnitError(f"a time of day cannot be read: {text}", 'write it as "20:30" (24 hours)')
    hours, minutes, seconds = int(match[1]), int(match[2]), int(match[3] or 0)
    total = hours * 3600 + minutes * 60 + seconds
    if minutes > 59 or seconds > 59 or total > 86400:
        raise UnitError(
            f"there is no such time of day: {text}", 'times run from "00:00" to "24:00"'
        )
    return float(total)


def format_number(value: float, digits: int = 3) -> str:
    """At least `digits` significant digits, thousands separated: `1,235`, `8.4`, `0.00123`."""
    if not isfinite(value):
        return str(value)
    if abs(value) >= 10 ** (digits - 1):
        return f"{value:,.0f}"
    text = f"{value:.{digits}g}"
    if "e" in text:
        text = f"{float(text):.{digits + 15}f}".rstrip("0").rstrip(".")
    return text


def format_duration(seconds: float) -> str:
    """`8.4 ms`, `1.2 s`, `3 min`: three significant digits in the unit that reads best."""
    value = float(f"{seconds:.3g}")
    if value == 0:
        return "0 s"
    if abs(value) >= 172800:
        return f"{format_number(seconds / 86400)} d"
    if abs(value) >= 7200:
        return f"{format_number(seconds / 3600)} h"
    if abs(value) >= 120:
        return f"{format_number(seconds / 60)} min"
    for unit, factor in (("s", 1), ("ms", 1e3), ("us", 1e6)):
        if abs(value) * factor >= 1:
            return f"{format_number(seconds * factor)} {unit}"
    return f"{format_number(seconds * 1e9)} ns"


def format_size(size: float) -> str:
    """`400 MiB`, `1.5 GiB`, `256 B`: in powers of 1024."""
    value, unit = float(size), "B"
    for larger in ("KiB", "MiB", "GiB", "TiB"):
        if abs(value) < 1023.5:
            break
        value, unit = value / 1024, larger
    return f"{format_number(value)} {unit}"


def format_rate(per_second: float) -> str:
    """`1,200/s`, `30/min`, `400/day`: the shortest span that sees at least one request."""
    for unit, seconds in (("s", 1), ("min", 60), ("h", 3600)):
        if per_second == 0 or float(f"{per_second * seconds:.3g}") >= 1:
            return f"{format_number(per_second * seconds)}/{unit}"
    return f"{format_number(per_second * 86400)}/day"


def format_fraction(fraction: float) -> str:
    """`65 %`, `0.5 %`, `99.95 %`: more digits where they matter, close to one."""
    percent = fraction * 100
    return f"{percent:.6g} %" if 99 < percent < 100 else f"{format_number(percent)} %"


def format_usd(usd: float) -> str:
    """`$1,234.50`; three significant digits below a cent."""
    sign, value = ("-" if usd < 0 else ""), abs(usd)
    if 0 < value < 0.01:
        return f"{sign}${format_number(value)}"
    return f"{sign}${value:,.2f}"
