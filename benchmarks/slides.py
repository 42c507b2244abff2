"""A talk's film: slides that stand still, a figure whose ring follows a voice, and x264 alone on its frames.

Each piece of work runs in a separate process and prints one line of JSON.
"""

import json
import math
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from shared.video.timeline import Figure, Shot, Timeline, Transition

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from shared.video.rendering.segments import Segment

    Plane = NDArray[np.uint8]

_RATE: Final = Fraction(30)
_SIZE: Final = (1920, 1080)
_SHOT_FRAMES: Final = 96
"""A bullet every 3 s."""
_FADE_FRAMES: Final = 6
_POINTS: Final = 5


def make(root: str, frames: str) -> dict[str, Any]:
    """Draw the slides and the avatar as PNG."""
    from PIL import Image, ImageDraw, ImageFont

    from jobs.presenter.film.initials import draw_initials

    for shot in range(_shots(int(frames))):
        slide, points = divmod(shot, _POINTS)
        image = Image.new("RGB", _SIZE, "#FAF6EE")
        pen = ImageDraw.Draw(image)
        pen.rectangle((0, 0, 34, _SIZE[1]), fill="#A63A1E")
        pen.text((150, 120), f"Slide {slide + 1}: how a talk is made", "#1F1B16", ImageFont.load_default(84))
        for point in range(points + 1):
            words = f"The point number {point + 1} is said in so many words"
            pen.text((190, 330 + 110 * point), words, "#2E2922", ImageFont.load_default(48))
        image.save(_picture(root, f"{shot}.png"))
    draw_initials("Ada Lovelace", 864).save(_picture(root, "avatar.png"))
    return {"shots": _shots(int(frames))}


def render(root: str, frames: str) -> dict[str, Any]:
    """Render all segments."""
    from shared.video.rendering.render import render_segments
    from shared.video.rendering.segments import plan_segments

    timeline = _timeline(int(frames))
    started = time.perf_counter()
    render_segments(
        timeline,
        plan_segments(timeline, ()),
        (),
        _loader(root),
        lambda *_: None,
        scratch=Path(root),
    )
    return {"frames": timeline.frames, "seconds": time.perf_counter() - started}


def draw_raw(root: str, frames: str) -> dict[str, Any]:
    """Write the same frames, not encoded, to a raw NV12 file."""
    from shared.video.frames.frames import Frame
    from shared.video.rendering.engines import native_drawer
    from shared.video.rendering.shots import Shots

    timeline = _timeline(int(frames))
    shots = Shots(timeline, _loader(root))
    frame = Frame.blank(timeline.width, timeline.height)
    with _raw(root).open("wb") as file:
        for segment in _segments(timeline):
            draw = native_drawer(shots, segment, ())
            for number in range(segment.frames):
                draw(number, frame)
                file.write(frame.luma.data)
                file.write(frame.chroma.data)
    return {"frames": timeline.frames}


def x264_segments(root: str, frames: str) -> dict[str, Any]:
    """Run x264 alone on the file's frames as we do: the same segments in parallel, one thread each."""
    import numpy as np

    from shared.machine.process import usable_cores
    from shared.video.encoding.x264 import segment_writer

    timeline = _timeline(int(frames))
    width, height = _SIZE
    raw = np.memmap(_raw(root), np.uint8, "r").reshape(-1, width * height * 3 // 2)

    def encode(segment: "Segment") -> None:
        with segment_writer(Path(root) / f"{segment.first_frame}.mp4", width, height, _RATE) as writer:
            for data in raw[segment.first_frame : segment.end_frame]:
                luma, chroma = data[: width * height], data[width * height :]
                np.copyto(writer.frame.luma, luma.reshape(height, width))
                np.copyto(writer.frame.chroma, chroma.reshape(height // 2, width // 2, 2))
                writer.write()

    started = time.perf_counter()
    with ThreadPoolExecutor(usable_cores()) as pool:
        list(pool.map(encode, _segments(timeline)))
    return {"frames": timeline.frames, "seconds": time.perf_counter() - started}


def x264_program(root: str, frames: str) -> dict[str, Any]:
    """Run x264 alone on the file's frames as usual: one ffmpeg, which chooses its number of threads."""
    from benchmarks.compositing import encode_alone

    timeline = _timeline(int(frames))
    return {"frames": timeline.frames, "seconds": encode_alone(timeline, _raw(root), Path(root) / "x264.mp4")}


def _timeline(frames: int) -> Timeline:
    fade = Transition(kind="crossfade", frames=_FADE_FRAMES)
    count = _shots(frames)
    return Timeline(
        width=_SIZE[0],
        height=_SIZE[1],
        frame_rate=_RATE,
        shots=tuple(
            Shot(
                frames=_SHOT_FRAMES,
                picture=f"{shot}.png",
                picture_hash=f"{shot}",
                transition=fade if shot else Transition(),
            )
            for shot in range(count)
        ),
        figure=Figure(
            picture="avatar.png",
            picture_hash="avatar",
            x=0.906,
            y=0.834,
            diameter=0.24,
            levels="".join(map(_level, range(count * _SHOT_FRAMES))),
        ),
    )


def _level(frame: int) -> str:
    """Of a voice that speaks four syllables a second and is silent for a sixth of the time."""
    if frame % 180 >= 150:
        return "0"
    return f"{round(7.5 + 4 * math.sin(frame * 8 * math.pi / 30) + 3 * math.sin(frame / 7)):x}"


def _shots(frames: int) -> int:
    return -(-frames // _SHOT_FRAMES)


def _segments(timeline: Timeline) -> "list[Segment]":
    from shared.video.rendering.segments import plan_segments

    return plan_segments(timeline, ())


def _picture(root: str, name: str) -> Path:
    return Path(root) / name


def _raw(root: str) -> Path:
    return Path(root) / "frames.nv12"


def _loader(root: str) -> "Callable[[str], Plane]":
    from shared.video.frames.pictures import load_picture

    return lambda name: load_picture(_picture(root, name), name=name)


_WORKS: dict[str, Callable[..., dict[str, Any]]] = {
    "make": make,
    "render": render,
    "draw_raw": draw_raw,
    "x264_segments": x264_segments,
    "x264_program": x264_program,
}

if __name__ == "__main__":
    sys.stdout.write(json.dumps(_WORKS[sys.argv[1]](*sys.argv[2:])) + "\n")
