from itertools import accumulate, product
from typing import Any

import pytest

from shared.video.captions.pages import Piece, State
from shared.video.rendering.segments import plan_segments, visible_frames
from shared.video.timeline import CaptionStyle, Cue, Figure, Play, Shot, Timeline, Transition
from tests.shared.video.scenes import shot_of, timeline_of

SHOTS = (
    shot_of(120, "wide", motion={"kind": "zoom", "zoom_to": 1.2}),
    shot_of(130, "tall", into=("crossfade", 12)),
    shot_of(100, "square"),
    shot_of(60, None, into=("dip", 10)),
)
STARTS = tuple(accumulate((shot.frames for shot in SHOTS), initial=0))[:-1]


def state(text: str, first_frame: int, end_frame: int, *, lit: bool = False) -> State:
    return State(
        lines=((Piece(text=text, lit=lit),),),
        right_to_left=False,
        first_frame=first_frame,
        end_frame=end_frame,
    )


STATES = (state("one", 10, 90), state("two", 90, 140), state("three", 140, 260), state("four", 360, 400))


def keys(timeline: Timeline, states: tuple[State, ...] = STATES) -> list[str]:
    return [segment.key for segment in plan_segments(timeline, states)]


def changed(shots: tuple[Shot, ...], states: tuple[State, ...] = STATES) -> set[tuple[int, int]]:
    """Shot and offset of the segments that are new, compared with the film of `SHOTS` and `STATES`."""
    known = set(keys(timeline_of(*SHOTS)))
    planned = plan_segments(timeline_of(*shots), states)
    return {(segment.shot, segment.offset) for segment in planned if segment.key not in known}


def all_of(number: int, shots: tuple[Shot, ...] = SHOTS) -> set[tuple[int, int]]:
    """Shot and offset of all segments of a shot."""
    planned = plan_segments(timeline_of(*shots), STATES)
    return {(segment.shot, segment.offset) for segment in planned if segment.shot == number}


def with_shot(number: int, **changes: object) -> tuple[Shot, ...]:
    return tuple(
        shot.model_copy(update=changes) if place == number else shot for place, shot in enumerate(SHOTS)
    )


@pytest.mark.parametrize("rate", ["25", "30000/1001", "24", "60", "10"])
@pytest.mark.parametrize("lengths", [(1,), (50,), (51,), (1, 1, 1), (49, 50, 51, 200), (7, 1000)])
def test_segments_tile_the_film(rate: str, lengths: tuple[int, ...]) -> None:
    timeline = timeline_of(*(shot_of(length) for length in lengths), rate=rate)
    segments = plan_segments(timeline, ())
    assert [segment.first_frame for segment in segments] == [0, *(s.end_frame for s in segments[:-1])]
    assert segments[-1].end_frame == timeline.frames
    starts = list(accumulate(lengths, initial=0))
    for segment in segments:
        assert segment.first_frame == starts[segment.shot] + segment.offset
        assert segment.offset + segment.frames <= lengths[segment.shot]
        assert 1 <= segment.frames <= max(1, round(2 * timeline.frame_rate))


def test_a_shot_is_seen_until_the_next_ones_transition_is_over() -> None:
    assert [visible_frames(timeline_of(*SHOTS), number) for number in range(4)] == [132, 130, 110, 60]


def test_the_same_film_has_the_same_keys_and_no_two_segments_share_one() -> None:
    assert keys(timeline_of(*SHOTS)) == keys(timeline_of(*SHOTS))
    assert len(set(keys(timeline_of(*SHOTS)))) == 10


@pytest.mark.parametrize("number", range(len(STATES)))
def test_changing_a_caption_changes_only_what_it_touches(number: int) -> None:
    old = STATES[number]
    new = state("changed", old.first_frame, old.end_frame)
    touched = {
        (segment.shot, segment.offset)
        for segment in plan_segments(timeline_of(*SHOTS), ())
        if segment.first_frame < old.end_frame and segment.end_frame > old.first_frame
    }
    assert changed(SHOTS, (*STATES[:number], new, *STATES[number + 1 :])) == touched
    assert 0 < len(touched) < 5


def test_a_caption_that_is_lit_or_shown_otherwise_is_another() -> None:
    for other in (state("one", 10, 90, lit=True), state("one", 11, 90), state("one", 10, 89)):
        new = changed(SHOTS, (other, *STATES[1:]))
        assert new
        assert new <= all_of(0)


def test_the_text_of_cues_is_known_by_what_it_draws() -> None:
    cue = Cue(at_frame=0, frames=10, text="not drawn", language="en", words=())
    assert keys(timeline_of(*SHOTS, cues=(cue,))) == keys(timeline_of(*SHOTS))


