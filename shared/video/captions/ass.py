r"""Captions as an ASS document for libass: https://github.com/libass/libass/wiki/ASSv5-Override-Tags.

Each line is events of its own at a place of its own, so that libass wraps nothing and faces of different
height don't move lines. Three layers, because outlines must not cover the letters of a neighbouring line:
a soft shadow, the outline, the letters. Blending them is what takes time, so a page is drawn once without
its highlight, and for each state just the letters that light up. Where emoji are pictures in colour, which
libass can't draw, boxes hold their places, and one more drawing shows the boxes alone, each in a colour of
its own, by which it is found again.

`YCbCr Matrix: None` keeps ffmpeg from squeezing colours into video range. `Encoding: -1` makes libass order
and shape a line as a whole, across colour tags, and find its direction from its first strong character,
which is therefore put there.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import count, groupby
from typing import Final, Literal

from shared.text.clusters import clusters, drawn
from shared.video.captions.pages import Piece, State, letter_px, usual_letter_px
from shared.video.lettering.emoji import ADVANCE_EM
from shared.video.lettering.fonts import Face, letter_faces, open_faces, runs_of
from shared.video.timeline import Timeline

PLATES_PER_S: Final = 10
"""A document shows the plates in turn, each for a tenth of a second: ASS times count hundredths."""

_WIDEST_PITCH: Final = 1.4
"""From line to line, in em: fonts with higher letters are set no wider."""
_OUTLINE: Final = 0.08
"""Around letters, in em."""
_LEFT_TO_RIGHT: Final = "\u200e"
_RIGHT_TO_LEFT: Final = "\u200f"
_WORD_JOINER: Final = "\u2060"
_STYLES: Final = {"": r"\b400\i0", "bold": r"\b700\i0", "italic": r"\b400\i1", "bold italic": r"\b700\i1"}
"""For captions with styles of their own; others are bold throughout."""
_LAYERS: Final = {"page": ("Shadow", "Outline", "Letters"), "boxes": ("Letters",), "lit": ("Lit",)}
_HEAD: Final = """\
[Script Info]
ScriptType: v4.00+
PlayResX: {width}
PlayResY: {height}
YCbCr Matrix: None
WrapStyle: 2
ScaledBorderAndShadow: yes
Kerning: yes

[V4+ Styles]
Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, Italic, \
Underline, StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, Alignment, MarginL, \
MarginR, MarginV, Encoding
Style: Shadow,{family},20,&H80000000,&H0,&H80000000,&H0,-1,0,0,0,100,100,0,0,1,{spread},0,2,0,0,0,-1
Style: Outline,{family},20,{outline},&H0,{outline},&H0,-1,0,0,0,100,100,0,0,1,{border},0,2,0,0,0,-1
Style: Letters,{family},20,{colour},&H0,&H0,&H0,-1,0,0,0,100,100,0,0,1,0,0,2,0,0,0,-1
Style: Lit,{family},20,{lit},&H0,&H0,&H0,-1,0,0,0,100,100,0,0,1,0,0,2,0,0,0,-1

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
"""


@dataclass(frozen=True, kw_only=True)
class Band:
    """The strip of the frame, of full width, in which all captions are drawn."""

    y: int
    height: int
    """Even, like `y`."""
    baseline_px: int
    """Of the last line of a page, from the band's top; of the first when `from_top`."""
    pitch_px: int
    """From a line's baseline to the next one's."""
    anchor: float
    """The place of a single line: 0 is that of the first of two, 1 of the second, 0.5 the middle."""

    def baselines(self, lines: int) -> list[float]:
        """From the band's top."""
        first = self.baseline_px + self.anchor * self.pitch_px * (2 - lines)
        return [first + self.pitch_px * line for line in range(lines)]


