"""Pictures, captions and timelines made by code."""

from collections.abc import Iterator
from fractions import Fraction
from functools import cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from shared.video.captions.bitmaps import CaptionBitmap
from shared.video.frames.frames import Frame
from shared.video.rendering.engines import Engine
from shared.video.rendering.segments import plan_segments
from shared.video.rendering.shots import Drawer, Shots, TimedCaption
from shared.video.timeline import Motion, Shot, Timeline, Transition

Plane = NDArray[np.uint8]

PICTURES = {"wide": (900, 600), "tall": (640, 1100), "square": (800, 800)}
"""Width and height of the pictures that `load` knows."""


def load(name: str) -> Plane:
    return detailed_picture(*PICTURES[name], seed=sorted(PICTURES).index(name))


@cache
def detailed_picture(width: int, height: int, *, seed: int = 0) -> Plane:
    """Like a photograph: slopes of light, soft clouds, hard edges, thin lines, letters, some grain."""
    random = np.random.RandomState(seed)
    down, right = np.mgrid[0:height, 0:width].astype(np.float32)
    base = np.dstack([150 + 80 * right / width, 120 + 60 * down / height, 200 - 90 * right / width])
    for size in (4, 12, 40):
        clouds = cv2.GaussianBlur(random.standard_normal((height, width, 3)).astype(np.float32), (0, 0), size)
        base += clouds / clouds.std() * 12
    picture = np.ascontiguousarray(base.clip(0, 255).astype(np.uint8))
    for _ in range(40):
        place = [int(part * side) for part, side in zip(random.rand(2), (width, height), strict=True)]
        colour = [int(level) for level in random.randint(0, 256, 3)]
        cv2.circle(
            picture, place, int(random.randint(3, 50)), colour, int(random.choice([-1, 1, 3])), cv2.LINE_AA
        )
        end = [int(part * side) for part, side in zip(random.rand(2), (width, height), strict=True)]
        cv2.line(picture, place, end, colour, int(random.randint(1, 4)), cv2.LINE_AA)
        cv2.putText(picture, "Reelwright", end, cv2.FONT_HERSHEY_SIMPLEX, 0.7, colour, 2, cv2.LINE_AA)
    grain = random.standard_normal((height, width, 1)) * 3
    return (picture + grain).clip(0, 255).astype(np.uint8)


def caption_bitmap(width: int, height: int, *, x: int = 0, y: int = 0) -> CaptionBitmap:
    """White letters with a dark, soft outline, as premultiplied RGBA."""
    ink = np.zeros((height, width), np.uint8)
    cv2.putText(ink, "Word by word", (4, height - 12), cv2.FONT_HERSHEY_SIMPLEX, 0.8, 255, 2, cv2.LINE_AA)
    outline = cv2.GaussianBlur(cv2.dilate(ink, np.ones((5, 5), np.uint8)), (0, 0), 1)
    alpha = np.maximum(ink, outline)
    return CaptionBitmap(x=x, y=y, rgba=np.dstack([ink, ink, ink // 2, alpha]))


def timeline_of(*shots: Shot, size: tuple[int, int] = (360, 640), rate: str = "25", **more: Any) -> Timeline:
    return Timeline(width=size[0], height=size[1], frame_rate=Fraction(rate), shots=shots, **more)


def shot_of(frames: int = 10, picture: str | None = "wide", **more: Any) -> Shot:
    """A shot; its motion and transition are given as keywords' dicts or as `(kind, frames)`."""
    into = more.pop("into", ("cut", 0))
    return Shot(
        frames=frames,
        picture=picture,
        picture_hash=f"hash of {picture}" if picture else "",
        motion=Motion(**more.pop("motion", {})),
        transition=Transition(kind=into[0], frames=into[1]),
        **more,
    )


def drawers(
    engine: Engine, timeline: Timeline, captions: tuple[TimedCaption, ...] = ()
) -> Iterator[tuple[int, int, Drawer]]:
    """First frame, number of frames and drawer of every segment, as rendering asks for them."""
    shots = Shots(timeline, load)
    for segment in plan_segments(timeline, ()):
        shown = [
            caption
            for caption in captions
            if caption.first_frame < segment.end_frame and caption.end_frame > segment.first_frame
        ]
        yield segment.first_frame, segment.frames, engine(shots, segment, shown)


def drawn(engine: Engine, timeline: Timeline, captions: tuple[TimedCaption, ...] = ()) -> list[Frame]:
    """All frames of the film."""
    frames = []
    for _, count, draw in drawers(engine, timeline, captions):
        for number in range(count):
            frames.append(Frame.blank(timeline.width, timeline.height))
            draw(number, frames[-1])
    return frames
