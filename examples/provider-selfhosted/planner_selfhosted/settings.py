"""The `providers.selfhosted` block of a spec."""

from __future__ import annotations

from planner.spec.quantities import SpecBlock, Text


class Settings(SpecBlock):
    """Where the machines stand, and what runs on them; unknown keys are errors at their place."""

    site: Text = "cellar"
    image: Text | None = None