def band_of(timeline: Timeline) -> Band:
    """The place of captions: on a portrait well above the bottom, where apps put their own controls."""
    faces = open_faces(timeline.fonts)
    em_px = letter_px(timeline)
    pitch_px = round(em_px * min(_WIDEST_PITCH, max([1.2, *(1.04 * face.height for face in faces)])))
    above_px, below_px = round(1.5 * em_px), round(0.8 * em_px)
    block_px = em_px + pitch_px
    portrait = _portrait(timeline.width, timeline.height)
    free = {"bottom": _below(portrait), "middle": 0, "top": 0.07 + 0.06 * portrait}
    anchor = {"bottom": 1.0, "middle": 0.5, "top": 0.0}[timeline.caption_style.position]
    margin_px = free[timeline.caption_style.position] * timeline.height
    top_px = margin_px + anchor * (timeline.height - 2 * margin_px - block_px)
    height = (above_px + pitch_px + below_px + 1) // 2 * 2
    y = round(top_px + 0.75 * em_px - above_px) // 2 * 2
    return Band(
        y=max(0, min(y, timeline.height - height)),
        height=min(height, timeline.height),
        baseline_px=above_px,
        pitch_px=pitch_px,
        anchor=anchor,
    )


def bottom_reach_px(width: int, height: int) -> int:
    """How far captions of two lines in the usual style reach up from the bottom of the frame, at most."""
    letters_px = (1 + _WIDEST_PITCH + _OUTLINE) * usual_letter_px(width, height)
    return round(_below(_portrait(width, height)) * height + letters_px)


def _portrait(width: int, height: int) -> float:
    """0 for a square or a landscape, 1 for 9:16 and narrower."""
    return min(1.0, max(0.0, (1 - width / height) / (1 - 9 / 16)))


def _below(portrait: float) -> float:
    """What stays free below captions at the bottom, in parts of the height."""
    return 0.075 + 0.125 * portrait


@dataclass(frozen=True, kw_only=True)
class Plate:
    """One drawing of libass."""

    state: State
    shows: Literal["page", "boxes", "lit"]
    """A page without its highlight, the boxes of its emoji alone, or the lit letters of a state alone."""


def plates_of(states: Sequence[State], faces: Sequence[Face]) -> Iterator[tuple[list[State], list[Plate]]]:
    """For each run of states with one text, its plates: the page, its emoji if any are in colour, and each of
    its states that has highlighted letters."""
    for _, page in groupby(states, lambda state: (state.unlit, state.right_to_left)):
        shown = list(page)
        plates = [Plate(state=shown[0], shows="page")]
        if any(emoji_on(shown[0], faces)):
            plates.append(Plate(state=shown[0], shows="boxes"))
        yield shown, [*plates, *(Plate(state=state, shows="lit") for state in shown if state.is_lit)]


def emoji_on(state: State, faces: Sequence[Face]) -> Iterator[tuple[int, Face, str]]:
    """Line, face and cluster of each emoji in colour, in the order of their boxes."""
    for number, pieces in enumerate(state.unlit):
        for face, run in runs_of("".join(piece.text for piece in pieces), faces):
            if face and face.in_colour:
                yield from ((number, face, cluster) for cluster in clusters(run))


def box_colour(number: int) -> tuple[int, int, int]:
    """Red, green and blue of the box of a page's emoji with this number."""
    return number // 32 % 32 * 8, number % 32 * 8, 255


def document(plates: Sequence[Plate], timeline: Timeline) -> str:
    """The ASS text that draws plate number n in the n-th tenth of a second, in the band."""
    band = band_of(timeline)
    em_px = letter_px(timeline)
    style = timeline.caption_style
    head = _HEAD.format(
        family=next((face.family for face in letter_faces(timeline.fonts)), ""),
        width=timeline.width,
        height=band.height,
        colour=_colour(style.colour),
        lit=_colour(style.highlight),
        outline=_colour(style.outline),
        border=f"{em_px * _OUTLINE:.2f}",
        spread=f"{em_px * 0.09:.2f}",
    )
    return head + "".join(_events(plates, timeline, band))


def escape(text: str) -> str:
    r"""`text` so that libass draws it as it is.

    libass knows `\{` and `\}`, but nothing for a backslash: a word joiner after it, which is never drawn,
    keeps it from meeting an `N`, `n`, `h` or brace.
    """
    joined = text.replace("\\", f"\\{_WORD_JOINER}")
    return joined.replace("{", "\\{").replace("}", "\\}").replace("\r", " ").replace("\n", " ")


