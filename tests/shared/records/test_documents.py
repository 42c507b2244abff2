import json
from typing import Any

import pytest

from shared.errors import OutOfTime
from shared.records.creation import Creation
from shared.records.documents import GivenUp, Request, load_request, save_request, utc_now
from shared.storage.memory import MemoryStore


@pytest.mark.parametrize(
    ("text", "stage", "kind"),
    [
        ("video_gen: ffmpeg: it broke", "video_gen", "stage"),
        (str(OutOfTime("ad", 60)), "", "time_limit"),
    ],
)
def test_a_request_that_was_given_up_in_a_sentence_still_reads(text: str, stage: str, kind: Any) -> None:
    creation = Creation(MemoryStore(), "old")
    document = {
        "pipeline": "ad",
        "requested_at": "2025-10-30T12:00:00Z",
        "created_at": "2025-10-30T12:00:00Z",
    }
    creation.write("request.json", json.dumps({**document, "given_up": text}).encode())
    request, generation = load_request(creation)
    assert request
    assert request.given_up == GivenUp(kind=kind, stage=stage, message=text)
    save_request(creation, request, expect=generation)
    assert load_request(creation)[0] == request


def test_a_request_that_was_not_given_up_reads_and_is_written_as_ever() -> None:
    for given_up in ("", None):
        found = Request.model_validate(
            {"pipeline": "ad", "requested_at": utc_now(), "created_at": utc_now(), "given_up": given_up}
        )
        assert found.given_up is None
        assert json.loads(found.to_bytes())["given_up"] == "", "as it was written then"
