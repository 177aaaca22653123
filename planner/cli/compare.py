"""`planner compare`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated

import typer

from planner.cli.options import (
    CatalogOption,
    LimitsOption,
    Manners,
    Prices,
    ResultOptions,
    VerifyOptions,
)
from planner.cli.output import save, show
from planner.cli.prices import priced
from planner.cli.specs import read_paths
from planner.cli.verdict import verdict
from planner.errors import ExitCode, UsageError


@dataclass(frozen=True, kw_only=True)
class Options(VerifyOptions, ResultOptions):
    """Options of `compare`."""

    left: Annotated[
        str, typer.Argument(metavar="SPEC", help="The spec or directory to start from.")
    ]
    right: Annotated[
        str | None, typer.Argument(metavar="[OTHER]", help="What to compare with; default: SPEC.")
    ] = None
    overlay: Annotated[
        list[str],
        typer.Option("--overlay", "-f", metavar="FILE", help="Merge FILE over the right side."),
    ] = field(default_factory=list)
    sets: Annotated[
        list[str],
        typer.Option("--set", metavar="PATH=VALUE", help="Change the right side: traffic.rate=2x."),
    ] = field(default_factory=list)
    limits: LimitsOption = field(default_factory=list)
    catalog: CatalogOption = Prices.REFRESHED


def run(options: Options, manners: Manners) -> ExitCode:
    """Plan two specs, or one and a change, side by side.

    With one SPEC, --set and --overlay make the other side. Exits as `plan` does for the right side.
    """
    if options.right is None and not options.sets and not options.overlay:
        raise UsageError(
            "nothing-to-compare",
            "compare needs a second spec, --set or --overlay",
            hint=f"planner compare {options.left} --set traffic.rate=2x",
        )
    from planner import workflow
    from planner.plans.compare import comparison_document
    from planner.views.compare_text import render_comparison

    left = read_paths([options.left], limits=options.limits, manners=manners)
    right = read_paths(
        [options.right or options.left],
        overlays=options.overlay,
        sets=options.sets,
        limits=options.limits,
        manners=manners,
    )
    left, right = (priced(side, options.catalog, manners) for side in (left, right))
    sides = workflow.compare(left, right, verify=options.verify, effort=options.effort)
    labels = (options.left, _right_label(options))
    save(options.out, lambda: comparison_document(*sides, labels=labels), manners)
    show(
        options.output,
        document=lambda: comparison_document(*sides, labels=labels),
        text=lambda out, style: render_comparison(*sides, labels=labels, out=out, style=style),
        manners=manners,
    )
    return verdict(sides[1])


def _right_label(options: Options) -> str:
    changed = [*(f"-f {one}" for one in options.overlay), *(f"--set {one}" for one in options.sets)]
    return " ".join([options.right or "", *changed]).strip()
