"""Clips read frame by frame, fitted, held at their end, and made into clips of one kind."""

import threading
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from shared.errors import InvalidAssets
from shared.machine.ffmpeg import run
from shared.video.encoding.clip_files import check_clip
from shared.video.encoding.clips import ClipPicture, ClipReader, normalise_clip
from shared.video.frames.frames import Frame
from shared.video.timeline import Shot
from tests.shared.video.clip_makers import filmed_clip, number_of, numbered_clip
from tests.support.films import frames as frames_of

SIZE = (64, 96)
RATE = Fraction(30)


def picture_of(path: Path, *, clip_from: int = 0, size: tuple[int, int] = SIZE) -> ClipPicture:
    return ClipPicture(
        path, name=path.name, width=size[0], height=size[1], frame_rate=RATE, clip_from=clip_from
    )


def drawn(picture: ClipPicture, frame: int, size: tuple[int, int] = SIZE) -> Frame:
    into = Frame.blank(*size)
    picture.draw(frame, into)
    return into


def shown(picture: ClipPicture, frame: int) -> int:
    """The number of the clip's frame that is seen."""
    return round(number_of(float(drawn(picture, frame).luma.mean())))


def normalised(source: Path, target: Path, frames: int, size: tuple[int, int] = SIZE) -> list[float]:
    """Mean luma of all frames of the clip made of it."""
    facts = normalise_clip(
        source, target, name="scene 1", width=size[0], height=size[1], frame_rate=RATE, frames=frames
    )
    assert facts.is_ready(*size, RATE, frames)
    luma = [frame[: size[1]] for frame in frames_of(target.read_bytes())]
    assert len(luma) == frames
    return [float(plane.mean()) for plane in luma]


@pytest.mark.parametrize("start", [0, 1, 7, 10, 29, 30, 31, 58])
def test_a_clip_is_read_from_any_frame_on(tmp_path: Path, start: int) -> None:
    picture = picture_of(numbered_clip(tmp_path / "clip.mp4"), clip_from=start)
    assert [shown(picture, frame) for frame in range(60 - start)] == list(range(start, 60))


def test_frames_that_nobody_sees_are_mostly_not_decoded(tmp_path: Path) -> None:
    clip = numbered_clip(tmp_path / "clip.mp4", key_every=30)
    reader = ClipReader(clip, name="clip", width=64, height=96)
    reader.go_to(Fraction(29, 30))
    assert reader.decoded <= 20
    reader.close()


def test_going_back_finds_the_earlier_frame(tmp_path: Path) -> None:
    picture = picture_of(numbered_clip(tmp_path / "clip.mp4"))
    assert [shown(picture, frame) for frame in (40, 3, 41, 0, 59, 12)] == [40, 3, 41, 0, 59, 12]


def test_a_closed_clip_can_be_drawn_again(tmp_path: Path) -> None:
    picture = picture_of(numbered_clip(tmp_path / "clip.mp4"))
    assert shown(picture, 5) == 5
    picture.close()
    assert shown(picture, 6) == 6


def test_a_clip_of_another_rate_is_seen_at_its_own_speed(tmp_path: Path) -> None:
    picture = picture_of(numbered_clip(tmp_path / "clip.mp4", 30, rate=15))
    assert [shown(picture, frame) for frame in range(8)] == [0, 0, 1, 1, 2, 2, 3, 3]


def test_beyond_its_end_a_clip_never_freezes(tmp_path: Path) -> None:
    clip = filmed_clip(tmp_path / "clip.mp4", 1, size=(160, 240), rate="30")
    picture = picture_of(clip, size=(160, 240))
    last, *held = [drawn(picture, frame, (160, 240)).luma.astype(int) for frame in (29, 30, 60, 90, 120)]
    assert np.abs(held[0] - last).mean() < 1
    moves = [float(np.abs(after - before).mean()) for before, after in pairwise(held)]
    assert min(moves) > 0.3
    assert max(moves) < 20


def test_segments_of_one_clip_see_the_same_end(tmp_path: Path) -> None:
    clip = filmed_clip(tmp_path / "clip.mp4", 1, size=(64, 96), rate="30")
    whole = picture_of(clip)
    frames = [drawn(whole, frame).luma.copy() for frame in range(50)]
    late = drawn(picture_of(clip), 49)
    assert np.array_equal(late.luma, frames[49])


