"""The message: what is published of its schema is what both sides hold it to."""

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from jobs.presenter.deck.slides import Bullet, Slide
from jobs.presenter.messages import video_job
from jobs.presenter.messages.video_job import InvalidMessage, VideoJob, read_message, schema

PUBLISHED = Path(video_job.__file__).with_name("video_job.schema.json")
SLIDES = (Slide(kind="title", title="Größe"), Slide(title="One", bullets=(Bullet(text="a", at=0),)))


def message(**others: Any) -> VideoJob:
    facts: dict[str, Any] = {
        "jobId": "a/b",
        "script": "Hi.",
        "slides": SLIDES,
        "voice": "ada",
        "theme": "ink",
    }
    return VideoJob.model_validate(facts | others)


def test_the_published_schema_is_the_models() -> None:
    assert json.loads(PUBLISHED.read_text()) == schema(), "run: python -m jobs.presenter.messages.video_job"
    Draft202012Validator.check_schema(schema())


def test_a_message_is_of_its_schema_and_holds_every_key_of_the_request() -> None:
    found = json.loads(message().to_bytes())
    Draft202012Validator(schema()).validate(found)
    assert {"schemaVersion", "jobId", "voice", "theme", "script", "slides"} == set(found)
    assert (found["schemaVersion"], found["slides"][0]["title"]) == (1, "Größe")
    assert read_message(message().to_bytes()) == message(schemaVersion=1)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (None, "not JSON"),
        (b"", "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (b"[1]", "not a videoJob message"),
        (b'{"jobId": "a"}', "schemaVersion None is unknown"),
        (b'{"schemaVersion": 2, "jobId": "a"}', "schemaVersion 2 is unknown; this consumer reads 1"),
        (b'{"schemaVersion": 1, "jobId": "../a", "script": "", "slides": [{}]}', "must start with a letter"),
        (b'{"schemaVersion": 1, "jobId": "a", "script": 7, "slides": []}', "script: .*; slides: "),
    ],
)
def test_an_unreadable_message_says_what_is_wrong(value: bytes | None, said: str) -> None:
    with pytest.raises(InvalidMessage, match=said):
        read_message(value)
