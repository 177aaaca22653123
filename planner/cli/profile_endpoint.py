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
    from planner.cli.running import planned_live
    from planner.cli.specs import chosen, read
    from planner.engine import connected

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
    with connected(sandbox=options.state) as connections:
        found = checkup.watched(planned_live(specs, connections), connections, looking)
    named = [one for one in found if options.model in {None, *one.running.decision.models}]
    if len(named) != 1:
        names = [one.running.decision.models[0] for one in found]
        raise UsageError(
            "which-model",
            f"{len(names)} models of this spec have an endpoint of their own: {', '.join(names)}",
            hint=f"--model {names[0]}",
        )
    return named[0]
