"""The input of an engine: the shots' pictures, the words and figure over them, captions with their times."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from shared.errors import BadRequest
from shared.video.encoding.clips import ClipPicture
from shared.video.frames.canvas import cover
from shared.video.frames.figures import FigurePatch, Rings
from shared.video.frames.frames import Frame, Picture, Still, prepare
from shared.video.frames.words import Words, draw_overlay
from shared.video.rendering.segments import Segment, overlays_in, visible_frames
from shared.video.timeline import Timeline

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from shared.video.captions.bitmaps import CaptionBitmap

    Plane = NDArray[np.uint8]

Drawer = Callable[[int, Frame], None]
"""Draws the frame with this number, counted from the segment's first, into planes."""


@dataclass(frozen=True, kw_only=True)
class TimedCaption:
    """A caption bitmap and the frames of the film that show it."""

    first_frame: int
    end_frame: int
    bitmap: "CaptionBitmap"


def no_clip(name: str) -> Path:
    """For films without clips."""
    raise BadRequest(f"clip {name!r} is not at hand: say where the film's clips lie")


class Shots:
    """The shots' pictures, loaded when needed, of which the last few are kept; and the words over them."""

    def __init__(
        self,
        timeline: Timeline,
        load: Callable[[str], "Plane"],
        *,
        clip: Callable[[str], Path] = no_clip,
        keep: int = 2,
    ) -> None:
        """`load` returns the RGB picture with this name, `clip` the file of the clip with this name."""
        self.timeline = timeline
        self._load = load
        self._clip = clip
        self._keep = keep
        self._prepared: dict[int, Picture] = {}
        self._words: dict[int, Words] = {}
        self._rings: Rings | None = None
        self._face: Picture | None = None

    def picture(self, number: int) -> "Plane | None":
        """The shot's picture as RGB, None for a colour."""
        name = self.timeline.shots[number].picture
        return None if name is None else self._load(name)

    def prepared(self, number: int) -> Picture:
        """The shot's picture, fitted and ready to draw; a clip is opened again, since it has a position."""
        shot = self.timeline.shots[number]
        if shot.clip is not None:
            return self._opened(shot.clip, self.timeline.width, self.timeline.height, shot.clip_from)
        if number not in self._prepared:
            while len(self._prepared) >= self._keep:
                del self._prepared[next(iter(self._prepared))]
            visible = visible_frames(self.timeline, number)
            self._prepared[number] = prepare(shot, self.timeline, self.picture(number), visible)
        return self._prepared[number]

    def words_in(self, segment: Segment) -> list[Words]:
        """The words over a segment, drawn on first use."""
        shown = overlays_in(self.timeline, segment.first_frame, segment.end_frame)
        for number, overlay in shown:
            if number not in self._words:
                self._words[number] = Words(overlay, self.timeline, draw_overlay(overlay, self.timeline))
        return [self._words[number] for number, _ in shown]

    def figure(self) -> FigurePatch | None:
        """The figure for one segment, if the film has one; its picture is loaded on first use."""
        figure = self.timeline.figure
        if figure is None:
            return None
        self._rings = self._rings or Rings(figure, self.timeline)
        side = self._rings.diameter_px
        if figure.clip is not None:
            return FigurePatch(figure, self._rings, self._opened(figure.clip, side, side))
        if figure.picture is not None and self._face is None:
            self._face = Still(cover(self._load(figure.picture), side, side))
        assert self._face is not None
        return FigurePatch(figure, self._rings, self._face)

    def _opened(self, name: str, width: int, height: int, clip_from: int = 0) -> ClipPicture:
        return ClipPicture(
            self._clip(name),
            name=name,
            width=width,
            height=height,
            frame_rate=self.timeline.frame_rate,
            clip_from=clip_from,
        )
