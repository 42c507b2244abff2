"""Cuts a timeline into segments: rendered separately, stored by content, and joined by copying.

A segment is at most two seconds of one shot; the first of a shot holds its incoming transition. Its key is a
hash of everything that it shows, so that work is shared between runs, tasks and retries, and editing a
caption renders again only the segments that show it.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

from shared.records.creation import canonical_json
from shared.records.names import SEGMENTS
from shared.video.timeline import Overlay, Shot, Timeline

if TYPE_CHECKING:
    from shared.video.captions.pages import State

RENDERER_VERSION: Final = 3
"""Raise it when the same timeline gives other pixels or other bytes."""
LETTERING_VERSION: Final = 2
"""Raise it when the same words over the picture give other pixels, as with another FreeType."""
FIGURE_VERSION: Final = 1
"""Raise it when the same figure gives other pixels."""
SEGMENT_S: Final = 2
"""Players seek by key frames; one every two seconds is usual."""


@dataclass(frozen=True, kw_only=True)
class Segment:
    """Consecutive frames of one shot."""

    key: str
    shot: int
    """Place in the timeline's shots."""
    offset: int
    """Frames since the shot's start."""
    first_frame: int
    """Since the film's start."""
    frames: int

    @property
    def end_frame(self) -> int:
        return self.first_frame + self.frames

    @property
    def name(self) -> str:
        """Its object's name, below the creation."""
        return f"{SEGMENTS}{self.key}.mp4"


def plan_segments(timeline: Timeline, states: "Sequence[State]") -> list[Segment]:
    """All segments in order; together they are exactly the timeline's frames."""
    return list(_cut(timeline, states))


def visible_frames(timeline: Timeline, number: int) -> int:
    """How long a shot is visible: until the next one's transition is over."""
    after = timeline.shots[number + 1].transition.frames if number + 1 < len(timeline.shots) else 0
    return timeline.shots[number].frames + after


def _cut(timeline: Timeline, states: "Sequence[State]") -> Iterator[Segment]:
    longest = max(1, round(SEGMENT_S * timeline.frame_rate))
    start = 0
    for number, shot in enumerate(timeline.shots):
        pieces = -(-shot.frames // longest)
        cuts = [shot.frames * piece // pieces for piece in range(pieces + 1)]
        for offset, end in pairwise(cuts):
            first, frames = start + offset, end - offset
            shown = [
                state for state in states if state.first_frame < first + frames and state.end_frame > first
            ]
            what = _what_it_shows(timeline, number, offset, frames)
            what["captions"] = [_caption(state, first, frames) for state in shown]
            what["caption_look"] = _caption_look(timeline) if shown else None
            what |= _words(timeline, first, frames) | _figure(timeline, first, frames)
            key = hashlib.sha256(canonical_json(what)).hexdigest()[:32]
            yield Segment(key=key, shot=number, offset=offset, first_frame=first, frames=frames)
        start += shot.frames


def _what_it_shows(timeline: Timeline, number: int, offset: int, frames: int) -> dict[str, Any]:
    shot = timeline.shots[number]
    what: dict[str, Any] = {
        "renderer": RENDERER_VERSION,
        "engine": timeline.engine,
        "frame": [timeline.width, timeline.height, str(timeline.frame_rate)],
        "frames": [offset, frames],
        "shot": _shot(shot, visible_frames(timeline, number)),
    }
    if offset < shot.transition.frames:
        before = timeline.shots[number - 1]
        what["transition"] = shot.transition.model_dump()
        what["before"] = [_shot(before, visible_frames(timeline, number - 1)), before.frames]
    return what


def _shot(shot: Shot, visible: int) -> dict[str, Any]:
    shown = shot.model_dump(exclude={"frames", "transition", "picture", "clip"})
    return {**shown, "visible": visible}


def _words(timeline: Timeline, first_frame: int, frames: int) -> dict[str, Any]:
    """The words over the picture, by the segment's own frames; no entry without words."""
    shown = overlays_in(timeline, first_frame, first_frame + frames)
    told = [
        [overlay.model_dump(exclude={"at_frame"}), overlay.at_frame - first_frame] for _, overlay in shown
    ]
    return {"overlays": told, "lettering": LETTERING_VERSION} if told else {}


def _figure(timeline: Timeline, first_frame: int, frames: int) -> dict[str, Any]:
    """The figure in the segment's own frames; no entry without one."""
    figure = timeline.figure
    if figure is None:
        return {}
    shown = range(first_frame, first_frame + frames)
    looks = figure.model_dump(exclude={"picture", "clip", "levels", "plays"})
    levels = [figure.level(frame) for frame in shown]
    played = [figure.clip_frame(frame) for frame in shown] if figure.clip else []
    return {"figure": [FIGURE_VERSION, looks, levels, played]}


def overlays_in(timeline: Timeline, first_frame: int, end_frame: int) -> list[tuple[int, Overlay]]:
    """The overlays that are visible in some of these frames, with their places in the timeline."""
    return [
        (number, overlay)
        for number, overlay in enumerate(timeline.overlays)
        if overlay.at_frame < end_frame and overlay.at_frame + overlay.frames > first_frame
    ]


def _caption(state: "State", first_frame: int, frames: int) -> list[Any]:
    start = max(0, state.first_frame - first_frame)
    end = min(frames, state.end_frame - first_frame)
    return [state.key(), start, end]


def _caption_look(timeline: Timeline) -> dict[str, Any]:
    return {
        "style": timeline.caption_style.model_dump(),
        "fonts": [face.model_dump() for face in timeline.fonts],
    }
