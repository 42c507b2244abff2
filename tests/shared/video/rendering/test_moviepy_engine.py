import os
import subprocess
import sys
from pathlib import Path

import av
import numpy as np
import pytest

from shared.errors import BadRequest
from shared.machine.ffmpeg import ffmpeg_path
from shared.video.colour import to_planes
from shared.video.rendering import moviepy_engine
from shared.video.rendering.effects import EFFECTS
from shared.video.rendering.moviepy_engine import build_clip, moviepy_drawer
from shared.video.rendering.shots import TimedCaption
from tests.shared.video.scenes import Plane, caption_bitmap, drawn, load, shot_of, timeline_of

pytestmark = pytest.mark.moviepy

FILM = (
    shot_of(4, "wide", motion={"kind": "zoom", "zoom_to": 1.2}),
    shot_of(6, "square", into=("crossfade", 3)),
    shot_of(6, None, into=("slide", 4), colour="#204060"),
    shot_of(5, "tall", into=("dip", 5), motion={"kind": "pan", "zoom_from": 1.2, "focus_x": 1}),
)


def test_the_whole_film_is_the_frames_of_its_segments() -> None:
    timeline = timeline_of(*FILM, size=(96, 128), rate="30000/1001")
    captions = (TimedCaption(first_frame=2, end_frame=13, bitmap=caption_bitmap(80, 40, x=8, y=80)),)
    clip = build_clip(timeline, load, captions)
    assert clip.size == (96, 128)
    assert clip.fps == 30000 / 1001
    assert clip.duration == pytest.approx(timeline.duration_s)
    whole = [to_planes(np.ascontiguousarray(frame))[0] for frame in clip.iter_frames()]
    parts = [frame.luma for frame in drawn(moviepy_drawer, timeline, captions)]
    assert len(whole) == len(parts) == 21
    # the frame before a crossfade is put together with nothing of the next shot, which may round otherwise
    assert all(np.abs(a.astype(int) - b).max() <= 1 for a, b in zip(whole, parts, strict=True))


@pytest.mark.parametrize("rate", ["24000/1001", "25", "30000/1001", "30", "60"])
def test_moviepy_finds_every_frame_of_any_length(rate: str) -> None:
    for frames in range(1, 400):
        timeline = timeline_of(shot_of(frames, None), size=(64, 64), rate=rate)
        clip = build_clip(timeline, load, ())
        assert int(clip.duration * clip.fps) == frames


def test_moviepy_writes_the_film(tmp_path: Path) -> None:
    timeline = timeline_of(*FILM, size=(96, 128), rate="24")
    clip = build_clip(timeline, load, ())
    clip.write_videofile(str(tmp_path / "film.mp4"), logger=None)
    with av.open(str(tmp_path / "film.mp4")) as film:
        written = [frame.to_ndarray(format="rgb24") for frame in film.decode(video=0)]
    assert len(written) == timeline.frames
    for a, b in zip(written, clip.iter_frames(), strict=True):
        assert np.abs(a.mean(axis=2) - b.mean(axis=2)).mean() < 10  # six frames further: over 18


def test_a_caption_of_which_nothing_is_seen_is_no_clip() -> None:
    nothing = caption_bitmap(20, 20)
    object.__setattr__(nothing, "rgba", np.zeros((0, 0, 4), np.uint8))
    timeline = timeline_of(shot_of(2, None), size=(64, 64))
    clip = build_clip(timeline, load, (TimedCaption(first_frame=0, end_frame=2, bitmap=nothing),))
    assert clip.get_frame(0).shape == (64, 64, 3)


def test_an_effect_is_told_the_time_since_its_shot_became_visible(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[tuple[float, float]] = []

    def note(picture: Plane, at_s: float, duration_s: float) -> Plane:
        told.append((at_s, duration_s))
        return picture

    monkeypatch.setitem(EFFECTS, "note", note)
    shots = (
        shot_of(4, None),
        shot_of(6, "wide", into=("crossfade", 3), effect="note", motion={"kind": "zoom", "zoom_to": 1.1}),
        shot_of(5, None, into=("slide", 2)),
    )
    clip = build_clip(timeline_of(*shots, size=(64, 64), rate="30000/1001"), load, ())
    told.clear()
    for _ in clip.iter_frames():
        pass
    wanted = [0, *range(8)]  # the frame before a crossfade has it too, unseen
    assert [at_s for at_s, _ in told] == pytest.approx([frame * 1001 / 30000 for frame in wanted])
    assert {duration_s for _, duration_s in told} == {8 * 1001 / 30000}


def test_without_moviepy_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    moviepy_engine._moviepy.cache_clear()
    monkeypatch.setitem(sys.modules, "moviepy", None)
    with pytest.raises(BadRequest) as caught:
        build_clip(timeline_of(shot_of(2, None)), load, ())
    assert "reelwright[moviepy]" in caught.value.problems[0]


def test_moviepy_neither_reads_a_dotenv_nor_takes_another_ffmpeg(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("LEAKED=yes\nFFMPEG_BINARY=/nowhere/ffmpeg\n")
    program = """
import os, sys
from shared.video.rendering import moviepy_engine
from shared.video.rendering.effects import EFFECTS
from shared.video.rendering.moviepy_engine import build_clip
assert "moviepy" not in sys.modules
from shared.video.timeline import Shot, Timeline
shots = (Shot(frames=1),)
build_clip(Timeline(width=64, height=64, frame_rate="25", shots=shots), None, ())
import dotenv, moviepy.config, moviepy.video.io.ffmpeg_writer as writer
print(os.environ.get("LEAKED"), os.environ["FFMPEG_BINARY"], writer.FFMPEG_BINARY, dotenv.find_dotenv())
"""
    root = str(Path(__file__).parents[4])
    places = os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH")]))
    environment = {**os.environ, "PYTHONPATH": places, "FFMPEG_BINARY": "/elsewhere/ffmpeg"}
    command = [sys.executable, "-c", program]
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.split() == ["None", "/elsewhere/ffmpeg", ffmpeg_path(), str(tmp_path / ".env")]
