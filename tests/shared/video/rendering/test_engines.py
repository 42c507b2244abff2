"""One picture for every engine: each behaviour is asked of all, and their frames are compared."""

from collections.abc import Sequence
from itertools import pairwise
from typing import get_args

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from shared.errors import BadRequest, UnknownName
from shared.video.colour import to_planes
from shared.video.frames.frames import Frame
from shared.video.frames.motion import ease
from shared.video.rendering.engines import Engine, engine_named, native_drawer
from shared.video.rendering.moviepy_engine import moviepy_drawer
from shared.video.rendering.segments import plan_segments
from shared.video.rendering.shots import Shots, TimedCaption
from shared.video.timeline import Shot, Timeline
from tests.shared.video.scenes import Plane, caption_bitmap, drawn, load, shot_of, timeline_of

ENGINES: dict[str, Engine] = {"native": native_drawer, "moviepy": moviepy_drawer}
Levels = Sequence[float] | NDArray[np.generic]
SIZES = {"portrait": ((360, 640), "25"), "landscape": ((640, 360), "30000/1001")}
RED, BLUE = "#d02010", "#1030c0"

FLAT_ZOOM = {"kind": "zoom", "zoom_from": 1.1, "zoom_to": 1.1, "focus_y": 1}
PAN = {"kind": "pan", "zoom_from": 1.2, "focus_x": 1, "focus_y": 0}
STORY = (
    shot_of(6, "wide", motion={"kind": "zoom", "zoom_to": 1.15, "focus_x": 0.3, "focus_y": 0.4}),
    shot_of(6, "tall", into=("crossfade", 4), motion={"kind": "zoom", "zoom_from": 1.2, "focus_x": 0.7}),
    shot_of(7, "square", into=("dip", 4), motion=PAN),
    shot_of(7, "wide", into=("slide", 5), fit="blur"),
    shot_of(6, None, into=("dip", 5), colour="#cc3311"),
    shot_of(5, "tall", into=("crossfade", 5), fit="blur", motion={"kind": "pan", "zoom_from": 1.1}),
    shot_of(5, "square", into=("dip", 1), motion=FLAT_ZOOM),
    shot_of(5, "wide", motion={"kind": "zoom", "zoom_to": 2, "focus_x": 0, "focus_y": 1}),
    shot_of(4, "wide", into=("slide", 4), anchor_x=0.9),
    shot_of(4, "tall", anchor_y=0.1, motion={"kind": "zoom", "zoom_to": 1.1}),
)
CAPTIONS = (
    TimedCaption(first_frame=3, end_frame=10, bitmap=caption_bitmap(220, 60, x=40, y=200)),
    TimedCaption(first_frame=10, end_frame=30, bitmap=caption_bitmap(240, 40, x=20, y=300)),
)


@pytest.fixture(params=["native", pytest.param("moviepy", marks=pytest.mark.moviepy)])
def engine(request: pytest.FixtureRequest) -> Engine:
    return ENGINES[request.param]


