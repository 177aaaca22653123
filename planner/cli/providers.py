"""`planner providers`."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from planner.cli.options import Manners, ResultOptions
from planner.cli.output import save, show
from planner.errors import ExitCode


@dataclass(frozen=True, kw_only=True)
class Options(ResultOptions):
    """Options of `providers`."""


def run(options: Options, manners: Manners) -> ExitCode:
    """List the installed providers.

    One that does not load is listed with its error and disturbs no other.
    """
    from planner.provider import registry
    from planner.views.providers_text import render_providers

    listing = registry.listing()

    def document() -> list[dict[str, object]]:
        return [asdict(one) for one in listing]

    save(options.out, document, manners)
    show(
        options.output,
        document=document,
        text=lambda out, style: render_providers(listing, out=out, style=style),
        manners=manners,
    )
    return ExitCode.DONE
