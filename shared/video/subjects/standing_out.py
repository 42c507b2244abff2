"""Saliency: compact things whose colours are rare in the picture and unlike those around them.

Colours are weighted by their distance from all others (the histogram contrast of Cheng et al., IEEE Trans.
PAMI 37, 2015). In whole numbers, so that every machine gets the same result.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from shared.video.subjects.boxes import Box, apart

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Plane = NDArray[np.uint8]
    Numbers = NDArray[np.int64]
    Mask = NDArray[np.bool_]

_SIDE: Final = 120
"""Longer side that suffices to tell things from their surroundings."""
_LEAST_SIDE: Final = 8
_LEVELS: Final = range(230, 50, -20)
"""The levels of saliency, at most 255, at which things are cut out."""
_LEAST_AREA, _MOST_AREA = 0.002, 0.2
_LEAST_FULL: Final = 0.5
"""The least part of its box that a thing fills: branches, letters and the gaps between things fill less."""
_MOST_LONG: Final = 3.5
_MOST_CUT: Final = 0.3
"""The largest part of its outline that may be on the picture's edge: sky and walls continue behind it."""
_LEAST_UNLIKE: Final = 18
"""Distance from its direct surroundings, in units of 8-bit CIE L*a*b*."""
_SAME: Final = 8
"""Colours no further apart than this count as one."""
_MOST_FLAT, _MOST_LEFT = 12, 0.12
"""A drawing has at most this many colours, and at most this part beside them: edges and fine lines."""
_MOST_THINGS: Final = 12
"""With more than these the picture is a pattern, without anything that stands out."""
_LEAST_OF_ALL: Final = 0.75
"""The least part of an equally salient area must be things."""


def standing_out_in(picture: "Plane") -> list[Box]:
    """The things that stand out; none if that is not clear. `picture` is RGB (h, w, 3).

    It is clear if a level of saliency leaves little else than a few things, and in a drawing of few colours
    if that is so for a colour.
    """
    if min(picture.shape[:2]) < _LEAST_SIDE:
        return []
    colours = _colours(picture)
    saliency = _saliency(colours)
    by_level = [_things(saliency >= level, colours) for level in _LEVELS]
    by_colour = [thing for mask in _flat_parts(colours) for thing in _things(mask, colours)]
    best = max(by_level, key=lambda things: sum(thing.area for thing in things))
    found = apart([*best, *by_colour])
    return found if len(found) <= _MOST_THINGS else []


def _colours(picture: "Plane") -> "Plane":
    """The picture small and smooth, as 8-bit L*a*b*."""
    import cv2
    import numpy as np

    step = max(1, round(max(picture.shape) / _SIDE))
    smooth = cv2.blur(picture, (step, step))[step // 2 :: step, step // 2 :: step]
    return np.asarray(cv2.cvtColor(np.ascontiguousarray(smooth), cv2.COLOR_RGB2Lab), np.uint8)


def _saliency(colours: "Plane") -> "Numbers":
    """0 to 255 by pixel: the distance of its colour from those of the whole picture."""
    import numpy as np

    coarse = (colours.astype(np.int64) >> 4) @ np.array([256, 16, 1])
    _, kinds, counts = np.unique(coarse, return_inverse=True, return_counts=True)
    kinds = kinds.reshape(-1)
    sums = [np.bincount(kinds, colours[..., channel].reshape(-1)) for channel in range(3)]
    means = (np.stack(sums, axis=1) / counts[:, None]).round().astype(np.int64)
    apart_by = _distance(means[:, None], means[None, :])
    contrast = (apart_by * counts).sum(axis=1)
    return np.asarray((contrast * 255 // max(1, int(contrast.max())))[kinds].reshape(coarse.shape))


def _flat_parts(colours: "Plane") -> "Iterator[Mask]":
    """The areas of each colour in a picture of few colours; none for one of many, such as a photograph."""
    import numpy as np

    wide = colours.astype(np.int64)
    left = np.ones(colours.shape[:2], bool)
    parts: list[Mask] = []
    while len(parts) < _MOST_FLAT and left.any():
        coarse = ((wide >> 3) @ np.array([1024, 32, 1]))[left]
        commonest = np.bincount(coarse).argmax()
        colour = wide[left][coarse == commonest].sum(axis=0) // int((coarse == commonest).sum())
        parts.append(left & (_distance(wide, colour) <= _SAME))
        if not parts[-1].any():
            break
        left &= ~parts[-1]
    if left.sum() <= _MOST_LEFT * left.size:
        yield from parts


def _distance(one: "Numbers", two: "Numbers") -> "Numbers":
    """Distance between colours; lightness counts half, since shadows change it most."""
    import numpy as np

    weights = np.array([1, 4, 4])
    return np.asarray(np.sqrt((weights * (one - two) ** 2).sum(axis=-1)).round() / 2, np.int64)


def _things(mask: "Mask", colours: "Plane") -> list[Box]:
    """The things that make up the mask; none if it is a pattern, or mostly not things."""
    import cv2
    import numpy as np

    tall, wide = mask.shape
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=4)
    boxes, of_things = [], 0
    for label in range(1, count):
        left, top, w, h, area = map(int, stats[label])
        if _is_compact(area, w, h, wide * tall) and _stands_out(labels == label, w + h, colours):
            boxes.append(
                Box(left=left / wide, top=top / tall, right=(left + w) / wide, bottom=(top + h) / tall)
            )
            of_things += area
    clear = len(boxes) <= _MOST_THINGS and of_things >= _LEAST_OF_ALL * int(mask.sum())
    return boxes if clear else []


def _is_compact(area: int, wide: int, tall: int, whole: int) -> bool:
    long = max(wide, tall) / min(wide, tall)
    return (
        _LEAST_AREA <= area / whole <= _MOST_AREA and area >= _LEAST_FULL * wide * tall and long <= _MOST_LONG
    )


def _stands_out(thing: "Mask", half_around: int, colours: "Plane") -> bool:
    """Whether it is unlike its surroundings, and not cut off by the picture's edge."""
    on_edge = int(thing[0].sum() + thing[-1].sum() + thing[:, 0].sum() + thing[:, -1].sum())
    return on_edge <= _MOST_CUT * 2 * half_around and _unlike(thing, colours) >= _LEAST_UNLIKE


def _unlike(thing: "Mask", colours: "Plane") -> int:
    """The distance of the thing's mean colour from that of a ring around it."""
    import cv2
    import numpy as np

    inner = thing.astype(np.uint8)
    near = cv2.dilate(inner, np.ones((3, 3), np.uint8))
    ring = cv2.dilate(inner, np.ones((9, 9), np.uint8)) > near
    if not ring.any():
        return 0
    means = [colours[where].astype(np.int64).sum(axis=0) // where.sum() for where in (thing, ring)]
    return int(_distance(*means))
