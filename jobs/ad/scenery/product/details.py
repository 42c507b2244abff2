"""Looking closely: which parts of the product are worth it, and pictures of them with little in focus."""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from jobs.ad.scenery.paint.canvas import Canvas, Point
from jobs.ad.scenery.paint.layout import Layout
from jobs.ad.scenery.product.cutout import Cutout
from jobs.ad.scenery.product.subject import fitted

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Pixels = NDArray[np.uint8]
    Field = NDArray[np.float32]

_SIDE: Final = 96
"""Of the small picture in which detail is looked for."""
_MARGIN: Final = 1.2
"""Plates are larger than the frame by this, so that the camera can move."""
_MOST_ENLARGED: Final = 2.4
"""Pixels of the frame a pixel of the picture: beyond that nothing is seen but blur."""


@dataclass(frozen=True, kw_only=True)
class View:
    """A close look."""

    u: float
    v: float
    """What is in the middle, in parts of the product's width and height."""
    zoom: float
    """1 is the product's normal size."""
    roll: float = 0.0
    centre: Point = (540.0, 760.0)
    """Where in the frame that is."""
    focus_angle: float = 0.5
    """Radians that the plane in focus leans."""
    depth: float = 420.0
    """Units from the plane in focus to where all is blurred; 0 for no blur."""


def details(cutout: Cutout, number: int) -> list[Point]:
    """The places with most to see, apart from each other, (u, v) 0 to 1, the best first."""
    scale = _SIDE / max(cutout.rgba.shape[:2])
    size = (max(8, round(cutout.rgba.shape[1] * scale)), max(8, round(cutout.rgba.shape[0] * scale)))
    small = cv2.resize(cutout.rgba, size, interpolation=cv2.INTER_AREA).astype(np.float32)
    grey = cv2.GaussianBlur(small[..., :3].mean(axis=2), (0, 0), 0.8)
    matte = small[..., 3] / 255
    change = np.abs(cv2.Laplacian(grey, cv2.CV_32F)) * cv2.erode(matte, np.ones((5, 5)))
    reach = max(3, round(0.32 * min(size)) | 1)
    score = cv2.blur(change, (reach, reach), borderType=cv2.BORDER_CONSTANT) * (0.15 + matte)
    places = []
    x, y = np.meshgrid(np.arange(size[0]), np.arange(size[1]))
    for _ in range(number):
        best = int(np.argmax(score))
        row, column = divmod(best, size[0])
        places.append((float((column + 0.5) / size[0]), float((row + 0.5) / size[1])))
        near = np.hypot(x - column, y - row) / (0.34 * max(size))
        score = score * (1 - 0.92 * np.exp(-(near**2)))
    return places


def sharp_zoom(cutout: Cutout, canvas: Canvas, wanted: float) -> float:
    """The wanted zoom, or the largest for which the picture has the pixels."""
    most = _MOST_ENLARGED * cutout.rgba.shape[1] / (fitted(cutout)[0] * canvas.scale)
    least = 1.15
    if cutout.kind == "card":  # shown from edge to edge
        wide, tall = fitted(cutout)
        least = max(canvas.layout.wide / wide, canvas.layout.tall / tall) * _MARGIN
    return float(max(least, min(wanted, most)))


