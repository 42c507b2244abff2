"""Compositing an ad: drawing and encoding its frames, compared with x264 alone on the same frames.

Each piece of work runs in a separate process and prints one line of JSON.
"""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jobs.ad.brief import Brief, write_brief
from jobs.fused import run_fused
from shared.records.creation import Creation
from shared.records.names import TIMELINE
from shared.settings import Settings
from shared.storage import open_store
from shared.video.timeline import Timeline

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_AD = "ad"


def make_ad(root: str, style: str) -> dict[str, Any]:
    """Make a whole ad with the built-in providers and espeak's speech."""
    store = open_store(f"file://{root}")
    brief = Brief(product_name="Premium Watch", style=style, cta_text="Shop Now")
    write_brief(Creation(store, _AD), brief)
    started = time.perf_counter()
    status = run_fused("ad", _AD, store, Settings(store_url=f"file://{root}", speech_provider="espeak"))
    if status.status != "completed":
        raise SystemExit(status.error)
    facts = status.metadata["compositing"]
    return {"frames": facts["frames"], "seconds": time.perf_counter() - started}


def render(root: str) -> dict[str, Any]:
    """Render all segments of the ad as compositing does."""
    from shared.video.rendering.render import render_segments
    from shared.video.rendering.segments import plan_segments

    timeline = _timeline(root)
    scratch = Path(root) / "scratch"
    scratch.mkdir(exist_ok=True)
    started = time.perf_counter()
    render_segments(
        timeline,
        plan_segments(timeline, ()),
        (),
        _loader(root),
        lambda *_: None,
        scratch=scratch,
        clip=lambda name: _asset(root, name),
    )
    return {"frames": timeline.frames, "seconds": time.perf_counter() - started}


def draw_raw(root: str) -> dict[str, Any]:
    """Write the same frames, not encoded, to a raw NV12 file."""
    from shared.video.frames.frames import Frame
    from shared.video.rendering.engines import native_drawer
    from shared.video.rendering.segments import plan_segments
    from shared.video.rendering.shots import Shots

    timeline = _timeline(root)
    shots = Shots(timeline, _loader(root), clip=lambda name: _asset(root, name))
    frame = Frame.blank(timeline.width, timeline.height)
    with (Path(root) / "frames.nv12").open("wb") as file:
        for segment in plan_segments(timeline, ()):
            draw = native_drawer(shots, segment, ())
            for number in range(segment.frames):
                draw(number, frame)
                file.write(frame.luma.data)
                file.write(frame.chroma.data)
    return {"frames": timeline.frames}


def x264_alone(root: str) -> dict[str, Any]:
    """Encode the file's frames with the same settings in one ffmpeg, which chooses its number of threads."""
    timeline = _timeline(root)
    seconds = encode_alone(timeline, Path(root) / "frames.nv12", Path(root) / "x264.mp4")
    return {"frames": timeline.frames, "seconds": seconds}


def encode_alone(timeline: Timeline, raw: Path, target: Path) -> float:
    """Encode raw NV12 frames in one ffmpeg with our settings; returns the seconds that it took."""
    from shared.machine.ffmpeg import run
    from shared.video.encoding.x264 import X264_CRF, X264_PRESET, x264_parameters

    parameters = x264_parameters().replace("threads=1:", "").replace("keyint=infinite", "keyint=60")
    started = time.perf_counter()
    run(
        [
            "-y", "-f", "rawvideo", "-pix_fmt", "nv12", "-s", f"{timeline.width}x{timeline.height}",
            "-r", str(timeline.frame_rate), "-i", raw, "-c:v", "libx264",
            "-preset", X264_PRESET, "-crf", str(X264_CRF), "-x264-params", parameters, target,
        ]
    )  # fmt: skip
    return time.perf_counter() - started


def _asset(root: str, name: str) -> Path:
    return Path(root) / _AD / name


def _timeline(root: str) -> Timeline:
    return Timeline.model_validate_json(_asset(root, TIMELINE).read_bytes())


def _loader(root: str) -> "Callable[[str], NDArray[np.uint8]]":
    from shared.video.frames.pictures import load_picture

    return lambda name: load_picture(_asset(root, name), name=name)


_WORKS: dict[str, Callable[..., dict[str, Any]]] = {
    "make_ad": make_ad,
    "render": render,
    "draw_raw": draw_raw,
    "x264_alone": x264_alone,
}

if __name__ == "__main__":
    sys.stdout.write(json.dumps(_WORKS[sys.argv[1]](*sys.argv[2:])) + "\n")
