"""What a reader of Markdown sees, by a parser of others."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

from markdown_it import MarkdownIt


@dataclass
class Page:
    """Tags in order, and the text between them; `cells` are the texts of a table's rows."""

    tags: list[str] = field(default_factory=list)
    text: str = ""
    rows: list[list[str]] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)

    @property
    def names(self) -> set[str]:
        return set(self.tags)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.page = Page()
        self._cell = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.page.tags.append(tag)
        if tag == "tr":
            self.page.rows.append([])
        if tag in {"td", "th"}:
            self._cell = True
            self.page.rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        if tag in {"td", "th"}:
            self._cell = False

    def handle_comment(self, data: str) -> None:
        self.page.comments.append(data)

    def handle_data(self, data: str) -> None:
        self.page.text += data
        if self._cell:
            self.page.rows[-1][-1] += data


def page(markdown: str) -> Page:
    """Markdown as a page, with tables and with the HTML that stands in it."""
    reader = _Reader()
    parser = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    reader.feed(parser.render(markdown))
    reader.close()
    return reader.page
