"""Words over the picture: where they are, how they come and go, and which segments they are part of."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from shared.errors import BadRequest
from shared.video.frames.words import AT_REST, Words, moment_of
from shared.video.lettering.letters import Lettering
from shared.video.rendering.engines import native_drawer
from shared.video.rendering.moviepy_engine import moviepy_drawer
from shared.video.rendering.segments import plan_segments
from shared.video.timeline import Letters, Overlay, Timeline
from tests.shared.video.clip_makers import numbered_clip
from tests.shared.video.scenes import drawn, shot_of, timeline_of

SIZE = (360, 640)
BLACK = shot_of(120, None, colour="#000000")


def overlay(text: str = "Premium Watch", **more: Any) -> Overlay:
    letters = Letters(family="Montserrat", weight=900, size_px=30, **more.pop("letters", {}))
    facts = {"at_frame": 10, "frames": 40, "coming_frames": 8, "going_frames": 5, **more}
    return Overlay(text=text, letters=letters, **facts)


def film(*overlays: Overlay, frames: int = 60) -> Timeline:
    return timeline_of(shot_of(frames, None, colour="#000000"), size=SIZE, overlays=overlays, language="en")


def light(timeline: Timeline) -> NDArray[np.float64]:
    """Mean luma above black of each frame."""
    return np.array([frame.luma.mean() - 16 for frame in drawn(native_drawer, timeline)])


def ink(frame: NDArray[np.uint8]) -> tuple[slice, slice]:
    """Rows and columns that are not black."""
    rows, columns = np.flatnonzero((frame > 40).any(axis=1)), np.flatnonzero((frame > 40).any(axis=0))
    return slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)


def test_words_are_seen_in_their_frames_and_no_others() -> None:
    seen = light(film(overlay(coming="cut", coming_frames=0, going_frames=0))) > 0.5
    assert np.flatnonzero(seen).tolist() == list(range(10, 50))


@pytest.mark.parametrize("place", [0.0, 0.2, 0.5, 0.71, 1.0])
def test_words_are_centred_where_they_belong_and_never_cut(place: float) -> None:
    frame = drawn(native_drawer, film(overlay("HIH", coming="cut", place=place)))[30].luma
    rows, columns = ink(frame)
    assert abs((columns.start + columns.stop) / 2 - SIZE[0] / 2) <= 3
    wanted = min(max(place * SIZE[1], 12), SIZE[1] - 12)
    assert abs((rows.start + rows.stop) / 2 - wanted) <= 12
    assert rows.start >= 0
    assert rows.stop - rows.start >= 15
    assert rows.stop <= SIZE[1]


@pytest.mark.parametrize("coming", ["fade", "rise", "slide", "pop"])
def test_words_come_in_without_a_jump_and_rest(coming: str) -> None:
    seen = light(film(overlay(coming=coming)))
    rest = seen[25]
    assert seen[9] == 0
    assert 0 < seen[10] < 0.5 * rest
    assert np.allclose(seen[18:45], rest)
    assert float(np.abs(np.diff(seen[9:19])).max()) < 0.6 * rest


def test_words_fade_out_at_the_end() -> None:
    seen = light(film(overlay()))
    assert (np.diff(seen[44:51]) < 0).all()
    assert seen[50] == 0


@pytest.mark.parametrize(("coming", "axis"), [("rise", 0), ("slide", 1)])
def test_words_move_towards_their_place_ever_slower(coming: str, axis: int) -> None:
    frames = drawn(native_drawer, film(overlay("HIH", coming=coming, coming_frames=12)))
    starts = [ink(np.asarray(frame.luma * np.uint8(1)))[axis].start for frame in frames[13:24]]
    steps = np.abs(np.diff(starts))
    assert starts[-1] == ink(frames[30].luma)[axis].start
    assert steps[:3].sum() >= steps[-3:].sum()
    assert steps.sum() >= 2


def test_a_pop_goes_a_little_beyond_its_size() -> None:
    scales = [
        moment.scale
        for frame in range(10, 19)
        if (moment := moment_of(overlay(coming="pop"), frame, *SIZE)) is not None
    ]
    assert scales[0] < 0.95
    assert 1.02 < max(scales) < 1.15
    assert scales[-1] == 1


def test_words_at_rest_are_drawn_as_they_were_made() -> None:
    """To the pixel: nothing is resampled while they stand still."""
    rgba = np.zeros((20, 40, 4), np.uint8)
    rgba[5:15, 10:30] = (255, 255, 255, 255)
    words = Words(
        overlay(coming="cut"),
        film(),
        Lettering(rgba=rgba, size_px=10, lines=("x",), body=(10, 5, 30, 15), warnings=()),
    )
    frame = drawn(native_drawer, film(frames=1))[0]
    words.draw(30, frame)
    rows, columns = ink(frame.luma)
    assert (rows, columns) == (slice(315, 325), slice(170, 190))
    assert set(np.unique(frame.luma)) == {16, 235}


def test_words_that_no_font_can_draw_leave_the_picture_alone() -> None:
    nothing = Lettering(
        rgba=np.zeros((0, 0, 4), np.uint8), size_px=0, lines=(), body=(0, 0, 0, 0), warnings=("no font",)
    )
    frame = drawn(native_drawer, film(frames=1))[0]
    Words(overlay(coming="cut"), film(), nothing).draw(30, frame)
    assert frame.luma.max() == 16


def test_later_words_lie_over_earlier_ones() -> None:
    white, black = {"colour": "#FFFFFF"}, {"colour": "#000000"}
    one, two = (
        drawn(native_drawer, film(*(overlay("HIH", coming="cut", letters=look) for look in looks)))[30]
        for looks in ((white, black), (black, white))
    )
    assert one.luma.max() < 120
    assert two.luma.max() == 235


def test_at_rest_means_at_rest() -> None:
    assert moment_of(overlay(), 30, *SIZE) == AT_REST
    assert moment_of(overlay(), 9, *SIZE) is None
    assert moment_of(overlay(), 50, *SIZE) is None


def keys(timeline: Timeline) -> list[str]:
    return [segment.key for segment in plan_segments(timeline, ())]


def changed(one: Timeline, two: Timeline) -> list[int]:
    return [n for n, pair in enumerate(zip(keys(one), keys(two), strict=True)) if pair[0] != pair[1]]


def test_words_change_the_segments_that_show_them_and_no_others() -> None:
    plain, other = film(frames=250), overlay(at_frame=60, frames=50)
    assert changed(plain, film(other, frames=250)) == [1, 2]
    for edit in ({"text": "Other"}, {"place": 0.4}, {"frames": 51}, {"coming": "pop"}):
        edited = other.model_copy(update=edit)
        assert changed(film(other, frames=250), film(edited, frames=250)) == [1, 2]


def test_a_film_without_words_or_clips_is_written_as_ever() -> None:
    written = film().model_dump(mode="json")
    assert "overlays" not in written
    assert not {"clip", "clip_hash", "clip_from"} & set(written["shots"][0])
    told = film(overlay()).model_copy(update={"shots": (shot_of(60, None, clip="a.mp4", clip_from=3),)})
    assert Timeline.model_validate_json(told.model_dump_json()) == told


def test_a_segment_of_a_clip_hangs_on_its_content_and_place_and_not_on_its_name() -> None:
    def clip(**facts: object) -> Timeline:
        return timeline_of(shot_of(60, None, **{"clip": "a.mp4", "clip_hash": "one", **facts}), size=SIZE)

    assert keys(clip()) == keys(clip(clip="b.mp4"))
    assert not set(keys(clip())) & set(keys(clip(clip_hash="two")))
    assert not set(keys(clip())) & set(keys(clip(clip_from=7)))


@pytest.mark.parametrize(
    "timeline",
    [film(overlay()), timeline_of(shot_of(60, None, clip="a.mp4"), size=SIZE)],
    ids=["words", "clip"],
)
def test_the_moviepy_engine_says_that_native_draws_it(timeline: Timeline) -> None:
    with pytest.raises(BadRequest, match="native"):
        drawn(moviepy_drawer, timeline)


def test_a_film_whose_clips_are_not_at_hand_is_refused() -> None:
    with pytest.raises(BadRequest, match=r"a\.mp4"):
        drawn(native_drawer, timeline_of(shot_of(60, None, clip="a.mp4"), size=SIZE))


def test_clips_go_through_transitions_and_over_each_other(tmp_path: Path) -> None:
    from shared.video.frames.frames import Frame
    from shared.video.rendering.shots import Shots

    clip = numbered_clip(tmp_path / "clip.mp4", 60)
    shots = (
        shot_of(20, None, clip="clip", clip_hash="x"),
        shot_of(20, None, clip="clip", clip_hash="x", clip_from=30, into=("crossfade", 9)),
    )
    timeline = timeline_of(*shots, size=(64, 96), rate="30")
    store = Shots(timeline, lambda _: np.zeros((2, 2, 3), np.uint8), clip=lambda _: clip)
    levels = []
    for segment in plan_segments(timeline, ()):
        draw = native_drawer(store, segment, ())
        for number in range(segment.frames):
            into = Frame.blank(64, 96)
            draw(number, into)
            levels.append(round((float(into.luma.mean()) - 20) / 3, 1))
    assert levels[:20] == list(range(20))
    assert abs(levels[24] - (24 + 34) / 2) < 1
    assert levels[29:] == list(range(39, 50))
