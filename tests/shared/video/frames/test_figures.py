"""A figure: round, in a ring that follows the voice, over everything but captions."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from shared.errors import BadRequest
from shared.video.colour import to_planes
from shared.video.frames.figures import Rings
from shared.video.frames.frames import Frame
from shared.video.rendering.engines import native_drawer
from shared.video.rendering.moviepy_engine import moviepy_drawer
from shared.video.rendering.segments import plan_segments
from shared.video.rendering.shots import Shots, TimedCaption
from shared.video.timeline import Figure, Letters, Overlay, Play, Shot, Timeline
from tests.shared.video.clip_makers import number_of, numbered_clip
from tests.shared.video.scenes import caption_bitmap, drawers, drawn, load, shot_of, timeline_of

SIZE = (400, 240)
RED, GREY = "#D02010", "#808080"
GREY_LUMA = int(to_planes(np.full((2, 2, 3), 128, np.uint8))[0][0, 0])
SIDE = 96
"""Of the figure's picture, in pixels."""


def figure(levels: str = "", **more: Any) -> Figure:
    look = {"picture": "square", "picture_hash": "p", "x": 0.75, "y": 0.5, "diameter": SIDE / 240}
    return Figure(**{**look, "ring": RED, "levels": levels, **more})


def film(*levels: str, frames: int = 8, **more: Any) -> Timeline:
    return timeline_of(shot_of(frames, None, colour=GREY), size=SIZE, figure=figure("".join(levels)), **more)


def row(frame: Frame) -> list[int]:
    """The luma of the figure's middle row, from the figure's middle to the right."""
    return [int(level) for level in frame.luma[120, 300:]]


