"""The user's own limits in place of the catalog's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches

from planner.diagnostics import Diagnostic
from planner.model.catalog import Catalog, Limit, LimitOverride


def limit_names(catalog: Catalog) -> frozenset[str]:
    """Names of every limit in a catalog."""
    own = {limit.name for limit in catalog.limits}
    return frozenset(own.union(x.name for o in catalog.offerings for x in o.limits))


def unknown_limits(catalog: Catalog, overrides: Sequence[LimitOverride]) -> tuple[Diagnostic, ...]:
    """A diagnostic for each override of this provider that names no limit of its catalog."""
    mine = [o for o in overrides if o.provider == catalog.provider]
    if not mine:
        return ()
    names = limit_names(catalog)
    return tuple(
        Diagnostic(
            code="unknown-limit",
            message=f"{catalog.provider} has no limit `{o.name}`",
            hint=_hint(o.name, names),
            path=o.path,
            location=o.location,
        )
        for o in mine
        if o.name not in names
    )


def _hint(name: str, names: frozenset[str]) -> str:
    near = get_close_matches(name, sorted(names), n=1)
    return f"did you mean `{near[0]}`?" if near else f"known: {', '.join(sorted(names))}"


def unknown_providers(
    overrides: Sequence[LimitOverride], known: Sequence[str]
) -> tuple[Diagnostic, ...]:
    """A diagnostic for the first override of each provider that does not exist."""
    first: dict[str, LimitOverride] = {}
    for override in overrides:
        if override.provider not in known:
            first.setdefault(override.provider, override)
    return tuple(
        Diagnostic(
            code="unknown-provider",
            message=f"there is no provider {name}",
            hint=_hint(name, frozenset(known)),
            path=override.path.rpartition(".")[0],
            location=override.location,
        )
        for name, override in first.items()
    )


def overridden(catalog: Catalog, overrides: Sequence[LimitOverride]) -> Catalog:
    """The catalog with these limits; offerings that shared a tuple of limits still share one."""
    mine = {o.name: o for o in overrides if o.provider == catalog.provider}
    if not mine:
        return catalog
    shared: dict[int, tuple[Limit, ...]] = {}

    def changed(limits: tuple[Limit, ...]) -> tuple[Limit, ...]:
        found = shared.get(id(limits))
        if found is None:
            found = shared[id(limits)] = tuple(_changed(limit, mine) for limit in limits)
        return found

    return replace(
        catalog,
        offerings=tuple(replace(o, limits=changed(o.limits)) for o in catalog.offerings),
        limits=changed(catalog.limits),
        version=f"{catalog.version}, limits overridden: {', '.join(sorted(mine))}",
    )


def _changed(limit: Limit, mine: Mapping[str, LimitOverride]) -> Limit:
    known = mine.get(limit.name)
    if known is None:
        return limit
    return replace(limit, value=known.value, source=known.source, as_of=known.as_of)
