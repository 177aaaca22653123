"""Makes a plan real: reads, writes in order, waits, and checks that it took."""

from planner.engine.apply import (
    Applied,
    Event,
    Job,
    Manner,
    Outcome,
    Stage,
    applied,
    applied_nothing,
)
from planner.engine.connect import Connections, connected
from planner.engine.link import Link, Standing
from planner.engine.run import PARALLEL, at_once, each, pool

__all__ = [
    "PARALLEL",
    "Applied",
    "Connections",
    "Event",
    "Job",
    "Link",
    "Manner",
    "Outcome",
    "Stage",
    "Standing",
    "applied",
    "applied_nothing",
    "at_once",
    "connected",
    "each",
    "pool",
]
