"""The ad's timeline: every voice with its scene, words with what is said, one length for all."""

from fractions import Fraction
from itertools import accumulate, pairwise
from typing import Any

import pytest

from jobs.ad.plan.direction import Filmed, Footage, direct_ad, scene_starts
from jobs.ad.plan.frame import FRAMES, Frame
from jobs.ad.plan.script import Script
from jobs.ad.plan.voiceovers import Voiceovers
from jobs.ad.scenery.paint.layout import Layout
from jobs.ad.styles import style_named, style_names
from shared.errors import InvalidAssets
from shared.video.rendering.segments import plan_segments
from shared.video.timeline import Music, Timeline
from tests.jobs.ad.makings import SECONDS, script_of, voiceover_of, voiceovers_of

FOOTAGE = Footage(
    clips={scene: Filmed(name=f"assets/{scene}.mp4", content_hash=f"clip {scene}") for scene in range(1, 5)},
    cta=Filmed(name="assets/cta.png", content_hash="cta"),
)


def directed(
    script: Script | None = None,
    voices: Voiceovers | None = None,
    music: Music | None = None,
) -> Timeline:
    script = script or script_of()
    return direct_ad(
        script, style_named(script.style), voices or voiceovers_of(), FOOTAGE, music=music, fonts=()
    )


@pytest.mark.parametrize(("ratio", "frame"), FRAMES.items())
def test_in_every_shape_words_stand_below_the_product_and_whole(ratio: str, frame: Frame) -> None:
    timeline = directed(script_of("bold", frame=frame))
    assert (timeline.width, timeline.height) == (frame.width, frame.height)
    assert timeline.frame_rate == 30
    layout = Layout(width=frame.width, height=frame.height)
    for words in timeline.overlays:
        assert words.place + words.box_height / 2 <= 0.95
        middle = layout.top + words.place * layout.tall
        assert middle - 1.16 * words.letters.size_px / layout.scale > 1185  # the lowest floor of a scene
    assert timeline.overlays[0].letters.size_px == {"9:16": 96, "4:5": 91}.get(ratio, 73)


def test_all_lengths_are_the_same_times_at_another_rate() -> None:
    slow = directed(script_of(frame=Frame(rate=Fraction(10))))
    usual = directed()
    assert (slow.frames, slow.duration_s) == (300, usual.duration_s)
    assert [shot.frames * 3 for shot in slow.shots] == [shot.frames for shot in usual.shots]
    for one, other in zip(slow.overlays, usual.overlays, strict=True):
        assert abs(one.at_frame * 3 - other.at_frame) <= 3
        assert abs(one.coming_frames * 3 - other.coming_frames) <= 3


def starts(timeline: Timeline) -> list[int]:
    return list(accumulate((shot.frames for shot in timeline.shots), initial=0))


def overlays_of(**changes: Any) -> list[tuple[str, int, int]]:
    """Text, first frame and end of the words, for scenes with these overlays by scene."""
    script = script_of()
    scenes = tuple(
        scene.model_copy(update={"text_overlay": changes.get(f"scene_{scene.id}", "")})
        for scene in script.scenes
    )
    timeline = directed(script.model_copy(update={"scenes": scenes}))
    return [(words.text, words.at_frame, words.at_frame + words.frames) for words in timeline.overlays]


@pytest.mark.parametrize("style", style_names())
def test_an_ad_is_four_clips_and_a_still_in_thirty_seconds(style: str) -> None:
    timeline = directed(script_of(style))
    assert (timeline.width, timeline.height, timeline.frames) == (1080, 1920, 900)
    assert timeline.frame_rate == 30
    assert [shot.clip for shot in timeline.shots] == [*(f"assets/{n}.mp4" for n in range(1, 5)), None]
    assert timeline.shots[4].picture == "assets/cta.png"
    assert 1 < timeline.shots[4].motion.zoom_to <= 1.06
    planned = style_named(style)
    wanted = [("cut", 0)] + 4 * [(planned.transition, round(planned.transition_s * 30))]
    assert [(shot.transition.kind, shot.transition.frames) for shot in timeline.shots] == wanted
    assert len({segment.key for segment in plan_segments(timeline, ())}) >= 15


