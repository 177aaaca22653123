"""`planner import`."""

from __future__ import annotations

import os
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from planner.cli.named import named_by_option, unknown_name
from planner.cli.options import Manners, SandboxOptions
from planner.cli.output import emit_text, write_file
from planner.errors import (
    AuthError,
    ExitCode,
    PlannerError,
    ProviderError,
    SpecError,
    UsageError,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from planner.engine import Connections
    from planner.live import Draft


@dataclass(frozen=True, kw_only=True)
class Options(SandboxOptions):
    """Options of `import`."""

    name: Annotated[str, typer.Argument(metavar="NAME", help="The endpoint's name in the cloud.")]
    provider: Annotated[
        str | None,
        typer.Option("--provider", metavar="NAME", help="Whose cloud, if several have it."),
    ] = None
    region: Annotated[
        str | None, typer.Option("--region", metavar="NAME", help="Default: the provider's own.")
    ] = None
    out: Annotated[
        str | None, typer.Option("--out", metavar="FILE", help="Write the spec to FILE.")
    ] = None
    force: Annotated[bool, typer.Option("--force", help="Overwrite FILE.")] = False


def run(options: Options, manners: Manners) -> ExitCode:
    """Write the spec of a live endpoint, whose plan changes nothing.

    What runs is pinned; sizes, times, goals and traffic that no cloud knows are assumptions to be
    measured, each with a comment. Exits with 1 for an endpoint that no spec can say, and names what
    of it. Writes nothing to the cloud.
    """
    from planner import live
    from planner.engine import connected

    _refuse_overwriting(options)
    with connected(sandbox=options.state) as connections:
        provider = options.provider or _holder(options, connections)
        place = _place(provider, options.region)
        draft = live.drafted(options.name, provider, place, connections, region=options.region)
        text = _text(draft)
        _refuse_losses(draft, text, connections)
    if options.out is None:
        emit_text(text)
        return ExitCode.DONE
    write_file(options.out, text.encode())
    more = " --sandbox" if options.sandbox else ""
    adopt = f"planner adopt {options.out}{more}, then " if draft.foreign else ""
    manners.note(f"wrote {options.out}; next: {adopt}planner plan {options.out}{more}")
    return ExitCode.DONE


def _refuse_overwriting(options: Options) -> None:
    if options.out is not None and Path(options.out).exists() and not options.force:
        raise PlannerError(
            "file-exists",
            f"{options.out}: is there already; it was not touched",
            hint=f"planner import {options.name} --out {options.out} --force",
        )


def _holder(options: Options, connections: Connections) -> str:
    """The one provider that has an endpoint of this name, of those that answer.

    UsageError where several have; ProviderError where none has, with those that did not answer.
    """
    from planner import live

    names = _candidates(options.region)
    if len(names) == 1:
        return names[0]
    found, silent = [], []
    for name in names:
        try:
            if live.there(options.name, name, _place(name, options.region), connections):
                found.append(name)
        except (AuthError, ProviderError) as error:
            silent.append(f"{name} could not be asked: {error}")
    if len(found) > 1:
        raise UsageError(
            "which-provider",
            f"{options.name} is an endpoint of {' and of '.join(found)}; say which",
            hint=f"planner import {options.name} --provider {found[0]}",
        )
    if found:
        return found[0]
    raise ProviderError(
        "no-such-endpoint",
        "; ".join((f"there is no endpoint {options.name} in {' or '.join(names)}", *silent)),
        hint=f"planner import {options.name} --region REGION",
    )


def _candidates(region: str | None) -> list[str]:
    """Providers that can be used live and know the region."""
    from planner.provider import registry

    names = [one for one in registry.working() if hasattr(registry.get(one), "live")]
    if not names:
        raise UsageError(
            "no-live-provider", "no provider can be used live", hint="planner providers"
        )
    known = {name: registry.get(name).regions() for name in names}
    there = [name for name in names if region is None or region in known[name]]
    if region is not None and not there:
        raise unknown_name(
            "unknown-region",
            f"no provider has a region {region}",
            name=region,
            known={one for regions in known.values() for one in regions},
            option="--region",
        )
    return there


def _place(provider: str, region: str | None) -> Mapping[str, str]:
    """Where to look; UsageError for a region that the provider does not know."""
    from planner.engine.connect import live_provider
    from planner.provider import registry

    with named_by_option():
        found = registry.get(provider)
    if region is not None and region not in found.regions():
        raise unknown_name(
            "unknown-region",
            f"{found.title} has no region {region}",
            name=region,
            known=found.regions(),
            option="--region",
        )
    return live_provider(provider).place(found.catalog_settings(region))


def _text(draft: Draft) -> str:
    from planner.views.spec_text import render_spec
    from planner.views.style import Style

    where = f"{draft.provider} {draft.place.get('region', '')}".rstrip()
    head = (
        f"Endpoint {draft.live.endpoint} ({where}) as it runs: a plan of this changes nothing.",
        "What says `assumed` no cloud knows. It decides nothing while the pin stands: put in what "
        "you measure, then remove the pin.",
        *draft.notes,
    )
    out = StringIO()
    render_spec(draft.document, head=head, comments=draft.comments, out=out, style=Style())
    return out.getvalue()


def _refuse_losses(draft: Draft, text: str, connections: Connections) -> None:
    """Raise ProviderError where a plan of the spec would change anything."""
    from planner import live, workflow
    from planner.spec import Source

    said: tuple[str, ...]
    try:
        source = Source(name="spec", text=text.encode())
        planned = workflow.plan(workflow.load([source], env={**os.environ, **draft.secrets}))
    except SpecError as error:
        said = tuple(f"{one.message} ({one.path})" for one in error.diagnostics)
    else:
        said = tuple(f"by its spec {one.workload} is infeasible" for one in planned.plan.infeasible)
        for state in planned.desired:
            said += live.losses(draft, state, connections)
    if said:
        raise ProviderError(
            "not-importable",
            f"endpoint {draft.live.endpoint} is what no spec can say: {'; '.join(said)}",
        )
