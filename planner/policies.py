"""Policies of a run: read from files, and held against a plan."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from planner.diagnostics import Diagnostic
from planner.errors import PolicyError, SpecError
from planner.model.plan import Plan
from planner.model.policy import Judgement, Rule, Violation
from planner.sources import Given, read_files
from planner.spec import Spec


def read_rules(given: Iterable[Given], *, env: Mapping[str, str] | None = None) -> tuple[Rule, ...]:
    """The rules of all policy files, in their order; SpecError with all that is wrong in them."""
    known = os.environ if env is None else env
    rules: list[Rule] = []
    problems: list[Diagnostic] = []
    for read in read_files(given):
        if isinstance(read, Diagnostic):
            problems.append(read)
            continue
        from planner.spec.policy_file import read_policies  # noqa: PLC0415 - few runs have one

        try:
            rules.extend(read_policies(read, env=known))
        except SpecError as error:
            problems.extend(error.diagnostics)
    if problems:
        raise SpecError(tuple(problems))
    return tuple(rules)


def judged(plan: Plan, rules: Sequence[Rule], specs: Iterable[Spec] = ()) -> Plan:
    """The plan with what the rules say of it; unchanged where there are none.

    Places in the specs are those of `specs`.
    """
    if not rules:
        return plan
    from planner.plans.judging import judge  # noqa: PLC0415

    by_name = {spec.workload.name: spec for spec in specs}
    found = judge(plan, rules)
    placed = tuple(_placed(one, by_name.get(one.workload)) for one in found.violations)
    return replace(plan, policy=replace(found, violations=placed))


def _placed(violation: Violation, spec: Spec | None) -> Violation:
    if spec is None or not violation.spec_path:
        return violation
    return replace(violation, spec_place=spec.locate(violation.spec_path))


def refuse_violating(found: Judgement | None) -> None:
    """Raise PolicyError with every mandatory rule that a plan violates."""
    if found is not None and found.refused:
        raise PolicyError(tuple(diagnostic_of(one) for one in found.violations if one.mandatory))


def diagnostic_of(violation: Violation) -> Diagnostic:
    """A violation at its place in the policy, with the place in the spec as its path."""
    spec = violation.spec_place
    return Diagnostic(
        code=violation.code,
        message=f"{violation.message} ({violation.policy}, {violation.rule})",
        hint=violation.reason,
        path=violation.spec_path if spec is None else f"{violation.spec_path} at {spec}",
        location=violation.place,
        severity="error" if violation.mandatory else "warning",
    )
