"""The product in light: drawn turned, near or far, lit from where the scene's lamps stand.

A cutout is treated as a cushion: thick in its middle, falling off to its outline. From that come normals
for light to fall on, and a small shift of what is nearer when it turns. A card stays flat and is turned as
a plane.
"""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from jobs.ad.scenery.paint.canvas import Canvas, Colour
from jobs.ad.scenery.product.cutout import Cutout

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Pixels = NDArray[np.uint8]
    Field = NDArray[np.float32]

_FAR: Final = 2600.0
"""Units from the camera to the product: how strong perspective is."""
_MESH: Final = 8
"""Pixels of the frame between the points whose place in the texture is calculated."""
_LOW: Final = 4
"""Pixels of the texture a pixel of light."""
_PAD: Final = 12
"""Clear pixels around the texture."""
_UNIT: Final = 64
"""What stands for a gain of 1, so that light may be four times as bright."""
_THICK: Final = 0.13
"""How thick the cushion is, by the product's size."""
_AREA_SIDE: Final = 710.0
"""Units: the side of a square as large as a product is shown."""
_LEAST_SIZE: Final = 0.02
MOST_WIDE, MOST_TALL = 890.0, 900.0


@dataclass(frozen=True, kw_only=True)
class Pose:
    """Where the product is."""

    x: float = 540.0
    y: float = 800.0
    """Of its middle."""
    size: float = 1.0
    """1 is as large as fits a frame with room around."""
    yaw: float = 0.0
    pitch: float = 0.0
    roll: float = 0.0
    """Radians."""


@dataclass(frozen=True, kw_only=True)
class Light:
    """What falls on the product. Strengths are gains: 1 leaves the picture as it is."""

    ambient: float = 1.0
    key: float = 0.0
    key_from: float = -2.4
    """Radians, clockwise from the right: where the light comes from."""
    left_rim: float = 0.0
    right_rim: float = 0.0
    sweep: float = 0.0
    sweep_at: float = 0.0
    """-1 before the product, 0 in its middle, 1 past it."""
    sweep_angle: float = 0.45
    """Radians that the band leans."""
    sweep_width: float = 0.16
    opacity: float = 1.0


