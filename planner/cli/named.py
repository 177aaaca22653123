"""Names that stand on the command line itself: one that does not exist is a usage error."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from planner.errors import ProviderError, UsageError


@contextmanager
def named_by_option() -> Iterator[None]:
    """Turn a provider's `unknown-...` into a UsageError; anything else passes."""
    try:
        yield
    except ProviderError as error:
        if not error.code.startswith("unknown-"):
            raise
        raise UsageError(error.code, error.message, hint=error.hint) from error


def unknown_name(
    code: str, message: str, *, name: str, known: Iterable[str], option: str
) -> UsageError:
    """Make the error of an option whose value is not among the known, with the nearest to copy."""
    from difflib import get_close_matches

    names = sorted(set(known))
    near = get_close_matches(name, names, n=1) or names[:1]
    return UsageError(code, message, hint=f"{option} {near[0]}" if near else "")