def changed(one: Frame, two: Frame) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of the pixels that differ."""
    rows, columns = np.nonzero(one.luma != two.luma)
    return int(columns.min()), int(rows.min()), int(columns.max()) + 1, int(rows.max()) + 1


def test_the_ring_and_its_glow_grow_with_the_voice() -> None:
    frames = drawn(native_drawer, film("07f"))
    widths = [sum(level < GREY_LUMA - 4 for level in row(frame)[SIDE // 2 + 4 :]) for frame in frames[:3]]
    assert widths == sorted(set(widths))
    assert widths[2] > widths[0] + 4


def test_nothing_changes_outside_of_the_ring_and_its_glow() -> None:
    bare = drawn(native_drawer, film().model_copy(update={"figure": None}))[0]
    left, top, right, bottom = changed(bare, drawn(native_drawer, film("f"))[0])
    assert 300 - 0.7 * SIDE < left < 300 - 0.5 * SIDE
    assert 300 + 0.5 * SIDE < right < 300 + 0.7 * SIDE
    assert top > 120 - 0.7 * SIDE
    assert bottom < 120 + 0.7 * SIDE


def test_the_picture_is_round_and_its_edge_is_smooth() -> None:
    timeline = timeline_of(
        shot_of(1, None, colour="#000000"), size=SIZE, figure=figure(ring="#000000", edge="#000000")
    )
    shots = Shots(timeline, lambda _: np.full((50, 50, 3), 255, np.uint8))
    frame = Frame.blank(*SIZE)
    native_drawer(shots, plan_segments(timeline, ())[0], ())(0, frame)
    part = (frame.luma.astype(float) - 16) / 219
    assert part.sum() == pytest.approx(np.pi * (SIDE / 2) ** 2, rel=0.002)
    assert len(np.unique(frame.luma)) > 20


def test_a_figure_at_the_frames_edge_stays_whole() -> None:
    timeline = film().model_copy(update={"figure": figure(x=1, y=1)})
    rings = Rings(figure(x=1, y=1), timeline)
    assert (rings.left + SIDE, rings.top + SIDE) == SIZE
    assert (rings.columns.stop, rings.rows.stop) == SIZE
    assert len(drawn(native_drawer, timeline)) == 8


def test_the_figure_stands_still_while_shots_change_below_it() -> None:
    shots = shot_of(3, "wide"), shot_of(6, "tall", into=("slide", 5))
    timeline = timeline_of(*shots, size=SIZE, figure=figure("4" * 9))
    inside = [frame.luma[90:150, 270:330] for frame in drawn(native_drawer, timeline)]
    assert all(np.array_equal(inside[0], other) for other in inside)


def test_captions_are_drawn_over_the_figure() -> None:
    caption = TimedCaption(first_frame=0, end_frame=8, bitmap=caption_bitmap(220, 40, x=180, y=100))
    plain, captioned = (drawn(native_drawer, film("9"), shown)[0] for shown in ((), (caption,)))
    assert not np.array_equal(plain.luma[100:140, 270:330], captioned.luma[100:140, 270:330])
    white = captioned.luma[100:140, 180:400].max()
    assert white == 235


WORDS = Overlay(
    text="words",
    at_frame=4,
    frames=20,
    letters=Letters(family="Fira Sans", size_px=40),
    coming="rise",
    coming_frames=4,
    going_frames=3,
)
ZOOM, PAN = {"kind": "zoom", "zoom_to": 1.1}, {"kind": "pan", "zoom_from": 1.2, "focus_x": 1}
SCENES: dict[str, tuple[tuple[Shot, ...], tuple[Overlay, ...]]] = {
    "stills": ((shot_of(12, "wide"), shot_of(18, "tall", into=("crossfade", 4))), ()),
    "a zoom": ((shot_of(30, "wide", motion=ZOOM),), ()),
    "a colour, then a pan": (
        (shot_of(10, None, colour=GREY), shot_of(20, "tall", into=("dip", 6), motion=PAN)),
        (),
    ),
    "words over a still": ((shot_of(30, "wide"),), (WORDS,)),
}
OVER = TimedCaption(first_frame=3, end_frame=22, bitmap=caption_bitmap(220, 40, x=180, y=100))
CAPTIONS = {
    "none": (),
    "over the figure": (OVER,),
    "beside it": (
        TimedCaption(first_frame=3, end_frame=11, bitmap=caption_bitmap(150, 40, x=10, y=10)),
        TimedCaption(first_frame=11, end_frame=22, bitmap=caption_bitmap(150, 60, x=10, y=30)),
    ),
}  # fmt: skip


@pytest.mark.parametrize("voice", [None, "", "0003333300999fffaaa7777700011"])
@pytest.mark.parametrize("captions", CAPTIONS)
@pytest.mark.parametrize("scene", SCENES)
def test_a_frame_that_is_kept_looks_as_if_it_was_drawn_again(
    scene: str, captions: str, voice: str | None
) -> None:
    """Encoding draws all frames of a segment into the same memory; here each also gets memory of its own."""
    timeline = scene_of(scene, None if voice is None else figure(voice))
    alone = drawn(native_drawer, timeline, CAPTIONS[captions])
    into = Frame.blank(*SIZE)
    for first, count, draw in drawers(native_drawer, timeline, CAPTIONS[captions]):
        for number in range(count):
            draw(number, into)
            assert np.array_equal(into.luma, alone[first + number].luma), first + number
            assert np.array_equal(into.chroma, alone[first + number].chroma), first + number


def scene_of(name: str, shown: Figure | None) -> Timeline:
    shots, overlays = SCENES[name]
    return timeline_of(*shots, size=SIZE, overlays=overlays, figure=shown)


def test_what_does_not_change_is_not_drawn_again() -> None:
    timeline = timeline_of(shot_of(20, "wide"), size=SIZE, figure=figure("0" * 10 + "5" * 10))
    _, _, draw = next(drawers(native_drawer, timeline))
    into = Frame.blank(*SIZE)
    draw(0, into)
    into.luma[...] = 77
    draw(1, into)
    assert (into.luma == 77).all()
    draw(10, into)
    beside, below = into.luma[:, :220], into.luma[100:140, 280:320]
    assert (beside == 77).all()
    assert (below != 77).any()


def test_a_clip_plays_when_it_is_told_to_and_starts_again_at_its_end(tmp_path: Path) -> None:
    clip = numbered_clip(tmp_path / "clip.mp4", 20, size=(SIDE, SIDE), rate=25)
    plays = (Play(at_frame=2, frames=5), Play(at_frame=10, frames=8, clip_from=15))
    shown = figure(picture=None, picture_hash="", clip="clip", clip_hash="c", clip_frames=20, plays=plays)
    timeline = film(frames=120).model_copy(update={"figure": shown})
    shots = Shots(timeline, load, clip=lambda _: clip)
    seen = []
    for segment in plan_segments(timeline, ()):
        draw, into = native_drawer(shots, segment, ()), Frame.blank(*SIZE)
        for number in range(segment.frames):
            draw(number, into)
            seen.append(round(number_of(float(into.luma[110:130, 290:310].mean()))))
    assert seen[:20] == [0, 0, 0, 1, 2, 3, 4, 4, 4, 4, 15, 16, 17, 18, 19, 0, 1, 2, 2, 2]
    assert set(seen[20:]) == {2}


def test_moviepy_refuses_a_figure() -> None:
    with pytest.raises(BadRequest, match="a figure is not drawn"):
        drawn(moviepy_drawer, film("0"))


@pytest.mark.parametrize("shows", [{"picture": None}, {"clip": "clip"}])
def test_a_figure_shows_one_thing(shows: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="either a picture or a clip"):
        figure(**shows)


def test_a_film_without_a_figure_is_written_as_before() -> None:
    plain = timeline_of(shot_of(5))
    assert "figure" not in plain.model_dump(mode="json")
    written = film("07f").model_dump_json()
    assert Timeline.model_validate_json(written) == film("07f")
