"""narrate: the notes are spoken, and the timeline follows the words."""

import pytest

from shared.records.creation import Creation
from shared.stages.plan import read_timeline
from shared.storage.memory import MemoryStore
from tests.support.stories import Hum, picture
from tests.support.talks import ID, give, given, names, new_talk, put


def test_the_timeline_shows_drawn_pictures_and_plays_stored_speech(made: MemoryStore) -> None:
    timeline = read_timeline(Creation(made, ID))
    assert {shot.picture for shot in timeline.shots} <= set(names(made, "cache/slides/"))
    assert {spoken.key for spoken in timeline.speech} <= set(names(made, "cache/speech/"))


def test_the_ring_follows_the_voice(made: MemoryStore) -> None:
    timeline = read_timeline(Creation(made, ID))
    assert timeline.figure
    assert len(timeline.figure.levels) == timeline.frames
    first = timeline.speech[0].at_frame
    assert timeline.figure.levels[:first] == "0" * first
    assert int(timeline.figure.levels[first + 2], 16) > 8


def test_captions_are_what_is_said_without_pause_marks(made: MemoryStore) -> None:
    cues = [cue.text for cue in read_timeline(Creation(made, ID)).cues]
    assert "Gold is rare." in " ".join(cues)
    assert not any("[pause" in cue for cue in cues)


def test_an_edit_of_one_sentence_speaks_only_its_piece(voice: Hum, finished: MemoryStore) -> None:
    put(finished, "talk.md", "# Metals\n\nFor people with pockets.\n\n## Three of them\n\nTin is dull.\n")
    given(finished)
    assert voice.asked == ["Tin is dull."]


def test_without_a_presenter_nothing_is_kept_free(voice: Hum) -> None:
    store = new_talk("# Metals\n\nGold.", avatar_place="off")
    given(store)
    assert read_timeline(Creation(store, ID)).figure is None


def test_a_picture_of_the_presenter_is_cut_and_shown(voice: Hum) -> None:
    store = new_talk("# Metals\n\nGold.")
    put(store, "avatar.png", picture(1))
    given(store)
    figure = read_timeline(Creation(store, ID)).figure
    assert figure
    assert names(store, "cache/avatar/") == [figure.picture]


@pytest.mark.logs_errors
@pytest.mark.parametrize("name", ["avatar.png", "avatar.mp4", "music.mp3"])
def test_a_file_that_can_not_be_used_is_named(voice: Hum, name: str) -> None:
    store = new_talk("# Metals\n\nGold.")
    put(store, name, b"nothing of the kind")
    status = give(store)
    assert status.status == "failed"
    assert f"assets/{name}" in str(status.error)
