import json
from dataclasses import replace
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.diagnostics import Diagnostic, Location
from planner.model.change import Action, Change, ChangeSet, Risk
from planner.model.check import Check, Verdict
from planner.model.drift import Drift, Sync
from planner.model.plan import Plan
from planner.views.diagnostic_markdown import diagnostic_markdown
from planner.views.drift_markdown import drift_markdown
from planner.views.findings import (
    Case,
    Finding,
    Report,
    diagnostic_report,
    drift_report,
    plan_report,
)
from planner.views.github import ANNOTATIONS, annotated, outputs
from planner.views.gitlab import gitlab
from planner.views.junit import junit
from planner.views.sarif import RESULTS, sarif
from tests.support import decisions
from tests.support.markdown import page
from tests.support.reports import Reports, miscounted

AT = Location(file="specs/a b.yaml", line=3, column=5)
TEXT = st.text(max_size=30)
LEVEL = st.sampled_from(["error", "warning", "note"])
FINDING = st.builds(
    Finding,
    level=LEVEL,
    code=st.sampled_from(["infeasible", "drifted"]),
    message=TEXT.filter(bool),
    subject=TEXT,
    hint=TEXT,
    location=st.one_of(
        st.none(), st.builds(Location, file=TEXT, line=st.just(1), column=st.just(2))
    ),
)


def drift(sync: Sync, name: str = "fraud-scorer") -> Drift:
    moved = decisions.changes(Action.UPDATE)
    changes = moved if sync in {Sync.DRIFTED, Sync.PENDING} else replace(moved, changes=())
    return Drift(
        endpoint=name,
        workload=name,
        provider="cloud",
        region="north-1",
        sync=sync,
        changes=replace(changes, endpoint=name),
    )


def broken() -> Plan:
    """A plan with everything that a reviewer has to be told."""
    made = decisions.plan(decisions.solved(), decisions.infeasible(), breaches=[decisions.breach()])
    checks = tuple(
        Check(name=f"{verdict.value} one", subject="fraud-scorer", verdict=verdict, detail="seen")
        for verdict in Verdict
    )
    return replace(made, checks=checks, removals=(decisions.removal(),))


def one(message: str = "x", level: str = "error", code: str = "c") -> Finding:
    return Finding(level=level, code=code, message=message)  # type: ignore[arg-type]


def report(*findings: Finding) -> Report:
    return Report(cases=(Case(group="g", name="n", findings=findings),))


def test_what_a_plan_has_to_say() -> None:
    found = plan_report(broken(), lambda workload, path: replace(AT, file=f"{workload}:{path}"))
    told = [
        (each.level, each.code, each.location.file if each.location else "")
        for each in found.findings
    ]
    assert told == [
        ("error", "infeasible", "too-fast:spec.slo.latency.p99"),
        ("error", "limit-exceeded", ""),
        ("error", "check-failed-one", ""),
        ("error", "check-denied-one", ""),
        ("warning", "to-delete", "fraud-scorer:metadata.name"),
        ("note", "check-unknown-one", ""),
        ("note", "to-create", "fraud-scorer:metadata.name"),
        ("note", "caveat", "fraud-scorer:metadata.name"),
    ]
    skipped = [case.name for case in found.cases if case.skipped]
    assert skipped == ["unknown one, fraud-scorer"]


@pytest.mark.parametrize(
    ("action", "risk", "level"),
    [
        (Action.CREATE, Risk.NONE, "note"),
        (Action.UPDATE, Risk.ROLLING, "note"),
        (Action.UPDATE, Risk.ONE_WAY, "warning"),
        (Action.REPLACE, Risk.DOWNTIME, "warning"),
    ],
)
def test_what_is_dangerous_is_a_warning(action: Action, risk: Risk, level: str) -> None:
    change = Change(address="endpoint/fraud-scorer", action=action, reason="r", risk=risk)
    changes = ChangeSet(endpoint="fraud-scorer", action=action, changes=(change,))
    made = decisions.plan(decisions.solved(), changes={"fraud-scorer": changes})
    found = [each for each in plan_report(made).findings if each.code.startswith("to-")]
    assert [(each.level, each.code) for each in found] == [(level, f"to-{action.value}")]


