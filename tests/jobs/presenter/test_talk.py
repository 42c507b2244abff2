"""What people put in for a talk."""

from pathlib import Path

import pytest

from jobs.presenter import PIPELINE_FILE
from jobs.presenter.talk import Given, TalkOptions, read_talk, talk_inputs, write_talk
from shared.api.http.content import kind_of
from shared.errors import InvalidAssets
from shared.pipelines.definition import load_pipeline
from shared.records.creation import Creation
from shared.storage.memory import MemoryStore


@pytest.fixture
def creation() -> Creation:
    return Creation(MemoryStore(), "my-talk")


def test_a_text_is_enough(creation: Creation) -> None:
    creation.write("assets/talk.md", b"# Tides\n\nThe sea rises.")
    talk = read_talk(creation, {})
    assert (talk.text, talk.deck, talk.size) == ("# Tides\n\nThe sea rises.", None, (1920, 1080))


def test_parameters_override_the_options(creation: Creation) -> None:
    creation.write("assets/talk.md", b"Hello.")
    creation.write("assets/talk.json", b'{"size": "portrait", "name": "Ada"}')
    talk = read_talk(creation, {"name": "Bo"})
    assert (talk.size, talk.options.name) == ((1080, 1920), "Bo")


@pytest.mark.parametrize(
    ("assets", "problem"),
    [
        ({}, "nothing to present"),
        ({"deck.pdf": b"%PDF-1.7"}, "a PDF has no notes"),
        ({"talk.md": b"Hi", "talk.txt": b"Hi"}, "keep one of them"),
        ({"talk.md": b" \n- \n"}, "holds no words"),
        ({"talk.md": b"Hi", "talk.json": b"["}, "not JSON"),
        ({"talk.md": b"Hi", "talk.json": b'{"size": "huge", "avatar_size": 9}'}, "size: "),
        ({"talk.md": b"Hi", "talk.json": b'{"theme": "blue"}'}, "unknown theme 'blue'; known: ink"),
        ({"talk.md": b"Hi", "talk.json": b'{"sise": "square"}'}, "sise: "),
    ],
)
def test_what_is_wrong_is_named_with_its_object(
    creation: Creation, assets: dict[str, bytes], problem: str
) -> None:
    for name, data in assets.items():
        creation.write(f"assets/{name}", data)
    with pytest.raises(InvalidAssets) as raised:
        read_talk(creation, {})
    assert problem in str(raised.value)
    assert "assets/" in str(raised.value)


def test_all_problems_are_named_at_once(creation: Creation) -> None:
    creation.write("assets/deck.pdf", b"%PDF-1.7")
    creation.write("assets/deck.pptx", b"PK\3\4")
    creation.write("assets/talk.json", b"[]")
    with pytest.raises(InvalidAssets) as raised:
        read_talk(creation, {})
    assert len(raised.value.problems) >= 2


def test_a_new_talk_replaces_the_earlier_one(creation: Creation, tmp_path: Path) -> None:
    text, picture, avatar = tmp_path / "a.md", tmp_path / "map.png", tmp_path / "me.jpg"
    text.write_text("Hello ![map](map.png)")
    picture.write_bytes(b"png")
    avatar.write_bytes(b"jpg")
    given = Given(options=TalkOptions(name="Ada"), text=text, avatar=avatar, media={"map.png": picture})
    write_talk(creation, given)
    assert talk_inputs(creation) == [
        "assets/avatar.jpg",
        "assets/media/map.png",
        "assets/talk.json",
        "assets/talk.md",
    ]
    write_talk(creation, Given(options=TalkOptions(), text=b"Bye"))
    assert talk_inputs(creation) == ["assets/talk.json", "assets/talk.md"]
    assert read_talk(creation, {}).text == "Bye"


def test_a_file_that_can_not_be_used_is_refused_before_anything_is_written(
    creation: Creation, tmp_path: Path
) -> None:
    wrong = tmp_path / "deck.key"
    wrong.write_bytes(b"x")
    with pytest.raises(InvalidAssets) as raised:
        write_talk(creation, Given(options=TalkOptions(), text=b"Hi", deck=wrong, avatar=tmp_path / "no.png"))
    assert len(raised.value.problems) == 2
    assert talk_inputs(creation) == []


def test_all_types_of_an_avatar_are_named(creation: Creation, tmp_path: Path) -> None:
    wrong = tmp_path / "me.txt"
    wrong.write_bytes(b"x")
    with pytest.raises(InvalidAssets, match=r"\.png, .*\.mp4"):
        write_talk(creation, Given(options=TalkOptions(), text=b"Hi", avatar=wrong))


@pytest.mark.parametrize("text", ["talk.md", "talk.txt", "talk.text", "talk.markdown", "talk", "Talk.MD"])
@pytest.mark.parametrize("avatar", ["avatar.mp4", "avatar.mov", "avatar.m4v", "avatar.webm", "avatar.mkv"])
def test_all_names_that_the_api_takes_are_found(creation: Creation, text: str, avatar: str) -> None:
    for name, kind in ((text, "text"), (avatar, "video")):
        assert kind_of(name, [load_pipeline(PIPELINE_FILE)]) == kind
        creation.write(f"assets/{name}", b"Hello.")
    talk = read_talk(creation, {})
    assert (talk.text, talk.avatar) == ("Hello.", f"assets/{avatar}")
