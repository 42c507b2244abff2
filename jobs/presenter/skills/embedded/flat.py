"""Markdown's inline parts and HTML as plain text: no marks, tags or addresses of links."""

import re
from collections.abc import Iterable
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Final

from jobs.presenter.deck.notes import pause_mark

if TYPE_CHECKING:
    from markdown_it.tree import SyntaxTreeNode

_UNSPACED: Final = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3000-\u30ff\u3400-\u9fff\uf900-\ufaff\uff00-\uff65"
)
_BREAK: Final = re.compile(rf"(?<=[{_UNSPACED}])[ \t]*\n[ \t]*(?=[{_UNSPACED}])")
"""A line's end in a script without spaces."""
_LINE_PAUSE_S: Final = 0.3
_LONGEST_PAUSE_S: Final = 10.0
_SILENT_TAGS: Final = frozenset({"script", "style", "head", "title", "template"})
_TIME: Final = re.compile(r"""time\s*=\s*["']?([0-9]{1,5}(?:\.[0-9]{1,3})?)(ms|s)""")


def flat(node: "SyntaxTreeNode") -> str:
    """What a reader sees of a paragraph, on one line; a picture within it is its alternative text."""
    return one_line("".join(map(_inline, node.children)))


def one_line(text: str) -> str:
    return " ".join(_BREAK.sub("", text).split())


def html_text(html: str) -> str:
    """The text of a block of HTML or SSML; SSML's breaks are pauses."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return one_line("".join(reader.found))


def code_words(nodes: Iterable["SyntaxTreeNode"]) -> frozenset[str]:
    """The words that are set as code: their case is part of them."""
    return frozenset(
        word
        for node in nodes
        for each in node.walk()
        if each.type == "code_inline"
        for word in each.content.split()
    )


def _inline(node: "SyntaxTreeNode") -> str:
    if node.type in ("text", "code_inline"):
        return node.content
    if node.type == "softbreak":
        return "\n"
    if node.type == "hardbreak":
        return f" {pause_mark(_LINE_PAUSE_S)} "
    if node.type == "html_inline":
        return _tag_text(node.content)
    return "".join(map(_inline, node.children))


def _tag_text(tag: str) -> str:
    """What a single tag is in a text: HTML's break a space, SSML's a pause, others nothing."""
    if not re.match(r"<\s*(?:br|break)\b", tag, re.IGNORECASE):
        return ""
    time = _TIME.search(tag)
    if time is None:
        return " "
    seconds = float(time[1]) / (1000 if time[2] == "ms" else 1)
    return f" {pause_mark(min(seconds, _LONGEST_PAUSE_S))} "


class _Reader(HTMLParser):
    """Collects text, and a space where a tag stood."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._silent += tag in _SILENT_TAGS
        alt = dict(attrs).get("alt") if tag == "img" else None
        self.found.append(f" {alt or ''} {_tag_text(self.get_starttag_text() or '')}")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _SILENT_TAGS:
            self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        self._silent = max(0, self._silent - (tag in _SILENT_TAGS))
        self.found.append(" ")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.found.append(data)