def test_drift_is_an_error_and_a_changed_spec_is_not() -> None:
    found = drift_report([drift(sync, sync.value) for sync in Sync])
    assert [(each.level, each.code) for each in found.findings] == [
        ("error", "drifted"),
        ("error", "missing"),
        ("note", "pending"),
    ]
    assert found.findings[0].message == (
        "drifted was changed outside of the planner: endpoint/fraud-scorer Variants[0].Type:"
        " is large.8, applied was small.2"
    )
    assert len(found.cases) == 4


def test_annotations_carry_their_place_and_escape_what_a_runner_reads() -> None:
    finding = Finding(
        level="error",
        code="bare-duration",
        message="100 % of a: b, c\nd",
        hint="write 50ms",
        location=Location(file="a,b:c.yaml", line=3, column=5),
    )
    assert annotated(report(finding)) == (
        "::error title=planner (bare-duration),file=a%2Cb%3Ac.yaml,line=3,col=5"
        "::100 %25 of a: b, c%0Ad%0Awrite 50ms\n"
    )


@pytest.mark.parametrize(("number", "lines"), [(10, 10), (11, 10), (300, 10)])
def test_annotations_beyond_what_is_shown_are_counted(number: int, lines: int) -> None:
    found = [one(f"m{index}", level) for index in range(number) for level in ("note", "error")]
    told = annotated(report(*found)).splitlines()
    assert len(told) == 2 * lines <= 2 * ANNOTATIONS
    assert [line.startswith("::error ") for line in told] == [True] * lines + [False] * lines
    if number > lines:
        assert (
            told[9]
            == f"::error title=planner::{number - 9} more of this level (c): see the summary"
        )


@settings(deadline=None)
@given(st.lists(FINDING, max_size=5))
def test_annotations_are_one_line_each_whatever_they_say(findings: list[Finding]) -> None:
    told = annotated(report(*findings)).split("\n")
    assert told.pop() == ""
    assert len(told) == len(findings)
    assert all(line.startswith("::") and line.count("::") >= 2 for line in told)
    assert not any("\r" in line for line in told)


def test_outputs_for_later_steps() -> None:
    made = decisions.live_plan()
    values = dict(line.split("=", 1) for line in outputs(made).splitlines())
    assert values == {
        "changes": "true",
        "feasible": "true",
        "fingerprint": made.fingerprint,
        "monthly-cost": "612.40",
        "monthly-cost-before": "830.00",
        "monthly-cost-delta": "-217.60",
        "to-create": "0",
        "to-delete": "1",
        "to-replace": "0",
        "to-update": "1",
        "unchanged": "0",
    }


def test_gitlab_counts_a_replacement_twice() -> None:
    replaced = decisions.plan(
        decisions.solved(), changes={"fraud-scorer": decisions.changes(Action.REPLACE)}
    )
    assert gitlab(replaced) == {"create": 1, "delete": 1, "update": 0}
    assert gitlab(decisions.live_plan()) == {"create": 0, "delete": 1, "update": 1}


def test_sarif_of_a_plan(reports: Reports) -> None:
    log = sarif(plan_report(broken(), lambda workload, path: AT), version="0.1.0")
    assert reports.sarif(log) == []
    result = log["runs"][0]["results"][0]
    assert result["locations"][0]["physicalLocation"] == {
        "artifactLocation": {"uri": "specs/a%20b.yaml", "uriBaseId": "%SRCROOT%"},
        "region": {"startColumn": 5, "startLine": 3},
    }


def test_sarif_names_a_file_elsewhere_by_its_whole_address() -> None:
    finding = replace(one(), location=replace(AT, file="/specs/a.yaml"))
    (result,) = sarif(report(finding), version="1")["runs"][0]["results"]
    place = result["locations"][0]["physicalLocation"]["artifactLocation"]
    assert place == {"uri": "file:///specs/a.yaml"}


@settings(deadline=None)
@given(st.lists(FINDING, max_size=4))
def test_sarif_holds_any_text(reports: Reports, findings: list[Finding]) -> None:
    log = sarif(report(*findings), version="0.1.0")
    assert reports.sarif(json.loads(json.dumps(log))) == []
    (run,) = log["runs"]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert all(rules[one["ruleIndex"]] == one["ruleId"] for one in run["results"])