def test_clips_are_read_side_by_side(tmp_path: Path) -> None:
    clip = numbered_clip(tmp_path / "clip.mp4")
    seen: dict[int, list[int]] = {}

    def read(start: int) -> None:
        picture = picture_of(clip, clip_from=start)
        seen[start] = [shown(picture, frame) for frame in range(20)]

    threads = [threading.Thread(target=read, args=(start,)) for start in (0, 15, 40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == {start: list(range(start, start + 20)) for start in (0, 15, 40)}


@pytest.mark.parametrize(
    ("size", "kept"), [((120, 60), (0.375, 0.625)), ((60, 120), (0.0, 1.0)), ((30, 20), (1 / 3, 2 / 3))]
)
def test_the_middle_of_a_clip_fills_the_frame(
    tmp_path: Path, size: tuple[int, int], kept: tuple[float, float]
) -> None:
    ramp = tmp_path / "ramp.mp4"
    grey = f"nullsrc=size={size[0]}x{size[1]}:rate=30,format=gray,geq=lum='255*X/W'"
    coding = ["-pix_fmt", "yuv420p", "-c:v", "libx264", "-preset", "ultrafast", "-qp", "4"]
    run(["-f", "lavfi", "-i", grey, "-t", "1", *coding, "-color_range", "tv", "-y", f"file:{ramp}"])
    luma = drawn(picture_of(ramp, size=(60, 120)), 3, (60, 120)).luma[60].astype(float)
    want = [16 + 219 * (kept[0] + (kept[1] - kept[0]) * part) for part in (0.1, 0.5, 0.9)]
    assert np.allclose([luma[int(60 * part)] for part in (0.1, 0.5, 0.9)], want, atol=8)


@pytest.mark.parametrize(("space", "swaps"), [("bt709", False), ("smpte170m", True)])
def test_other_matrices_are_converted(tmp_path: Path, space: str, swaps: bool) -> None:
    clip = tmp_path / "red.mp4"
    red = "color=c=0xd02010:size=64x96:rate=30,format=gbrp"
    convert = f"scale=out_color_matrix={space}:out_range=tv,format=yuv420p"
    coding = ["-c:v", "libx264", "-preset", "ultrafast", "-qp", "4", "-colorspace", space]
    run(["-f", "lavfi", "-i", red, "-t", "1", "-vf", convert, *coding, "-y", f"file:{clip}"])
    frame = drawn(picture_of(clip), 3)
    levels = int(frame.luma[40, 30]), *(int(level) for level in frame.chroma[20, 15])
    assert np.allclose(levels, (74, 106, 206), atol=3), swaps


def test_full_range_is_brought_to_limited(tmp_path: Path) -> None:
    clip = tmp_path / "full.mp4"
    white = "color=c=white:size=64x96:rate=30,format=gbrp"
    convert = "scale=out_color_matrix=bt709:out_range=pc,format=yuv420p"
    coding = ["-c:v", "libx264", "-preset", "ultrafast", "-qp", "4"]
    tags = ["-colorspace", "bt709", "-color_range", "pc"]
    run(["-f", "lavfi", "-i", white, "-t", "1", "-vf", convert, *coding, *tags, "-y", f"file:{clip}"])
    assert abs(int(drawn(picture_of(clip), 3).luma[40, 30]) - 235) <= 1


def test_a_clip_of_the_right_kind_is_made_anew_frame_by_frame(tmp_path: Path) -> None:
    light = normalised(numbered_clip(tmp_path / "clip.mp4"), tmp_path / "made.mp4", 60)
    assert [round(number_of(level)) for level in light] == list(range(60))


@pytest.mark.parametrize(("seconds", "frames"), [(2, 72), (2, 60), (2, 50)])
def test_a_clip_that_is_nearly_long_enough_is_stretched(tmp_path: Path, seconds: int, frames: int) -> None:
    source = numbered_clip(tmp_path / "clip.mp4", 24 * seconds, rate=24)
    numbers = [number_of(level) for level in normalised(source, tmp_path / "made.mp4", frames)]
    assert abs(numbers[-1] - (24 * seconds - 1)) < 1.3
    steps = [after - before for before, after in pairwise(numbers[:-1])]
    wanted = 24 * seconds / frames
    assert all(-0.2 <= step <= wanted + 0.75 for step in steps)
    assert abs(float(np.mean(steps)) - wanted) < 0.05


def test_a_clip_that_is_far_too_short_stays_at_its_end(tmp_path: Path) -> None:
    source = numbered_clip(tmp_path / "clip.mp4", 30)
    numbers = [number_of(level) for level in normalised(source, tmp_path / "made.mp4", 90)]
    assert abs(numbers[20] - 15) < 1  # three quarters of its speed, not a third
    assert all(abs(number - 29) < 1 for number in numbers[42:])


def test_a_clip_that_is_far_too_long_is_cut(tmp_path: Path) -> None:
    source = numbered_clip(tmp_path / "clip.mp4", 75)
    numbers = [number_of(level) for level in normalised(source, tmp_path / "made.mp4", 40)]
    assert abs(numbers[-1] - 39 * 1.25) < 1


def test_frames_on_either_side_of_a_cut_are_not_mixed(tmp_path: Path) -> None:
    source = tmp_path / "cut.mp4"
    halves = "color=black:size=64x96:rate=24:duration=1[a];color=white:size=64x96:rate=24:duration=1[b]"
    graph = f"{halves};[a][b]concat,format=yuv420p"
    run(["-filter_complex", graph, "-c:v", "libx264", "-preset", "ultrafast", "-y", f"file:{source}"])
    light = normalised(source, tmp_path / "made.mp4", 60)
    assert {16 if level < 30 else 235 if level > 220 else level for level in light} == {16, 235}


@pytest.mark.parametrize(
    ("name", "codec", "sound"),
    [
        ("clip.webm", ("-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8"), ()),
        ("clip.mp4", ("-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=error"), ()),
        ("clip.mp4", ("-c:v", "libx264", "-preset", "ultrafast"), ("-f", "lavfi", "-i", "sine", "-shortest")),
    ],
)
def test_clips_of_all_usual_kinds_become_one_kind(
    tmp_path: Path, name: str, codec: tuple[str, ...], sound: tuple[str, ...]
) -> None:
    silent = filmed_clip(tmp_path / f"silent_{name}", 1.5, codec=codec)
    source = silent
    if sound:
        source = tmp_path / name
        run(["-i", f"file:{silent}", *sound, "-c:v", "copy", "-y", f"file:{source}"])
        assert check_clip(source, name=name).has_sound
    assert len(normalised(source, tmp_path / "made.mp4", 45)) == 45


def test_the_same_clip_is_made_of_the_same_bytes(tmp_path: Path) -> None:
    source = filmed_clip(tmp_path / "clip.mp4", 1.2)
    made = [tmp_path / "one.mp4", tmp_path / "two.mp4"]
    for target in made:
        normalised(source, target, 30)
    assert made[0].read_bytes() == made[1].read_bytes()


def test_what_the_caller_raises_ends_the_work(tmp_path: Path) -> None:
    source = filmed_clip(tmp_path / "clip.mp4", 1.2)

    def stop() -> None:
        raise KeyError("stop")

    with pytest.raises(KeyError):
        normalise_clip(
            source,
            tmp_path / "made.mp4",
            name="scene 1",
            width=64,
            height=96,
            frame_rate=RATE,
            frames=30,
            on_frame=stop,
        )


def test_a_shot_shows_one_thing() -> None:
    with pytest.raises(ValueError, match=r"assets/a\.png"):
        Shot(frames=10, picture="assets/a.png", clip="assets/b.mp4")


def test_a_missing_clip_is_told_by_its_name(tmp_path: Path) -> None:
    (tmp_path / "clip.mp4").write_bytes(b"\0\0\0\x18ftypmp42" + bytes(200))
    with pytest.raises(InvalidAssets, match=r"clip\.mp4"):
        drawn(picture_of(tmp_path / "clip.mp4"), 0)
