"""Parts of published documents that are about the run: locks and policies. And their types."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from planner.model.plan import LockState
from planner.model.policy import Level

Count = Annotated[int, Field(ge=0)]
Number = Annotated[float, Field(allow_inf_nan=False)]
Fraction = Annotated[float, Field(ge=0, le=1)]
Usd = Annotated[float, Field(ge=0, description="US dollars.")]
Milliseconds = Annotated[float, Field(ge=0)]
Name = Annotated[str, Field(min_length=1)]


class Part(BaseModel):
    """Base of every part."""

    model_config = ConfigDict(frozen=True)


class OfferPart(Part):
    """A cheaper configuration than the locked one; `saving` is a fraction of the locked cost."""

    configuration: Name
    locked_monthly_usd: Usd
    monthly_usd: Usd
    saving: Fraction


class LockPart(Part):
    """Whether a spec's lock decided; `offer` is what `--upgrade` takes, or has taken."""

    offer: OfferPart | None
    reason: str
    state: LockState
    workload: Name


class PlacePart(Part):
    """A place in a text file, counted from 1."""

    column: Count
    file: Name
    line: Count


class ViolationPart(Part):
    """Where a plan goes against a rule: its place in the policy, and what of the spec asks."""

    code: Name
    endpoints: list[Name]
    level: Level
    message: Name
    place: PlacePart | None
    policy: Name
    reason: str
    rule: Name
    spec_path: str
    spec_place: PlacePart | None
    workload: str


class PolicyPart(Part):
    """What the rules of policies say of a plan; `untold` are bounds that nobody could look at."""

    rules: Count
    untold: list[Name]
    violations: Annotated[list[ViolationPart], Field(description="Mandatory ones first.")]


class CalledPart(Part):
    """A model that is called; `artifact` is where it lies, as far as the spec says."""

    artifact: str
    name: Name


class SamplePart(Part):
    """The request that is sent; its body, in base64, stands only in a file of `plan --out`."""

    body: str | None
    bytes: Count
    content_type: Name
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class WarmUpPart(Part):
    """The test calls once the endpoint is written: at most so many a model, of so many models."""

    models: Annotated[list[CalledPart], Field(description="Those of most traffic first.")]
    models_max: Count
    models_served: Count
    requests_max: Count
    sample: SamplePart
    timeout_s: Number