class Plate:
    """A close look, drawn once; moving it costs little."""

    def __init__(self, cutout: Cutout, canvas: Canvas, view: View, ground: "Pixels | None" = None) -> None:
        """`ground` (h, w, 4) is stretched behind it; without one the plate is see-through."""
        size = (2 * round(canvas.width * _MARGIN / 2), 2 * round(canvas.height * _MARGIN / 2))
        self._canvas = canvas
        self._opaque = ground is not None
        if cutout.kind == "card":
            view = _kept_inside(cutout, view, canvas.layout)
        sharp = self._projected(cutout, view, size)
        if ground is not None:
            sharp = _over(sharp, np.asarray(cv2.resize(ground, size), np.uint8))
        self.pixels = sharp if not view.depth else self._blurred(sharp, view)

    def _projected(self, cutout: Cutout, view: View, size: tuple[int, int]) -> "Pixels":
        """Premultiplied, in the plate's pixels."""
        tall, wide = cutout.rgba.shape[:2]
        step = fitted(cutout)[0] / wide * view.zoom * self._canvas.scale
        rgba = cutout.rgba
        if step < 0.7:
            rgba = np.asarray(
                cv2.resize(rgba, None, fx=step, fy=step, interpolation=cv2.INTER_AREA), np.uint8
            )
            tall, wide, step = rgba.shape[0], rgba.shape[1], 1.0
        cos, sin = step * math.cos(view.roll), step * math.sin(view.roll)
        x, y = self._middle(view, size)
        u, v = view.u * wide, view.v * tall
        matrix = np.array([[cos, -sin, x - cos * u + sin * v], [sin, cos, y - sin * u - cos * v]])
        border = cv2.BORDER_REPLICATE if cutout.kind == "card" else cv2.BORDER_CONSTANT
        drawn = cv2.warpAffine(rgba, matrix, size, flags=cv2.INTER_CUBIC, borderMode=border)
        if step > 1.2:
            drawn = _crisp(np.asarray(drawn, np.uint8), 0.55 * step)
        alpha = cv2.extractChannel(drawn, 3)
        factors = cv2.merge([alpha, alpha, alpha, np.full_like(alpha, 255)])
        return np.asarray(cv2.multiply(drawn, factors, scale=1 / 255), np.uint8)

    def _middle(self, view: View, size: tuple[int, int]) -> Point:
        x, y = self._canvas.place(*view.centre)
        return x + (size[0] - self._canvas.width) / 2, y + (size[1] - self._canvas.height) / 2

    def _blurred(self, sharp: "Pixels", view: View) -> "Pixels":
        """Blurred the more, the further from the plane in focus."""
        x, y = self._middle(view, sharp.shape[1::-1])
        rows, columns = np.indices(sharp.shape[:2], dtype=np.float32)
        aside = (columns - x) * math.sin(view.focus_angle) + (rows - y) * math.cos(view.focus_angle)
        away = np.abs(aside) / (view.depth * self._canvas.scale)
        result = sharp
        for sigma, start in ((3.0, 0.3), (9.0, 0.6), (20.0, 1.0)):
            soft = _soft(sharp, sigma * self._canvas.scale)
            part = np.clip((away - start) / 0.45, 0, 1).astype(np.float32)
            result = np.asarray(cv2.blendLinear(soft, result, part, 1 - part), np.uint8)
        return result

    def draw(
        self, canvas: Canvas, *, zoom: float = 1.0, shift: Point = (0.0, 0.0), roll: float = 0.0
    ) -> None:
        """Fill the frame, or lay it over if it is see-through; `zoom` from 0.86 up, `shift` in units."""
        x, y = 540 + shift[0], canvas.layout.middle + shift[1]
        lay = canvas.project if self._opaque else canvas.stamp
        lay(self.pixels, x, y, size=zoom, roll=roll)


def _kept_inside(cutout: Cutout, view: View, frame: Layout) -> View:
    """A view of a card without what is beyond its edges."""
    wide, tall = fitted(cutout)
    half_u = min(0.5, frame.wide * _MARGIN / 2 / (wide * view.zoom))
    above = view.centre[1] - frame.top + frame.tall * (_MARGIN - 1) / 2
    below = frame.tall * _MARGIN - above
    least, most = above / (tall * view.zoom), 1 - below / (tall * view.zoom)
    u = min(max(view.u, half_u), 1 - half_u)
    v = (least + most) / 2 if least > most else min(max(view.v, least), most)
    return View(u=u, v=v, zoom=view.zoom, centre=view.centre, focus_angle=view.focus_angle, depth=view.depth)


def _soft(pixels: "Pixels", sigma: float) -> "Pixels":
    """A wide blur by way of a smaller picture."""
    if sigma < 4:
        return np.asarray(cv2.GaussianBlur(pixels, (0, 0), max(0.3, sigma)), np.uint8)
    small = cv2.resize(pixels, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
    blurred = cv2.GaussianBlur(small, (0, 0), sigma / 4)
    return np.asarray(cv2.resize(blurred, pixels.shape[1::-1], interpolation=cv2.INTER_LINEAR), np.uint8)


def _crisp(rgba: "Pixels", sigma: float) -> "Pixels":
    """Edges that enlarging made soft, made steeper."""
    soft = cv2.GaussianBlur(rgba, (0, 0), sigma)
    return np.asarray(cv2.addWeighted(rgba, 1.7, soft, -0.7, 0), np.uint8)


def _over(sprite: "Pixels", ground: "Pixels") -> "Pixels":
    keep = cv2.cvtColor(cv2.bitwise_not(cv2.extractChannel(sprite, 3)), cv2.COLOR_GRAY2RGBA)
    laid = cv2.add(cv2.multiply(ground, keep, scale=1 / 255), sprite)
    laid[..., 3] = 255
    return np.asarray(laid, np.uint8)