@dataclass(frozen=True, kw_only=True)
class _Pen:
    """The settings for drawing all lines."""

    faces: Sequence[Face]
    em_px: int
    centre_px: float
    is_styled: bool

    def line(
        self,
        pieces: Sequence[Piece],
        baseline_px: float,
        numbers: Iterator[int],
        *,
        shows: Literal["page", "boxes", "lit"],
        right_to_left: bool,
    ) -> str:
        """The text of an event whose letters are on a baseline; `numbers` are those of emoji's boxes."""
        runs = list(self._runs(pieces))
        # Every face is scaled so that its em is the same; libass measures a font by its ascent and descent.
        depths_px = [face.depth * self.em_px for face, _, _ in runs if not face.in_colour]
        text = f"{{\\pos({self.centre_px:g},{baseline_px + max(depths_px, default=0):.3f})}}"
        mark = _RIGHT_TO_LEFT if right_to_left else _LEFT_TO_RIGHT
        for face, piece, run in runs:
            if face.in_colour:
                boxes = (self._box(next(numbers), seen=shows == "boxes") for _ in clusters(run))
                text += (mark if depths_px else "") + "".join(boxes)
            else:
                is_hidden = shows == "boxes" or (shows == "lit" and not piece.lit)
                text += self._letters(face, piece, mark + escape(run), is_hidden=is_hidden)
            mark = ""
        return text

    def _letters(self, face: Face, piece: Piece, text: str, *, is_hidden: bool) -> str:
        alpha = "\\1a&HFF&" if is_hidden else "\\1a"
        style = _STYLES[piece.style] if self.is_styled else ""
        return f"{{\\fn{face.family}\\fs{face.height * self.em_px:.3f}{alpha}{style}}}{text}"

    def _box(self, number: int, *, seen: bool) -> str:
        """As wide as an emoji and half as high as its em, on the baseline."""
        width, height = round(ADVANCE_EM * self.em_px), round(self.em_px / 2)
        red, green, blue = box_colour(number)
        look = f"\\1c&H{blue:02X}{green:02X}{red:02X}&\\1a&H{'00' if seen else 'FF'}&\\3a&HFF&"
        return f"{{\\p1{look}}}m 0 0 l {width} 0 {width} {height} 0 {height}{{\\p0\\1c\\1a\\3a}}"

    def _runs(self, pieces: Sequence[Piece]) -> Iterator[tuple[Face, Piece, str]]:
        """Runs of one face, with the piece that gives their look; characters without a face are left out."""
        looks = [replace(piece, text="") for piece in pieces for _ in piece.text]
        place = 0
        for face, run in runs_of("".join(piece.text for piece in pieces), self.faces):
            parts: list[tuple[Piece, str]] = []
            for cluster in clusters(run):
                parts.append((looks[place], cluster if face and face.in_colour else drawn(cluster)))
                place += len(cluster)
            for look, same in groupby(parts, lambda part: part[0]):
                if face:
                    yield face, look, "".join(cluster for _, cluster in same)


def _events(plates: Sequence[Plate], timeline: Timeline, band: Band) -> Iterator[str]:
    pen = _Pen(
        faces=open_faces(timeline.fonts),
        em_px=letter_px(timeline),
        centre_px=timeline.width / 2,
        is_styled=timeline.caption_style.markup == "markdown",
    )
    for number, plate in enumerate(plates):
        for layer, style in enumerate(_LAYERS[plate.shows]):
            start = f"Dialogue: {layer},{_time(number)},{_time(number + 1)},{style},,0,0,0,,"
            yield from (f"{start}{text}\n" for text in _page(pen, band, plate, is_shadow=style == "Shadow"))


def _page(pen: _Pen, band: Band, plate: Plate, *, is_shadow: bool) -> Iterator[str]:
    soft = f"{{\\blur{pen.em_px * 0.07:.2f}}}" if is_shadow else ""
    drop_px = pen.em_px * 0.05 if is_shadow else 0
    lines = plate.state.lines if plate.shows == "lit" else plate.state.unlit
    numbers = count()
    for pieces, baseline_px in zip(lines, band.baselines(len(lines)), strict=True):
        if plate.shows != "lit" or any(piece.lit for piece in pieces):
            yield soft + pen.line(
                pieces,
                baseline_px + drop_px,
                numbers,
                shows=plate.shows,
                right_to_left=plate.state.right_to_left,
            )


def _time(plates: int) -> str:
    seconds, tenths = divmod(plates, PLATES_PER_S)
    return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}.{tenths}0"


def _colour(hexadecimal: str) -> str:
    red, green, blue = hexadecimal[1:3], hexadecimal[3:5], hexadecimal[5:7]
    return f"&H00{blue}{green}{red}&".upper()
