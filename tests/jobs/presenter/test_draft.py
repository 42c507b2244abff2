"""compose: a text becomes a script and slides."""

import json

import pytest

from jobs.presenter.deck.notes import without_pauses
from jobs.presenter.deck.slides import read_slides
from jobs.presenter.draft import compose
from jobs.presenter.skills.embedded.provider import EmbeddedSkills
from jobs.presenter.talk import read_talk
from shared.records.creation import Creation
from shared.storage.memory import MemoryStore
from tests.support.talks import ID, TEXT, data, give, given, new_talk, put


def test_script_and_slides_are_assets(made: MemoryStore) -> None:
    script = data(made, "assets/script.txt").decode()
    slides = read_slides(Creation(made, ID))
    assert slides.title == "Metals"
    assert [slide.title for slide in slides.slides] == ["Metals", "Three of them", "How to weigh one"]
    assert "Gold is rare." in without_pauses(script)
    notes = " ".join(slide.notes for slide in slides.slides)
    assert without_pauses(notes).split() == without_pauses(script).split()


def test_the_title_slide_names_the_presenter(made: MemoryStore) -> None:
    assert read_slides(Creation(made, ID)).slides[0].subtitle == "For people with pockets · Ada Byron"


def test_composing_twice_gives_the_same() -> None:
    talk = read_talk(Creation(new_talk(), ID), {})
    assert compose(talk, EmbeddedSkills()) == compose(talk, EmbeddedSkills())


@pytest.mark.logs_errors
@pytest.mark.parametrize("text", ["", "  \n", "***"])
def test_a_text_without_words_is_refused(text: str) -> None:
    store = new_talk()
    put(store, "talk.md", text)
    status = give(store)
    assert status.status == "failed"
    assert "assets/talk.md: holds no words" in str(status.error)


def test_a_picture_that_is_not_there_is_left_out_with_a_warning() -> None:
    store = new_talk("# Map\n\nSee ![the map](img/map.png) and ![a sign](https://example.org/sign.png).")
    composed = compose(read_talk(Creation(store, ID), {}), EmbeddedSkills())
    for name, warning in zip(("img/map.png", "https://example.org/sign.png"), composed.warnings, strict=True):
        assert f"{name!r} is left out" in warning
    assert all(slide.picture is None for slide in composed.slides.slides)


def test_a_picture_that_is_there_is_on_a_slide() -> None:
    store = new_talk("# Map\n\n## Where\n\nSee the map.\n\n![the map](img/map.png)")
    put(store, "media/map.png", b"png")
    composed = compose(read_talk(Creation(store, ID), {}), EmbeddedSkills())
    assert composed.warnings == ()
    shown = [slide.picture.name for slide in composed.slides.slides if slide.picture]
    assert shown == ["assets/media/map.png"]


def test_what_was_composed_before_is_shown_until_the_text_is_changed(voice: object) -> None:
    store = new_talk()
    message = {
        "schemaVersion": 1, "jobId": ID, "text": TEXT, "language": "en", "name": "Ada Byron",
        "script": "All metals.", "slides": [{"title": "Written elsewhere", "notes": "All metals."}],
    }  # fmt: skip
    store.write(f"{ID}/claims/message.json", json.dumps(message).encode())
    given(store)
    assert data(store, "assets/script.txt") == b"All metals."
    assert read_slides(Creation(store, ID)).title == "Written elsewhere"
    put(store, "talk.md", f"{TEXT}\nOr thrice.")
    given(store)
    assert read_slides(Creation(store, ID)).title == "Metals"
