"""Pictures of people, drawn by code: heads like circles, with a face or without."""

from collections.abc import Sequence

import cv2
import numpy as np

from tests.shared.video.scenes import Plane

SKIN, GREEN = (230, 190, 160), (120, 160, 120)


def people(
    size: tuple[int, int],
    heads: Sequence[tuple[float, float]],
    *,
    radius: int,
    faces: bool = True,
    shirts: Sequence[tuple[int, int, int]] = ((60, 60, 120),),
) -> Plane:
    """RGB of this width and height; `heads` are the middles of heads, in parts of it."""
    picture = np.full((size[1], size[0], 3), GREEN, np.uint8)
    for number, (x, y) in enumerate(heads):
        middle = round(x * size[0]), round(y * size[1])
        shirt = shirts[number % len(shirts)]
        wide = round(1.3 * radius)
        corner = middle[0] - wide, middle[1] + radius
        cv2.rectangle(picture, corner, (middle[0] + wide, size[1]), shirt, -1)
        cv2.circle(picture, middle, radius, SKIN, -1, cv2.LINE_AA)
        if faces:
            _draw_face(picture, middle, radius)
    return picture


def _draw_face(picture: Plane, middle: tuple[int, int], radius: int) -> None:
    """Dark eyes under brows, a light nose, a mouth; soft, as a lens would see them."""
    x, y = middle
    face = picture.copy()
    for side in (-1, 1):
        eye = round(x + side * 0.38 * radius), round(y - 0.12 * radius)
        cv2.ellipse(face, eye, (round(0.24 * radius), round(0.13 * radius)), 0, 0, 360, (90, 60, 50), -1)
        brow = eye[0], eye[1] - round(0.2 * radius)
        cv2.ellipse(face, brow, (round(0.3 * radius), round(0.07 * radius)), 0, 0, 360, (110, 75, 55), -1)
    cv2.ellipse(
        face,
        (x, y + round(0.1 * radius)),
        (round(0.1 * radius), round(0.3 * radius)),
        0,
        0,
        360,
        (245, 215, 190),
        -1,
    )
    mouth = x, y + round(0.52 * radius)
    cv2.ellipse(face, mouth, (round(0.32 * radius), round(0.09 * radius)), 0, 0, 360, (150, 70, 70), -1)
    picture[:] = cv2.GaussianBlur(face, (0, 0), 1 + radius / 30)