class Subject:
    """A product, ready to be drawn at up to `largest` times its normal size."""

    def __init__(self, cutout: Cutout, canvas: Canvas, *, rim: Colour, largest: float = 1.0) -> None:
        self.wide, self.tall = fitted(cutout)
        """Units at size 1."""
        self._density = min(canvas.scale * largest, cutout.rgba.shape[1] / self.wide)
        size = (max(8, round(self.wide * self._density)), max(8, round(self.tall * self._density)))
        self.texture = _premultiplied(_resized(cutout.rgba, size))
        self.matte: Field = (self.texture[..., 3] / np.float32(255)).astype(np.float32)
        self._shape = _Shape(self.matte, flat=cutout.kind == "card")
        self._rims = _rims(self.matte, rim, thick=5 * self._density)
        self._gloss = _gloss(self.texture)
        self._rim = rim
        seen = max(1.0, float(self.matte.sum()))
        self.brightness = float(cv2.cvtColor(self.texture, cv2.COLOR_RGBA2GRAY).sum()) / 255 / seen
        """0 for a black product, 1 for a white one."""
        self._shining = 1 - 0.75 * self.brightness

    @property
    def bottom(self) -> float:
        """Units from the middle to the base at size 1."""
        return self.tall / 2

    def draw(self, canvas: Canvas, pose: Pose, light: Light) -> None:
        """Lay the product on the canvas."""
        drawn = self._drawn(canvas, pose, self._lit(light)) if light.opacity > 0 else None
        if drawn is not None:
            sprite, left, top = drawn
            canvas.lay(sprite, left, top, light.opacity)

    def silhouette(self, canvas: Canvas, pose: Pose, strength: float) -> None:
        """A hard shadow of its shape; `strength` 1 is black."""
        alpha = np.asarray(cv2.extractChannel(self.texture, 3), np.uint8)
        drawn = self._drawn(canvas, pose, alpha) if strength > 0 else None
        if drawn is not None:
            shape, left, top = drawn
            canvas.dim(shape, left, top, strength)

    def _drawn(self, canvas: Canvas, pose: Pose, texture: "Pixels") -> "tuple[Pixels, int, int] | None":
        """A texture as it is seen, and the pixel of the frame that its corner is at."""
        if pose.size < _LEAST_SIZE:
            return None
        view = _View(pose, self._density, self.texture.shape, canvas)
        box = view.box
        if box is None:
            return None
        left, top, right, bottom = box
        mesh = view.mesh(box, self._shape, self.wide * self._density)
        drawn = cv2.remap(texture, *mesh, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
        return np.asarray(drawn, np.uint8)[: bottom - top, : right - left], left, top

    def _lit(self, light: Light) -> "Pixels":
        gain, band = self._shape.light(light)
        gains = np.minimum(gain * _UNIT, 255)
        whole = cv2.merge([gains, gains, gains, np.full_like(gains, _UNIT)]).astype(np.uint8)
        size = (self.texture.shape[1], self.texture.shape[0])
        lit = cv2.multiply(self.texture, cv2.resize(whole, size), scale=1 / _UNIT)
        if light.left_rim or light.right_rim:
            rims = cv2.addWeighted(self._rims[0], light.left_rim, self._rims[1], light.right_rim, 0)
            lit = cv2.add(lit, rims)
        if band is not None:
            lit = cv2.add(lit, self._shine(band, light.sweep * self._shining, size))
        return np.asarray(lit, np.uint8)

    def _shine(self, band: "Field", strength: float, size: tuple[int, int]) -> "Pixels":
        colour = [value * strength for value in self._rim]
        parts = [np.minimum(band * value, 255) for value in colour]
        light = cv2.merge([*parts, np.zeros_like(band)]).astype(np.uint8)
        return np.asarray(cv2.multiply(cv2.resize(light, size), self._gloss, scale=1 / 255), np.uint8)


def fitted(cutout: Cutout) -> tuple[float, float]:
    """Width and height in units at size 1: alike in area, and never beyond the frame."""
    wide = _AREA_SIDE * math.sqrt(cutout.aspect)
    tall = wide / cutout.aspect
    fit = min(1.0, MOST_WIDE / wide, MOST_TALL / tall)
    return wide * fit, tall * fit


def mirrored(subject: Subject, canvas: Canvas, pose: Pose, *, strength: float, reach: float) -> "Pixels":
    """The product's reflection on a floor, premultiplied, of the frame's width of pixels; see `reflect`."""
    size = (
        max(2, round(subject.wide * pose.size * canvas.scale)),
        max(2, round(subject.tall * pose.size * canvas.scale)),
    )
    turned = cv2.flip(cv2.resize(subject.texture, size, interpolation=cv2.INTER_AREA), 0)
    rows = max(2, round(reach * canvas.scale))
    part = np.asarray(turned, np.uint8)[:rows]
    fall = np.linspace(1, 0, part.shape[0], dtype=np.float32) ** 1.6 * strength
    soft = cv2.GaussianBlur(part, (0, 0), 2.2 * canvas.scale + 0.1)
    return np.asarray(np.rint(soft * fall[:, None, None]), np.uint8)


def _resized(rgba: "Pixels", size: tuple[int, int]) -> "Pixels":
    shrinks = size[0] < rgba.shape[1]
    how = cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(rgba, size, interpolation=how), np.uint8)


def _premultiplied(rgba: "Pixels") -> "Pixels":
    alpha = cv2.extractChannel(rgba, 3)
    factors = cv2.merge([alpha, alpha, alpha, np.full_like(alpha, 255)])
    whole = cv2.multiply(rgba, factors, scale=1 / 255)
    return np.asarray(cv2.copyMakeBorder(whole, _PAD, _PAD, _PAD, _PAD, cv2.BORDER_CONSTANT), np.uint8)


