"""What a lock is made of: the digest of what was asked, and a file that reads back as it was."""

from __future__ import annotations

from dataclasses import replace
from io import StringIO

import pytest
from ruamel.yaml import YAML

from planner.errors import SpecError
from planner.model.candidate import Range
from planner.model.lock import Lock
from planner.model.traffic import Trace
from planner.model.value import value
from planner.model.workload import Assumption, Pin, ProviderChoice, Rollout
from planner.plans.locking import configuration, input_digest, lock_document, locked
from planner.spec import Source
from planner.spec.lock_file import read_lock
from planner.views.lock_wording import render_lock
from planner.views.style import Style
from tests.support import decisions
from tests.support.asks import market, workload


def written(locks: dict[str, Lock]) -> str:
    out = StringIO()
    render_lock(lock_document(locks), out=out, style=Style())
    return out.getvalue()


def test_what_decides_nothing_is_not_in_the_digest() -> None:
    asked = workload(100.0)
    same = replace(
        asked,
        labels=(("env", "prod"),),
        description="another",
        rollout=Rollout(strategy="linear"),
        assumptions=(Assumption(subject="a", value="b", reason="c"),),
    )
    assert input_digest(same) == input_digest(asked)


def test_everything_else_is() -> None:
    asked = workload(100.0)
    others = [
        workload(101.0),
        replace(asked, name="other"),
        replace(asked, pin=Pin(replicas=3)),
        replace(asked, objective=replace(asked.objective, stability=0.1)),
        replace(asked, constraints=replace(asked.constraints, zones=2)),
        replace(asked, providers=(market("sagemaker", ("network_isolation", True))[0],)),
        replace(asked, models=(replace(asked.models[0], memory_bytes=1),)),
    ]
    assert len({input_digest(one) for one in (asked, *others)}) == len(others) + 1


def test_a_trace_is_known_by_its_numbers_and_not_by_its_file() -> None:
    first = decisions.workload("w", trace="a.csv")
    assert input_digest(decisions.workload("w", trace="b.csv")) == input_digest(first)
    moved = decisions.workload("w", stamps_s=(0.0, 1.0, 2.5))
    assert input_digest(moved) != input_digest(first)
    assert isinstance(first.traffic.pattern, Trace)


def test_a_field_that_a_later_version_knows_changes_no_digest() -> None:
    @value
    class Old:
        a: int
        b: tuple[str, ...] = ()

    @value
    class New:
        a: int
        b: tuple[str, ...] = ()
        c: float = 0.5

    New.__name__ = "Old"
    digests = {
        input_digest(replace(workload(1.0), providers=(ProviderChoice(name="x", settings=made),)))
        for made in (Old(a=1), New(a=1), Old(a=1, b=()))
    }
    assert len(digests) == 1
    other = replace(workload(1.0), providers=(ProviderChoice(name="x", settings=New(a=1, c=0.7)),))
    assert input_digest(other) not in digests


def test_a_lock_file_reads_back_as_it_was_and_another_reader_agrees() -> None:
    odd = decisions.decision(
        endpoint="on",
        options=(("memory_mb", "0o17"), ("tail", "1e3"), ("x", "no")),
        replicas=None,
        units=Range(min=0, max=8),
        autoscaling=None,
    )
    asked = decisions.workload("fraud-scorer")
    locks = {
        name: replace(
            locked(
                replace(decisions.solved(name), decisions=found),
                asked,
                [decisions.STAMP],
                version="1.2",
            ),
            workload=name,
        )
        for name, found in {
            "yes": (decisions.decision(), odd),
            "fraud-scorer": (decisions.decision(),),
        }.items()
    }
    text = written(locks)
    read = read_lock(Source(name="planner.lock.yaml", text=text.encode()))
    assert read == {name: replace(lock, file="planner.lock.yaml") for name, lock in locks.items()}
    assert written(dict(reversed(read.items()))) == text
    assert YAML(typ="safe", pure=True).load(text) == lock_document(locks)
    lines = text.splitlines()
    for lock in read.values():
        for one in lock.endpoints:
            place, _ = lock.places("endpoints", one.name, "instance")
            assert f"instance: {one.instance_type}" in lines[place.line - 1]


def test_models_of_one_of_several_endpoints_are_named_or_counted() -> None:
    many = tuple(f"m{n}" for n in range(2000))
    both = (
        decisions.decision(endpoint="a", models=("one",)),
        decisions.decision(endpoint="b", models=many),
    )
    found = configuration(replace(decisions.solved(), decisions=both))
    assert found[0].models == "one"
    assert found[1].models.startswith("2000 sha256:")
    turned = replace(both[1], models=tuple(reversed(many)))
    again = configuration(replace(decisions.solved(), decisions=(both[0], turned)))
    assert again == found
    assert configuration(decisions.solved())[0].models == ""


@pytest.mark.parametrize(
    ("before", "after", "code"),
    [
        ("kind: Lock", "kind: Luck", "unknown-value"),
        ("hosting:", "hotsing:", "unknown-key"),
        ("min: 5", "min: five", "invalid-value"),
        ("    input:", "<<<<<<< ours\n    input:", "yaml-syntax"),
        ("apiVersion", "---\na: 1\n---\napiVersion", "lock-documents"),
    ],
)
def test_what_is_wrong_in_a_lock_file_is_an_error(before: str, after: str, code: str) -> None:
    asked = decisions.workload("w")
    text = written({"w": locked(decisions.solved("w"), asked, [decisions.STAMP], version="1")})
    assert before in text
    with pytest.raises(SpecError) as caught:
        read_lock(Source(name="l", text=text.replace(before, after, 1).encode()))
    assert caught.value.diagnostics[0].code == code
