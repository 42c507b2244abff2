"""A request is checked completely before anything is written."""

import base64
from typing import Any

import pytest

from jobs.presenter.messages.request import MOST_AVATAR_BYTES, read_asked, write_assets
from jobs.presenter.talk import read_talk
from shared.errors import BadRequest
from shared.records.creation import Creation
from shared.storage.memory import MemoryStore

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 40


def uri(data: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(data).decode()}"


def test_both_names_of_a_field_mean_the_same_and_all_of_it_becomes_a_talk() -> None:
    asked = read_asked({"avatarId": "Ada", "voiceId": "ada", "script": "# Hi\n\nThere.", "theme": "paper"})
    assert asked.fields == {"avatar": "Ada", "voice": "ada", "text": "# Hi\n\nThere.", "theme": "paper"}
    creation = Creation(MemoryStore(), "a")
    write_assets(creation, asked)
    talk = read_talk(creation, {})
    assert (talk.options.name, talk.options.voice, talk.text) == ("Ada", "ada", "# Hi\n\nThere.")
    assert talk.avatar is None


def test_a_picture_becomes_an_asset_of_its_type() -> None:
    asked = read_asked({"text": "Hi.", "avatar": uri(PNG)})
    creation = Creation(MemoryStore(), "a")
    write_assets(creation, asked)
    assert (asked.avatar_name, creation.read("assets/avatar.png")[0]) == ("assets/avatar.png", PNG)
    assert read_talk(creation, {}).options.name == ""


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({}, ["text: is missing"]),
        ({"text": "…"}, ["text: is missing or holds no words"]),
        ({"text": "a\ud800"}, ["text: holds half a character"]),
        ({"text": "a" * (1 << 20) + "b"}, ["text: 1048577 bytes"]),
        ({"text": "a", "script": "b"}, ["text: given twice; leave script out"]),
        ({"text": "a", "avatar": "https://a.example/b.png"}, ["avatar: addresses are not fetched"]),
        ({"text": "a", "avatar": 7}, ["avatar: must be a name"]),
        ({"text": "a", "avatar": "data:image/png,abc"}, ["avatar: write data:image/<type>;base64"]),
        ({"text": "a", "avatar": "data:image/png;base64,%%%%"}, ["avatar: not base64"]),
        ({"text": "a", "avatar": uri(b"<svg/>")}, ["avatar: not a picture"]),
        ({"text": "a", "avatar": uri(PNG + b"\0" * MOST_AVATAR_BYTES)}, ["avatar: more than"]),
        (
            {"avatar": "x://y", "speaking_rate": 9, "colour": "red"},
            ["text: is missing", "avatar: addresses", "speaking_rate: ", "colour: is unknown"],
        ),
    ],
)
def test_every_problem_is_named(fields: dict[str, Any], said: list[str]) -> None:
    with pytest.raises(BadRequest) as refused:
        read_asked(fields)
    assert [problem[: len(text)] for problem, text in zip(refused.value.problems, said, strict=True)] == said


def test_a_job_passes_unknown_fields_on() -> None:
    assert read_asked({"text": "a", "campaign": 7}, strict=False).fields == {"text": "a", "campaign": 7}
