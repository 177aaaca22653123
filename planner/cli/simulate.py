"""`planner simulate`."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass, field
from enum import StrEnum
from time import perf_counter
from typing import TYPE_CHECKING, Annotated, TextIO

import typer

from planner.cli.options import Format, Manners, SpecOptions
from planner.cli.output import emit_bytes, save, show
from planner.cli.pins import parse_pins
from planner.cli.progress import Progress
from planner.cli.recording import overlays_of
from planner.cli.specs import chosen, read
from planner.errors import ExitCode, UsageError
from planner.model.effort import Effort

if TYPE_CHECKING:
    from planner.model.simulation import Simulation
    from planner.spec import Spec
    from planner.views.style import Style

_BUDGET = re.compile(r"(\d+(?:\.\d+)?(?:e\d{1,2})?)([kMG]?)\Z", re.IGNORECASE)
_FACTOR = {"": 1, "k": 1_000, "m": 1_000_000, "g": 1_000_000_000}


class Shape(StrEnum):
    """Formats of a simulation; `csv` has a row per window."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"
    YAML = "yaml"


@dataclass(frozen=True, kw_only=True)
class Options(SpecOptions):
    """Options of `simulate`."""

    trace: Annotated[
        str | None,
        typer.Option(
            "--trace",
            metavar="FILE",
            help="Replay FILE in place of the spec's traffic: a column timestamp and a row per "
            "request, or a column count beside it.",
        ),
    ] = None
    columns: Annotated[
        list[str],
        typer.Option(
            "--columns",
            metavar="KEY=NAME",
            help="Names of these columns, if others: timestamp=ts,count=requests.",
        ),
    ] = field(default_factory=list)
    pins: Annotated[
        list[str],
        typer.Option(
            "--pin",
            metavar="KEY=VALUE",
            help="Simulate this in place of what would be planned: provider, hosting, instance, "
            "replicas (4 or 2..8), target (70%), concurrency, routing, prewarm; may be "
            "repeated or separated by commas.",
        ),
    ] = field(default_factory=list)
    endpoint: Annotated[
        str | None, typer.Option("--endpoint", metavar="NAME", help="Simulate only this spec.")
    ] = None
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of the random numbers.")] = 0
    requests: Annotated[
        str,
        typer.Option(
            "--requests", metavar="N", help="At most about so many are simulated: 500k, 2M, 1e7."
        ),
    ] = "2M"
    fresh: Annotated[
        bool,
        typer.Option("--fresh", help="Start right after an update: no model loaded, none warm."),
    ] = False
    output: Annotated[
        Shape,
        typer.Option(
            "--output", "-o", envvar="PLANNER_OUTPUT", help="Format of the result; csv: windows."
        ),
    ] = Shape.TABLE
    out: Annotated[
        str | None,
        typer.Option("--out", metavar="FILE", help="Also write the result to FILE as JSON."),
    ] = None


def run(options: Options, manners: Manners) -> ExitCode:
    """Send simulated requests at a configuration.

    The configuration is what the spec plans, or your own by --pin; the traffic is the spec's, or a
    recording by --trace, for which nothing is planned anew. Shows percentiles, refused and late
    requests, cold starts, utilisation and cost, and draws traffic, capacity and latency over time.

    Exits with 0 when every objective held, 3 for an invalid spec, 8 when one was missed.
    """
    from planner import __version__
    from planner.plans.simulation_document import simulation_document, simulation_rows

    simulated = _simulated(options, manners)
    simulations = [each for _, found in simulated for each in found]

    def document() -> object:
        return simulation_document(simulations, planner_version=__version__)

    def text(out: TextIO, style: Style) -> None:
        _write_text(simulated, options, out=out, style=style)

    save(options.out, document, manners)
    if options.output is Shape.CSV:
        emit_bytes(simulation_rows(simulations).encode())
    else:
        show(Format(options.output.value), document=document, text=text, manners=manners)
    return ExitCode.DONE if all(each.met for each in simulations) else ExitCode.INFEASIBLE


def _simulated(options: Options, manners: Manners) -> list[tuple[Spec, tuple[Simulation, ...]]]:
    """Each chosen spec with the simulations of its endpoints."""
    from planner import workflow

    pins, requests = parse_pins(options.pins), parse_budget(options.requests)
    specs = sorted(chosen(read(options, manners), options.endpoint), key=_name)
    replayed = {_name(spec): spec for spec in _replayed(options, manners)}
    simulated = []
    for spec in specs:
        under = replayed.get(_name(spec))
        started = perf_counter()
        stream = sys.stderr if manners.verbosity >= 0 else None
        with Progress(f"simulating {_name(spec)}", stream=stream) as progress:
            found = workflow.simulate(
                spec,
                under=under,
                pins=pins,
                effort=Effort(requests=requests, seed=options.seed),
                fresh=options.fresh,
                progress=progress,
            )
        manners.note(f"simulated {_name(spec)} in {perf_counter() - started:.2f} s", level=1)
        simulated.append((under or spec, found))
    return simulated


def _replayed(options: Options, manners: Manners) -> tuple[Spec, ...]:
    """Load the specs once more with the recording in place of their traffic, where one is given."""
    if options.trace is None:
        if options.columns:
            raise UsageError(
                "columns-without-trace",
                "--columns names those of a recording, and none is given",
                hint="--trace FILE --columns timestamp=ts,count=requests",
            )
        return ()
    return read(options, manners, overlays=overlays_of(options.trace, options.columns))


def parse_budget(text: str) -> int:
    """Read a count of requests from `2000000`, `2,000,000`, `2M` or `2e6`; UsageError else."""
    found = _BUDGET.match(text.replace(",", "").replace("_", ""))
    count = round(float(found[1]) * _FACTOR[found[2].lower()]) if found else 0
    if count < 1:
        raise UsageError(
            "invalid-requests",
            f"--requests takes a count from 1 on, not `{text}`",
            hint="--requests 2M",
        )
    return count


def _name(spec: Spec) -> str:
    return spec.workload.name


def _write_text(
    simulated: list[tuple[Spec, tuple[Simulation, ...]]],
    options: Options,
    *,
    out: TextIO,
    style: Style,
) -> None:
    from planner.views.simulate_text import render_simulation, replayed

    first = True
    for spec, simulations in simulated:
        traffic = replayed(spec.workload.traffic, trace=options.trace)
        for each in simulations:
            out.write("" if first else "\n")
            render_simulation(each, traffic=traffic, out=out, style=style)
            first = False