@pytest.mark.parametrize("number", range(len(SHOTS)))
def test_changing_a_shots_length_renders_it_and_the_transition_after_it_again(number: int) -> None:
    longer = with_shot(number, frames=SHOTS[number].frames + 3)
    until = STARTS[number] + SHOTS[number].frames
    # captions in later shots move with them; none is shown where the length changes
    states = tuple(s for s in STATES if s.end_frame <= until - 50 or s.first_frame >= until)
    moved = tuple(
        state(s.unlit[0][0].text, s.first_frame + 3, s.end_frame + 3) if s.first_frame >= until else s
        for s in states
    )
    before = set(keys(timeline_of(*SHOTS), states))
    new = {(s.shot, s.offset) for s in plan_segments(timeline_of(*longer), moved) if s.key not in before}
    own = all_of(number, longer)
    follows = number + 1 < len(SHOTS) and SHOTS[number + 1].transition.frames > 0
    assert new == own | ({(number + 1, 0)} if follows else set())


def test_a_key_hangs_on_the_pictures_hash_and_not_on_its_name() -> None:
    assert changed(with_shot(1, picture="assets/renamed.png")) == set()
    assert changed(with_shot(1, picture_hash="another")) == all_of(1)


@pytest.mark.parametrize("change", [{"fit": "blur"}, {"effect": "old_film"}, {"colour": "#123456"}])
def test_what_a_shot_shows_is_also_in_the_transition_out_of_it(change: dict[str, object]) -> None:
    assert changed(with_shot(0, **change)) == all_of(0) | {(1, 0)}


def test_a_transition_of_another_kind_renders_its_own_segment_again() -> None:
    assert changed(with_shot(1, transition=Transition(kind="slide", frames=12))) == {(1, 0)}


def figure(levels: str, **more: Any) -> Figure:
    return Figure(
        **{"picture": "p", "picture_hash": "p", "x": 0.9, "y": 0.8, "diameter": 0.2, **more}, levels=levels
    )


def with_figure(levels: str, **more: Any) -> list[str]:
    return keys(timeline_of(*SHOTS, figure=figure(levels, **more)))


def test_a_figure_changes_every_segment_and_its_levels_only_those_that_show_them() -> None:
    plain, quiet, loud = keys(timeline_of(*SHOTS)), with_figure("0" * 410), with_figure("0" * 130 + "9" * 10)
    assert not set(plain) & set(quiet)
    touched = [a != b for a, b in zip(quiet, loud, strict=True)]
    shown = [s.first_frame < 140 and s.end_frame > 130 for s in plan_segments(timeline_of(*SHOTS), STATES)]
    assert touched == shown
    assert with_figure("") == quiet
    assert with_figure("", picture="renamed") == quiet
    assert not set(with_figure("", picture_hash="another")) & set(quiet)


def test_a_clip_is_in_the_keys_by_the_frames_that_are_seen() -> None:
    clip = {"picture": None, "picture_hash": "", "clip": "c", "clip_hash": "c", "clip_frames": 50}
    once, again, longer = (
        with_figure("", **clip, plays=(Play(at_frame=0, frames=20), *more))
        for more in ((), (Play(at_frame=300, frames=20),), (Play(at_frame=300, frames=30),))
    )
    places = [(s.first_frame, s.end_frame) for s in plan_segments(timeline_of(*SHOTS), STATES)]
    moved = [first < 319 and end > 300 for first, end in places]  # then it is where it was
    assert [a != b for a, b in zip(once, again, strict=True)] == moved
    assert [a != b for a, b in zip(again, longer, strict=True)] == [end > 320 for _, end in places]


def test_frame_engine_and_look_are_in_every_key_they_matter_to() -> None:
    plain = keys(timeline_of(*SHOTS))
    for other in (
        timeline_of(*SHOTS, size=(362, 640)),
        timeline_of(*SHOTS, rate="25025/1001", engine="moviepy"),
        timeline_of(*SHOTS, rate="24999/1000"),
    ):
        assert not set(keys(other)) & set(plain)
    styled = keys(timeline_of(*SHOTS, caption_style=CaptionStyle(colour="#ff0000")))
    planned = plan_segments(timeline_of(*SHOTS), STATES)
    captioned = [
        any(s.first_frame < g.end_frame and s.end_frame > g.first_frame for s in STATES) for g in planned
    ]
    assert [a != b for a, b in zip(plain, styled, strict=True)] == captioned
    assert set(captioned) == {True, False}


def test_a_segment_that_repeats_is_rendered_once() -> None:
    """Two still shots of the same picture, as long as each other, are the same segment."""
    twice = keys(timeline_of(shot_of(30, "wide"), shot_of(30, "tall"), shot_of(30, "wide")), ())
    assert [a == b for a, b in product(twice[:1], twice)] == [True, False, True]
