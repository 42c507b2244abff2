"""A few large words as a bitmap: wrapped, fitted into a box, in any script, with their shadow and plate."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from shared.text.heading_lines import (
    SENSIBLE,
    SOFT_HYPHEN,
    Line,
    Measure,
    even_lines,
    measured,
    natural_breaks,
    with_breaks_in_words,
)
from shared.video.colour import parse_colour
from shared.video.lettering.shaping import RULER_PX, Box, Shaper, clean, in_capitals

Mask = NDArray[np.float32]

_SHADOW_ALPHA: Final = 0.55
_SMALLEST_PX: Final = 8
_GOOD_SIZE: Final = 0.8
"""In parts of the wanted size: before words get smaller than this, long ones are cut at sensible places."""
_LINE_GAP_EM: Final = 0.08
"""The least distance between the ink of two lines."""


@dataclass(frozen=True, kw_only=True)
class Letters:
    """The look of words. Pixels are those of the picture under the words."""

    family: str
    weight: int
    """100 to 900; a static font uses its nearest weight."""
    size_px: int
    """Of the em; made smaller until the words fit."""
    colour: str
    """#RRGGBB."""
    uppercase: bool = False
    shadow_px: int = 0
    """How far right and down the shadow is at full size."""
    plate: str | None = None
    """#RRGGBB of a plate behind the words."""
    plate_alpha: float = 1.0
    line_spacing: float = 1.16
    """From baseline to baseline, in ems; more where ink would touch."""
    least_px: int = 36
    """Before words get smaller than this, long ones are cut."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Lettering:
    """Words, drawn."""

    rgba: NDArray[np.uint8]
    """(height, width, 4), straight alpha, no larger than the box; (0, 0, 4) when nothing can be drawn."""
    size_px: int
    """Of the em, after fitting."""
    lines: tuple[str, ...]
    """In logical order, whatever their direction."""
    body: tuple[int, int, int, int]
    """The visual box of the words in the bitmap: left, top, right, bottom, from the top of capitals to the
    last baseline, without shadow and plate. Use it for centring."""
    warnings: tuple[str, ...]
    """Sentences about characters that no font has, with the remedy."""


@dataclass(frozen=True, kw_only=True)
class _Setting:
    """Lines at a size, with their places: everything from the middle of the first baseline."""

    size_px: int
    lines: tuple[str, ...]
    pitch_px: float
    lefts: tuple[float, ...]
    """Of each line's pen."""
    ink: Box
    body: Box


def draw_words(
    text: str, *, box_width: int, box_height: int, letters: Letters, language: str = "und"
) -> Lettering:
    """`text` in the largest size up to the letters' own that fits the box, lines centred.

    `language` (BCP 47) selects the capitals and the regional shapes of Han characters. Characters that no
    font has are left out and reported in `warnings`.
    """
    plain = clean(text)
    shown = in_capitals(plain, language) if letters.uppercase else plain
    shaper = Shaper(shown, family=letters.family, weight=letters.weight, language=language)
    if not shaper.text:
        nothing = np.zeros((0, 0, 4), np.uint8)
        return Lettering(rgba=nothing, size_px=0, lines=(), body=(0, 0, 0, 0), warnings=shaper.warnings)
    setting = _fitted(shaper, letters, box_width, box_height)
    return _drawn(shaper, setting, letters)


def _fitted(shaper: Shaper, letters: Letters, width: int, height: int) -> _Setting:
    """Whole words first; words too long for the box are cut before all words are made small for them."""
    whole = natural_breaks(shaper.text)
    ruler = _ruler(shaper)
    least = min(letters.least_px, letters.size_px)
    good = max(least, round(_GOOD_SIZE * letters.size_px))
    for low, most_cost in ((good, 0.0), (good, SENSIBLE), (least, 0.0), (least, 1.0), (_SMALLEST_PX, 1.0)):
        breaks = with_breaks_in_words(shaper.text, whole, _too_long(ruler, width / low), most_cost=most_cost)
        measure = measured(shaper.text, breaks, ruler)
        setting = _largest(shaper, measure, letters, (low, letters.size_px), (width, height))
        if setting:
            return setting
    return _set(shaper, [Line(start=0, end=len(shaper.text), hyphen=False)], letters, _SMALLEST_PX)


def _too_long(ruler: Callable[[str], float], most_em: float) -> Callable[[str], bool]:
    return lambda word: ruler(word.rstrip(" ")) > 0.9 * most_em


def _largest(
    shaper: Shaper, measure: Measure, letters: Letters, sizes: tuple[int, int], box: tuple[int, int]
) -> _Setting | None:
    """By bisection: the largest of these sizes at which the words fit."""
    low, high = sizes
    best = None
    while low <= high:
        size = high if best is None and high == sizes[1] else (low + high) // 2
        setting = _that_fits(shaper, measure, letters, size, box)
        if setting:
            best, low = setting, size + 1
        else:
            high = size - 1
    return best


def _that_fits(
    shaper: Shaper, measure: Measure, letters: Letters, size_px: int, box: tuple[int, int]
) -> _Setting | None:
    margins = _margins(letters, size_px)
    room = box[0] - margins[0] - margins[2], box[1] - margins[1] - margins[3]
    lines = even_lines(measure, room[0] / size_px)
    if lines is None or (len(lines) - 1) * letters.line_spacing * size_px > room[1]:
        return None
    setting = _set(shaper, lines, letters, size_px)
    left, top, right, bottom = setting.ink
    return setting if ceil(right - left) + 2 <= room[0] and ceil(bottom - top) + 2 <= room[1] else None


