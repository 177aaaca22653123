"""The nearest name of a closed set, for the hints of diagnostics."""

from __future__ import annotations

from collections.abc import Iterable

_LISTED = 12


def nearest(name: str, names: Iterable[str]) -> str | None:
    """Return the most similar of `names`, or None when none is similar enough to be meant."""
    from difflib import get_close_matches  # noqa: PLC0415  only for a hint

    known = sorted(names)
    folded = {_fold(candidate): candidate for candidate in known}
    if _fold(name) in folded:
        return folded[_fold(name)]
    found = get_close_matches(_fold(name), list(folded), n=1, cutoff=0.6)
    if found:
        return folded[found[0]]
    starts = [candidate for candidate in known if len(name) > 2 and candidate.startswith(name)]
    return starts[0] if len(starts) == 1 else None


def suggestion(name: str, names: Iterable[str]) -> str:
    """Return the hint for an unknown name: the nearest one, or the whole set."""
    known = sorted(names)
    near = nearest(name, known)
    if near is not None:
        return f"did you mean {near}?"
    if not known:
        return "remove it"
    listed = ", ".join(known[:_LISTED])
    more = f" and {len(known) - _LISTED} more" if len(known) > _LISTED else ""
    return f"valid here: {listed}{more}"


def _fold(name: str) -> str:
    return name.lower().replace("_", "-")
