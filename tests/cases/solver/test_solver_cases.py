"""Questions of users, and what each needs for an answer: every item of every file is one case.

title     the question, or what the case shows
source    where it was asked
spec      what stands below `spec:`; a sagemaker block gets a role and an image, a databricks block
          an entity, where it has none; null for no such key
edits     further values by path, such as "constraints.budget.monthly: 100 USD"
files     texts by name beside the spec; `limits.yaml` replaces limits of the catalogs
copies    as many endpoints as this, under names of their own
expect    exit       the exit code of `planner plan`
          decisions  attributes of the decisions, in order; text is searched in longer text
          lines      names of the cost lines
          rejected   codes, paths, ids and parts of texts of what fell, each to be found
          dearer     modes that would do, only at a higher price
          never      globs of types that are neither chosen nor offered as an alternative
          advice     rules that fire
          steps      lines of the arithmetic
          breaches   names of limits that the run breaks
          relaxations  paths
          error      code, path and part of the message of a refused spec
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest
import yaml

import planner
from planner.cli.verdict import verdict
from planner.errors import SpecError
from planner.model.candidate import Alternative, Infeasible, Outcome, Rejection, Solved
from planner.workflow import PlanRun

HERE = Path(__file__).parent
FILLED = {
    "sagemaker": {
        "role_arn": "arn:aws:iam::123456789012:role/SageMakerExecution",
        "image": "123456789012.dkr.ecr.us-east-1.amazonaws.com/server:1",
    },
    "databricks": {"entity": "main.models.served", "entity_version": "3"},
}


def cases() -> Iterator[Any]:
    for file in sorted(HERE.glob("*.yaml")):
        for index, case in enumerate(yaml.safe_load(file.read_text(encoding="utf-8"))):
            yield pytest.param(case, id=f"{file.stem}-{index}")


def documents(case: Mapping[str, Any]) -> str:
    spec = dict(case["spec"])
    spec["providers"] = {
        name: {k: v for k, v in {**FILLED[name], **block}.items() if v is not None}
        for name, block in spec["providers"].items()
    }
    names = [f"asked-{i}" for i in range(case["copies"])] if "copies" in case else ["asked"]
    return yaml.safe_dump_all(
        {
            "apiVersion": "planner/v1alpha1",
            "kind": "Endpoint",
            "metadata": {"name": name},
            "spec": spec,
        }
        for name in names
    )


def run_of(case: Mapping[str, Any], folder: Path) -> PlanRun:
    (folder / "planner.yaml").write_text(documents(case), encoding="utf-8")
    for name, text in case.get("files", {}).items():
        (folder / name).write_text(text, encoding="utf-8")
    limits = [folder / "limits.yaml"] if "limits.yaml" in case.get("files", {}) else []
    specs = planner.load([folder / "planner.yaml"], limits=limits, sets=case.get("edits", ()))
    return planner.plan(specs)


@pytest.mark.parametrize("case", list(cases()))
def test_a_question_gets_its_answer(case: dict[str, Any], tmp_path: Path) -> None:
    expect = dict(case["expect"])
    if "error" in expect:
        with pytest.raises(SpecError) as caught:
            run_of(case, tmp_path)
        assert expect.pop("exit") == caught.value.exit_code
        assert any(matches(d, expect["error"]) for d in caught.value.diagnostics)
        return
    run = run_of(case, tmp_path)
    assert verdict(run.plan) == expect.pop("exit")
    for key, wanted in expect.items():
        CHECKS[key](run, wanted)


def check_decisions(run: PlanRun, wanted: list[dict[str, Any]]) -> None:
    found = [d for o in run.outcomes if isinstance(o, Solved) for d in o.decisions]
    assert len(found) == len(wanted)
    for decision, one in zip(found, wanted, strict=True):
        for path, value in one.items():
            assert alike(at(decision, path), value), (path, at(decision, path))


def check_lines(run: PlanRun, wanted: list[str]) -> None:
    found = [line.name for d in outcome_of(run, Solved).decisions for line in d.cost.lines]
    assert found == wanted


def check_rejected(run: PlanRun, wanted: list[dict[str, Any]]) -> None:
    found = list(rejections(run.outcomes[0]))
    for one in wanted:
        near = [r for r in found if r["code"] == one["code"]]
        assert any(matches(r, one) for r in found), (one, near[:5])


def check_dearer(run: PlanRun, wanted: list[str]) -> None:
    solved = outcome_of(run, Solved)
    found = {a.hosting for a in solved.alternatives if feasible(a)}
    assert found >= set(wanted)
    assert all(
        (a.monthly_usd or 0.0) >= solved.monthly_usd - 0.01
        for a in solved.alternatives
        if feasible(a)
    )


def check_never(run: PlanRun, wanted: list[str]) -> None:
    solved = outcome_of(run, Solved)
    named = {d.instance_type for d in solved.decisions}
    named |= {a.instance_type for a in solved.alternatives if feasible(a)}
    assert not [name for name in named for glob in wanted if fnmatchcase(name, glob)]


def check_advice(run: PlanRun, wanted: list[str]) -> None:
    assert [a.rule for a in outcome_of(run, Solved).decisions[0].advice] == wanted


def check_steps(run: PlanRun, wanted: list[dict[str, Any]]) -> None:
    found = outcome_of(run, Solved).decisions[0].arithmetic
    for one in wanted:
        assert any(matches(step, one) for step in found), (one, found)


def check_breaches(run: PlanRun, wanted: list[str]) -> None:
    assert [breach.limit.name for breach in run.plan.breaches] == wanted


def check_relaxations(run: PlanRun, wanted: list[str]) -> None:
    assert [r.path for r in outcome_of(run, Infeasible).relaxations] == wanted


CHECKS = {
    "decisions": check_decisions,
    "lines": check_lines,
    "rejected": check_rejected,
    "dearer": check_dearer,
    "never": check_never,
    "advice": check_advice,
    "steps": check_steps,
    "breaches": check_breaches,
    "relaxations": check_relaxations,
}


def outcome_of(run: PlanRun, kind: type[Any]) -> Any:
    (outcome,) = run.outcomes
    assert isinstance(outcome, kind), outcome
    return outcome


def feasible(alternative: Alternative) -> bool:
    return alternative.rejection is None


def rejections(outcome: Outcome) -> Iterator[dict[str, Any]]:
    """Each rejection with the mode and types that it holds for, as text by name."""
    tried = outcome.alternatives if isinstance(outcome, Solved) else outcome.misses
    for one in tried:
        if one.rejection is not None:
            yield {**texts(one.rejection), "hosting": one.hosting, "types": (one.instance_type,)}
    for group in outcome.excluded:
        yield {**texts(group.rejection), "hosting": group.hosting, "types": group.instance_types}


def texts(rejection: Rejection) -> dict[str, Any]:
    names = ("code", "measured", "allowed", "path", "source", "source_id")
    return {name: getattr(rejection, name) for name in names}


def matches(found: Any, wanted: Mapping[str, Any]) -> bool:
    return all(alike(at(found, name), value) for name, value in wanted.items())


def at(value: Any, path: str) -> Any:
    """An attribute, an item or an option by a dotted path."""
    for name in path.split("."):
        if name == "option":
            value = dict(value.options)
        else:
            value = value.get(name) if isinstance(value, dict) else getattr(value, name)
    return value


def alike(found: Any, wanted: Any) -> bool:
    if isinstance(found, tuple):
        return any(alike(item, wanted) for item in found)
    if isinstance(wanted, str):
        return wanted in str(found)
    return bool(found == wanted)
