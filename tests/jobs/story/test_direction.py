"""From narrated parts to a timeline that holds: nothing overlaps, everything adds up."""

from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.story.direction import Look, NarratedPart, direct
from jobs.story.input.options import StoryOptions
from shared.stages.narration import Caption, Narrated, pace_for_reading
from shared.text.language import words_of
from shared.video.captions.pages import caption_states
from shared.video.rendering.segments import plan_segments
from shared.video.timeline import Timeline, Word

RATES = [
    Fraction(10),
    Fraction(12),
    Fraction(24),
    Fraction(25),
    Fraction(30),
    Fraction(60),
    Fraction(30000, 1001),
]


def look(*, width: int = 160, height: int = 284, music: str | None = None, **options: Any) -> Look:
    return Look(
        options=StoryOptions(**options), width=width, height=height, language="en", fonts=(), music=music
    )


def narrated(duration_ms: int, text: str = "A boat set out.", *, spoken: bool = True) -> Narrated:
    words = tuple(Word(start=start, end=end, start_ms=0, end_ms=duration_ms) for start, end in words_of(text))
    return Narrated(
        caption=Caption(name="assets/1/1.txt", text=text, language="en"),
        duration_ms=duration_ms,
        words=words,
        speech="cache/speech/a.wav" if spoken else None,
    )


def part(*durations_ms: int, number: int = 1, size: tuple[int, int] = (160, 284)) -> NarratedPart:
    return NarratedPart(
        picture=f"assets/{number}/image.png",
        picture_hash=f"{number:064}",
        picture_size=size,
        captions=tuple(map(narrated, durations_ms)),
    )


def test_a_film_of_pictures_without_subjects_says_nothing_of_anchors() -> None:
    timeline = direct([part(2000, size=(3, 4)), part(2000, size=(16, 9))], look(width=1080, height=1920))
    shots = [shot.model_dump() for shot in timeline.shots]
    assert [shot["fit"] for shot in shots] == ["cover", "blur"]
    assert not any("anchor_x" in shot or "anchor_y" in shot for shot in shots)
    assert shots[0]["motion"] == {
        "kind": "zoom",
        "zoom_from": 1.0,
        "zoom_to": 1.06,
        "focus_x": 0.5,
        "focus_y": 0.44,
    }


def test_a_part_decides_for_itself_how_its_picture_fills_the_frame() -> None:
    parts = [replace(part(2000, size=(3, 4)), number=number) for number in (1, 2, 3)]
    own = {"2": {"fit": "contain"}, "3": {"focus": [1, 0.5], "fit": "auto"}}
    shots = direct(parts, look(width=1080, height=1920, fit="cover", parts=own)).shots
    assert [(shot.fit, shot.anchor_x) for shot in shots] == [("cover", 0.5), ("blur", 0.5), ("cover", 1.0)]


def check(timeline: Timeline) -> None:
    """What holds for every film."""
    starts = [sum(shot.frames for shot in timeline.shots[:number]) for number in range(len(timeline.shots))]
    ends = [start + shot.frames for start, shot in zip(starts, timeline.shots, strict=True)]
    assert ends[-1] == timeline.frames
    for before, after in pairwise(timeline.cues):
        assert before.at_frame + before.frames <= after.at_frame
    for cue in timeline.cues:
        (shot,) = [n for n, start in enumerate(starts) if start <= cue.at_frame < ends[n]]
        assert cue.at_frame + cue.frames <= ends[shot]
        assert cue.at_frame >= starts[shot] + timeline.shots[shot].transition.frames
        heard_ms = max((word.end_ms for word in cue.words), default=0)
        assert heard_ms <= cue.frames * 1000 / timeline.frame_rate
    places = [cue.at_frame for cue in timeline.cues]
    assert all(spoken.at_frame in places for spoken in timeline.speech)
    for one, two in pairwise(timeline.shots):
        assert two.transition.frames * 2 <= min(one.frames, two.frames)


durations = st.lists(st.lists(st.integers(1, 20_000), min_size=1, max_size=4), min_size=1, max_size=6)


