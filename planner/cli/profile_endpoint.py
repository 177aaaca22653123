"""What `planner profile import --endpoint` takes from a running endpoint."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from planner.cli.options import Manners, SpecOptions
from planner.errors import UsageError

if TYPE_CHECKING:
    from planner.checkup import Watched
    from planner.cli.profile_import import Options
    from planner.profiling import Observation


def observations_of(options: Options, manners: Manners) -> tuple[Observation, ...]:
    """One observation for each window of the endpoint's metrics that had requests enough."""
    from planner.profiling.serving import Serving, served

    watched = _watched(options, manners)
    running, conditions = watched.running, watched.running.simulation.conditions
    assert conditions is not None
    decision = running.decision
    counted = decision.replicas is not None or decision.units is not None
    serving = Serving(
        endpoint=decision.endpoint,
        provider=decision.provider,
        instance_type=options.instance or decision.instance_type,
        replicas=running.simulation.capacity if counted else None,
        outside_s=conditions.overhead_s,
    )
    found = served(serving, watched.windows)
    for note in (*found.notes, *((running.note,) if running.note else ())):
        manners.note(f"note: {note}")
    return found.observations


def _watched(options: Options, manners: Manners) -> Watched:
    from planner import checkup
    from planner.cli.doctor import LONGEST_S, parse_since
    from planner.cli.running import watched_one
    from planner.cli.specs import chosen, read

    given = options.endpoint or ""
    looking = checkup.Looking(
        seconds=parse_since(options.since, "--since", LONGEST_S),
        looks=options.looks,
        parallel=options.parallelism,
    )
    is_path = given == "-" or Path(given).exists()
    specs = read(SpecOptions(paths=[given] if is_path else ["."]), manners)
    specs = chosen(specs, None if is_path else given)
    if len(specs) != 1:
        raise UsageError(
            "which-endpoint",
            f"{given} has {len(specs)} specs; one endpoint is looked at at a time",
            hint=f"planner profile import --endpoint {specs[0].workload.name}",
        )
    return watched_one(specs, looking, sandbox=options.state, model=options.model)
