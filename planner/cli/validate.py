"""`planner validate`."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, TextIO

from planner.cli.failures import print_diagnostics
from planner.cli.options import Manners, ReportFormat, ReportOptions, SpecOptions
from planner.cli.output import TextView, save
from planner.cli.report import Views, show_views
from planner.cli.specs import read
from planner.errors import ExitCode, SpecError

if TYPE_CHECKING:
    from planner.diagnostics import Diagnostic
    from planner.spec import Spec
    from planner.views.style import Style


@dataclass(frozen=True, kw_only=True)
class Options(SpecOptions, ReportOptions):
    """Options of `validate`."""


def run(options: Options, manners: Manners) -> ExitCode:
    """Check specs, and report every error with its place.

    Against the schema, their own contradictions and the catalogs; nothing is decided.
    Exits with 3 where one is invalid.
    """
    from planner import workflow

    specs: tuple[Spec, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    try:
        specs = read(options, manners)
        workflow.check(specs)
    except SpecError as error:
        diagnostics = error.diagnostics
    result = _result(specs, diagnostics)
    save(options.out, lambda: result, manners)
    if diagnostics and options.output is ReportFormat.TABLE:
        print_diagnostics(diagnostics, color=manners.color)
        return ExitCode.INVALID_SPEC
    from planner.views.diagnostic_markdown import diagnostic_markdown
    from planner.views.findings import diagnostic_report

    tag, files = options.comment_tag, [spec.source for spec in specs]
    views = Views(
        document=lambda: result,
        text=_listed(specs),
        markdown=lambda limit: diagnostic_markdown(diagnostics, tag=tag, limit=limit),
        report=lambda: diagnostic_report(diagnostics, files),
    )
    show_views(options.output, views, manners)
    return ExitCode.INVALID_SPEC if diagnostics else ExitCode.DONE


def _result(specs: tuple[Spec, ...], diagnostics: tuple[Diagnostic, ...]) -> dict[str, Any]:
    return {
        "diagnostics": [_encodable(asdict(one)) for one in diagnostics],
        "specs": [_encodable({"file": spec.source, "name": spec.workload.name}) for spec in specs],
        "valid": not diagnostics,
    }


def _encodable(value: Any) -> Any:
    """Show `?` for what is no character: names of files are bytes to the system."""
    match value:
        case str():
            return value.encode("utf-8", "replace").decode()
        case dict():
            return {key: _encodable(item) for key, item in value.items()}
        case _:
            return value


def _listed(specs: tuple[Spec, ...]) -> TextView:
    def text(out: TextIO, style: Style) -> None:
        for file, number in sorted(Counter(spec.source for spec in specs).items()):
            noun = "spec" if number == 1 else "specs"
            out.write(f"{style.paint('ok', 'good')}  {file}: {number} {noun}\n")

    return text
