"""The stages that read or change a cloud, each over all endpoints of a run at once.

Ahead      what is wanted -> what lives, while more is decided  (reads)
held       decided specs -> what each endpoint needs       (reads)
drifts     what each endpoint needs -> how it stands
removals   endpoints -> what destroying them needs         (reads)
rollbacks  endpoints -> what their last configs need       (reads)
checked    changes -> what may stop them                   (reads)
drafted    a live endpoint -> its spec                      (reads)
adopt      endpoints -> what changed hands                 (writes)
carry_out  changes -> how each endpoint ended              (writes)
"""

from planner.live.ahead import Ahead, Reading, reading_ahead
from planner.live.imports import Draft, drafted, losses, there
from planner.live.plan import Case, Found, Solving, held
from planner.live.read import Owned, checked, drifts, owned, removals, rollbacks
from planner.live.write import (
    CONSENT,
    adopt,
    adoptions,
    carry_out,
    refuse_failed,
    refuse_risks,
)

__all__ = [
    "CONSENT",
    "Ahead",
    "Case",
    "Draft",
    "Found",
    "Owned",
    "Reading",
    "Solving",
    "adopt",
    "adoptions",
    "carry_out",
    "checked",
    "drafted",
    "drifts",
    "held",
    "losses",
    "owned",
    "reading_ahead",
    "refuse_failed",
    "refuse_risks",
    "removals",
    "rollbacks",
    "there",
]