def ssim(one: Plane, two: Plane) -> float:
    """Structural similarity of two luma planes, of Wang et al., IEEE Trans. Image Processing 13 (2004)."""
    a, b = one.astype(np.float64), two.astype(np.float64)

    def around(values: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(cv2.GaussianBlur(values, (11, 11), 1.5), np.float64)[5:-5, 5:-5]

    mean_a, mean_b = around(a), around(b)
    spread_a, spread_b = around(a * a) - mean_a**2, around(b * b) - mean_b**2
    together = around(a * b) - mean_a * mean_b
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    over = (2 * mean_a * mean_b + c1) * (2 * together + c2)
    under = (mean_a**2 + mean_b**2 + c1) * (spread_a + spread_b + c2)
    return float((over / under).mean())


def colour(rgb: str) -> tuple[int, ...]:
    """Y, Cb and Cr of a colour."""
    luma, chroma = to_planes(np.full((2, 2, 3), tuple(bytes.fromhex(rgb[1:])), np.uint8))
    return int(luma[0, 0]), int(chroma[0, 0, 0]), int(chroma[0, 0, 1])


def middle(frame: Frame, *, at: float = 0.5) -> tuple[int, ...]:
    """Y, Cb and Cr in the middle row, at a part of the width."""
    y, x = frame.luma.shape[0] // 2, int(frame.luma.shape[1] * at)
    return int(frame.luma[y, x]), *(int(level) for level in frame.chroma[y // 2, x // 2])


def near(one: Levels, two: Levels, tolerance: float = 1.5) -> bool:
    return bool(np.abs(np.subtract(one, two)).max() <= tolerance)


def two_colours(kind: str, frames: int) -> Timeline:
    shots = shot_of(4, None, colour=RED), shot_of(9, None, colour=BLUE, into=(kind, frames))
    return timeline_of(*shots, size=(64, 96))


def test_every_engine_that_a_timeline_can_name_is_tested() -> None:
    names = get_args(Timeline.model_fields["engine"].annotation)
    assert {name: engine_named(name) for name in names} == ENGINES


@pytest.mark.moviepy
@pytest.mark.parametrize("size", SIZES)
def test_engines_draw_the_same_picture(size: str) -> None:
    (width, height), rate = SIZES[size]
    timeline = timeline_of(*STORY, size=(width, height), rate=rate)
    one, two = (drawn(engine, timeline, CAPTIONS) for engine in ENGINES.values())
    assert len(one) == len(two) == timeline.frames
    likeness = [ssim(a.luma, b.luma) for a, b in zip(one, two, strict=True)]
    assert min(likeness) > 0.99, likeness
    off = [np.abs(a.chroma.astype(int) - b.chroma).mean() for a, b in zip(one, two, strict=True)]
    assert max(off) < 2, off


@pytest.mark.moviepy
@pytest.mark.parametrize("zooms", [(1, 1.05), (1.08, 1), (1, 1.13), (1.5, 1.2)])
def test_engines_agree_on_every_frame_of_a_zoom(zooms: tuple[float, float]) -> None:
    motion = {"kind": "zoom", "zoom_from": zooms[0], "zoom_to": zooms[1], "focus_x": 0.37, "focus_y": 0.6}
    timeline = timeline_of(shot_of(40, "tall", motion=motion), size=(202, 362))
    one, two = (drawn(engine, timeline) for engine in ENGINES.values())
    assert min(ssim(a.luma, b.luma) for a, b in zip(one, two, strict=True)) > 0.995


def test_likeness_tells_a_picture_from_the_same_one_a_pixel_further() -> None:
    luma, _ = to_planes(load("wide"))
    assert ssim(luma, luma) == pytest.approx(1)
    assert ssim(luma[:, 1:], luma[:, :-1]) < 0.95


def test_a_crossfade_never_repeats_a_pure_frame(engine: Engine) -> None:
    frames = drawn(engine, two_colours("crossfade", 4))
    one, two = np.array(colour(RED)), np.array(colour(BLUE))
    for number, frame in enumerate(frames):
        part = min(max((number - 3) / 5, 0), 1)
        assert near(middle(frame), (1 - part) * one + part * two), number


@pytest.mark.parametrize("length", [1, 2, 5, 6])
def test_a_dip_is_light_dark_light(engine: Engine, length: int) -> None:
    frames = drawn(engine, two_colours("dip", length))
    one, two, black = np.array(colour(RED)), np.array(colour(BLUE)), np.array([16, 128, 128])
    for number, frame in enumerate(frames):
        part = min(max((number - 3) / (length + 1), 0), 1)
        source, light = (one, 1 - 2 * part) if part < 0.5 else (two, 2 * part - 1)
        assert near(middle(frame), light * source + (1 - light) * black), number
    assert (length % 2 == 0) or middle(frames[4 + length // 2]) == (16, 128, 128)


def test_a_slide_pushes_the_old_picture_out(engine: Engine) -> None:
    frames = drawn(engine, two_colours("slide", 6))
    for at in range(6):
        edge = 64 - 2 * round(64 * ease((at + 1) / 7) / 2)
        luma = frames[4 + at].luma[40].astype(int)
        assert near(luma[:edge], [colour(RED)[0]] * edge, 1)
        assert near(luma[edge:], [colour(BLUE)[0]] * (64 - edge), 1)
    assert near(middle(frames[10], at=0), colour(BLUE))


def test_a_cut_is_at_its_frame(engine: Engine) -> None:
    for rate in ("25", "30000/1001", "24000/1001", "60"):
        shots = [shot_of(3, None, colour=(RED, BLUE)[number % 2]) for number in range(40)]
        frames = drawn(engine, timeline_of(*shots, size=(64, 64), rate=rate))
        seen = [near(middle(frame), colour(BLUE)) for frame in frames]
        assert seen == [number // 3 % 2 == 1 for number in range(120)]


def test_a_caption_is_on_its_frames_only(engine: Engine) -> None:
    bitmap = caption_bitmap(48, 40, x=8, y=20)
    bitmap.rgba[...] = (250, 250, 250, 255)
    timeline = timeline_of(shot_of(60, None, colour=RED), size=(64, 96), rate="30000/1001")
    frames = drawn(engine, timeline, (TimedCaption(first_frame=17, end_frame=41, bitmap=bitmap),))
    white = [colour("#fafafa") == (int(f.luma[30, 30]), *map(int, f.chroma[15, 15])) for f in frames]
    assert white == [17 <= number < 41 for number in range(60)]
    assert all(near((int(frame.luma[5, 5]),), colour(RED)[:1], 0) for frame in frames)


def test_a_caption_covers_by_its_alpha(engine: Engine) -> None:
    bitmap = caption_bitmap(64, 40)
    levels = np.arange(64, dtype=np.uint8) * 4
    bitmap.rgba[...] = np.dstack([levels, levels // 2, levels // 4, levels])
    timeline = timeline_of(shot_of(1, None, colour=BLUE), size=(64, 64))
    (frame,) = drawn(engine, timeline, (TimedCaption(first_frame=0, end_frame=1, bitmap=bitmap),))
    under, over = colour(BLUE)[0], colour("#ff7f3f")[0]
    wanted = [under + (over - under) * int(level) / 255 for level in levels]
    assert near(frame.luma[20].astype(float), wanted, 2)


def test_frames_can_be_drawn_in_any_order(engine: Engine) -> None:
    timeline = timeline_of(*STORY[:3], size=(128, 96))
    segment = plan_segments(timeline, ())[1]
    caption = TimedCaption(first_frame=7, end_frame=9, bitmap=caption_bitmap(80, 40, x=8, y=40))
    draw = engine(Shots(timeline, load), segment, (caption,))
    one, two = ([Frame.blank(128, 96) for _ in range(segment.frames)] for _ in range(2))
    for number in range(segment.frames):
        draw(number, one[number])
    for number in reversed(range(segment.frames)):
        draw(number, two[number])
    assert all(np.array_equal(a.luma, b.luma) for a, b in zip(one, two, strict=True))


def test_a_segment_from_the_middle_of_a_shot_goes_on_where_the_one_before_ended(engine: Engine) -> None:
    motion = {"kind": "zoom", "zoom_to": 1.3}
    shots = shot_of(12, "square"), shot_of(125, "wide", into=("crossfade", 10), motion=motion)
    timeline = timeline_of(*shots, size=(96, 96))
    shown = Shots(timeline, load)
    ends = []
    for segment in plan_segments(timeline, ())[1:]:
        draw = engine(shown, segment, ())
        for number in (0, segment.frames - 1):
            ends.append(Frame.blank(96, 96))
            draw(number, ends[-1])
    steps = [np.abs(a.luma.astype(int) - b.luma).mean() for a, b in pairwise(ends)]
    across, within = steps[1::2], steps[::2]
    assert len(across) == 2
    assert max(across) < min(within) / 3, steps


@pytest.mark.moviepy
def test_an_effect_is_written_in_python_and_drawn_there() -> None:
    plain = shot_of(3, "wide", motion={"kind": "zoom", "zoom_to": 1.2})
    aged = plain.model_copy(update={"effect": "old_film"})
    one, two = (drawn(moviepy_drawer, timeline_of(shot, size=(128, 96))) for shot in (plain, aged))
    assert all(np.abs(a.chroma.astype(int) - b.chroma).max() > 10 for a, b in zip(one, two, strict=True))
    with pytest.raises(BadRequest) as caught:
        drawn(native_drawer, timeline_of(aged, size=(128, 96)))
    assert "'old_film'" in caught.value.problems[0]


@pytest.mark.moviepy
def test_an_effect_changes_its_own_shot_only() -> None:
    shots: list[Shot] = [shot_of(4, "wide"), shot_of(8, "square", into=("crossfade", 2)), shot_of(4, "tall")]
    aged = [shots[0].model_copy(update={"effect": "old_film"}), *shots[1:]]
    one, two = (drawn(moviepy_drawer, timeline_of(*some, size=(128, 96))) for some in (shots, aged))
    same = [np.array_equal(a.luma, b.luma) for a, b in zip(one, two, strict=True)]
    assert same == [False] * 6 + [True] * 10


@pytest.mark.moviepy
def test_an_unknown_effect_is_named_before_anything_is_drawn() -> None:
    timeline = timeline_of(shot_of(3, "wide", effect="new_film"), size=(128, 96))
    (segment,) = plan_segments(timeline, ())
    with pytest.raises(UnknownName) as caught:
        moviepy_drawer(Shots(timeline, load), segment, ())
    assert caught.value.args[:2] == ("effect", "new_film")
    assert "old_film" in caught.value.args[2]
