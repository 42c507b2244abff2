"""A timeline drawn with MoviePy's own effects: `Resize` by a function of time, positions, `CrossFadeIn`.

This is what most people write. Our moviepy engine (`shared/video/rendering/moviepy_engine.py`) replaces
`Resize` by its own warp, which is faster and does not jitter.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from shared.video.frames.canvas import draw_canvas
from shared.video.frames.motion import window_at
from shared.video.rendering.segments import visible_frames
from shared.video.timeline import Timeline

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from shared.video.rendering.shots import TimedCaption


def build(
    timeline: Timeline, load: "Callable[[str], NDArray[np.uint8]]", captions: "Iterable[TimedCaption]"
) -> Any:
    """The whole film as one `CompositeVideoClip`, without sound."""
    import moviepy

    size = (timeline.width, timeline.height)
    clips = [*_shots(moviepy, timeline, load), *_captions(moviepy, timeline, captions)]
    return (
        moviepy.CompositeVideoClip(clips, size=size)
        .with_duration(timeline.duration_s)
        .with_fps(float(timeline.frame_rate))
    )


def _shots(moviepy: Any, timeline: Timeline, load: "Callable[[str], NDArray[np.uint8]]") -> Iterator[Any]:
    fps = float(timeline.frame_rate)
    start = 0
    for number, shot in enumerate(timeline.shots):
        picture = load(shot.picture) if shot.picture else None
        visible = visible_frames(timeline, number)
        clip = moviepy.ImageClip(draw_canvas(shot, timeline, picture, 1.0), duration=visible / fps)
        zoom, place = _motion(timeline, number, visible)
        clip = clip.resized(zoom).with_position(place).with_start(start / fps)
        if shot.transition.frames:
            clip = clip.with_effects([moviepy.vfx.CrossFadeIn(shot.transition.frames / fps)])
        yield clip
        start += shot.frames


def _motion(
    timeline: Timeline, number: int, visible: int
) -> tuple[Callable[[float], float], Callable[[float], tuple[float, float]]]:
    motion, fps = timeline.shots[number].motion, float(timeline.frame_rate)

    def zoom(t: float) -> float:
        return window_at(motion, round(t * fps), visible).zoom

    def place(t: float) -> tuple[float, float]:
        window = window_at(motion, round(t * fps), visible)
        return -window.left * timeline.width * window.zoom, -window.top * timeline.height * window.zoom

    return zoom, place


def _captions(moviepy: Any, timeline: Timeline, captions: "Iterable[TimedCaption]") -> Iterator[Any]:
    fps = float(timeline.frame_rate)
    for caption in captions:
        rgba = caption.bitmap.rgba
        if not rgba.size:
            continue
        alpha = np.maximum(rgba[..., 3:], 1)
        straight = np.dstack([np.minimum(255, rgba[..., :3].astype(np.uint16) * 255 // alpha), rgba[..., 3]])
        frames = caption.end_frame - caption.first_frame
        clip = moviepy.ImageClip(straight.astype(np.uint8), transparent=True, duration=frames / fps)
        yield clip.with_start(caption.first_frame / fps).with_position((caption.bitmap.x, caption.bitmap.y))
