"""Time stamps of logs to seconds since the epoch; equal texts in a row are read once."""

from __future__ import annotations

from datetime import datetime, tzinfo

_MONTHS = {
    b"JanFebMarAprMayJunJulAugSepOctNovDec"[3 * index : 3 * index + 3]: index + 1
    for index in range(12)
}
_UNITS = ((1e17, 1e-9), (1e14, 1e-6), (1e11, 1e-3))
"""Since 1973 what is above counts nanoseconds, microseconds or milliseconds."""


def seconds_of(text: str, zone: tzinfo) -> float:
    """A moment as ISO-8601 or as a number since the epoch; ValueError for anything else.

    A moment without an offset is one of `zone`. Numbers tell their unit by how large they are.
    """
    try:
        number = float(text)
    except ValueError:
        moment = datetime.fromisoformat(text.strip())
        return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).timestamp()
    return number * next((unit for least, unit in _UNITS if abs(number) >= least), 1.0)


def common_seconds(text: bytes) -> int:
    """A moment as `21/Nov/2026:10:00:00 +0100`; ValueError for anything else."""
    month = _MONTHS.get(text[3:6])
    if month is None or len(text) < 26:
        raise ValueError(text.decode("utf-8", "replace"))
    shown = text.decode("ascii")
    zone = f"{shown[21:24]}:{shown[24:26]}"
    clock = f"{shown[7:11]}-{month:02d}-{shown[:2]}T{shown[12:20]}{zone}"
    return int(datetime.fromisoformat(clock).timestamp())
