"""What an organisation asks of every plan: `kind: Policy` files.

apiVersion: planner/v1alpha1
kind: Policy
metadata: {name: production}
spec:
  rules:
    - name: redundant
      match: {labels: {env: prod}}
      replicas: 2
      cold_start: forbid
      reason: one machine is an outage that has not happened yet
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field
from yaml.nodes import Node

from planner.model.change import Risk
from planner.model.policy import Bounds, Level, Names, Rule
from planner.spec.blocks import Metadata
from planner.spec.construct import Constructor
from planner.spec.document import compose
from planner.spec.places import Step, place_of
from planner.spec.quantities import Money, PositiveCount, PositiveFraction, SpecBlock, Text
from planner.spec.report import Finding, Place, Report
from planner.spec.validate import Sheet, validate
from planner.spec.value import Source

Patterns = Annotated[tuple[Text, ...], Field(min_length=1)]


class NamesBlock(SpecBlock):
    """Patterns of names that may be used, or may not."""

    allow: tuple[Text, ...] = ()
    forbid: tuple[Text, ...] = ()


class MatchBlock(SpecBlock):
    """Which specs a rule is about: patterns of their names, and of the values of labels."""

    names: tuple[Text, ...] = ()
    labels: dict[Text, Text] = Field(default_factory=dict)


class BudgetBlock(SpecBlock):
    """Most a month: of all matched endpoints together, and of each."""

    monthly: Money | None = None
    endpoint: Money | None = None


class IncreaseBlock(SpecBlock):
    """Most that one plan may add to what all matched endpoints cost a month."""

    monthly: Money | None = None
    fraction: PositiveFraction | None = None


class RiskBlock(SpecBlock):
    """Risks that a change may not have."""

    forbid: Annotated[tuple[Literal["downtime", "one-way"], ...], Field(min_length=1)]


class RuleBlock(SpecBlock):
    """One rule; it needs one bound at least."""

    name: Text
    level: Literal["advisory", "mandatory"] = "mandatory"
    reason: Text | None = None
    match: MatchBlock = Field(default_factory=MatchBlock)
    budget: BudgetBlock | None = None
    increase: IncreaseBlock | None = None
    regions: NamesBlock | None = None
    providers: NamesBlock | None = None
    instances: NamesBlock | None = None
    hosting: NamesBlock | None = None
    labels: Patterns | None = None
    replicas: PositiveCount | None = None
    zones: PositiveCount | None = None
    cold_start: Literal["forbid"] | None = None
    risk: RiskBlock | None = None


class PolicyBlock(SpecBlock):
    """The rules of a policy."""

    description: Text | None = None
    rules: Annotated[tuple[RuleBlock, ...], Field(min_length=1)]


class PolicyDocument(SpecBlock):
    """A policy."""

    apiVersion: Literal["planner/v1alpha1"]  # noqa: N815  the key in the file
    kind: Literal["Policy"]
    metadata: Metadata
    spec: PolicyBlock


BOUNDS = (
    *("budget", "increase", "regions", "providers", "instances", "hosting", "labels"),
    *("replicas", "zones", "cold_start", "risk"),
)
"""What a rule can ask for; it has one of them."""


def read_policies(source: Source, *, env: Mapping[str, str]) -> tuple[Rule, ...]:
    """Every rule of one file, of which each document is a policy; SpecError with all errors."""
    report = Report()
    nodes = compose(source.name, source.text, report)
    if report.count == 0 and not nodes:
        finding = Finding("empty-file", "there is no policy in this file", "write a kind: Policy")
        report.add(finding, Place(source.name))
    found = [rule for node in nodes for rule in _rules(node, report, env)]
    report.raise_any()
    return tuple(found)


def _rules(node: Node, report: Report, env: Mapping[str, str]) -> list[Rule]:
    sheet = Sheet(node, Constructor(report, env).data(node), report)
    document = validate(sheet, PolicyDocument, sheet.data, ())
    if document is None or report.count:
        return []
    found: list[Rule] = []
    known: set[str] = set()
    for index, block in enumerate(document.spec.rules):
        steps = ("spec", "rules", index)
        if all(getattr(block, name) is None for name in BOUNDS):
            hint = f"add one of {', '.join(BOUNDS)}"
            sheet.wrong(Finding("empty-rule", f"{block.name} asks for nothing", hint), steps)
        if block.name in known:
            finding = Finding("duplicate-name", f"a rule {block.name} is already here", "rename it")
            sheet.wrong(finding, (*steps, "name"))
        known.add(block.name)
        found.append(_rule(node, document.metadata.name, block, steps))
    return found


def _rule(node: Node, policy: str, block: RuleBlock, steps: tuple[Step, ...]) -> Rule:
    places = [
        (".".join(keys), place_of(node, (*steps, *keys), key=True).location)
        for keys in _keys(block)
    ]
    return Rule(
        policy=policy,
        name=block.name,
        level=Level(block.level),
        bounds=_bounds(block),
        reason=block.reason or "",
        names=block.match.names,
        labels=tuple(sorted(block.match.labels.items())),
        places=tuple(places),
    )


def _keys(block: RuleBlock) -> list[tuple[str, ...]]:
    """Every bound that is there, by its keys: `budget` and `budget.monthly`."""
    found: list[tuple[str, ...]] = []
    for name in BOUNDS:
        inner = getattr(block, name)
        if inner is None:
            continue
        found.append((name,))
        if isinstance(inner, SpecBlock):
            found += [(name, key) for key in sorted(inner.model_fields_set)]
    return found


def _bounds(block: RuleBlock) -> Bounds:
    budget, increase = block.budget or BudgetBlock(), block.increase or IncreaseBlock()
    return Bounds(
        total_usd=budget.monthly,
        endpoint_usd=budget.endpoint,
        increase_usd=increase.monthly,
        increase=increase.fraction,
        regions=_names(block.regions),
        providers=_names(block.providers),
        instances=_names(block.instances),
        hosting=_names(block.hosting),
        labels=block.labels or (),
        replicas=block.replicas,
        zones=block.zones,
        cold_start_forbidden=block.cold_start is not None,
        risks_forbidden=() if block.risk is None else tuple(map(Risk, block.risk.forbid)),
    )


def _names(block: NamesBlock | None) -> Names:
    return Names() if block is None else Names(allow=block.allow, forbid=block.forbid)
