"""assemble: the film with its chapters, the poster and the transcript."""

import io
import json

import av
import webvtt
from PIL import Image

from jobs.presenter.assemble import chapters_of
from jobs.presenter.deck.slides import Slide, Slides
from shared.records.creation import Creation
from shared.stages.plan import read_timeline
from shared.storage.memory import MemoryStore
from tests.support.films import tracks
from tests.support.stories import Hum
from tests.support.talks import ID, data, given, names, new_talk, put


def test_the_film_has_the_length_of_its_timeline_and_three_tracks(made: MemoryStore) -> None:
    found = tracks(data(made, "assets/video.mp4"))
    timeline = read_timeline(Creation(made, ID))
    assert found.keys() >= {"video", "audio", "subtitle"}
    assert len(found["video"].packets) == timeline.frames
    assert found["video"].facts["size"] == (320, 180)


def test_the_film_has_a_chapter_for_each_slide(made: MemoryStore) -> None:
    starts = json.loads(data(made, "cache/starts.json"))
    with av.open(io.BytesIO(data(made, "assets/video.mp4"))) as film:
        chapters = film.chapters()
    assert [chapter["metadata"]["title"] for chapter in chapters] == [
        "Metals",
        "Three of them",
        "How to weigh one",
    ]
    began = [chapter["start"] * (chapter["time_base"] or 0) for chapter in chapters]
    assert [round(10 * seconds) for seconds in began] == starts
    cues = webvtt.from_string(data(made, "assets/chapters.vtt").decode()).captions
    assert [cue.text for cue in cues] == [chapter["metadata"]["title"] for chapter in chapters]
    assert [cue.start for cue in cues] == [f"00:00:{start / 10:06.3f}" for start in starts]


def test_slides_that_continue_one_are_in_its_chapter(made: MemoryStore) -> None:
    timeline = read_timeline(Creation(made, ID))
    slides = Slides(slides=(Slide(title="A"), Slide(title="A"), Slide(title="B")))
    assert [chapter.title for chapter in chapters_of(slides, (0, 10, 20), timeline)] == ["A", "B"]


def test_the_transcript_links_each_slide_to_its_picture(made: MemoryStore) -> None:
    transcript = data(made, "assets/transcript.md").decode()
    assert "## [00:00](slides/001.png) Metals" in transcript
    assert "Gold is rare. Silver is not." in transcript
    assert "[pause" not in transcript


def test_the_poster_is_the_first_slide(made: MemoryStore) -> None:
    with Image.open(io.BytesIO(data(made, "assets/poster.jpg"))) as poster:
        assert (poster.format, poster.size) == ("JPEG", (320, 180))


def test_done_again_nothing_is_made_and_all_bytes_stay(voice: Hum, made: MemoryStore) -> None:
    store = new_talk()
    given(store)
    first = {name: data(store, name) for name in names(store, "assets/")}
    assert first == {name: data(made, name) for name in names(made, "assets/")}
    put(store, "talk.json", data(store, "assets/talk.json"))
    asked = len(voice.asked)
    status = given(store)
    assert len(voice.asked) == asked
    assert {stage.reused for stage in status.records} == {True}
