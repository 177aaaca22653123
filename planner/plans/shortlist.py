"""Which of many candidates a short view shows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from planner.model.candidate import Alternative, Exclusions, Range
from planner.plans.document import rank


def by_merit(alternatives: Iterable[Alternative]) -> list[Alternative]:
    """Feasible ones by cost, then rejected ones by how far off they are, then by cost and name."""
    return sorted(alternatives, key=_merit)


def _merit(alternative: Alternative) -> tuple[bool, float, tuple[str, bool, float, str, str, str]]:
    rejection = alternative.rejection
    cost = float("inf") if alternative.monthly_usd is None else alternative.monthly_usd
    far = cost if rejection is None else rejection.shortfall
    return (rejection is not None, far, rank(alternative))


def best_per_hosting(
    alternatives: Iterable[Alternative], excluded: Sequence[Exclusions] = ()
) -> list[Alternative]:
    """The best candidate of each provider and hosting mode, best first.

    A mode of which nothing got as far as sizing is there with the first of its exclusions.
    """
    best: dict[tuple[str, str], Alternative] = {}
    for alternative in by_merit([*alternatives, *map(as_alternative, excluded)]):
        best.setdefault((alternative.provider, alternative.hosting), alternative)
    return list(best.values())


def as_alternative(group: Exclusions) -> Alternative:
    """A group of excluded candidates as one line: the only one by name, many by their number."""
    names = group.instance_types
    return Alternative(
        provider=group.provider,
        hosting=group.hosting,
        instance_type=names[0] if len(names) == 1 else f"{len(names)} types",
        rejection=group.rejection,
    )


def shortlist(
    alternatives: Sequence[Alternative], excluded: Sequence[Exclusions], *, limit: int
) -> list[Alternative]:
    """At most `limit` candidates: the best of each mode first, then the next best of any mode."""
    best = best_per_hosting(alternatives, excluded)
    rest = [each for each in by_merit(alternatives) if each not in best]
    return by_merit((best + rest)[:limit])


def sized(instance_type: str, counted: Range | None) -> str:
    """`small.2 x 5..9`, or the type alone where nothing is counted."""
    return instance_type if counted is None else f"{instance_type} x {counted}"
