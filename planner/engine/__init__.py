"""Makes a plan real: reads, writes in order, waits, and checks that it took."""

from planner.engine.apply import Applied, Event, Job, Outcome, applied, destroyed
from planner.engine.connect import Connections, connected
from planner.engine.run import Errand, Wanted, each, live_changes

__all__ = [
    "Applied",
    "Connections",
    "Errand",
    "Event",
    "Job",
    "Outcome",
    "Wanted",
    "applied",
    "connected",
    "destroyed",
    "each",
    "live_changes",
]
