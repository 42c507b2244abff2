import errno
import logging
from typing import Any

import pytest

from shared.api.app import create_app
from shared.errors import (
    BadRequest,
    ObjectNotFound,
    PreconditionFailed,
    ProviderFailed,
    ReelwrightError,
    StaleAttempt,
    Stopped,
    StoreError,
    ToolFailed,
)
from shared.records.creation import Creation
from shared.runs.trigger import Trigger
from shared.settings import Settings
from shared.storage import ObjectInfo
from shared.storage.memory import MemoryStore
from tests.support.api import NotingPlatform
from tests.support.client import TestClient, local_client

SECRET = "/srv/secret/place"


class RefusingStore(MemoryStore):
    """Refuses everything with one error."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error

    def stat(self, key: str) -> ObjectInfo | None:
        raise self.error


def answers(error: Exception, **headers: str) -> tuple[int, dict[str, Any]]:
    trigger = Trigger(RefusingStore(error), NotingPlatform(), {})
    client = local_client(create_app(trigger, settings=Settings()), raise_server_exceptions=False)
    answer = client.get("/me/creation/spring/assets/1/1.txt", headers=headers)
    assert answer.headers["content-type"] == "application/problem+json"
    assert SECRET not in answer.text
    assert "Traceback" not in answer.text
    return answer.status_code, answer.json()


@pytest.mark.logs_errors
@pytest.mark.parametrize(
    ("error", "status"),
    [
        (BadRequest("one", "two"), 422),
        (ObjectNotFound("spring/x"), 404),
        (PreconditionFailed("spring/x", "1", "2"), 409),
        (StoreError("read", "spring/x", f"no space at {SECRET}/x"), 503),
        (ProviderFailed("voice", f"no key in {SECRET}/key"), 502),
        (ToolFailed([f"{SECRET}/ffmpeg"], 1, ""), 500),
        (StaleAttempt("render", 1), 409),
        (Stopped("SIGTERM"), 503),
        (ReelwrightError(SECRET), 500),
        (RuntimeError(SECRET), 500),
        (OSError(2, "No such file", SECRET), 500),
        (OSError(errno.ENOSPC, "No space left on device", SECRET), 503),
        (OSError(errno.EMFILE, "Too many open files", SECRET), 503),
    ],
)
def test_every_error_has_its_status_and_keeps_the_servers_secrets(error: Exception, status: int) -> None:
    given, problem = answers(error)
    assert (given, problem["status"]) == (status, status)
    assert problem["title"]
    assert problem["detail"]
    assert problem["problems"] == (["one", "two"] if status == 422 else [])


def test_a_lost_race_is_412_for_who_named_a_generation() -> None:
    assert answers(PreconditionFailed("x", "1", "2"), **{"If-Match": '"1"'})[0] == 412


@pytest.mark.logs_errors
def test_what_the_asker_is_not_told_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    answers(StoreError("read", "spring/x", f"no space at {SECRET}/x"))
    errors = [entry for entry in caplog.records if entry.levelno == logging.ERROR]
    assert [SECRET in entry.getMessage() for entry in errors] == [True]


def test_unknown_addresses_and_methods_are_problems_too(client: TestClient, spring: Creation) -> None:
    for method, path, status in (
        ("GET", "/nowhere", 404),
        ("PATCH", "/me/creation/spring/generate_video", 405),
        ("POST", "/me/creation/spring/assets/1/1.txt", 405),
        ("OPTIONS", "/healthz", 405),
    ):
        answer = client.request(method, path)
        assert (answer.status_code == 405) == ("allow" in answer.headers)
        assert (answer.status_code, answer.json()["status"]) == (status, status)
        assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/me/creation/spring/assets/1/1.txt", "GET, HEAD, PUT, DELETE"),
        ("/me/creation/spring/generate_video", "GET, POST, DELETE"),  # a creation may be called so
        ("/api/videos/x", "GET, DELETE"),
        ("/healthz", "GET"),
    ],
)
def test_a_method_that_a_path_has_not_is_answered_with_all_that_it_has(
    client: TestClient, path: str, allowed: str
) -> None:
    assert client.patch(path).headers["allow"] == allowed
