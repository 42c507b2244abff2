"""Captions as they are shown: cues cut into pages of at most two lines, pages into states.

Lines are measured cluster by cluster with Pillow's basic layout, which every Pillow has, so that the same
text breaks at the same places everywhere. It doesn't join letters: Arabic and Indic lines come out shorter
than measured, never longer.
"""

import json
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cache, lru_cache
from itertools import accumulate, groupby, pairwise
from typing import TYPE_CHECKING, Final, Literal

from shared.text.capitals import capitals
from shared.text.caption_lines import Measured, Span, break_points, cut_pages
from shared.text.clusters import clusters, drawn, visible
from shared.text.language import is_right_to_left
from shared.text.markup import Styled
from shared.video.lettering.emoji import ADVANCE_EM
from shared.video.lettering.fonts import Face, open_faces, runs_of
from shared.video.timeline import Cue, Timeline

if TYPE_CHECKING:
    from PIL.ImageFont import FreeTypeFont

SIDE_MARGIN: Final = 0.08
"""Of the frame's width, kept free of letters on either side."""

_SHAPING: Final = frozenset("\u200c\u200d\u200e\u200f\ufe0e\ufe0f")
_RULER_PX: Final = 128
"""The size at which widths are measured, before scaling: hinting rounds small sizes."""


@dataclass(frozen=True, kw_only=True)
class PageWord:
    """A word on a page, or the part of it that is on one line."""

    number: int
    """Place in the cue's words."""
    line: int
    start: int
    """First character in the line; punctuation that touches the word belongs to it."""
    end: int
    start_ms: int
    """From the start of the cue."""


@dataclass(frozen=True, kw_only=True)
class Page:
    """The lines that are on screen at once: one or two."""

    cue: int
    """Place in the timeline's cues."""
    lines: tuple[str, ...]
    """In logical order, whatever their direction."""
    words: tuple[PageWord, ...]
    styles: tuple[tuple[Styled, ...], ...]
    """The bold and italic parts of each line, as places in the line."""
    right_to_left: bool
    start_frame: int
    end_frame: int
    """When the next page replaces it or the cue ends, not included."""


@dataclass(frozen=True, kw_only=True)
class Piece:
    """A part of a line in one colour and style."""

    text: str
    lit: bool
    """In the highlight colour."""
    style: Literal["", "bold", "italic", "bold italic"] = ""