def _rims(matte: "Field", colour: Colour, thick: float) -> "tuple[Pixels, Pixels]":
    """Light along the left and the right of the outline."""
    inner = cv2.GaussianBlur(matte, (0, 0), max(0.8, thick))
    wide = cv2.GaussianBlur(matte, (0, 0), max(0.8, 3.5 * thick))
    slope = cv2.Sobel(wide, cv2.CV_32F, 1, 0, ksize=3)
    up = cv2.Sobel(wide, cv2.CV_32F, 0, 1, ksize=3)
    length = np.hypot(slope, up) + 1e-6
    edge = np.clip((1 - inner) * 2.2, 0, 1) ** 1.5 * matte
    sheets = []
    for side in (1.0, -1.0):
        facing = np.clip(side * slope / length + 0.35 * up / length + 0.1, 0, 1)
        strength = edge * facing
        channels = [np.minimum(strength * value, 255) for value in colour]
        sheets.append(cv2.merge([*channels, np.zeros_like(strength)]).astype(np.uint8))
    return sheets[0], sheets[1]


def _gloss(texture: "Pixels") -> "Pixels":
    """How much each pixel shines: all a little, what is bright more."""
    bright = cv2.cvtColor(texture, cv2.COLOR_RGBA2GRAY).astype(np.float32)
    gloss = texture[..., 3] * 0.28 + bright * 0.72
    return np.asarray(cv2.cvtColor(np.rint(gloss).astype(np.uint8), cv2.COLOR_GRAY2RGBA), np.uint8)


