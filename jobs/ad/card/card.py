"""The picture of the call to action: the product's name and, below it, the call as its style presents it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from jobs.ad.card.shapes import Place, arrow, diamond, outlined, paint, paste, softened
from jobs.ad.card.sheet import places_on, sheet_size
from jobs.ad.scenery.paint.layout import shape_of
from jobs.ad.styles import Style
from shared.text.language import is_right_to_left
from shared.video.lettering.contrast import READABLE, contrast_on
from shared.video.lettering.letters import Lettering, Letters, draw_words, rounded

Plane = NDArray[np.uint8]

_NAME_BOX: Final = 880, 380
_NAME_BOX_WITH_PRODUCT: Final = 880, 250
_NAME_SIZE: Final = 0.8
"""Of the call's letters: the name is above it, and smaller."""
_LEAST_PX: Final = 36
_MOST_CONTRAST: Final = 21.0
_SCRIMS: Final = (0.25, 0.45, 0.65, 0.8, 0.92, 1.0)
"""How strongly the ground behind words is covered, until they can be read."""


@dataclass(frozen=True, kw_only=True)
class Words:
    """What stands on the card."""

    name: str
    name_language: str
    """BCP 47."""
    call: str
    call_language: str
    with_product: bool
    """Whether the product is in the picture."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Card:
    """The picture."""

    picture: Plane
    """(height, width, 3), RGB."""
    contrast: float
    """WCAG's ratio of the words that stand out least, nearly everywhere behind them."""
    warnings: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, eq=False)
class Placed:
    """Words where they stand."""

    lettering: Lettering
    middle: Place
    """Of their body."""
    colour: str
    style: Style
    right_to_left: bool = False

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the body."""
        left, top, right, bottom = self.lettering.body
        return right - left, bottom - top

    def moved(self, right_px: int, down_px: int) -> "Placed":
        return replace(self, middle=(self.middle[0] + right_px, self.middle[1] + down_px))

    def behind(self, picture: Plane) -> Plane:
        """The part of the picture that they stand on."""
        left, top, right, bottom = self.lettering.body
        x, y = self.middle[0] - (right - left) // 2, self.middle[1] - (bottom - top) // 2
        return picture[max(0, y) : y + bottom - top, max(0, x) : x + right - left]


@dataclass(frozen=True, kw_only=True)
class Device:
    """How a style presents the call."""

    draw: Callable[[Plane, Placed], Placed]
    """Paints what is behind and beside the call; the answer is where its words go."""
    box: tuple[int, int]
    """Most that the words may measure."""
    middle: float
    """Of the height: where the words are centred when they are alone in a frame that is not wide."""
    gap_px: int
    """From the name to the call's words."""
    below_px: int
    """From the call's words to the device's lower end."""
    aside: bool = False
    """Whether words stand beside a product's place even when there is none, as the backdrop fills it."""


def draw_card(background: Plane, words: Words, style: Style, *, width: int, height: int) -> Card:
    """Words over a background of any shape, at this size; the call is upper-cased if the style says so, else
    as it came."""
    size = sheet_size(width, height)
    device = _DEVICES[style.look.name]
    name, call = _set(words, style, device)
    name, call = _arranged(name, call, words, device, size)
    picture = covering(background, *size)
    for placed in (name, call):
        _quieten(picture, placed)
    if call.lettering.lines:
        call = device.draw(picture, call)
    contrasts = [
        contrast_on(placed.colour, placed.behind(picture))
        for placed in (name, call)
        if placed.lettering.lines
    ]
    for placed in (name, call):
        _write(picture, placed)
    warnings = dict.fromkeys((*name.lettering.warnings, *call.lettering.warnings))
    return Card(
        picture=covering(picture, width, height),
        contrast=min(contrasts, default=_MOST_CONTRAST),
        warnings=tuple(warnings),
    )


