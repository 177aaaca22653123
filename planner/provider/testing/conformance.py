"""All tests that a provider has to pass, in one class."""

from __future__ import annotations

from planner.provider.testing.calling import Calling
from planner.provider.testing.converging import Converging
from planner.provider.testing.drifting import Drifting
from planner.provider.testing.failing import Failing
from planner.provider.testing.owning import Owning
from planner.provider.testing.waiting import Waiting


class Conformance(Converging, Failing, Owning, Drifting, Waiting, Calling):
    """What is promised of plan and apply; a subclass gives a pytest fixture `world`.

    converging  applied is as asked; twice is once; what is written is what was planned
    failing     refused, lost, killed, rolled back at every call: no false success, and it converges
    owning      what is others' or protected is not touched
    drifting    each change by others is told as exactly the field that moved
    waiting     interrupts, `--no-wait`, many endpoints at once
    calling     what was written is called until it settles; no answer is no success
    """
