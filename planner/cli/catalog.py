"""`planner catalog show`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated

import typer

from planner.cli.options import Format, Manners, ResultOptions
from planner.cli.output import save, show
from planner.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from planner.model.catalog import Catalog


@dataclass(frozen=True, kw_only=True)
class Options(ResultOptions):
    """Options of `catalog show`."""

    provider: Annotated[
        str | None, typer.Option("--provider", metavar="NAME", help="Default: every provider.")
    ] = None
    region: Annotated[
        str | None, typer.Option("--region", metavar="NAME", help="Default: the provider's own.")
    ] = None
    hosting: Annotated[
        str | None, typer.Option("--hosting", metavar="MODE", help="Only this hosting mode.")
    ] = None
    as_json: Annotated[bool, typer.Option("--json", help="The same as -o json.")] = False


def run(options: Options, manners: Manners) -> ExitCode:
    """Show what can be bought in a region, at which price.

    Hardware, prices and limits, each with source and date.
    """
    from planner.plans.catalog_document import catalogs_document
    from planner.views.catalog_text import render_catalogs

    catalogs = _catalogs(options)
    save(options.out, lambda: catalogs_document(catalogs), manners)
    show(
        Format.JSON if options.as_json else options.output,
        document=lambda: catalogs_document(catalogs),
        text=lambda out, style: render_catalogs(catalogs, out=out, style=style),
        manners=manners,
    )
    return ExitCode.DONE


def _catalogs(options: Options) -> tuple[Catalog, ...]:
    from planner.provider import registry

    if options.provider is None and options.region is not None:
        raise UsageError(
            "region-without-provider",
            "a region belongs to a provider; say to which",
            hint=f"planner catalog show --provider {registry.names()[0]} --region {options.region}",
        )
    working = (one.name for one in registry.listing() if not one.error)
    names = working if options.provider is None else (options.provider,)
    providers = [registry.get(name) for name in names]
    catalogs = [one.catalog(one.catalog_settings(options.region)) for one in providers]
    return tuple(_only(one, options.hosting) for one in catalogs)


def _only(catalog: Catalog, hosting: str | None) -> Catalog:
    if hosting is None:
        return catalog
    return replace(
        catalog, offerings=tuple(one for one in catalog.offerings if one.hosting == hosting)
    )
