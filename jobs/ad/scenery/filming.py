"""Filming a scene: from an order to frames in an encoder."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

import cv2

from jobs.ad.looks import drawing_named
from jobs.ad.scenery.paint.canvas import Canvas
from jobs.ad.scenery.paint.ground import Ground
from jobs.ad.scenery.palette import Palette
from jobs.ad.scenery.product.cutout import MOST_SIDE, Cutout, cut_out
from jobs.ad.scenery.product.sculpture import sculpture
from jobs.ad.scenery.setting import Scene, Setting
from shared.video.colour import parse_colour
from shared.video.encoding.x264 import segment_writer

if TYPE_CHECKING:
    from jobs.ad.scenery.cinematographer import ClipOrder
    from jobs.ad.scenery.look import Look

_CRF: Final = 16
"""Better than films are, as clips are encoded once more."""


def shown(product: Path | None, look: "Look", *, max_side: int = MOST_SIDE) -> Cutout:
    """What stands in the scenes; raises `InvalidAssets` if the picture is none."""
    if product:
        return cut_out(product, max_side=max_side)
    return sculpture(*drawing_named(look.name).sculpture(Palette.of(look)))


def set_up(order: "ClipOrder", cutout: Cutout) -> tuple[Canvas, Scene]:
    """The ordered scene, and the canvas to draw it on."""
    cv2.setNumThreads(1)  # clips are made side by side
    canvas = Canvas(order.width, order.height)
    setting = Setting(
        canvas=canvas,
        ground=Ground(canvas),
        palette=Palette.of(order.look),
        cutout=cutout,
        extra=tuple(parse_colour(colour) for colour in order.colours),
        beat_s=60 / order.tempo_bpm,
        seed=1000 * order.variation + 10 * order.scene,
    )
    return canvas, drawing_named(order.look.name).scenes[order.scene - 1](setting)


def film(order: "ClipOrder", cutout: Cutout, path: Path, tick: Callable[[int], None]) -> None:
    """Write the clip (mp4) to `path`; `tick` gets the number of every frame before it is drawn, and what it
    raises ends the work."""
    canvas, scene = set_up(order, cutout)
    every = round(order.frame_rate)
    with segment_writer(
        path, order.width, order.height, order.frame_rate, crf=_CRF, key_every=every
    ) as writer:
        for number in range(order.frames):
            tick(number)
            scene.draw(canvas, float(number / order.frame_rate))
            canvas.show(writer.frame)
            writer.write()
