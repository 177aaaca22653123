"""`planner catalog refresh`."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from planner.cli.named import named_by_option
from planner.cli.options import Manners, ResultOptions, SandboxOptions
from planner.cli.output import save, show, write_file
from planner.errors import ExitCode, PlannerError, ProviderError, UsageError

if TYPE_CHECKING:
    from planner.engine import Connections
    from planner.model.price_list import PriceList
    from planner.views.refresh_text import Refreshed


@dataclass(frozen=True, kw_only=True)
class Options(SandboxOptions, ResultOptions):
    """Options of `catalog refresh`."""

    provider: Annotated[
        str | None,
        typer.Option("--provider", metavar="NAME", help="Default: every one that can be asked."),
    ] = None
    region: Annotated[
        list[str],
        typer.Option(
            "--region",
            metavar="NAME",
            help="May be repeated. Default: those read before, else the provider's own.",
        ),
    ] = field(default_factory=list)
    warehouse: Annotated[
        str,
        typer.Option(
            "--warehouse",
            metavar="ID",
            envvar="PLANNER_WAREHOUSE",
            help="The SQL warehouse that answers, where prices stand in a table.",
        ),
    ] = ""
    timeout: Annotated[
        float,
        typer.Option("--timeout", metavar="SECONDS", min=1, help="Longest wait for a warehouse."),
    ] = 600.0
    quotas: Annotated[
        bool, typer.Option("--quotas/--no-quotas", help="Read the account's quotas, too.")
    ] = True
    leave_out: Annotated[
        list[str],
        typer.Option(
            "--leave-out", metavar="PATTERN", help="Take no price of these types: 'ml.r8g.*'."
        ),
    ] = field(default_factory=list)


def run(options: Options, manners: Manners) -> ExitCode:
    """Read prices and quotas anew from the cloud, and show what is different.

    They are kept in the user's cache ($PLANNER_CACHE), and go before the bundled prices from then
    on; --catalog bundled of other commands leaves them aside. A list comes whole or not at all: on
    any failure the one of before stays.
    """
    from planner.engine import connected
    from planner.views.refresh_text import render_refreshed

    found: list[Refreshed] = []
    failed: list[PlannerError] = []
    with connected(sandbox=options.state) as connections:
        for provider, region in _places(options):
            try:
                found.append(_refreshed(provider, region, options, connections))
            except PlannerError as error:
                failed.append(error)
    save(options.out, lambda: _document(found), manners)
    if found or not failed:
        show(
            options.output,
            document=lambda: _document(found),
            text=lambda out, style: render_refreshed(found, out=out, style=style),
            manners=manners,
        )
    return _told(failed, manners)


def _places(options: Options) -> Iterator[tuple[str, str]]:
    """Providers and regions to ask for."""
    from planner.provider import registry

    if options.provider is None and options.region:
        raise UsageError(
            "region-without-provider",
            "a region belongs to a provider; say to which",
            hint=f"planner catalog refresh --provider NAME --region {options.region[0]}",
        )
    names = registry.working() if options.provider is None else (options.provider,)
    for name in names:
        with named_by_option():
            provider = registry.get(name)
        if hasattr(provider, "catalog_by"):
            for region in options.region or _usual(name, provider):
                yield name, region
        elif options.provider is not None:
            raise ProviderError("not-refreshable", f"{name} cannot be asked for its prices")


def _usual(name: str, provider: Any) -> list[str]:
    """Regions that were read before, else the provider's own."""
    from planner import price_lists

    with suppress(PlannerError):  # what cannot be read is read anew by its name
        before = [one.region for one in price_lists.known([name], os.environ)]
        if before:
            return before
    return [provider.catalog(provider.catalog_settings(None)).region]


def _refreshed(name: str, region: str, options: Options, connections: Connections) -> Refreshed:
    """Read one region, keep it, and say what it changes."""
    from planner import price_lists
    from planner.model.price_list import Wanted
    from planner.plans.catalog_changes import catalog_changes
    from planner.plans.text import to_bytes
    from planner.views.refresh_text import Refreshed

    place = price_lists.place_of(name, region, os.environ)
    wanted = Wanted(
        region=region,
        now=datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        quotas=options.quotas,
        leave_out=tuple(options.leave_out),
        warehouse=options.warehouse,
        patience_s=options.timeout,
    )
    listed = connections.records(name, region).price_list(wanted)
    old, new = _catalog(name, region, None), _catalog(name, region, listed)
    assert new is not None
    _keep(place, to_bytes(price_lists.document(listed)))
    return Refreshed(listed=listed, changes=catalog_changes(old, new), file=str(place))


def _catalog(name: str, region: str, listed: PriceList | None) -> Any:
    """The catalog by a list, or as it was until now; None where there was none."""
    from planner import price_lists
    from planner.provider import registry
    from planner.provider.market import catalog_of

    settings = registry.get(name).catalog_settings(region)
    if listed is not None:
        return catalog_of(name, settings, (listed,))
    before: tuple[PriceList, ...] = ()
    with suppress(PlannerError):
        before = price_lists.known([name], os.environ)
    with suppress(ProviderError):
        return catalog_of(name, settings, before)
    return None


def _keep(place: Path, data: bytes) -> None:
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise PlannerError(
            "cannot-write",
            f"{place.parent}: {error.strerror or error}",
            hint="export PLANNER_CACHE=DIRECTORY",
        ) from error
    write_file(str(place), data)


def _document(found: list[Refreshed]) -> dict[str, Any]:
    from planner.plans.catalog_changes import changes_part
    from planner.plans.document import FORMAT_VERSION

    return {
        "format_version": FORMAT_VERSION,
        "refreshed": [
            {
                "account": one.listed.account,
                "changes": changes_part(one.changes),
                "file": one.file,
                "left_out": list(one.listed.left_out),
                "notes": list(one.listed.notes),
                "provider": one.listed.provider,
                "read_at": one.listed.read_at,
                "region": one.listed.region,
                "source": one.listed.source,
                "unknown": list(one.listed.unknown),
            }
            for one in found
        ],
    }


def _told(failed: list[PlannerError], manners: Manners) -> ExitCode:
    """Every failure on standard error; the exit code is that of the first."""
    from planner.cli.failures import diagnostics_of, print_diagnostics

    for error in failed:
        print_diagnostics(diagnostics_of(error), color=manners.color)
    return failed[0].exit_code if failed else ExitCode.DONE
