"""Traffic as logs and clouds have it, to a trace that a spec names."""

from planner.traces.formats import Reading, read_log
from planner.traces.recording import (
    Recorded,
    from_cloud,
    from_counts,
    from_tally,
    rows_of,
    silences,
    snippet,
)
from planner.traces.tally import Tally

__all__ = [
    "Reading",
    "Recorded",
    "Tally",
    "from_cloud",
    "from_counts",
    "from_tally",
    "read_log",
    "rows_of",
    "silences",
    "snippet",
]
