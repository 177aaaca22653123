"""`planner catalog show`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated

import typer

from planner.cli.named import named_by_option, unknown_name
from planner.cli.options import CatalogOption, Format, Manners, Prices, ResultOptions
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
    catalog: CatalogOption = Prices.REFRESHED
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
    from planner.cli.prices import known_lists
    from planner.provider import registry
    from planner.provider.market import catalog_of

    if options.provider is None and options.region is not None:
        raise UsageError(
            "region-without-provider",
            "a region belongs to a provider; say to which",
            hint=f"planner catalog show --provider {registry.names()[0]} --region {options.region}",
        )
    with named_by_option():
        names = (options.provider,) if options.provider is not None else registry.working()
        providers = [registry.get(name) for name in names]
        lists = known_lists(names, options.catalog)
        catalogs = [
            catalog_of(one.name, one.catalog_settings(options.region), lists) for one in providers
        ]
    if options.hosting is None:
        return tuple(catalogs)
    shown = tuple(_only(one, options.hosting) for one in catalogs)
    if not any(one.offerings for one in shown):
        raise unknown_name(
            "unknown-hosting",
            f"nothing here is offered as `{options.hosting}`",
            name=options.hosting,
            known=(offering.hosting for one in catalogs for offering in one.offerings),
            option="--hosting",
        )
    return shown


def _only(catalog: Catalog, hosting: str) -> Catalog:
    offerings = tuple(one for one in catalog.offerings if one.hosting == hosting)
    return replace(catalog, offerings=offerings)
