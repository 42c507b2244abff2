r"""Marks in a text that are meant for a program: Markdown, HTML tags and entities, subtitle commands.

Rules are those of CommonMark (https://spec.commonmark.org) as far as a caption can use them, kept from what
people write in plain text: `5 * 3`, `2*3*4`, `a_b_c`, `#1 song`, `2 < 3`, `[laughs]` and `1. First` stay as
they are. Every step works on a copy of the text in which what is already a mark is a blank of the same
length, so places never move until the end.
"""

import html
import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

_GONE: Final = "\0"
"""Replaces in the working copy a character that is a mark."""
_PLAIN: Final = "\ue000"
"""Replaces there a character that must not be taken for a mark."""

_PARTING: Final = """
    address article aside blockquote body br dd div dl dt figcaption figure footer form h1 h2 h3 h4 h5 h6 head
    header hr html li main nav ol option p pre section table tbody td tfoot th thead title tr ul
"""
"""Tags that separate words."""
_INLINE: Final = """
    a abbr acronym audio b bdi bdo big button caption center cite code col colgroup data del details dfn
    dialog em embed fieldset font i iframe img input ins kbd label legend link map mark meta noscript optgroup
    param picture q rp rt ruby s samp script select small source span strike strong style sub summary sup svg
    template textarea time tt u var video wbr
"""
_TAGS: Final = {**dict.fromkeys(_PARTING.split(), " "), **dict.fromkeys(_INLINE.split(), "")}
"""HTML's tags, and what is visible instead of them."""
_BOLD_TAGS: Final = frozenset({"b", "strong", "h1", "h2", "h3", "h4", "h5", "h6", "th"})
_ITALIC_TAGS: Final = frozenset({"i", "em", "cite", "dfn", "var"})

_ESCAPE: Final = re.compile(r"\\([*_~`#\[\]<>|\\])")
_FENCE: Final = re.compile(r"^[ \t]*(?:```+|~~~+)[ \t]*[\w+-]*[ \t]*$", re.MULTILINE)
_TICKS: Final = re.compile(r"`+")
_COMMENT: Final = re.compile(r"<!--.*?-->", re.DOTALL)
_COMMAND: Final = re.compile(r"\{\\[^{}\n]*\}")
_TAG: Final = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9]*)(?:\s[^<>]*)?/?>")
_ADDRESS: Final = re.compile(r"<((?:https?://|mailto:)[^<>\s]+|[^<>\s@]+@[^<>\s@]+\.[^<>\s@]+)>")
_LINK: Final = re.compile(r"!?\[([^\[\]]*)\]\([ \t]*(?:<[^<>\n]*>|[^()\s]*(?:\([^()\s]*\)[^()\s]*)*)"
                          r"(?:\s+(?:\"[^\"\n]*\"|'[^'\n]*'))?[ \t]*\)")  # fmt: skip
_DEFINITION: Final = re.compile(r"^[ ]{0,3}\[([^\[\]\n]+)\]:[ \t]*\S.*$", re.MULTILINE)
_REFERENCE: Final = re.compile(r"!?\[([^\[\]\n]+)\](\[[^\[\]\n]*\])?")
_FOOTNOTE: Final = re.compile(r"\[\^[^\[\]\s]+\]")
_RULE: Final = re.compile(r"^[ \t]*(?:([-*_])(?:[ \t]*\1){2,}|=+)[ \t]*$", re.MULTILINE)
_SIGN: Final = re.compile(
    r"^(?:[ \t]*>[ \t])*[ \t]*(?:[-*+•◦▪‣][ \t]+(?:\[[ xX]\][ \t]+)?)?(?=\S)", re.MULTILINE
)
_HEADING: Final = re.compile(r"^([ \0]*#{1,6}[ \t]+)([^\n]*?)([ \t]+#+)?[ \t]*$", re.MULTILINE)
_ROW: Final = re.compile(r"^[ \t]*\|[^\n]*\|[ \t]*$", re.MULTILINE)
_RUN: Final = re.compile(r"\*+|_+|~~+|==+|\n[ \t]*\n")
_ENTITY: Final = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")

_LOOSE: Final = re.compile(r"\*+|~{2,}|#{2,}|`+|={2,}|_{2,}|(?<!\w)_|_(?!\w)")


@dataclass(frozen=True, kw_only=True)
class Styled:
    """A part of a text in another style."""

    start: int
    end: int
    bold: bool = False
    italic: bool = False


@dataclass(frozen=True, kw_only=True)
class Marked:
    """A text without its marks."""

    text: str
    places: tuple[int, ...]
    """The place of each of its characters in the original text."""
    styles: tuple[Styled, ...] = ()
    """In order of their start; they may be nested."""


