from io import StringIO

from planner.diagnostics import Diagnostic, Location
from planner.views.diagnostic_text import render_diagnostics
from planner.views.style import Style

BARE = Diagnostic(
    code="bare-duration",
    message="`50` has no unit",
    hint="write 50ms or 50s",
    path="spec.slo.latency.p99",
    location=Location(file="checkout.planner.yaml", line=12, column=14),
    excerpt="        p99: 50\n             ^^",
)
EXPECTED = """\
error[bare-duration]: `50` has no unit
  --> checkout.planner.yaml:12:14
   |
12 |         p99: 50
   |              ^^
   = spec.slo.latency.p99
help: write 50ms or 50s
"""


def shown(*diagnostics: Diagnostic, style: Style | None = None) -> str:
    out = StringIO()
    render_diagnostics(diagnostics, out=out, style=style or Style())
    return out.getvalue()


def test_a_diagnostic_with_everything() -> None:
    assert shown(BARE) == EXPECTED


def test_an_excerpt_without_a_marker_gets_one_at_the_column() -> None:
    plain = Diagnostic(
        code="x", message="m", location=Location(file="f", line=3, column=3), excerpt="a: b"
    )
    assert shown(plain).splitlines()[3:] == ["3 | a: b", "  |   ^"]


def test_lines_above_the_marked_one_are_numbered_too() -> None:
    two = Diagnostic(
        code="x",
        message="m",
        location=Location(file="f", line=10, column=1),
        excerpt="one: 1\none: 2\n^^^",
    )
    assert shown(two).splitlines()[3:] == [" 9 | one: 1", "10 | one: 2", "   | ^^^"]


def test_without_a_place_there_is_no_excerpt() -> None:
    bare = Diagnostic(code="no-spec", message="nothing to plan", severity="warning")
    assert shown(bare) == "warning[no-spec]: nothing to plan\n"


def test_several_stand_apart_in_their_order() -> None:
    assert shown(BARE, BARE) == f"{EXPECTED}\n{EXPECTED}"


def test_a_long_line_is_cut_around_the_marker() -> None:
    long = Diagnostic(
        code="x",
        message="m",
        location=Location(file="f", line=1, column=301),
        excerpt=f"{'a' * 300}HERE{'b' * 300}",
    )
    source, marker = shown(long, style=Style(width=60)).splitlines()[3:]
    assert len(source) <= 60
    assert source[marker.index("^") :].startswith("HERE")


def test_the_file_cannot_steer_the_terminal() -> None:
    evil = Diagnostic(
        code="x",
        message="bad \x1b[2J value",
        location=Location(file="f", line=1, column=1),
        excerpt="\x1b]0;owned\x07",
    )
    text = shown(evil)
    assert "\x1b" not in text
    assert "\\x1b[2J" in text


def test_colour_adds_nothing_but_colour() -> None:
    colored = shown(BARE, style=Style(color=True))
    assert colored.startswith("\x1b[31merror[bare-duration]\x1b[0m")
    for code in ("0", "1", "31", "32", "34"):
        colored = colored.replace(f"\x1b[{code}m", "")
    assert colored == EXPECTED
