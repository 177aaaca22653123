"""What the providers of one run offer to each spec, and what in a spec none of them knows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import Any

from planner.diagnostics import Diagnostic
from planner.errors import ProviderError, SpecError
from planner.model.candidate import Decision
from planner.model.catalog import Catalog, LimitOverride
from planner.model.price_list import PriceList
from planner.model.resource import DesiredState
from planner.model.secret import names_secret
from planner.model.value import value
from planner.provider import registry
from planner.provider.contradictions import pin_contradictions
from planner.provider.overrides import overridden, unknown_limits
from planner.spec import Spec

_TYPO = 0.9
"""Similarity from which a reference instance is a slip of the pen and not another machine."""


class Market:
    """The catalogs of one run; each provider is loaded once, each price list once."""

    def __init__(self) -> None:
        self._catalogs: dict[tuple[int, tuple[LimitOverride, ...]], Catalog] = {}
        self._sources: list[Catalog] = []  # kept, or another catalog could get the id of one
        self._instances: dict[int, frozenset[str]] = {}

    @property
    def catalogs(self) -> tuple[Catalog, ...]:
        """Every catalog that was asked for, by provider, region and version."""
        return tuple(
            sorted(self._catalogs.values(), key=lambda one: (one.provider, one.region, one.version))
        )

    def offers(self, spec: Spec) -> Mapping[str, Catalog]:
        """Catalogs by provider name; SpecError for regions and instances that do not exist."""
        offers: dict[str, Catalog] = {}
        problems: list[Diagnostic] = []
        for choice in spec.workload.providers:
            try:
                catalog = catalog_of(choice.name, choice.settings, spec.price_lists)
            except ProviderError as error:
                problems.append(blamed(spec, choice.name, error))
            else:
                offers[choice.name] = self._catalog(catalog, spec.limits)
                problems.extend(unknown_limits(catalog, spec.limits))
        if not problems:
            names = frozenset().union(*(self._names(catalog) for catalog in offers.values()))
            problems.extend(_misnamed(spec, names, offers))
        if problems:
            raise SpecError(tuple(problems))
        return offers

    def _catalog(self, catalog: Catalog, limits: tuple[LimitOverride, ...]) -> Catalog:
        """The one object of this run for a catalog under these limits."""
        key = (id(catalog), limits)
        if key not in self._catalogs:
            self._sources.append(catalog)
            self._catalogs[key] = overridden(catalog, limits)
        return self._catalogs[key]

    def desired(self, spec: Spec, decision: Decision) -> DesiredState:
        """Cloud objects of a decision; SpecError where the spec lacks what the cloud needs."""
        settings = next(
            choice.settings
            for choice in spec.workload.providers
            if choice.name == decision.provider
        )
        try:
            return registry.get(decision.provider).render(decision, spec.workload, settings)
        except ProviderError as error:
            raise SpecError((blamed(spec, decision.provider, error),)) from error

    def _names(self, catalog: Catalog) -> frozenset[str]:
        known = self._instances.get(id(catalog))
        if known is None:
            known = frozenset(offering.instance_type for offering in catalog.offerings)
            self._instances[id(catalog)] = known
        return known


def catalog_of(name: str, settings: Any, lists: Sequence[PriceList] = ()) -> Catalog:
    """A provider's catalog for these settings, by the price lists of its cloud where it has any."""
    provider = registry.get(name)
    own = tuple(one for one in lists if one.provider == name)
    if own and hasattr(provider, "catalog_by"):
        found: Catalog = provider.catalog_by(settings, own)
        return found
    return provider.catalog(settings)


def placed(spec: Spec, path: str, diagnostic: Diagnostic) -> Diagnostic:
    """Give a diagnostic its place in the spec's file; a line that holds a secret is not shown."""
    hidden = names_secret(path.rpartition(".")[2])
    excerpt = "" if hidden else spec.excerpt(path)
    return replace(diagnostic, path=path, location=spec.locate(path), excerpt=excerpt)


def blamed(spec: Spec, provider: str, error: ProviderError) -> Diagnostic:
    """A provider's refusal at the place in the spec that causes it."""
    path = error.path
    if not path.startswith("spec."):
        path = f"spec.providers.{provider}" + (f".{path}" if path else "")
    return placed(spec, path, Diagnostic(code=error.code, message=error.message, hint=error.hint))


@value
class Named:
    """Instance types that a spec names: its pin, its patterns, and reference instances by model."""

    pinned: str | None
    included: Sequence[str]
    references: Sequence[tuple[int, str]]


def unknown_instances(named: Named, names: frozenset[str]) -> Iterator[Diagnostic]:
    """Types and patterns that stand for nothing in `names`, by path and not yet placed.

    A reference instance may be any machine, so that only a slip of the pen is an error.
    """
    if named.pinned is not None and named.pinned not in names:
        yield _unknown("spec.pin.instance", named.pinned, names)
    for index, pattern in enumerate(named.included):
        if not any(fnmatchcase(name, pattern) for name in names):
            yield _unknown(f"spec.constraints.instances.include[{index}]", pattern, names)
    for index, machine in named.references:
        if machine not in names and get_close_matches(machine, names, n=1, cutoff=_TYPO):
            yield _unknown(f"spec.models[{index}].reference_instance", machine, names)


def _misnamed(
    spec: Spec, names: frozenset[str], offers: Mapping[str, Catalog]
) -> Iterator[Diagnostic]:
    workload = spec.workload
    named = Named(
        pinned=workload.pin.instance,
        included=workload.constraints.instances_include,
        references=tuple(
            (index, curve.instance_type)
            for index, model in enumerate(workload.models)
            for curve in model.curves
            if curve.source.endswith(".service_time")
        ),
    )
    apart = pin_contradictions(workload.pin, offers)
    for found in (*unknown_instances(named, names), *apart):
        yield placed(spec, found.path, found)


def _unknown(path: str, name: str, names: frozenset[str]) -> Diagnostic:
    near = get_close_matches(name, sorted(names), n=1)
    return Diagnostic(
        code="unknown-instance",
        message=f"no provider of this spec offers an instance `{name}`",
        hint=f"did you mean `{near[0]}`?" if near else "planner catalog show",
        path=path,
    )
