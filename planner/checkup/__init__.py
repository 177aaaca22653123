"""Running endpoints looked at: their metrics against what was asked and what was predicted.

examined   specs that were planned live -> a checkup of each endpoint   (reads)
driven     the same -> simulated traffic in a sandbox's metrics         (writes to the sandbox)
"""

from planner.checkup.drive import Driven, Driving, driven
from planner.checkup.examine import Looking, examined
from planner.checkup.running import Planned

__all__ = ["Driven", "Driving", "Looking", "Planned", "driven", "examined"]