@dataclass(frozen=True, kw_only=True)
class State:
    """A page with its highlight, for some frames. Hashable; drawing needs nothing else but the timeline's
    colours, size and fonts.
    """

    lines: tuple[tuple[Piece, ...], ...]
    right_to_left: bool
    first_frame: int
    end_frame: int
    """Not included."""

    @property
    def unlit(self) -> tuple[tuple[Piece, ...], ...]:
        """The lines without their highlight."""
        return tuple(tuple(_unlit(pieces)) for pieces in self.lines)

    @property
    def is_lit(self) -> bool:
        return any(piece.lit for pieces in self.lines for piece in pieces)

    def key(self) -> str:
        """Equal for states that look the same, whenever they are shown."""
        drawn = asdict(self)
        del drawn["first_frame"], drawn["end_frame"]
        for piece in (piece for pieces in drawn["lines"] for piece in pieces if not piece["style"]):
            del piece["style"]
        return json.dumps(drawn, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def _unlit(pieces: Sequence[Piece]) -> Iterator[Piece]:
    for style, same in groupby(pieces, lambda piece: piece.style):
        yield Piece(text="".join(piece.text for piece in same), lit=False, style=style)


@dataclass(frozen=True, kw_only=True)
class _Shown:
    """A caption's text for layout."""

    text: str
    """Without controls, with single spaces, in capitals if wanted."""
    places: Sequence[int]
    """The place in `text` of each character of the cue's text, and of its end."""


def letter_px(timeline: Timeline) -> int:
    """Size of the em in pixels: 7 % of a portrait's width, 5 % of a landscape's height."""
    return max(8, round(usual_letter_px(timeline.width, timeline.height) * timeline.caption_style.size))


def usual_letter_px(width: int, height: int) -> float:
    """The size of letters in a frame, unless the style says otherwise."""
    return min(width * 0.07, height * 0.05)


def caption_pages(timeline: Timeline) -> list[Page]:
    """All pages, in order, not overlapping, whether or not captions are burnt in.

    Raises `BadRequest` when a font of the timeline is not on this machine.
    """
    faces = open_faces(timeline.fonts)
    pages: list[Page] = []
    for number, cue in enumerate(timeline.cues):
        until = cue.at_frame + cue.frames
        if number + 1 < len(timeline.cues):
            until = min(until, timeline.cues[number + 1].at_frame)
        pages += _pages_of_cue(timeline, faces, number, until)
    return pages


def caption_states(timeline: Timeline) -> list[State]:
    """All states, in order, not overlapping; none when captions are not burnt in."""
    if timeline.caption_style.look == "off":
        return []
    return [state for page in caption_pages(timeline) for state in _states_of_page(timeline, page)]


def lines_fit(lines: Sequence[str], timeline: Timeline) -> bool:
    """Whether lines that are laid out already can be shown as they are: at most two, none too wide."""
    faces, em_px = open_faces(timeline.fonts), letter_px(timeline)
    return len(lines) <= 2 and all(_edges(line, faces, em_px)[-1] <= _line_px(timeline) for line in lines)


def line_state(lines: Sequence[str], first_frame: int, end_frame: int) -> State:
    """Lines that are laid out already, for some frames, without a highlight."""
    return State(
        lines=tuple((Piece(text=line, lit=False),) for line in lines),
        right_to_left=is_right_to_left(" ".join(lines)),
        first_frame=first_frame,
        end_frame=end_frame,
    )


def _line_px(timeline: Timeline) -> float:
    return timeline.width * (1 - 2 * SIDE_MARGIN) / 1.01


def _pages_of_cue(timeline: Timeline, faces: Sequence[Face], number: int, until: int) -> Iterator[Page]:
    cue = timeline.cues[number]
    shown = _shown(cue, timeline, faces)
    if not shown.text:
        return
    spans = _word_spans(cue, shown)
    em_px = letter_px(timeline)

    def heard_ms(place: int) -> int:
        return _start_ms(cue, timeline, shown, spans, place)

    measured = Measured(
        text=shown.text,
        edges_px=_edges(shown.text, faces, em_px),
        points=break_points(shown.text, {start for start, _ in spans}),
        line_px=_line_px(timeline),
        language=cue.language,
        heard_ms=heard_ms,
    )
    pages = cut_pages(measured)
    frame_of = _clock(timeline, cue, until)
    starts = [cue.at_frame, *(frame_of(heard_ms(page[0][0])) for page in pages[1:])]
    starts = [*accumulate(starts, max), max(cue.at_frame, until)]
    right_to_left = is_right_to_left(shown.text)
    for lines, (start_frame, end_frame) in zip(pages, pairwise(starts), strict=True):
        if start_frame < end_frame:
            yield Page(
                cue=number,
                lines=tuple(shown.text[start:end].strip(" ") for start, end in lines),
                words=tuple(_page_words(cue, spans, lines)),
                styles=tuple(tuple(_styles_within(cue, shown, line)) for line in lines),
                right_to_left=right_to_left,
                start_frame=start_frame,
                end_frame=end_frame,
            )


def _shown(cue: Cue, timeline: Timeline, faces: Sequence[Face]) -> _Shown:
    text = cue.text
    upper = capitals(text, cue.language) if timeline.caption_style.uppercase else text
    shown = ""
    places: list[int] = []
    for char, capital in zip(text, upper, strict=True):
        places.append(len(shown))
        if char.isspace() and char not in "\u00a0\u202f":
            shown += "" if shown.endswith(" ") or not shown else " "
        elif not _is_dropped(char):
            shown += capital if not faces or any(face.draws(capital) for face in faces) else char
    shown = shown.rstrip(" ")
    return _Shown(text=shown, places=[min(place, len(shown)) for place in [*places, len(shown)]])


def _is_dropped(char: str) -> bool:
    """Controls, soft hyphens and direction overrides; characters that shape letters or select emoji stay."""
    return not visible(char) and char not in _SHAPING


def _styles_within(cue: Cue, shown: _Shown, line: Span) -> Iterator[Styled]:
    """The bold and italic parts of a line; a line's own white space is left out of its text."""
    line_start = line[0] + len(shown.text[line[0] : line[1]]) - len(shown.text[line[0] : line[1]].lstrip(" "))
    for style in cue.styles:
        start, end = (max(line[0], min(shown.places[at], line[1])) for at in (style.start, style.end))
        if start < end:
            yield replace(style, start=max(0, start - line_start), end=end - line_start)


def _word_spans(cue: Cue, shown: _Shown) -> list[Span]:
    """Where each word is in the shown text, with the punctuation that touches it, in order."""
    spans: list[Span] = []
    done = 0
    starts = [shown.places[word.start] for word in cue.words]
    for word, limit in zip(cue.words, [*starts, len(shown.text)][1:], strict=True):
        start = max(shown.places[word.start], done)
        end = max(shown.places[word.end], start)
        while end < limit and _is_mark(shown.text[end]):
            end += 1
        while start > done and _is_mark(shown.text[start - 1]):
            start -= 1
        spans.append((start, end))
        done = end
    return spans


def _is_mark(char: str) -> bool:
    return unicodedata.category(char)[0] in "PSMC"


def _edges(text: str, faces: Sequence[Face], em_px: int) -> list[float]:
    edges = [0.0]
    for face, run in runs_of(text, faces):
        for cluster in clusters(run):
            width = _advance(face, cluster) * em_px
            edges += [edges[-1]] * (len(cluster) - 1) + [edges[-1] + width]
    return edges


@lru_cache(maxsize=1 << 16)
def _advance(face: Face | None, cluster: str) -> float:
    """Width of a cluster in parts of the em; a guess when there is no font for it."""
    if face is None:
        return 1.0 if unicodedata.east_asian_width(cluster[0]) in "WF" else 0.6
    if face.in_colour:
        return ADVANCE_EM
    return float(_ruler(face).getlength(visible(drawn(cluster)))) / _RULER_PX


@cache
def _ruler(face: Face) -> "FreeTypeFont":
    from PIL import ImageFont

    font = ImageFont.truetype(
        str(face.path), _RULER_PX, index=face.number, layout_engine=ImageFont.Layout.BASIC
    )
    if face.axes:
        font.set_variation_by_axes([value for _, value in face.axes])
    return font


def _clock(timeline: Timeline, cue: Cue, until: int) -> Callable[[int], int]:
    """From ms since the cue's start to frames; half a frame counts as a whole one."""

    def frame_of(at_ms: int) -> int:
        exact = at_ms * timeline.frame_rate / 1000
        return max(cue.at_frame, min(cue.at_frame + (2 * exact + 1) // 2, until))

    return frame_of


def _start_ms(cue: Cue, timeline: Timeline, shown: _Shown, spans: Sequence[Span], place: int) -> int:
    """When the text at `place` is spoken: with the first word from there, else in proportion to the text.

    Its start and its end are those of the cue.
    """
    duration_ms = int(cue.frames * 1000 / timeline.frame_rate)
    if place in {0, len(shown.text)}:
        return duration_ms if place else 0
    for word, (start, end) in zip(cue.words, spans, strict=True):
        if end > place and end > start:
            return (
                word.start_ms if start >= place else _within(word.start_ms, word.end_ms, place, (start, end))
            )
    return _within(0, duration_ms, place, (0, len(shown.text)))


def _within(start_ms: int, end_ms: int, place: int, span: Span) -> int:
    return start_ms + (end_ms - start_ms) * (place - span[0]) // (span[1] - span[0])


def _page_words(cue: Cue, spans: Sequence[Span], lines: Sequence[Span]) -> Iterator[PageWord]:
    for number, (line_start, line_end) in enumerate(lines):
        for index, span in enumerate(spans):
            start, end = max(span[0], line_start), min(span[1], line_end)
            if start < end:
                yield PageWord(
                    number=index,
                    line=number,
                    start=start - line_start,
                    end=end - line_start,
                    start_ms=cue.words[index].start_ms,
                )


def _states_of_page(timeline: Timeline, page: Page) -> Iterator[State]:
    cue = timeline.cues[page.cue]
    frame_of = _clock(timeline, cue, page.end_frame)
    lit: list[tuple[int, int | None]] = [(page.start_frame, None)]
    if timeline.caption_style.look != "plain":
        numbers = {word.number: word.start_ms for word in page.words}
        lit += [(max(page.start_frame, frame_of(at_ms)), number) for number, at_ms in numbers.items()]
    starts = [*accumulate((frame for frame, _ in lit), max), page.end_frame]
    for (_, number), (first_frame, end_frame) in zip(lit, pairwise(starts), strict=True):
        if first_frame < end_frame:
            yield State(
                lines=tuple(_pieces(timeline, page, line, number) for line in range(len(page.lines))),
                right_to_left=page.right_to_left,
                first_frame=first_frame,
                end_frame=end_frame,
            )


def _pieces(timeline: Timeline, page: Page, line: int, number: int | None) -> tuple[Piece, ...]:
    """A line cut where its colour changes; karaoke highlights the words before this one too."""
    text = page.lines[line]
    words = [word for word in page.words if word.line == line and number is not None]
    if timeline.caption_style.look == "karaoke":
        words = [word for word in words if number is not None and word.number <= number]
        spans = [(0, words[-1].end)] if words else []
    else:
        spans = [(word.start, word.end) for word in words if word.number == number]
    styles = page.styles[line]
    styled = ((style.start, style.end) for style in styles)
    cuts = sorted({0, len(text), *(min(place, len(text)) for span in (*spans, *styled) for place in span)})
    return tuple(
        Piece(
            text=text[start:end],
            lit=any(a <= start and end <= b for a, b in spans),
            style=_style_at(styles, start),
        )
        for start, end in pairwise(cuts)
    )


def _style_at(styles: Sequence[Styled], place: int) -> Literal["", "bold", "italic", "bold italic"]:
    here = [style for style in styles if style.start <= place < style.end]
    bold, italic = any(style.bold for style in here), any(style.italic for style in here)
    if bold and italic:
        return "bold italic"
    return "bold" if bold else "italic" if italic else ""
