"""Rules by which the cloud fails: which requests, and what goes wrong with them.

A file of rules is a YAML list: `- {match: {operation: UpdateEndpoint, name: fraud-*, call: 2},
effect: rollback, times: 1}`.
"""

from __future__ import annotations

from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Annotated

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter


class Effect(StrEnum):
    """What goes wrong.

    The first group befalls any request; the second is what becomes of an endpoint that a request
    creates or updates.
    """

    THROTTLE = "throttle"
    SERVER_ERROR = "server-error"
    UNAVAILABLE = "unavailable"
    DENIED = "denied"
    EXPIRED = "expired"
    DELAY = "delay"
    TIMEOUT = "timeout"
    """The request is carried out, and the answer comes after `seconds`."""
    LOST_ANSWER = "lost-answer"
    """The request is carried out, and the connection is closed without an answer."""
    LOST_REQUEST = "lost-request"
    """The connection is closed and nothing was done."""

    ROLLBACK = "rollback"
    STUCK = "stuck"
    NO_CAPACITY = "no-capacity"
    FAIL = "fail"
    ROLLBACK_FAILED = "rollback-failed"
    QUOTA = "quota"

    MODEL_ERROR = "model-error"
    """The model behind an endpoint fails at an invocation."""
    MODEL_REFUSAL = "model-refusal"
    """The model behind an endpoint does not take what it is sent."""
    MODEL_LOADING = "model-loading"
    """The model that is called is still being downloaded and loaded."""


class Match(BaseModel):
    """Which requests: shell patterns; `call` is the number among those that match the rest."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    service: str = "*"
    operation: str = "*"
    region: str = "*"
    name: str = "*"
    call: Annotated[int, Field(ge=1)] | None = None


class Rule(BaseModel):
    """One fault; `times` bounds how often it strikes, `message` replaces the cloud's text.

    An empty message is null, as SageMaker's throttling often is.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    match: Match = Match()
    effect: Effect
    times: Annotated[int, Field(ge=1)] | None = None
    message: str | None = None
    seconds: Annotated[float, Field(ge=0)] = 120.0


_RULES: TypeAdapter[list[Rule]] = TypeAdapter(list[Rule])


def read_rules(text: str) -> list[Rule]:
    """Rules from YAML or JSON; ValueError says what is wrong with them."""
    try:
        return _RULES.validate_python(yaml.safe_load(text) or [])
    except yaml.YAMLError as error:
        raise ValueError(f"not YAML: {error}") from error


class Faults:
    """The rules in force and how often each has matched and struck."""

    def __init__(self, rules: list[Rule] | None = None) -> None:
        self._rules: list[Rule] = []
        self._matched: list[int] = []
        self._struck: list[int] = []
        self.replace(rules or [])

    @property
    def rules(self) -> list[Rule]:
        """The rules in force."""
        return list(self._rules)

    def replace(self, rules: list[Rule]) -> None:
        """Put these rules in force instead of all others; counting begins anew."""
        self._rules = list(rules)
        self._matched = [0] * len(rules)
        self._struck = [0] * len(rules)

    def strike(self, *, service: str, operation: str, region: str, name: str) -> Rule | None:
        """The first rule that befalls this request; each rule that matches counts it."""
        found: Rule | None = None
        subject = {"service": service, "operation": operation, "region": region, "name": name}
        for index, rule in enumerate(self._rules):
            if not _matches(rule.match, subject):
                continue
            self._matched[index] += 1
            if found is None and self._strikes(index):
                self._struck[index] += 1
                found = rule
        return found

    def _strikes(self, index: int) -> bool:
        rule = self._rules[index]
        if rule.times is not None and self._struck[index] >= rule.times:
            return False
        return rule.match.call in {None, self._matched[index]}


def _matches(match: Match, subject: dict[str, str]) -> bool:
    return all(fnmatchcase(given, getattr(match, part)) for part, given in subject.items())