def covering(picture: Plane, width: int, height: int) -> Plane:
    """The largest part of this shape from the middle of the picture, at this size; a copy."""
    tall, wide = picture.shape[:2]
    part_w, part_h = min(wide, round(tall * width / height)), min(tall, round(wide * height / width))
    left, top = (wide - part_w) // 2, (tall - part_h) // 2
    part = np.ascontiguousarray(picture[top : top + part_h, left : left + part_w])
    if part.shape[:2] == (height, width):
        return part.copy()
    how = cv2.INTER_AREA if part_w > width else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(part, (width, height), interpolation=how), np.uint8)


def _set(words: Words, style: Style, device: Device) -> tuple[Placed, Placed]:
    """Name and call, drawn but in no place yet."""
    ways = (
        (
            words.name,
            words.name_language,
            _NAME_BOX_WITH_PRODUCT if words.with_product else _NAME_BOX,
            _NAME_SIZE,
            style.look.text,
        ),
        (words.call, words.call_language, device.box, 1.0, style.letters.colour),
    )
    name, call = (
        Placed(
            lettering=draw_words(
                text,
                box_width=box[0],
                box_height=box[1],
                letters=_letters(style, size, colour),
                language=language,
            ),
            middle=(0, 0),
            colour=colour,
            style=style,
            right_to_left=is_right_to_left(text),
        )
        for text, language, box, size, colour in ways
    )
    return name, call


def _letters(style: Style, size: float, colour: str) -> Letters:
    return Letters(
        family=style.letters.font,
        weight=style.letters.weight,
        size_px=round(size * style.letters.size),
        colour=colour,
        uppercase=style.letters.uppercase,
        shadow_px=style.letters.shadow,
        least_px=_LEAST_PX,
    )


def _arranged(
    name: Placed, call: Placed, words: Words, device: Device, size: tuple[int, int]
) -> tuple[Placed, Placed]:
    """The name above the call, both together centred where the style's backdrop is calm."""
    (width, height), places = size, places_on(*size)
    x, y = _middle_of(words, device, size)
    above, below = name.size[1], call.size[1]
    total = above + device.gap_px + below + device.below_px
    highest = height * places.highest if words.with_product else 0
    top = round(min(max(height * y - total / 2, highest), height * places.lowest - total))
    name_y, call_y = top + above // 2, top + above + device.gap_px + below // 2
    column = int(width * x)
    return replace(name, middle=(column, name_y)), replace(call, middle=(column, call_y))


def _middle_of(words: Words, device: Device, size: tuple[int, int]) -> tuple[float, float]:
    """Where the words are centred, in parts of the width and the height."""
    beside = places_on(*size).words
    if words.with_product:
        return beside
    if shape_of(*size) == "wide":
        return beside if device.aside else (0.5, 0.5)
    return 0.5, device.middle


def _quieten(picture: Plane, words: Placed) -> None:
    """Where the ground is too light, too dark or too busy, cover it softly until the words can be read."""
    if _can_be_read(picture, words):
        return
    width, height = words.size
    shape = softened(rounded((height + 120, width + 160), 90), 40)
    before = picture.copy()
    for strength in _SCRIMS:
        picture[:] = before
        paint(picture, words.style.look.background, shape * strength, words.middle)
        if _can_be_read(picture, words):
            return


def _can_be_read(picture: Plane, words: Placed) -> bool:
    return not words.lettering.lines or contrast_on(words.colour, words.behind(picture)) >= READABLE


def _write(picture: Plane, words: Placed) -> None:
    """The bitmap, so that the body's middle is where it belongs."""
    rgba = words.lettering.rgba
    left, top, right, bottom = words.lettering.body
    x = words.middle[0] + rgba.shape[1] // 2 - left - (right - left) // 2
    y = words.middle[1] + rgba.shape[0] // 2 - top - (bottom - top) // 2
    paste(picture, rgba, (x, y))


