"""Time stamps of logs to seconds since the epoch; equal texts in a row are read once."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo

_MONTHS = {
    b"JanFebMarAprMayJunJulAugSepOctNovDec"[3 * index : 3 * index + 3]: index + 1
    for index in range(12)
}
_UNITS = ((1e17, 1e-9), (1e14, 1e-6), (1e11, 1e-3))
"""Since 1973 what is above counts nanoseconds, microseconds or milliseconds."""

_END_S = 253_402_300_800.0
"""The year 10000, which no date has."""

_BACK_S = 60.0
"""By how much lines may be out of order without a clock having been set back."""


def is_stamp(text: str) -> bool:
    """Whether a text is a moment, and no name of one."""
    try:
        seconds_of(text, UTC)
    except (ValueError, OverflowError):
        return False
    return True


def seconds_of(text: str, zone: tzinfo) -> float:
    """A moment as ISO-8601 or as a number since the epoch; ValueError for anything else.

    A moment without an offset is one of `zone`. Numbers tell their unit by how large they are.
    """
    try:
        number = float(text)
    except ValueError:
        moment = datetime.fromisoformat(text.strip())
        return _known((moment if moment.tzinfo else moment.replace(tzinfo=zone)).timestamp())
    return _known(number * next((unit for least, unit in _UNITS if abs(number) >= least), 1.0))


def _known(seconds: float) -> float:
    """The same where it is a moment since 1970; ValueError for another, and for no number."""
    if not 0.0 <= seconds < _END_S:
        raise ValueError(seconds)
    return seconds


class Clock:
    """Reads moments, those without an offset by the clocks of a zone, in the order of a log.

    Clocks that are set back have an hour `twice`, and which is meant only the order tells; one that
    they `skipped` is of another zone.
    """

    def __init__(self, zone: tzinfo) -> None:
        self._zone = zone
        self._last_s = float("-inf")
        self.twice = 0
        self.skipped = 0

    def seconds(self, text: str) -> float:
        """Seconds since the epoch; ValueError for what is no moment."""
        if self._zone is UTC:
            return seconds_of(text, UTC)
        found = self._local(text)
        self._last_s = found
        return found

    def _local(self, text: str) -> float:
        try:
            moment = datetime.fromisoformat(text.strip())
        except ValueError:
            return seconds_of(text, self._zone)
        if moment.tzinfo is not None:
            return _known(moment.timestamp())
        first, second = (
            _known(moment.replace(tzinfo=self._zone, fold=fold).timestamp()) for fold in (0, 1)
        )
        if second < first:
            self.skipped += 1
        elif second > first:
            self.twice += 1
            return second if first < self._last_s - _BACK_S else first
        return first


def common_seconds(text: bytes) -> int:
    """A moment as `21/Nov/2026:10:00:00 +0100`; ValueError for anything else."""
    month = _MONTHS.get(text[3:6])
    if month is None or len(text) < 26:
        raise ValueError(text.decode("utf-8", "replace"))
    shown = text.decode("ascii")
    zone = f"{shown[21:24]}:{shown[24:26]}"
    clock = f"{shown[7:11]}-{month:02d}-{shown[:2]}T{shown[12:20]}{zone}"
    return int(datetime.fromisoformat(clock).timestamp())
