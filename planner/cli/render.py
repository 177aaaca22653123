"""`planner render`."""

from __future__ import annotations

import os
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from planner.cli.options import Format, Manners, SpecOptions, VerifyOptions
from planner.cli.output import emit_bytes, write_file
from planner.cli.specs import chosen, read
from planner.errors import ExitCode, PlannerError, UsageError

if TYPE_CHECKING:
    from planner.model.export import ExportedFile


@dataclass(frozen=True, kw_only=True)
class Options(SpecOptions, VerifyOptions):
    """Options of `render`."""

    to: Annotated[
        str,
        typer.Option(
            "--to",
            metavar="FORMAT",
            help="api, k6, locust, openslo, prometheus-rules, or a provider's own; "
            "an unknown one lists them.",
        ),
    ] = "api"
    endpoint: Annotated[
        str | None, typer.Option("--endpoint", metavar="NAME", help="Render only this spec.")
    ] = None
    output: Annotated[
        Format | None,
        typer.Option("--output", "-o", help="json or yaml, in place of what is usual for it."),
    ] = None
    out: Annotated[
        str | None,
        typer.Option("--out", metavar="FILE", help="Also write it to FILE, or into a directory."),
    ] = None


def run(options: Options, manners: Manners) -> ExitCode:
    """Print what would make it real: API calls, or a file for another tool.

    Without --to every call in order with its whole body, as JSON. What the other tool cannot hold
    is said on standard error. Nothing is printed when a spec has no plan.
    """
    from planner import workflow
    from planner.views.export_text import in_syntax

    specs = chosen(read(options, manners), options.endpoint)
    run_of_all = workflow.plan(specs, verify=options.verify, effort=options.effort)
    files: Sequence[ExportedFile] = workflow.export(run_of_all, to=options.to)
    # A table cannot hold nested bodies: whoever asks for one gets what is usual.
    if options.output is Format.JSON:
        files = [in_syntax(file, "json") for file in files]
    elif options.output is Format.YAML:
        files = [in_syntax(file, "yaml") for file in files]
    for note in dict.fromkeys(note for file in files for note in file.notes):
        manners.note(f"note: {note}")
    if _is_directory(options.out):
        _save_all(files, str(options.out), manners)
        return ExitCode.DONE
    text = _joined(files, options)
    if options.out is not None:
        write_file(options.out, text)
        manners.note(f"wrote {options.out}")
    emit_bytes(text)
    return ExitCode.DONE


def _joined(files: Sequence[ExportedFile], options: Options) -> bytes:
    """Several files as one; only streams of YAML documents can be."""
    from planner.views.export_text import file_bytes

    texts = [file_bytes(file) for file in files]
    if len(texts) > 1 and any(file.syntax != "yaml" for file in files):
        raise UsageError(
            "several-files",
            f"{options.to} makes {len(files)} files here: {', '.join(one.name for one in files)}",
            hint=shlex.join(
                ["planner", "render", *options.paths, "--to", options.to, "--out", f"{options.to}/"]
            ),
        )
    return b"---\n".join(texts)


def _is_directory(out: str | None) -> bool:
    return out is not None and (out.endswith(("/", os.sep)) or Path(out).is_dir())


def _save_all(files: Sequence[ExportedFile], out: str, manners: Manners) -> None:
    from planner.views.export_text import file_bytes

    try:
        Path(out).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise PlannerError(
            "cannot-write", f"{out}: {error.strerror or error}", hint="df -h"
        ) from error
    for file in files:
        target = str(Path(out) / file.name)
        write_file(target, file_bytes(file))
        manners.note(f"wrote {target}")
