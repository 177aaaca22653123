"""What the catalogs know to be wrong in a spec that is wrong elsewhere too.

Such a spec never becomes a workload; its unknown regions and instances still belong into the same
report. A spec that is right so far is held against the catalogs by `planner.provider.market`.
"""

from __future__ import annotations

from collections.abc import Iterator

from planner.errors import ProviderError
from planner.provider import registry
from planner.provider.market import Named, unknown_instances
from planner.spec.places import parse_path
from planner.spec.rules import Breach, Path, breach
from planner.spec.sections import Sections

_PROVIDERS: Path = ("spec", "providers")


def catalog_breaches(sections: Sections) -> Iterator[Breach]:
    """Unknown regions; unknown instances where every provider block is sound."""
    names: frozenset[str] = frozenset()
    unknown_region = False
    for name, settings in sections.providers:
        try:
            catalog = registry.get(name).catalog(settings)
        except ProviderError as error:
            unknown_region = True
            path = (*_PROVIDERS, name, *(parse_path(error.path) if error.path else ()))
            yield breach(error.code, error.message, error.hint, path)
        else:
            names |= frozenset(offering.instance_type for offering in catalog.offerings)
    if names and not unknown_region:
        for found in unknown_instances(_named(sections), names):
            path = parse_path(found.path)
            yield breach(found.code, found.message, found.hint, path, _PROVIDERS)


def _named(sections: Sections) -> Named:
    pin, constraints = sections.pin, sections.constraints
    return Named(
        pinned=None if pin is None else pin.instance,
        included=() if constraints is None else constraints.instances.include,
        references=tuple(
            (index, model.reference_instance)
            for index, model in sections.sound_models
            if model.reference_instance is not None
        ),
    )
