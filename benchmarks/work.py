"""The pieces of work that are measured, each in a separate process; prints one line of JSON."""

import json
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jobs.fused import run_fused
from shared.settings import Settings
from shared.storage import open_store
from shared.video.timeline import Timeline

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from shared.video.rendering.shots import TimedCaption

FRAMES_PER_SEGMENT = 60


def fused(store: str, creation_id: str) -> dict[str, Any]:
    """Run the whole pipeline in one process, with espeak's speech."""
    settings = Settings(store_url=store, speech_provider="espeak")
    status = run_fused("story", creation_id, open_store(store), settings)
    if status.status != "completed":
        raise SystemExit(status.error)
    return {"frames": status.metadata["narrate"]["frames"], **status.metadata["render"]}


def native(root: str, frames: str) -> dict[str, Any]:
    """Run our renderer on the first frames of a timeline."""
    from shared.video.rendering.render import render_segments
    from shared.video.rendering.segments import plan_segments

    timeline = _timeline(root, int(frames))
    states = _states(timeline)
    segments = plan_segments(timeline, states)
    scratch = _scratch(root, "native")
    started = time.perf_counter()
    render_segments(timeline, segments, states, _loader(root), lambda *_: None, scratch=scratch)
    return {"frames": timeline.frames, "seconds": time.perf_counter() - started}


def draw_raw(root: str, frames: str) -> dict[str, Any]:
    """Write the same frames, not encoded, to a raw NV12 file."""
    from shared.video.frames.frames import Frame
    from shared.video.rendering.engines import native_drawer
    from shared.video.rendering.render import captions_of
    from shared.video.rendering.segments import plan_segments
    from shared.video.rendering.shots import Shots

    timeline = _timeline(root, int(frames))
    states = _states(timeline)
    segments = plan_segments(timeline, states)
    shots = Shots(timeline, _loader(root))
    frame = Frame.blank(timeline.width, timeline.height)
    with (Path(root) / "frames.nv12").open("wb") as file:
        for segment, captions in zip(
            segments, captions_of(timeline, segments, states, Path(root)), strict=True
        ):
            draw = native_drawer(shots, segment, captions)
            for number in range(segment.frames):
                draw(number, frame)
                file.write(frame.luma.data)
                file.write(frame.chroma.data)
    return {"frames": timeline.frames}


def x264_segments(root: str, frames: str) -> dict[str, Any]:
    """Run x264 alone on the file's frames as we do: parallel segments, one thread each."""
    import numpy as np

    from shared.machine.process import usable_cores
    from shared.video.encoding.x264 import segment_writer

    timeline = _timeline(root, int(frames))
    width, height = timeline.width, timeline.height
    raw = np.memmap(Path(root) / "frames.nv12", np.uint8, "r").reshape(-1, width * height * 3 // 2)
    scratch = _scratch(root, "x264")

    def encode(first: int) -> None:
        with segment_writer(scratch / f"{first}.mp4", width, height, timeline.frame_rate) as writer:
            for data in raw[first : first + FRAMES_PER_SEGMENT]:
                luma, chroma = data[: width * height], data[width * height :]
                np.copyto(writer.frame.luma, luma.reshape(height, width))
                np.copyto(writer.frame.chroma, chroma.reshape(height // 2, width // 2, 2))
                writer.write()

    started = time.perf_counter()
    with ThreadPoolExecutor(usable_cores()) as pool:
        list(pool.map(encode, range(0, len(raw), FRAMES_PER_SEGMENT)))
    return {"frames": len(raw), "seconds": time.perf_counter() - started}


def x264_program(root: str, frames: str) -> dict[str, Any]:
    """Run x264 alone on the file's frames as usual: one ffmpeg, which chooses its number of threads."""
    from benchmarks.compositing import encode_alone

    timeline = _timeline(root, int(frames))
    seconds = encode_alone(timeline, Path(root) / "frames.nv12", Path(root) / "x264.mp4")
    return {"frames": timeline.frames, "seconds": seconds}


def moviepy_engine(root: str, frames: str) -> dict[str, Any]:
    """Run our moviepy engine on the same timeline; MoviePy writes the film."""
    from shared.video.rendering.moviepy_engine import build_clip

    return _written_by_moviepy(root, int(frames), build_clip)


def moviepy_plain(root: str, frames: str) -> dict[str, Any]:
    """Run MoviePy's own effects on the same timeline."""
    from benchmarks.plain_moviepy import build

    return _written_by_moviepy(root, int(frames), build)


def _written_by_moviepy(root: str, frames: int, build: Callable[..., Any]) -> dict[str, Any]:
    """Write the first frames of the film with MoviePy's own writer and our encoder's settings.

    Only these frames' share of the time to compose the whole film counts.
    """
    from shared.machine.process import usable_cores
    from shared.video.encoding.x264 import X264_CRF, X264_PRESET

    timeline = _whole_timeline(root)
    started = time.perf_counter()
    clip = build(timeline, _loader(root), list(_captions(root, timeline)))
    clip = clip.subclipped(0, frames / float(timeline.frame_rate))
    built = time.perf_counter()
    clip.write_videofile(
        str(Path(root) / "moviepy.mp4"), codec="libx264", preset=X264_PRESET, audio=False, logger=None,
        threads=usable_cores(), ffmpeg_params=["-crf", str(X264_CRF)],
    )  # fmt: skip
    seconds = time.perf_counter() - built + (built - started) * frames / timeline.frames
    return {"frames": frames, "seconds": seconds}


def _whole_timeline(root: str) -> Timeline:
    return Timeline.model_validate_json((Path(root) / "creation/assets/timeline.json").read_bytes())


def _timeline(root: str, frames: int) -> Timeline:
    """The first `frames` of the story's timeline: whole shots, then part of the last one."""
    whole = _whole_timeline(root)
    shots, left = [], frames
    for shot in whole.shots:
        if left < 2 * shot.transition.frames + 2:
            break
        shots.append(shot.model_copy(update={"frames": min(shot.frames, left)}))
        left -= shot.frames
    total = sum(shot.frames for shot in shots)
    cues = tuple(cue for cue in whole.cues if cue.at_frame + cue.frames <= total)
    return whole.model_copy(update={"shots": tuple(shots), "cues": cues})


def _states(timeline: Timeline) -> list[Any]:
    from shared.video.captions.pages import caption_states

    return list(caption_states(timeline))


def _captions(root: str, timeline: Timeline) -> "Iterator[TimedCaption]":
    from shared.video.captions.bitmaps import draw_states
    from shared.video.rendering.shots import TimedCaption

    states = _states(timeline)
    for state, bitmap in zip(states, draw_states(states, timeline, _scratch(root, "captions")), strict=True):
        yield TimedCaption(first_frame=state.first_frame, end_frame=state.end_frame, bitmap=bitmap)


def _loader(root: str) -> "Callable[[str], NDArray[np.uint8]]":
    from shared.video.frames.pictures import load_picture

    return lambda name: load_picture(Path(root) / "creation" / name, name=name, max_side=3840)


def _scratch(root: str, name: str) -> Path:
    folder = Path(root) / f"scratch-{name}"
    folder.mkdir(exist_ok=True)
    return folder


_WORKS: dict[str, Callable[..., dict[str, Any]]] = {
    "fused": fused,
    "native": native,
    "draw_raw": draw_raw,
    "x264_segments": x264_segments,
    "x264_program": x264_program,
    "moviepy_engine": moviepy_engine,
    "moviepy_plain": moviepy_plain,
}

if __name__ == "__main__":
    sys.stdout.write(json.dumps(_WORKS[sys.argv[1]](*sys.argv[2:])) + "\n")