def test_every_voice_is_with_its_own_scene_whatever_the_order() -> None:
    voices = voiceovers_of()
    shuffled = voices.model_copy(update={"voiceovers": voices.voiceovers[::-1]})
    timeline = directed(voices=shuffled)
    assert timeline == directed(voices=voices)
    cuts = starts(timeline)
    for spoken, (start, end) in zip(timeline.speech, pairwise(cuts[:5]), strict=True):
        scene = timeline.speech.index(spoken) + 1
        assert spoken.key == f"assets/voiceovers/scene_{scene}.mp3"
        assert start < spoken.at_frame < end


@pytest.mark.parametrize("missing", [1, 2, 4])
def test_a_missing_voice_is_named_and_nothing_moves_up(missing: int) -> None:
    voices = voiceovers_of()
    left = tuple(voice for voice in voices.voiceovers if voice.scene != missing)
    with pytest.raises(InvalidAssets, match=f"voice-over of scene {missing}: run voice_gen"):
        directed(voices=voices.model_copy(update={"voiceovers": left}))


def test_captions_say_what_is_heard_when_it_is_heard() -> None:
    timeline = directed(voices=voiceovers_of({1: 9.0, 2: 7.0, 3: 7.0, 4: 8.0}))
    assert timeline.caption_style.look == "off"
    for number, (cue, spoken) in enumerate(zip(timeline.cues, timeline.speech, strict=True), 1):
        assert spoken.pace > 1
        voice = voiceover_of(number, {1: 9.0, 2: 7.0, 3: 7.0, 4: 8.0}[number])
        assert (cue.at_frame, cue.text) == (spoken.at_frame, voice.text)
        heard = [(word.start_ms / spoken.pace, word.end_ms / spoken.pace) for word in voice.words]
        for word, (start_ms, end_ms) in zip(cue.words, heard, strict=True):
            assert abs(word.start_ms - start_ms) <= 1
            assert abs(word.end_ms - end_ms) <= 1
        assert cue.frames * 1000 / 30 >= cue.words[-1].end_ms


def test_captions_are_burnt_in_when_they_were_asked_for() -> None:
    timeline = directed(script_of("bold", captions=True))
    assert timeline.caption_style.look == "highlight"
    assert timeline.caption_style.position == "top"  # the words of scenes and of the card are below


def test_words_that_are_spoken_come_in_with_them() -> None:
    ((text, first, end),) = overlays_of(scene_1="NIGHTWATCH")
    timeline = directed()
    said_ms = voiceover_of(1, SECONDS[1]).words[1].start_ms
    assert text == "NIGHTWATCH"
    assert abs(first - (timeline.speech[0].at_frame + (said_ms - 100) * 30 / 1000)) <= 1
    assert 235 <= end < 240


def test_words_that_nobody_says_come_in_soon_after_the_cut_and_leave_before_the_next() -> None:
    (one, two) = overlays_of(scene_2="Simply better", scene_3="Join us")
    assert one == ("Simply better", 240 + 18, 450 - 2)
    assert two == ("Join us", 450 + 18, 660 - 2)


def test_words_said_too_late_to_be_read_come_in_early() -> None:
    script = script_of(
        scenes=tuple(
            scene.model_copy(update={"text_overlay": "finer" if scene.id == 2 else ""})
            for scene in script_of().scenes
        )
    )
    voices = voiceovers_of({2: 6.3})
    (words,) = directed(script, voices).overlays
    assert words.at_frame == 240 + 18


def test_the_last_scene_and_empty_words_show_none() -> None:
    assert overlays_of(scene_4="Nightwatch", scene_1="  ") == []


@pytest.mark.parametrize("style", style_names())
def test_words_are_lettered_as_the_style_has_it(style: str) -> None:
    planned = style_named(style).letters
    for words in directed(script_of(style)).overlays:
        letters = words.letters
        assert (letters.family, letters.weight, letters.size_px) == (
            planned.font,
            planned.weight,
            planned.overlay_size,
        )
        assert (letters.colour, letters.uppercase) == (planned.overlay_colour, planned.uppercase)
        assert words.coming == planned.overlay_motion
        assert 0 < words.coming_frames < 20


def test_music_is_what_it_is_given_or_not_there() -> None:
    music = Music(key="cache/music.wav", volume=0.3, looped=False)
    assert directed(music=music).music == music
    assert directed().music is None


def test_the_cuts_are_known_to_those_who_compose() -> None:
    assert scene_starts(directed()) == [240, 450, 660, 780]


def test_a_timeline_survives_being_written() -> None:
    timeline = directed()
    assert Timeline.model_validate_json(timeline.model_dump_json()) == timeline
