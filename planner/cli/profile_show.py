"""`planner profile show`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from planner.cli.options import Manners, ResultOptions
from planner.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from planner.spec.profile import Profile


@dataclass(frozen=True, kw_only=True)
class Options(ResultOptions):
    """Options of `profile show`."""

    file: Annotated[str, typer.Argument(metavar="FILE", help="A profile.")]
    instance: Annotated[
        str | None, typer.Option("--instance", metavar="TYPE", help="Only this type.")
    ] = None


def run(options: Options, manners: Manners) -> ExitCode:
    """Show a profile as the plan takes it: service time, throughput, and the curve of both.

    Corrected where it is calibrated.
    """
    from planner.cli.output import save, show
    from planner.cli.profiles import curves_at
    from planner.plans.profile_document import profile_document
    from planner.views.profile_text import render_profile_curves

    profile = _of(curves_at(options.file), options.instance)
    save(options.out, lambda: profile_document(profile), manners)
    show(
        options.output,
        document=lambda: profile_document(profile),
        text=lambda out, style: render_profile_curves(profile, out=out, style=style),
        manners=manners,
    )
    return ExitCode.DONE


def _of(profile: Profile, instance: str | None) -> Profile:
    from dataclasses import replace

    if instance is None:
        return profile
    found = tuple(one for one in profile.curves if one.instance_type == instance)
    if not found:
        known = ", ".join(one.instance_type for one in profile.curves)
        raise UsageError("unknown-instance", f"nothing is measured on {instance}", hint=known)
    return replace(profile, curves=found)
