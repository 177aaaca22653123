"""Desired against live state: what differs, object by object, and what each difference does."""

from planner.diff.compare import (
    ForeignObjectError,
    Lifecycle,
    UnknownFieldError,
    UsualTime,
    compared,
    created,
    leaves,
)

__all__ = [
    "ForeignObjectError",
    "Lifecycle",
    "UnknownFieldError",
    "UsualTime",
    "compared",
    "created",
    "leaves",
]
