"""`planner explain`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import PurePath
from typing import TYPE_CHECKING, Annotated, TextIO

import typer

from planner.cli.options import Manners, ResultOptions, SpecOptions, VerifyOptions
from planner.cli.output import save, show
from planner.cli.specs import chosen, read
from planner.cli.verdict import outcome_code
from planner.errors import ExitCode

if TYPE_CHECKING:
    from planner.spec import Spec
    from planner.views.style import Style


@dataclass(frozen=True, kw_only=True)
class Options(SpecOptions, VerifyOptions, ResultOptions):
    """Options of `explain`."""

    endpoint: Annotated[
        str | None, typer.Option("--endpoint", metavar="NAME", help="Explain only this spec.")
    ] = None
    everything: Annotated[
        bool, typer.Option("--all", help="Show every alternative that was looked at.")
    ] = False


def run(options: Options, manners: Manners) -> ExitCode:
    """Show why each spec gets its answer.

    The arithmetic line by line (load, capacity, latency, cost), why every alternative lost, all
    assumptions with their origin, and where the decision would change. Exits as `plan` does.
    """
    from planner import workflow
    from planner.plans.explain_document import explain_document
    from planner.views.explain_text import render_explanation

    specs = sorted(chosen(read(options, manners), options.endpoint), key=_name)
    explained = [
        workflow.explain(spec, verify=options.verify, effort=options.effort) for spec in specs
    ]

    def document() -> list[object]:
        return [explain_document(one) for one in explained]

    def text(out: TextIO, style: Style) -> None:
        for index, one in enumerate(explained):
            out.write("\n" if index else "")
            where = partial(_place, specs[index])
            everything = options.everything
            render_explanation(one, out=out, style=style, where=where, everything=everything)

    save(options.out, document, manners)
    show(options.output, document=document, text=text, manners=manners)
    return max((outcome_code(one.outcome) for one in explained), default=ExitCode.DONE)


def _name(spec: Spec) -> str:
    return spec.workload.name


def _place(spec: Spec, path: str) -> str:
    """A path with the line it stands on, or would stand below; folders would fill the column."""
    found = spec.locate(path)
    return path if found is None else f"{path} at {PurePath(found.file).name}:{found.line}"