@settings(max_examples=60, deadline=None)
@given(
    durations,
    st.sampled_from(RATES),
    st.sampled_from(["crossfade", "dip", "slide", "cut"]),
    st.floats(0, 3),
    st.sampled_from(["kenburns", "zoom-in", "zoom-out", "pan", "none"]),
)
def test_any_story_becomes_a_timeline_that_holds(
    parts: list[list[int]], rate: Fraction, transition: str, transition_s: float, motion: str
) -> None:
    film = direct(
        [part(*spoken, number=number) for number, spoken in enumerate(parts, 1)],
        look(frame_rate=rate, transition=transition, transition_s=transition_s, motion=motion),
    )
    check(film)
    assert [spoken.at_frame for spoken in film.speech] == [cue.at_frame for cue in film.cues]
    assert Timeline.model_validate_json(film.model_dump_json()) == film
    segments = plan_segments(film, [])
    assert sum(segment.frames for segment in segments) == film.frames
    assert all(before.end_frame == after.first_frame for before, after in pairwise(segments))


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.text(min_size=1, max_size=60).filter(str.strip), min_size=1, max_size=4),
    st.sampled_from(RATES),
)
def test_any_text_can_be_paced_and_directed(texts: list[str], rate: Fraction) -> None:
    captions = tuple(
        pace_for_reading(Caption(name=f"assets/1/{n}.txt", text=text.strip(), language="en"))
        for n, text in enumerate(texts, 1)
    )
    film = direct(
        [NarratedPart(picture="p", picture_hash="0", picture_size=(9, 16), captions=captions)],
        look(frame_rate=rate),
    )
    check(film)
    assert film.speech == ()
    states = caption_states(film)
    assert all(before.end_frame <= after.first_frame for before, after in pairwise(states))


def test_a_story_of_one_part_with_one_word_has_no_transition() -> None:
    film = direct([part(300)], look())
    check(film)
    assert film.shots[0].transition.frames == 0
    assert film.duration_s == pytest.approx(0.5 + 0.3 + 0.28 + 1.2, abs=0.1)


def test_a_transition_takes_at_most_half_of_the_shorter_shot_beside_it() -> None:
    film = direct([part(5000), part(1, number=2), part(5000, number=3)], look(transition_s=3))
    most = film.shots[1].frames // 2
    assert 0 < most < 90
    assert [shot.transition.frames for shot in film.shots] == [0, most, most]
    check(film)


def test_a_part_waits_for_its_transition_before_it_speaks() -> None:
    film = direct([part(1000), part(1000, number=2)], look(transition_s=1))
    second = film.shots[0].frames
    assert film.cues[1].at_frame >= second + film.shots[1].transition.frames


def test_cuts_do_not_open_every_part_with_the_silence_of_the_film_s_start() -> None:
    film = direct([part(1000), part(1000, number=2)], look(transition="cut"))
    assert film.cues[0].at_frame == 15
    assert film.cues[1].at_frame - film.shots[0].frames < 8


def test_an_edit_leaves_the_length_of_the_other_shots_as_it_is() -> None:
    before = direct([part(1000), part(1111, 999, number=2), part(777, number=3)], look())
    after = direct([part(1234), part(1111, 999, number=2), part(777, number=3)], look())
    assert [shot.frames for shot in before.shots][1:] == [shot.frames for shot in after.shots][1:]


def test_60_parts_are_laid_out_in_order() -> None:
    film = direct([part(900, 1100, number=number) for number in range(1, 61)], look())
    check(film)
    assert [shot.picture for shot in film.shots] == [f"assets/{number}/image.png" for number in range(1, 61)]
    assert len(film.cues) == 120


@pytest.mark.parametrize(
    ("size", "fit"),
    [
        ((160, 284), "cover"),
        ((200, 300), "cover"),
        ((284, 160), "blur"),
        ((300, 300), "blur"),
        ((50, 900), "blur"),
    ],
)
def test_a_picture_that_cropping_would_spoil_is_shown_whole(size: tuple[int, int], fit: str) -> None:
    assert direct([part(500, size=size)], look()).shots[0].fit == fit


@pytest.mark.parametrize("motion", ["kenburns", "zoom-in", "zoom-out", "pan", "none"])
def test_motion_is_what_was_asked_for(motion: str) -> None:
    shots = direct([part(4000, number=number) for number in (1, 2)], look(motion=motion)).shots
    kinds = {"kenburns": "zoom", "zoom-in": "zoom", "zoom-out": "zoom"}
    assert {shot.motion.kind for shot in shots} == {kinds.get(motion, motion)}
    grows = [shot.motion.zoom_to > shot.motion.zoom_from for shot in shots]
    expected = {"kenburns": [True, False], "zoom-in": [True, True]}
    assert grows == expected.get(motion, [False, False])


def test_music_and_the_options_reach_the_timeline() -> None:
    asked = look(
        music="assets/music.mp3", frame_rate="25", music_volume=0.5, captions="plain", engine="moviepy"
    )
    film = direct([part(500)], asked)
    assert film.music is not None
    assert (film.music.key, film.music.volume) == ("assets/music.mp3", 0.5)
    assert film.frame_rate == 25
    assert film.caption_style.look == "plain"
    assert film.engine == "moviepy"
