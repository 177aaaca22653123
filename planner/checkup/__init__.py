"""Running endpoints looked at: their metrics against what was asked and what was predicted.

examined   specs that were planned live -> a checkup of each endpoint   (reads)
watched    the same -> the metrics of each that its service time can be told by   (reads)
driven     the same -> simulated traffic in a sandbox's metrics         (writes to the sandbox)
"""

from planner.checkup.drive import Driven, Driving, driven
from planner.checkup.examine import Looking, examined
from planner.checkup.running import Planned, Running
from planner.checkup.watch import Watched, watched

__all__ = [
    "Driven",
    "Driving",
    "Looking",
    "Planned",
    "Running",
    "Watched",
    "driven",
    "examined",
    "watched",
]