def without_markup(text: str) -> Marked:
    """`text` as a reader of Markdown and HTML would see it, without surrounding space."""
    work = _Work(text)
    for step in (_escapes, _code, _html, _links, _lines, _emphasis, _entities):
        step(work)
    return work.result()


def spoken_text(text: str) -> Marked:
    """The spoken part of `text`: without marks, and without characters that only look like some (`***`,
    `word*`).

    A text without any stays the same, character for character.
    """
    marked = without_markup(text)
    work = _Work(marked.text)
    for found in _LOOSE.finditer(marked.text):
        if not _is_said(found.group(), marked.text[: found.start()], marked.text[found.end() :]):
            work.drop(found.start(), found.end())
    plain = work.result()
    return Marked(text=plain.text, places=tuple(marked.places[place] for place in plain.places))


def shown_spans(text: str, said: Marked, spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The places in `text` of parts of its spoken text, each with the marks that touch it."""
    kept = set(said.places)
    found: list[tuple[int, int]] = []
    for start, end in spans:
        first, last = said.places[start], said.places[end - 1] + 1
        least = found[-1][1] if found else 0
        while first > least and first - 1 not in kept and not text[first - 1].isspace():
            first -= 1
        while last < len(text) and last not in kept and not text[last].isspace():
            last += 1
        found.append((first, last))
    return found


def _is_said(mark: str, before: str, after: str) -> bool:
    """Between figures or letters a sign is part of what is written: `5 * 3`, `2*3`, `a == b`."""
    if before[-1:].isalnum() and after[:1].isalnum():
        return not (len(mark) > 1 and before[-1:].isalpha() and after[:1].isalpha())
    left, right = before.rsplit(maxsplit=1)[-1:], after.split(maxsplit=1)[:1]
    if not (left and right and " " in (before[-1], after[0])):
        return False
    spaced = before[-1] == after[0] == " "
    return spaced if mark == "==" else mark == "*" and _is_operand(left[0]) and _is_operand(right[0])


def _is_operand(word: str) -> bool:
    """A figure, or a single letter as in a formula."""
    return (len(word) == 1 and word.isalpha()) or any(map(str.isdigit, word))


class _Work:
    """A text in which one kind of mark is found after the other."""

    def __init__(self, text: str) -> None:
        self.now = text.replace(_PLAIN, _GONE).replace("\r\n", " \n").replace("\r", "\n")
        """The text, with finished parts blanked."""
        self._shown = list(text)
        self._styles: list[Styled] = []
        self._is_changed = False

    def drop(self, start: int, end: int, instead: str = "") -> None:
        """The text between these places is a mark; `instead` of it something may be visible."""
        if start < end:
            self.now = self.now[:start] + _GONE * (end - start) + self.now[end:]
            self._shown[start:end] = [instead, *[""] * (end - start - 1)]
            self._is_changed = True

    def keep(self, start: int, end: int) -> None:
        """The text between these places holds no more marks."""
        kept = re.sub(r"[^\s\0]", _PLAIN, self.now[start:end])
        self.now = self.now[:start] + kept + self.now[end:]

    def style(self, start: int, end: int, *, bold: bool = False, italic: bool = False) -> None:
        self._styles.append(Styled(start=start, end=end, bold=bold, italic=italic))

    def result(self) -> Marked:
        """The text without the dropped parts, and without the white space that they leave at the ends."""
        whole = "".join(self._shown)
        places = [place for place, shown in enumerate(self._shown) for _ in shown]
        if self._is_changed:
            first = len(whole) - len(whole.lstrip())
            places = places[first : len(whole.rstrip())]
            whole = whole.strip()
        return Marked(text=whole, places=tuple(places), styles=tuple(self._moved(places)))

    def _moved(self, places: Sequence[int]) -> list[Styled]:
        moved = [
            replace(style, start=bisect_left(places, style.start), end=bisect_left(places, style.end))
            for style in self._styles
        ]
        seen = (style for style in moved if style.start < style.end and (style.bold or style.italic))
        return sorted(seen, key=lambda style: (style.start, -style.end))


def _escapes(work: _Work) -> None:
    for found in _ESCAPE.finditer(work.now):
        work.drop(found.start(), found.start() + 1)
        work.keep(found.start() + 1, found.end())


def _code(work: _Work) -> None:
    """Fences, and ticks in pairs of the same length."""
    for found in _FENCE.finditer(work.now):
        work.drop(found.start(), found.end())
    opened: re.Match[str] | None = None
    for ticks in list(_TICKS.finditer(work.now)):
        if opened and ticks.group() == opened.group():
            work.drop(opened.start(), opened.end())
            work.drop(ticks.start(), ticks.end())
            work.keep(opened.end(), ticks.start())
            opened = None
        else:
            opened = opened or ticks


def _html(work: _Work) -> None:
    """Comments, subtitle commands (`{\\an8}`), tags that HTML knows, addresses between `<` and `>`."""
    last = work.now.rfind("-->") + 3  # searched once, not for each unclosed comment
    for found in [*_COMMENT.finditer(work.now, 0, last), *_COMMAND.finditer(work.now)]:
        work.drop(found.start(), found.end())
    opened: dict[str, int] = {}
    for tag in list(_TAG.finditer(work.now)):
        name = tag[2].lower()
        if name in _TAGS:
            work.drop(tag.start(), tag.end(), _TAGS[name])
            if not tag[1]:
                opened[name] = tag.end()
            elif name in opened:
                work.style(
                    opened.pop(name), tag.start(), bold=name in _BOLD_TAGS, italic=name in _ITALIC_TAGS
                )
    for address in list(_ADDRESS.finditer(work.now)):
        work.drop(address.start(), address.start() + 1)
        work.drop(address.end() - 1, address.end())
        work.keep(address.start() + 1, address.end() - 1)


def _links(work: _Work) -> None:
    """Links and pictures keep their words; footnotes and definitions are dropped."""
    for _ in range(2):  # a link's words may be a picture
        for found in list(_LINK.finditer(work.now)):
            work.drop(found.start(), found.start(1))
            work.drop(found.end(1), found.end())
    names = {found[1].casefold() for found in _DEFINITION.finditer(work.now)}
    for found in list(_DEFINITION.finditer(work.now)):
        work.drop(found.start(), found.end())
    for found in list(_FOOTNOTE.finditer(work.now)):
        work.drop(found.start(), found.end())
    for found in list(_REFERENCE.finditer(work.now)):
        if ((found[2] or "")[1:-1] or found[1]).casefold() in names:
            work.drop(found.start(), found.start(1))
            work.drop(found.end(1), found.end())


def _lines(work: _Work) -> None:
    """Marks at the start of a line, and lines that consist of marks."""
    for pattern in (_RULE, _SIGN):
        for found in list(pattern.finditer(work.now)):
            work.drop(found.start(), found.end())
    for found in list(_HEADING.finditer(work.now)):
        work.drop(found.start(1), found.end(1))
        if found[3]:
            work.drop(found.start(3), found.end(3))
        work.style(found.start(2), found.end(2), bold=True)
    for row in list(_ROW.finditer(work.now)):
        if set(row.group()) <= set("|:- \t"):
            work.drop(row.start(), row.end())
        for bar in re.finditer(r"\|", work.now[row.start() : row.end()]):
            work.drop(row.start() + bar.start(), row.start() + bar.end())


@dataclass(kw_only=True)
class _Run:
    """Equal signs in a row, some of which may be paired."""

    sign: str
    start: int
    end: int


def _emphasis(work: _Work) -> None:
    """Pairs of `*`, `_`, `~~` and `==`; the inner ones first, and none across an empty line."""
    open_runs: dict[str, list[_Run]] = {}
    for found in list(_RUN.finditer(work.now)):
        if found.group().isspace():
            open_runs.clear()
            continue
        run = _Run(sign=found.group()[0], start=found.start(), end=found.end())
        waiting = open_runs.setdefault(run.sign, [])
        opens, closes = _can(work.now, run)
        while closes and run.start < run.end and waiting:
            _pair(work, waiting[-1], run)
            if waiting[-1].start == waiting[-1].end:
                waiting.pop()
        if opens and run.start < run.end:
            waiting.append(run)


def _can(text: str, run: _Run) -> tuple[bool, bool]:
    """Whether a run can open and close something: it touches words on one side, or is inside one."""
    before, after = text[run.start - 1 : run.start] or " ", text[run.end : run.end + 1] or " "
    opens, closes = not after.isspace(), not before.isspace()
    in_word = _is_wordly(before) and _is_wordly(after)
    if in_word and (run.end - run.start == 1 or run.sign in "_=" or (before + after).isdigit()):
        return False, False
    if run.sign == "_":
        return opens and not _is_wordly(before), closes and not _is_wordly(after)
    return opens, closes


def _is_wordly(char: str) -> bool:
    return char.isalnum() or char in ("_", _PLAIN)


def _pair(work: _Work, opener: _Run, closer: _Run) -> None:
    """Take the inner signs of both: two of each where there are."""
    count = min(2, opener.end - opener.start, closer.end - closer.start)
    if opener.sign in "*_":
        work.style(opener.end, closer.start, bold=count == 2, italic=count == 1)
    work.drop(opener.end - count, opener.end)
    work.drop(closer.start, closer.start + count)
    opener.end -= count
    closer.start += count


def _entities(work: _Work) -> None:
    for found in list(_ENTITY.finditer(work.now)):
        meant = html.unescape(found.group())
        if meant != found.group():
            work.drop(found.start(), found.end(), meant)
