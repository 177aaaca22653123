import re
from html import unescape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.views.markdown import (
    code,
    extent,
    fenced,
    folded,
    marker,
    plain,
    row,
    shortened,
    table,
    within_html,
)
from tests.support.markdown import page

APART = "\u200b"
HOSTILE = [
    "a | b",
    "`code` and ``more``",
    "@octocat, @org/team and me@example.com",
    "#12, owner/repo#3 and GH-4",
    "<script>alert(1)</script>",
    "</details></summary>",
    "<!-- planner:plan -->",
    "![x](https://example.com/x.png)",
    "[text](javascript:alert)",
    "**bold** _em_ ~~gone~~ $x^2$",
    "&lt;b&gt;",
    "line\nbreak\r\nand\ttab",
    "\x1b[31mred\x07 \u202eright to left",
    "back\\slash \\| pipe",
    "```\nfence",
    "www.example.com and HTTPS://example.com",
]
TEXT = st.text(
    st.one_of(st.sampled_from("|`*_[]()<>@#$~!\\&:/-.\n 1aG"), st.characters(codec="utf-8")),
    max_size=40,
)


def seen(text: str) -> str:
    return text.replace(APART, "").strip()


def words(text: str) -> str:
    return shortened(text, 10_000)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_only_text(text: str) -> None:
    shown = page(f"- **x**: {plain(text)}")
    assert shown.names == {"ul", "li", "strong"}
    assert " ".join(seen(shown.text).removeprefix("x: ").split()) == words(text)


@settings(deadline=None)
@given(TEXT)
def test_any_text_is_only_text(text: str) -> None:
    shown = page(f"- **x**: {plain(text)}.")
    assert shown.names == {"ul", "li", "strong"}
    assert " ".join(seen(shown.text).split()) == " ".join(f"x: {words(text)}.".split())


@settings(deadline=None)
@given(st.lists(TEXT, min_size=2, max_size=3))
def test_any_text_is_one_cell(cells: list[str]) -> None:
    lines = table(["h"] * len(cells), [row([plain(cell) or "-" for cell in cells])])
    shown = page("\n".join(lines))
    assert shown.names == {"table", "thead", "tbody", "tr", "th", "td"}
    (found,) = shown.rows[1:]
    assert [seen(cell) for cell in found] == [seen(words(cell)) or "-" for cell in cells]


@settings(deadline=None)
@given(TEXT)
def test_any_text_is_code(text: str) -> None:
    shown = page(f"- x {code(text)}")
    kept = shortened(text, 300)
    assert shown.names == ({"ul", "li", "code"} if kept else {"ul", "li"})
    assert " ".join(shown.text.split()) == " ".join(f"x {kept}".split())


@settings(deadline=None)
@given(st.lists(TEXT.map(lambda text: shortened(text, 300)), min_size=1, max_size=4))
def test_a_fence_is_ended_by_nothing_within(lines: list[str]) -> None:
    shown = page("\n".join(["before", "", *fenced(lines, "diff"), "", "after"]))
    assert shown.tags == ["p", "pre", "code", "p"]
    assert shown.text == "before\n" + "".join(f"{line}\n" for line in lines) + "\nafter\n"


@pytest.mark.parametrize("text", HOSTILE)
def test_a_summary_is_only_text(text: str) -> None:
    shown = page("\n".join(folded(f"<b>{within_html(text)}</b>", ["- inner"])))
    assert shown.tags == ["details", "summary", "b", "ul", "li"]
    assert words(text) in " ".join(seen(shown.text).split())


@pytest.mark.parametrize("wrap", [plain, within_html])
def test_nobody_is_called_and_nothing_is_linked(wrap: object) -> None:
    for text in HOSTILE:
        made = unescape(wrap(text))  # type: ignore[operator]
        assert not re.search(r"@\w|#\d|GH-\d|://|www\.", made), made


def test_long_text_is_cut_with_a_sign() -> None:
    assert plain("a" * 50, 10) == "aaaaaaaaa…"
    assert plain("a" * 10, 10) == "a" * 10


@pytest.mark.parametrize(
    ("tag", "line"),
    [
        ("", "<!-- planner:plan -->"),
        ("prod", "<!-- planner:plan:prod -->"),
        ("eu/prod=1", "<!-- planner:plan:eu/prod=1 -->"),
        ("--> <b>", "<!-- planner:plan:b -->"),
        ("a--b", "<!-- planner:plan:a-b -->"),
        ("\n", "<!-- planner:plan -->"),
    ],
)
def test_a_marker_is_one_comment_whatever_its_tag(tag: str, line: str) -> None:
    assert marker("plan", tag) == line
    shown = page(line)
    assert (shown.tags, shown.text.strip()) == ([], "")
    assert shown.comments == [line.removeprefix("<!--").removesuffix("-->")]


def test_characters_beyond_the_basic_plane_count_twice() -> None:
    assert extent(["ab", "\U0001f600"]) == 3 + 3
