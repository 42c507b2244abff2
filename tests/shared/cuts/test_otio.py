"""The cut for editors, read back with OpenTimelineIO's own package."""

from fractions import Fraction
from typing import Any

import pytest

from shared.cuts.finished import FinishedFilm
from shared.cuts.of_timeline import cut_of_timeline
from shared.cuts.otio import otio_of
from shared.video.timeline import Cue, Shot, Timeline, Transition, Word

otio = pytest.importorskip("opentimelineio", reason="it has no wheel for this Python yet")


def long_timeline(rate: str) -> Timeline:
    """More than ten minutes of shots whose lengths in seconds are no whole numbers of anything."""
    shots = [Shot(frames=100, colour="#102030")]
    for number in range(1, 270):
        seen: dict[str, Any] = {"picture": f"assets/{number}/für dich?.png"}
        if number % 3 == 0:
            seen = {"clip": f"assets/scenes/{number}.mp4", "clip_from": number}
        kind = ("cut", "crossfade", "dip", "slide")[number % 4]
        transition = Transition.model_validate({"kind": kind, "frames": 7 if kind != "cut" else 0})
        shots.append(Shot(frames=61 + number % 17, transition=transition, **seen))
    words = (Word(start=0, end=5, start_ms=0, end_ms=400), Word(start=6, end=8, start_ms=450, end_ms=700))
    cues = [
        Cue(at_frame=at, frames=41, text="Hello\nto <b>", language="en", words=words)
        for at in range(20, 18_000, 997)
    ]
    return Timeline(width=64, height=64, frame_rate=Fraction(rate), shots=tuple(shots), cues=tuple(cues))


def read_back(timeline: Timeline) -> Any:
    film = FinishedFilm(
        creation_id="2025/tale", run=3, film="assets/video.mp4", cut=cut_of_timeline(timeline)
    )
    return otio.adapters.read_from_string(otio_of(film).decode(), "otio_json")


@pytest.fixture(scope="module", params=["30000/1001", "24", "12.5"])
def timeline(request: pytest.FixtureRequest) -> Timeline:
    return long_timeline(request.param)


def test_every_clip_begins_and_ends_with_its_shot(timeline: Timeline) -> None:
    assert timeline.duration_s > 600
    read, start = read_back(timeline), 0
    clips = list(read.video_tracks()[0].find_clips())
    for clip, shot in zip(clips, timeline.shots, strict=True):
        placed = clip.range_in_parent()
        assert (placed.start_time.value, placed.duration.value) == (start, shot.frames)
        assert Fraction(placed.start_time.rate).limit_denominator(1001) == timeline.frame_rate
        start += shot.frames
    assert read.duration().value == timeline.frames


def test_a_transition_lies_behind_its_cut_and_the_shot_before_goes_on_for_it(timeline: Timeline) -> None:
    track = read_back(timeline).video_tracks()[0]
    kinds = []
    for number, item in enumerate(track):
        if isinstance(item, otio.schema.Transition):
            before, after = track[number - 1], track[number + 1]
            assert (item.in_offset.value, item.out_offset.value) == (0, 7)
            rest = before.available_range().end_time_exclusive() - before.source_range.end_time_exclusive()
            assert rest.value == 7
            assert track.range_of_child(item).start_time == after.range_in_parent().start_time
            kinds.append((item.name, item.transition_type))
    wanted = [shot.transition.kind for shot in timeline.shots if shot.transition.frames]
    assert [kind for kind, _ in kinds] == wanted
    assert {kind for kind, named in kinds if named == "SMPTE_Dissolve"} == {"crossfade"}


def test_clips_name_files_beside_the_creation_and_colours_are_generated(timeline: Timeline) -> None:
    clips = list(read_back(timeline).video_tracks()[0].find_clips())
    assert clips[0].media_reference.parameters == {"color": "#102030"}
    assert clips[1].media_reference.target_url == "assets/1/f%C3%BCr%20dich%3F.png"
    assert clips[3].media_reference.target_url == "assets/scenes/3.mp4"
    assert clips[3].source_range.start_time.value == 3
    for clip in clips:
        there, used = clip.available_range(), clip.source_range
        assert there.start_time.value == 0 <= used.start_time.value
        assert used.end_time_exclusive().value <= there.end_time_exclusive().value


def test_the_sound_is_the_films_own(timeline: Timeline) -> None:
    (sound,) = read_back(timeline).audio_tracks()[0]
    assert sound.media_reference.target_url == "assets/video.mp4"
    assert (sound.source_range.start_time.value, sound.duration().value) == (0, timeline.frames)


def test_captions_are_markers_with_their_text_and_words(timeline: Timeline) -> None:
    read = read_back(timeline)
    for marker, cue in zip(read.tracks.markers, timeline.cues, strict=True):
        assert (marker.name, marker.comment) == ("Hello to <b>", "Hello\nto <b>")
        marked = marker.marked_range
        assert (marked.start_time.value, marked.duration.value) == (cue.at_frame, cue.frames)
        facts = marker.metadata["reelwright"]
        assert [word["text"] for word in facts["words"]] == ["Hello", "to"]
        began = float(cue.at_frame / timeline.frame_rate) + 0.45
        assert abs(facts["words"][1]["start_s"] - began) < 1e-5
    assert read.metadata["reelwright"]["run"] == 3


def test_the_same_film_gives_the_same_bytes_and_no_field_is_unknown(timeline: Timeline) -> None:
    read = read_back(timeline)
    again = otio.adapters.read_from_string(read.to_json_string(), "otio_json")
    assert again.is_equivalent_to(read)
    assert not [item for item in read.find_children() if type(item).__name__ == "UnknownSchema"]