def test_a_finding_is_known_again_when_its_numbers_move() -> None:
    marks = [
        sarif(report(one(text)), version="1")["runs"][0]["results"][0]["partialFingerprints"]
        for text in ("p99 41 ms", "p99 43 ms", "p50 41 ns")
    ]
    assert marks[0] == marks[1] != marks[2]


def test_sarif_keeps_the_gravest_and_says_how_many_are_cut() -> None:
    found = [one(str(index), "note") for index in range(RESULTS)]
    log = sarif(report(*found, one("grave")), version="1")
    (run,) = log["runs"]
    assert run["results"][0]["message"] == {"text": "grave"}
    assert (len(run["results"]), run["properties"]) == (RESULTS, {"cut": 1})


def test_junit_of_a_plan() -> None:
    text = junit(plan_report(broken()))
    assert miscounted(text) == []
    root = ElementTree.fromstring(text)
    assert [(suite.get("name"), suite.get("failures")) for suite in root] == [
        ("endpoints", "1"),
        ("limits", "1"),
        ("checks", "2"),
    ]
    failure = root.find(".//testcase[@name='too-fast']/failure")
    assert failure is not None
    assert failure.get("type") == "infeasible"
    assert "help: spec.slo.latency.p99: 50 ms -> 63 ms" in (failure.text or "")


def test_junit_holds_any_text(reports: Reports) -> None:
    texts = [junit(plan_report(broken()))]

    @settings(deadline=None)
    @given(st.lists(FINDING, max_size=4), TEXT)
    def write(findings: list[Finding], name: str) -> None:
        made = Report(
            cases=(
                Case(group="g", name=name, findings=tuple(findings)),
                Case(group="g", name="n", skipped=name),
            )
        )
        texts.append(junit(made))
        ElementTree.fromstring(texts[-1].encode())

    write()
    assert len(texts) > 2
    assert reports.junit(*texts) == []


def test_diagnostics_stand_by_their_files() -> None:
    wrong = Diagnostic(code="bare", message="50", hint="50ms", path="spec.slo", location=AT)
    found = diagnostic_report([wrong, replace(wrong, location=None)], ["ok.yaml"])
    assert [(case.name, len(case.findings)) for case in found.cases] == [
        ("ok.yaml", 0),
        ("specs/a b.yaml", 1),
        ("planner", 1),
    ]
    assert found.findings[0].message == "50 (spec.slo)"


def test_diagnostics_as_a_comment() -> None:
    wrong = Diagnostic(
        code="bare",
        message="</b> @octocat",
        hint="write `50ms`",
        path="spec.slo",
        location=AT,
        excerpt="    p99: 50\n         ^^",
    )
    text = diagnostic_markdown([wrong], tag="prod")
    assert text.startswith("<!-- planner:plan:prod -->\n### planner, prod: 1 error\n")
    shown = page(text)
    assert shown.names == {"h3", "ul", "li", "strong", "code", "pre"}
    assert "    p99: 50\n         ^^" in shown.text
    many = diagnostic_markdown([wrong] * 2000)
    assert len(many) <= 65_000
    assert many.splitlines()[-1].startswith("**Cut to fit a comment**: ")
    assert "### planner: the specs are valid" in diagnostic_markdown([])


def test_drift_as_a_comment() -> None:
    text = drift_markdown([drift(sync, sync.value) for sync in Sync], tag="prod")
    lines = text.splitlines()
    assert lines[:2] == [
        "<!-- planner:drift:prod -->",
        "### planner drift, prod: 1 drifted, 1 missing, 1 pending, 1 in-sync",
    ]
    assert [line.split(" | ")[0] for line in lines if line.startswith("| ")] == [
        *("| endpoint", "| ---", "| drifted", "| missing", "| pending"),
    ]
    assert "- Variants[0].Type: large.8" in lines
    many = drift_markdown([drift(Sync.DRIFTED, f"endpoint-{index}") for index in range(900)])
    assert len(many) <= 65_000
    assert "**Cut to fit a comment**: " in many
