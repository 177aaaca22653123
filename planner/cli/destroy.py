"""`planner destroy`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from planner.cli.apply import Tell, WriteOptions, written
from planner.cli.options import Manners
from planner.errors import ExitCode

if TYPE_CHECKING:
    from planner.engine import Applied, Connections
    from planner.workflow import PlanRun


@dataclass(frozen=True, kw_only=True)
class Options(WriteOptions):
    """Options of `destroy`."""


def run(options: Options, manners: Manners) -> ExitCode:
    """Delete what the specs' endpoints have in the cloud.

    Only what carries this spec's owner tag goes; everything else stays. Exits as `apply` does.
    """
    from planner import workflow

    def act(found: PlanRun, connections: Connections, tell: Tell) -> Sequence[Applied]:
        return workflow.destroy(found, connections, tell=tell, timeout_s=options.timeout)

    return written(options, manners, verb="destroy", act=act)
