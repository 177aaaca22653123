"""What was found out about one subject, and how findings about many become few checks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from planner.model.check import Check, Verdict
from planner.model.value import value

_SHOWN = 3
_ORDER = (Verdict.DENIED, Verdict.FAILED, Verdict.UNKNOWN, Verdict.PASSED)


@value
class Finding:
    """How one subject fared: `cause` in words that fit all alike, `words` those of the cloud."""

    subject: str
    verdict: Verdict
    cause: str
    words: str = ""
    hint: str = ""


def told(name: str, noun: str, findings: Iterable[Finding]) -> Iterator[Check]:
    """One check for each verdict and cause, the worst first, that counts and names its subjects."""
    groups: dict[tuple[Verdict, str], list[Finding]] = {}
    for one in findings:
        groups.setdefault((one.verdict, one.cause), []).append(one)
    for (verdict, cause), several in sorted(groups.items(), key=lambda item: _rank(item[0])):
        first = several[0]
        alone = len(several) == 1
        yield Check(
            name=name,
            subject=first.subject if alone else f"{len(several):,} {noun}s",
            verdict=verdict,
            detail=(first.words or cause) if alone else f"{cause}: {named(several)}",
            hint=first.hint,
        )


def worst(findings: Iterable[Finding]) -> list[Finding]:
    """One finding for each subject: the worst, and of equals the first."""
    found: dict[str, Finding] = {}
    for one in findings:
        known = found.get(one.subject)
        if known is None or _ORDER.index(one.verdict) < _ORDER.index(known.verdict):
            found[one.subject] = one
    return list(found.values())


def named(several: Iterable[Finding | str]) -> str:
    """The first few subjects by name, the others by their number."""
    names = [one if isinstance(one, str) else one.subject for one in several]
    more = len(names) - _SHOWN
    listed = ", ".join(names[:_SHOWN])
    return f"{listed} and {more:,} more" if more > 0 else listed


def _rank(group: tuple[Verdict, str]) -> int:
    return _ORDER.index(group[0])