def _framed(picture: Plane, call: Placed) -> Placed:
    """Luxury: a double golden line with a diamond in its upper and lower middle."""
    look = call.style.look
    (width, height), (x, y) = call.size, call.middle
    outer = width + 150, height + 110
    paint(picture, look.background, 0.6 * rounded(outer[::-1], 3), (x, y))
    paint(picture, call.colour, outlined(outer, 3, 3), (x, y))
    paint(picture, call.colour, 0.55 * outlined((outer[0] - 24, outer[1] - 24), 2, 1), (x, y))
    for edge in (y - outer[1] // 2 + 1, y + outer[1] // 2 - 1):
        paint(picture, look.background, rounded((7, 56), 3), (x, edge))
        paint(picture, call.colour, diamond(22), (x, edge))
    return call


def _in_pill(picture: Plane, call: Placed) -> Placed:
    """Energetic: a pill with a glow and an arrow in a disc, after a short call, below a long one."""
    look, plate = call.style.look, call.style.letters.plate or call.style.look.background
    (width, height), (x, y) = call.size, call.middle
    ball, forward = 112, -1 if call.right_to_left else 1
    beside = _is_short(call)
    outer = width + 140 + beside * ball, height + 96 + (not beside) * ball // 3
    paint(picture, look.background, 0.5 * softened(rounded(outer[::-1], 90), 28), (x, y + 24))
    paint(picture, plate, rounded(outer[::-1], 90), (x, y))
    end = (x + forward * (outer[0] // 2 - 24 - ball // 2), y) if beside else (x, y + outer[1] // 2)
    paint(picture, look.accent, rounded((ball, ball), ball), end)
    paint(picture, plate, arrow(56, 9, leftwards=call.right_to_left), end)
    return call.moved(-forward * (ball // 2 - 10), 0) if beside else call.moved(0, -ball // 8)


def _ghosted(picture: Plane, call: Placed) -> Placed:
    """Minimal: a fine line all around, and a fine arrow after a short call."""
    look = call.style.look
    (width, height), (x, y) = call.size, call.middle
    size, forward, beside = 46, -1 if call.right_to_left else 1, _is_short(call)
    outer = width + 150 + beside * (size + 30), height + 96
    radius = min(outer[1] / 2, 80)
    paint(picture, look.background, 0.7 * rounded(outer[::-1], radius), (x, y))
    paint(picture, look.text, outlined(outer, radius, 3), (x, y))
    if not beside:
        return call
    end = x + forward * (outer[0] // 2 - 66 - size // 2)
    paint(picture, look.text, arrow(size, 3.5, leftwards=call.right_to_left), (end, y))
    return call.moved(-forward * (size // 2 + 16), 0)


def _is_short(call: Placed) -> bool:
    """Whether there is room for an arrow beside it."""
    return len(call.lettering.lines) == 1 and call.size[0] <= 660


def _blocked(picture: Plane, call: Placed) -> Placed:
    """Bold: a hard box on a hard white shadow."""
    look, plate = call.style.look, call.style.letters.plate or call.style.look.background
    (width, height), (x, y) = call.size, call.middle
    outer = width + 130, height + 100
    paint(picture, look.text, rounded(outer[::-1], 1), (x + 20, y + 20))
    paint(picture, call.colour, rounded(outer[::-1], 1), (x, y))
    paint(picture, plate, rounded((outer[1] - 20, outer[0] - 20), 1), (x, y))
    return call


_DEVICES: Final[Mapping[str, Device]] = {
    "luxury": Device(draw=_framed, box=(740, 330), middle=0.5, gap_px=150, below_px=55),
    "energetic": Device(draw=_in_pill, box=(780, 330), middle=0.53, gap_px=122, below_px=90),
    "minimal": Device(draw=_ghosted, box=(760, 330), middle=0.62, gap_px=122, below_px=48, aside=True),
    "bold": Device(draw=_blocked, box=(800, 350), middle=0.58, gap_px=118, below_px=70),
}
"""By `Look.name`."""
