"""Finds providers through the entry-point group `planner.providers`; loads one only when asked.

Our own plugins stand in the same table as anybody's. A plugin that does not load is listed with
its error and disturbs no other.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, cast

from planner.errors import ProviderError
from planner.model.value import value
from planner.provider.interface import API_VERSION, Provider

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

GROUP = "planner.providers"

_MEMBERS = tuple(
    name for name in (*Provider.__annotations__, *vars(Provider)) if not name.startswith("_")
)


@value
class ProviderListing:
    """One installed provider as `planner providers` shows it; `error` is "" when it works."""

    name: str
    distribution: str
    version: str
    title: str = ""
    hostings: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    error: str = ""


def names() -> tuple[str, ...]:
    """Names of all installed providers, sorted, working or not; imports none of them."""
    return tuple(sorted(_entry_points()))


def get(name: str) -> Provider:
    """Load one provider, and only its plugin.

    Raises ProviderError: `unknown-provider`, `duplicate-provider`, `broken-provider`,
    `provider-api-version`.
    """
    found = _entry_points().get(name, ())
    if not found:
        raise _unknown(name)
    if len(found) > 1:
        raise ProviderError(
            "duplicate-provider",
            f"provider `{name}` is offered by {' and by '.join(_origin(one) for one in found)}",
            hint=f"pip uninstall {_distribution(found[-1])}",
        )
    return _load(found[0])


def listing() -> tuple[ProviderListing, ...]:
    """Every installed provider, sorted by name; never raises for a broken one."""
    return tuple(
        _listed(name, one) for name, found in sorted(_entry_points().items()) for one in found
    )


def working() -> tuple[str, ...]:
    """Names of the installed providers that load and answer, sorted."""
    return tuple(one.name for one in listing() if not one.error)


def forget() -> None:
    """Discover again at the next call; for programs that install providers while they run."""
    _entry_points.cache_clear()
    _load.cache_clear()


@lru_cache(maxsize=1)
def _entry_points() -> dict[str, tuple[EntryPoint, ...]]:
    from importlib.metadata import entry_points

    found: dict[str, tuple[EntryPoint, ...]] = {}
    for one in entry_points(group=GROUP):
        found[one.name] = (*found.get(one.name, ()), one)
    # the metadata of a distribution are read only where the origin decides the order
    return {
        name: tuple(sorted(points, key=_origin)) if len(points) > 1 else points
        for name, points in found.items()
    }


@lru_cache(maxsize=64)
def _load(point: EntryPoint) -> Provider:
    try:
        loaded = point.load()
    except Exception as error:
        raise ProviderError(
            "broken-provider",
            f"provider `{point.name}` of {_origin(point)} does not load: "
            f"{type(error).__name__}: {error}",
            hint=f"pip install --force-reinstall {_distribution(point)}",
        ) from error
    _check(point, loaded)
    return cast("Provider", loaded)


def _check(point: EntryPoint, loaded: object) -> None:
    version = getattr(loaded, "api_version", None)
    if version != API_VERSION:
        raise ProviderError(
            "provider-api-version",
            f"provider `{point.name}` of {_origin(point)} was written for version {version} of "
            f"the provider interface; this planner speaks version {API_VERSION}",
            hint=f"pip install --upgrade {_distribution(point)} endpoint-planner",
        )
    missing = [member for member in _MEMBERS if not hasattr(loaded, member)]
    if missing or loaded.name != point.name:  # type: ignore[attr-defined]
        lack = f"lacks {', '.join(missing)}" if missing else "calls itself by another name"
        raise ProviderError(
            "broken-provider",
            f"provider `{point.name}` of {_origin(point)} {lack}",
            hint=f"pip install --upgrade {_distribution(point)}",
        )


def _listed(name: str, point: EntryPoint) -> ProviderListing:
    listed = ProviderListing(
        name=name,
        distribution=_distribution(point),
        version=point.dist.version if point.dist else "",
    )
    try:
        provider = get(name)
        return replace(
            listed,
            title=provider.title,
            hostings=provider.hostings,
            regions=provider.regions(),
        )
    except ProviderError as error:
        return replace(listed, error=error.message)
    except Exception as error:
        return replace(listed, error=f"{type(error).__name__}: {error}")


def _unknown(name: str) -> ProviderError:
    from difflib import get_close_matches

    installed = names()
    near = get_close_matches(name, installed, n=1)
    hint = f"did you mean `{near[0]}`?" if near else "planner providers"
    known = ", ".join(installed) if installed else "none; reinstall endpoint-planner"
    return ProviderError("unknown-provider", f"no provider `{name}`; installed: {known}", hint=hint)


def _distribution(point: EntryPoint) -> str:
    return point.dist.name if point.dist else "an unnamed distribution"


def _origin(point: EntryPoint) -> str:
    return f"{_distribution(point)} {point.dist.version}" if point.dist else _distribution(point)
