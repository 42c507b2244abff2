"""Scenes as long as their voices need, in an ad as long as it was promised."""

from collections.abc import Mapping
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.ad.plan.schedule import Schedule, make_schedule
from shared.errors import InvalidAssets
from tests.jobs.ad.makings import EDGE_MS, SECONDS, voiceover_of

PLANNED = {1: 8.0, 2: 7.0, 3: 7.0, 4: 4.0}
CTA_S = 4.0
RATE = Fraction(30)


def made(seconds: Mapping[int, float] | None = None, *, pace: float = 1.0) -> Schedule:
    spoken = {**SECONDS, **(seconds or {})}
    voices = {scene: voiceover_of(scene, length, pace=pace) for scene, length in spoken.items()}
    return make_schedule(PLANNED, CTA_S, voices, RATE)


def total(schedule: Schedule) -> int:
    return sum(schedule.scenes.values()) + schedule.cta


def pauses_s(schedule: Schedule, seconds: Mapping[int, float]) -> dict[int, tuple[float, float]]:
    """Silence before and after each voice in its scene; the fourth's scene goes on to the film's end."""
    found, start = {}, 0
    for scene, frames in schedule.scenes.items():
        end = start + frames + (schedule.cta if scene == 4 else 0)
        place = schedule.voices[scene]
        first_s = place.at_frame / 30 + EDGE_MS / 1000 / place.pace
        last_s = first_s + seconds[scene] / place.pace
        found[scene] = (first_s - start / 30, end / 30 - last_s)
        start = end
    return found


def test_an_ad_whose_voices_fit_is_as_planned() -> None:
    schedule = made()
    assert schedule.scenes == {1: 240, 2: 210, 3: 210, 4: 120}
    assert schedule.cta == 120
    assert all(place.pace == 1 for place in schedule.voices.values())


@pytest.mark.parametrize("scene", [1, 2, 3])
def test_a_scene_whose_voice_is_longer_takes_from_the_others(scene: int) -> None:
    long = {scene: PLANNED[scene] + 1.0}
    schedule = made(long)
    assert total(schedule) == 900
    assert abs(schedule.scenes[scene] - 30 * (long[scene] + 0.7)) <= 1
    assert all(place.pace == 1 for place in schedule.voices.values())
    given_up = {other: PLANNED[other] * 30 - schedule.scenes[other] for other in (1, 2, 3) if other != scene}
    assert all(frames > 5 for frames in given_up.values())
    slack = {other: PLANNED[other] - SECONDS[other] - 0.7 for other in given_up}
    one, two = given_up
    assert abs(given_up[one] / given_up[two] - slack[one] / slack[two]) < 0.15


def test_the_fourth_voice_goes_on_over_the_call_to_action() -> None:
    schedule = made({4: 7.0})
    end_of_scene = sum(schedule.scenes.values()) / 30
    place = schedule.voices[4]
    assert place.at_frame / 30 < end_of_scene < place.at_frame / 30 + 7
    assert 30 - (place.at_frame / 30 + 7.03) >= 0.4


def test_a_long_fourth_voice_makes_its_scene_longer() -> None:
    schedule = made({1: 3.0, 4: 9.0})
    assert total(schedule) == 900
    assert schedule.scenes[4] + schedule.cta >= round(9.8 * 30) - 1
    assert 90 <= schedule.cta <= 135


def test_pauses_shrink_before_voices_speed_up() -> None:
    tight = {1: 7.6, 2: 6.6, 3: 6.6, 4: 7.4}
    schedule = made(tight)
    assert total(schedule) == 900
    assert all(place.pace == 1 for place in schedule.voices.values())
    assert all(0.1 <= pause < 0.35 for pair in pauses_s(schedule, tight).values() for pause in pair)


def test_voices_speed_up_no_more_than_they_must() -> None:
    schedule = made({1: 9.0, 2: 7.0, 3: 7.0, 4: 8.0})
    assert total(schedule) == 900
    paces = {place.pace for place in schedule.voices.values()}
    assert len(paces) == 1
    assert 1.02 < paces.pop() < 1.12


def test_what_was_sped_up_before_counts() -> None:
    fast = made({1: 9.0, 2: 8.0, 3: 8.0, 4: 8.0}, pace=1.15)
    assert 1.05 < max(place.pace for place in fast.voices.values()) <= 1.3 / 1.15 + 1e-4


def test_at_their_fastest_voices_may_take_half_a_second_more() -> None:
    lengths = {1: 10.0, 2: 9.0, 3: 9.0, 4: 9.75}
    schedule = made(lengths)
    assert 900 < total(schedule) <= 915
    assert all(place.pace == 1.3 for place in schedule.voices.values())


@pytest.mark.parametrize("scene", [1, 2, 3, 4])
def test_a_voice_that_can_not_fit_is_named_with_its_excess(scene: int) -> None:
    with pytest.raises(InvalidAssets, match=rf"scene {scene} is the worst \(30\.0 s"):
        made({scene: 30.0})


@settings(max_examples=150, deadline=None)
@given(
    lengths=st.tuples(*(st.floats(0.3, 11) for _ in range(4))),
    pace=st.floats(0.93, 1.3),
)
def test_every_ad_is_whole_and_every_voice_in_its_scene(
    lengths: tuple[float, float, float, float], pace: float
) -> None:
    seconds = dict(enumerate(lengths, 1))
    try:
        schedule = made(seconds, pace=pace)
    except InvalidAssets:
        least = (1.8, 1.8, 1.8, 4.8)  # the last one is seen with the call to action
        needed = zip(least, lengths, strict=True)
        assert sum(max(seen, length / (1.3 / pace)) for seen, length in needed) > 28
        return
    assert 900 <= total(schedule) <= 915
    assert 89 <= schedule.cta <= 135
    assert all(frames >= 59 for frames in schedule.scenes.values())
    for scene, (before, after) in pauses_s(schedule, seconds).items():
        assert before >= 0.085, scene
        assert after >= 0.085, scene
    assert schedule.voices[4].at_frame < sum(schedule.scenes.values())
