"""The picture of the call to action: the product's name and, below it, the call as its style presents it."""

from dataclasses import dataclass, replace
from typing import Final

import cv2
import numpy as np

from jobs.ad.card.device import Device, Placed
from jobs.ad.card.shapes import Plane, paint, paste, softened
from jobs.ad.card.sheet import places_on, sheet_size
from jobs.ad.looks import drawing_named
from jobs.ad.scenery.paint.layout import shape_of
from jobs.ad.styles import Style
from shared.text.language import is_right_to_left
from shared.video.lettering.contrast import READABLE, contrast_on
from shared.video.lettering.letters import Letters, draw_words, rounded

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


def draw_card(background: Plane, words: Words, style: Style, *, width: int, height: int) -> Card:
    """Words over a background of any shape, at this size; the call is upper-cased if the style says so, else
    as it came."""
    size = sheet_size(width, height)
    device = drawing_named(style.look.name).device
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
            look=style.look,
            plate=style.letters.plate or style.look.background,
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
        paint(picture, words.look.background, shape * strength, words.middle)
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