class _Shape:
    """The cushion, in pixels of light: heights, normals, and where a band of light falls."""

    def __init__(self, matte: "Field", *, flat: bool) -> None:
        size = (max(2, matte.shape[1] // _LOW), max(2, matte.shape[0] // _LOW))
        low = np.asarray(cv2.resize(matte, size, interpolation=cv2.INTER_AREA), np.float32)
        self.height: Field = np.zeros_like(low) if flat else _cushion(low)
        steep = 0.9 * min(size) / 2
        self._nx = -cv2.Sobel(self.height, cv2.CV_32F, 1, 0, ksize=3) / 8 * steep
        self._ny = -cv2.Sobel(self.height, cv2.CV_32F, 0, 1, ksize=3) / 8 * steep
        self._x = np.linspace(-1, 1, size[0], dtype=np.float32)[None] * np.float32(size[0] / max(size))
        self._y = np.linspace(-1, 1, size[1], dtype=np.float32)[:, None] * np.float32(size[1] / max(size))

    def light(self, light: Light) -> "tuple[Field, Field | None]":
        """The gain, and the band's brightness."""
        gain = np.full(self.height.shape, light.ambient, np.float32)
        if light.key:
            facing = math.cos(light.key_from) * self._nx + math.sin(light.key_from) * self._ny
            gain += np.float32(light.key) * np.clip(0.55 + 0.75 * facing, 0, 1.5)
        if light.sweep <= 0:
            return gain, None
        along = math.cos(light.sweep_angle) * self._x + math.sin(light.sweep_angle) * self._y
        # the band bends over the cushion as a reflection does
        away = along + 0.3 * self._nx - 1.35 * light.sweep_at
        band = np.exp(-((away / light.sweep_width) ** 2)).astype(np.float32)
        gain += np.float32(0.5 * light.sweep) * band
        return gain, band


def _cushion(matte: "Field") -> "Field":
    """Height 0 at the outline to 1 in the thickest part."""
    inside = (matte > 0.5).astype(np.uint8)
    away = cv2.distanceTransform(inside, cv2.DIST_L2, 5)
    part = np.clip(away / max(1.0, float(away.max())), 0, 1)
    round_ = np.sqrt(1 - (1 - part) ** 2)
    return np.asarray(cv2.GaussianBlur(round_, (0, 0), max(1.0, 0.03 * max(matte.shape))), np.float32)


class _View:
    """Between the texture and the frame for one pose."""

    def __init__(self, pose: Pose, density: float, shape: tuple[int, ...], canvas: Canvas) -> None:
        self._pose, self._shape, self._canvas = pose, shape, canvas
        self._scale = pose.size / density
        self._forward = self._matrix()
        self._backward = np.linalg.inv(self._forward)

    def _matrix(self) -> "NDArray[np.float64]":
        """From texture pixels to frame pixels, for a plane seen in perspective."""
        pose, canvas = self._pose, self._canvas
        centre = np.array([[1, 0, -self._shape[1] / 2], [0, 1, -self._shape[0] / 2], [0, 0, 1.0]])
        spin = np.array(
            [
                [math.cos(pose.roll), -math.sin(pose.roll), 0],
                [math.sin(pose.roll), math.cos(pose.roll), 0],
                [0, 0, 1],
            ]
        )
        units = np.diag([self._scale, self._scale, 1.0])
        yaw, pitch = pose.yaw, pose.pitch
        lean = np.array(
            [
                [math.cos(yaw), 0, 0],
                [0, math.cos(pitch), 0],
                [math.sin(yaw) / _FAR, math.sin(pitch) / _FAR, 1],
            ]
        )
        x, y = canvas.place(pose.x, pose.y)
        out = np.array([[canvas.scale, 0, x], [0, canvas.scale, y], [0, 0, 1]])
        return np.asarray(out @ lean @ spin @ units @ centre)

    @property
    def box(self) -> tuple[int, int, int, int] | None:
        """Left, top, right, bottom of the pixels that it covers of the frame."""
        tall, wide = self._shape[:2]
        corners = np.array([[0, 0, 1], [wide, 0, 1], [wide, tall, 1], [0, tall, 1]]).T
        places = self._forward @ corners
        x, y = places[0] / places[2], places[1] / places[2]
        left, top = max(0, math.floor(x.min())), max(0, math.floor(y.min()))
        right, bottom = (
            min(self._canvas.width, math.ceil(x.max())),
            min(self._canvas.height, math.ceil(y.max())),
        )
        return (left, top, right, bottom) if left < right and top < bottom else None

    def mesh(self, box: tuple[int, int, int, int], shape: _Shape, wide: float) -> "tuple[Field, Field]":
        """The place (x, y) in the texture of every pixel in the box and a few more, for `cv2.remap`."""
        left, top, right, bottom = box
        across = math.ceil((right - left) / _MESH) + 2
        down = math.ceil((bottom - top) / _MESH) + 2
        # a cell more on each side, as enlarging the mesh makes its outermost half cells flat
        x, y = np.meshgrid(left + (np.arange(across) - 0.5) * _MESH, top + (np.arange(down) - 0.5) * _MESH)
        places = np.einsum("ij,jkl->ikl", self._backward, np.stack([x, y, np.ones_like(x)]))
        at_x = (places[0] / places[2]).astype(np.float32)
        at_y = (places[1] / places[2]).astype(np.float32)
        pose = self._pose
        if pose.yaw or pose.pitch:
            low = (at_x - _PAD) / _LOW, (at_y - _PAD) / _LOW
            near = cv2.remap(shape.height, *low, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
            push = np.float32(_THICK * wide) * np.asarray(near, np.float32)
            at_x += push * np.float32(math.sin(pose.yaw))
            at_y += push * np.float32(math.sin(pose.pitch))
        return _finer(at_x), _finer(at_y)


def _finer(coarse: "Field") -> "Field":
    """A mesh with every pixel between its points, without its outermost cells."""
    size = (coarse.shape[1] * _MESH, coarse.shape[0] * _MESH)
    fine = cv2.resize(coarse - np.float32(0.5), size, interpolation=cv2.INTER_LINEAR)
    return np.asarray(fine[_MESH:-_MESH, _MESH:-_MESH], np.float32)