def _ruler(shaper: Shaper) -> Callable[[str], float]:
    return lambda text: shaper.width(text, RULER_PX) / RULER_PX


def _set(shaper: Shaper, lines: Sequence[Line], letters: Letters, size_px: int) -> _Setting:
    texts = tuple(_line_text(shaper.text, line) for line in lines)
    widths = [shaper.width(text, size_px) for text in texts]
    inks = [shaper.ink(text, size_px) for text in texts]
    pitch = max(
        [letters.line_spacing * size_px]
        + [above[3] - below[1] + _LINE_GAP_EM * size_px for above, below in pairwise(inks)]
    )
    lefts = tuple(-width / 2 for width in widths)
    last = (len(texts) - 1) * pitch
    return _Setting(
        size_px=size_px,
        lines=texts,
        pitch_px=pitch,
        lefts=lefts,
        ink=(
            min(left + ink[0] for left, ink in zip(lefts, inks, strict=True)),
            min(ink[1] + number * pitch for number, ink in enumerate(inks)),
            max(left + ink[2] for left, ink in zip(lefts, inks, strict=True)),
            max(ink[3] + number * pitch for number, ink in enumerate(inks)),
        ),
        body=(
            min(lefts),
            shaper.body(texts[0], size_px)[0],
            -min(lefts),
            last + shaper.body(texts[-1], size_px)[1],
        ),
    )


def _line_text(text: str, line: Line) -> str:
    shown = text[line.start : line.end].strip(" ").replace(SOFT_HYPHEN, "")
    return shown + "-" if line.hyphen else shown


def _margins(letters: Letters, size_px: int) -> tuple[int, int, int, int]:
    """Left, top, right, bottom around the ink, for shadow and plate."""
    if letters.plate:
        across, down = round(0.5 * size_px), round(0.36 * size_px)
        return across, down, across, down
    offset, blur = _shadow(letters, size_px)
    before, after = max(0, ceil(3 * blur - offset)), ceil(3 * blur + offset)
    return before + 2, before + 2, after + 2, after + 2


def _shadow(letters: Letters, size_px: int) -> tuple[float, float]:
    """How far it is moved and the sigma of its blur, in pixels."""
    offset = letters.shadow_px * size_px / letters.size_px
    return offset, offset * 0.75


def _drawn(shaper: Shaper, setting: _Setting, letters: Letters) -> Lettering:
    left, top, right, bottom = _margins(letters, setting.size_px)
    origin_x, origin_y = left + 1 - setting.ink[0], top + 1 - setting.ink[1]
    width = ceil(setting.ink[2] + origin_x) + 1 + right
    height = ceil(setting.ink[3] + origin_y) + 1 + bottom
    canvas = Image.new("L", (width, height))
    pen = ImageDraw.Draw(canvas)
    for number, (line, start) in enumerate(zip(setting.lines, setting.lefts, strict=True)):
        baseline = origin_y + number * setting.pitch_px
        shaper.draw(pen, line, (origin_x + start, baseline), setting.size_px)
    ink = np.asarray(canvas, np.float32) / np.float32(255)
    body = setting.body
    return Lettering(
        rgba=_coloured(ink, letters, setting.size_px),
        size_px=setting.size_px,
        lines=setting.lines,
        body=(
            round(body[0] + origin_x),
            round(body[1] + origin_y),
            round(body[2] + origin_x),
            round(body[3] + origin_y),
        ),
        warnings=shaper.warnings,
    )


def _coloured(ink: Mask, letters: Letters, size_px: int) -> NDArray[np.uint8]:
    """Plate, shadow and letters over each other, straight alpha."""
    layers: list[tuple[Mask, str]] = []
    if letters.plate:
        layers.append((letters.plate_alpha * rounded(ink.shape, 0.22 * size_px), letters.plate))
    if letters.shadow_px:
        layers.append((_SHADOW_ALPHA * _moved(ink, *_shadow(letters, size_px)), "#000000"))
    layers.append((ink, letters.colour))
    colour = np.zeros((*ink.shape, 3), np.float32)
    alpha = np.zeros(ink.shape, np.float32)
    for mask, paint in layers:
        colour = colour * (1 - mask[..., None]) + mask[..., None] * np.array(parse_colour(paint), np.float32)
        alpha = alpha * (1 - mask) + mask
    straight = colour / np.maximum(alpha, 1e-6)[..., None]
    return np.dstack([straight, alpha * 255]).round().clip(0, 255).astype(np.uint8)


def _moved(ink: Mask, offset: float, blur: float) -> Mask:
    """The shadow's shape: moved right and down, softened."""
    matrix = np.array([[1, 0, offset], [0, 1, offset]], np.float32)
    moved = cv2.warpAffine(ink, matrix, ink.shape[::-1])
    return np.asarray(cv2.GaussianBlur(moved, (0, 0), max(0.4, blur)), np.float32)


def rounded(shape: tuple[int, ...], radius_px: float) -> Mask:
    """A rectangle (h, w) with round corners that fills the shape, 0 to 1, edges smoothed."""
    height, width = shape[:2]
    radius = max(0.5, min(radius_px, height / 2, width / 2))
    across = np.abs(np.arange(width, dtype=np.float32) + 0.5 - width / 2) - (width / 2 - radius)
    down = np.abs(np.arange(height, dtype=np.float32) + 0.5 - height / 2) - (height / 2 - radius)
    outside = np.hypot(np.maximum(across, 0)[None, :], np.maximum(down, 0)[:, None])
    inside = np.minimum(np.maximum(across[None, :], down[:, None]), 0)
    return np.asarray((radius + 0.5 - outside - inside).clip(0, 1), np.float32)
