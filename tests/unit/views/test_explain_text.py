from dataclasses import replace
from io import StringIO

from planner.model.candidate import Infeasible, Solved
from planner.model.plan import Explanation
from planner.views.explain_text import render_explanation
from planner.views.style import Style
from tests.support import decisions


def shown(outcome: Solved | Infeasible, *, everything: bool = False, width: int = 100) -> str:
    out = StringIO()
    explanation = Explanation(
        workload=outcome.workload,
        outcome=outcome,
        sensitivities=decisions.sensitivities(),
        catalogs=(decisions.STAMP,),
    )
    render_explanation(explanation, out=out, style=Style(width=width), everything=everything)
    return out.getvalue()


def section(text: str, title: str) -> list[str]:
    """The rows of one table, without its heading and rule, runs of blanks made one."""
    body = text.split(f"\n{title}\n")[1].split("\n\n", maxsplit=1)[0]
    return [" ".join(line.split()) for line in body.splitlines()[2:]]


def test_the_arithmetic_stands_line_by_line_with_its_sources() -> None:
    assert section(shown(decisions.solved()), "Arithmetic") == [
        "offered load 1,200/s x 6 ms 7.2 spec",
        "rule of the provider ceil(7.2) 8 D3",
    ]


def test_cost_lines_name_their_source_and_date_and_end_in_the_total() -> None:
    assert section(shown(decisions.solved()), "Cost of a month of 730 hours") == [
        "replicas 4,526 replica-hour 0.1071 $611.70 [1]",
        "storage 5 GB-month 0.14 $0.70 [2]",
        "total $612.40",
        "$0.19 per million requests",
        "[1] 2026-11-19, price list of the made-up cloud",
        "[2] 2026-11-19, price list of the made-up cloud; assumed: one copy per replica",
    ]


def test_objectives_show_their_margin_and_method() -> None:
    assert section(shown(decisions.solved()), "Objectives, predicted by closed-form") == [
        "availability 99.99 % 99.95 % holds",
        "latency p50 8.1 ms 15 ms 46 % spare",
        "latency p99 41.2 ms 50 ms 17.6 % spare",
    ]


def test_every_alternative_has_its_reason() -> None:
    assert section(shown(decisions.solved(), width=200), "Why not")[:5] == [
        "dedicated small.2 x 9 $703.50 39.8 ms costs 14.9 % more",
        "dedicated large.8 x 3 $1,389.90 38 ms costs 2.27x",
        "serverless serverless-4096 - - concurrency-limit: 217 concurrent requests, allowed"
        " 200 [S4]; asked by spec.traffic.rate; limits page, 2026-11-19",
        "dedicated tiny.1 x 20 $500.00 63 ms latency-p99: 63 ms, allowed 50 ms",
        "multi-model 2 types - - excluded-feature: data-capture, allowed none [M3]; asked by"
        " spec.providers.cloud.data_capture; vendor guide",
    ]


def test_modes_are_compared_in_numbers() -> None:
    lines = section(shown(decisions.solved()), "Hosting modes compared, the best of each")
    assert lines == [
        "single-model small.2 x 5..9 $612.40 41.2 ms 0 % chosen",
        "dedicated small.2 x 9 $703.50 +$91.10 39.8 ms feasible",
        "serverless serverless-4096 - - concurrency-limit",
        "multi-model 2 types - - excluded-feature",
    ]


def test_assumptions_advice_and_sensitivities() -> None:
    text = shown(decisions.solved(), width=140)
    assert section(text, "Assumed, because nobody said") == [
        "burstiness 1 no trace",
        "overhead 10 ms nothing published L4",
    ]
    assert section(text, "Advice of the vendor's documents that applies") == [
        "start-on-cpu D4 6 ms on one CPU stay on CPU; GPU would idle $1,445.60",
    ]
    assert section(text, "Where the decision changes, by the closed form") == [
        "traffic.rate 1,200/s 1,480/s one more replica",
        "service_time 6 ms not within the range searched",
    ]
    assert " - the burst of 1,800/s is shorter than the 480 s it takes to scale up\n" in text


def test_all_names_each_excluded_type() -> None:
    assert "Excluded before sizing" not in shown(decisions.solved())
    assert section(shown(decisions.solved(), everything=True), "Excluded before sizing") == [
        "cloud multi-model excluded-feature: data-capture, allowed none [M3] large.8, small.2",
    ]


def test_a_long_list_of_alternatives_is_cut_and_says_so() -> None:
    first = decisions.alternatives()[2]
    many = tuple(
        replace(first, instance_type=f"t{index}", monthly_usd=700.0 + index) for index in range(30)
    )
    solved = decisions.solved(alternatives=many, excluded=())
    short = shown(solved)
    assert len(section(short, "Why not")) == 13
    assert "Looked at 31 configurations; 0 more excluded before sizing. All of them: --all" in short
    assert len(section(shown(solved, everything=True), "Why not")) == 30


def test_a_fleet_explains_its_first_endpoints() -> None:
    fleet = decisions.solved(
        decisions=tuple(decisions.decision(endpoint=f"e{index}") for index in range(5))
    )
    assert "and 2 more endpoints: see --all" in shown(fleet)
    assert shown(fleet, everything=True).count("\nArithmetic\n") == 5


def test_infeasible_shows_misses_and_what_would_help() -> None:
    text = shown(decisions.infeasible())
    assert text.startswith("too-fast: infeasible, nothing in the searched space meets the spec\n")
    assert section(text, "Nearest misses")[0] == (
        "dedicated tiny.1 x 20 $500.00 63 ms latency-p99: 63 ms, allowed 50 ms"
    )
    assert section(text, "What would make it feasible") == [
        "spec.slo.latency.p99 50 ms 63 ms $500.00",
    ]


def test_nothing_is_wider_than_asked_and_all_is_ascii() -> None:
    for width in (60, 100):
        text = shown(decisions.solved(), everything=True, width=width)
        tables = [line for line in text.splitlines()[1:] if not line.startswith(" Looked")]
        assert max(map(len, tables)) <= width
        assert text.isascii()


def test_what_asks_for_a_rejection_is_named_as_the_reader_finds_it() -> None:
    outcome = decisions.solved()
    asking = {each.rejection.path for each in outcome.alternatives if each.rejection} - {""}
    assert asking
    out = StringIO()
    explanation = Explanation(
        workload=outcome.workload, outcome=outcome, sensitivities=(), catalogs=()
    )
    render_explanation(explanation, out=out, style=Style(), where=lambda path: f"<{path}>")
    text = " ".join(out.getvalue().split())
    assert all(f"asked by <{path}>" in text for path in asking)
