"""`planner schema`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any

import typer

from planner.cli.options import Manners
from planner.cli.output import emit_bytes
from planner.errors import ExitCode


class Document(StrEnum):
    """Documents with a published schema."""

    ENDPOINT = "endpoint"
    PROFILE = "profile"
    POLICY = "policy"
    LOCK = "lock"
    PLAN = "plan"
    SIMULATION = "simulation"
    CHECKUP = "checkup"


@dataclass(frozen=True, kw_only=True)
class Options:
    """Options of `schema`."""

    document: Annotated[
        Document, typer.Argument(help="Whose schema: a spec's, a file's beside it or a result's.")
    ]


def run(options: Options, manners: Manners) -> ExitCode:  # noqa: ARG001
    """Print the JSON Schema of a spec, a file beside it or a result.

    The spec's holds the blocks of all installed providers.
    """
    from planner.plans.text import to_bytes

    emit_bytes(to_bytes(_schema(options.document)))
    return ExitCode.DONE


def _schema(document: Document) -> dict[str, Any]:
    match document:
        case Document.ENDPOINT:
            from planner.provider import registry
            from planner.spec.schema import endpoint_schema

            return endpoint_schema(
                {name: registry.get(name).settings_model() for name in registry.names()}
            )
        case Document.PROFILE:
            from planner.spec.schema import profile_schema

            return profile_schema()
        case Document.POLICY:
            from planner.spec.schema import policy_schema

            return policy_schema()
        case Document.LOCK:
            from planner.spec.schema import lock_schema

            return lock_schema()
        case Document.PLAN:
            from planner.plans.schema import plan_schema

            return plan_schema()
        case Document.SIMULATION:
            from planner.plans.simulation_schema import simulation_schema

            return simulation_schema()
        case Document.CHECKUP:
            from planner.plans.checkup_schema import checkup_schema

            return checkup_schema()
