from typing import Any

import pytest
from starlette.websockets import WebSocketDisconnect

from shared.api.app import create_app
from shared.records.creation import Creation
from shared.runs.trigger import Trigger
from shared.settings import Settings
from tests.support.api import TOKEN
from tests.support.client import TestClient


def requests_of(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    return [line.data for line in caplog.records if getattr(line, "action", "") == "http_request"]  # type: ignore[attr-defined]


def test_each_request_is_one_line_without_its_token(
    trigger: Trigger, spring: Creation, caplog: pytest.LogCaptureFixture
) -> None:
    client = TestClient(create_app(trigger, settings=Settings(api_token=TOKEN)))
    path = "/me/creation/spring/assets/1/1.txt"
    client.get(f"{path}?token={TOKEN}", headers={"Authorization": f"Bearer {TOKEN}"})
    client.get(path, headers={"Authorization": "Bearer other"})
    client.get("/x%0aFAKE")
    seen = [(line["method"], line["path"], line["status"]) for line in requests_of(caplog)]
    assert seen == [("GET", path, 200), ("GET", path, 401), ("GET", "/x%0AFAKE", 400)]
    assert requests_of(caplog)[0]["sent_bytes"] == len("Spring comes.")
    assert requests_of(caplog)[0]["duration_ms"] >= 0
    assert TOKEN not in str([line.__dict__ for line in caplog.records])


def test_no_line_holds_a_cookie_or_a_signature(
    trigger: Trigger, spring: Creation, caplog: pytest.LogCaptureFixture
) -> None:
    client = TestClient(create_app(trigger, settings=Settings(api_token=TOKEN)), follow_redirects=False)
    assert client.post("/login", json={"token": TOKEN}).status_code == 204
    (session,) = client.cookies.values()
    origin = {"Origin": "http://testserver"}
    url = client.post("/me/creation/spring/links", json={"name": "1/1.txt"}, headers=origin).json()["url"]
    signature = url.rpartition("=")[2]
    assert client.get(url).status_code == 200
    assert client.get(f"{url}x").status_code == 403
    client.cookies.clear()
    page = client.get(f"/docs?signature={signature}", headers={"Accept": "text/html"})
    assert page.status_code == 303
    assert client.get(page.headers["location"]).status_code == 200
    seen = [line["path"] for line in requests_of(caplog)]
    assert seen.count("/shared/spring/assets/1/1.txt") == 2
    lines = str([line.__dict__ for line in caplog.records])
    assert not any(secret in lines for secret in (TOKEN, session, signature))


def test_a_request_that_fails_the_app_is_logged_as_500(
    trigger: Trigger, spring: Creation, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trigger.store, "stat", lambda key: 1 / 0)
    client = TestClient(create_app(trigger, settings=Settings()), raise_server_exceptions=False)
    assert client.get("/healthz").status_code == 500
    assert [line["status"] for line in requests_of(caplog)] == [500]


@pytest.mark.parametrize("path", ["/ws/job/x", "/nowhere"])
def test_a_websocket_that_is_refused_is_no_failure(
    trigger: Trigger, caplog: pytest.LogCaptureFixture, path: str
) -> None:
    token = TOKEN if path == "/nowhere" else "other"
    client = TestClient(create_app(trigger, settings=Settings(api_token=TOKEN)))
    refused = pytest.raises(WebSocketDisconnect)
    with refused, client.websocket_connect(path, headers={"Authorization": f"Bearer {token}"}):
        pass
    assert [line["status"] for line in requests_of(caplog)] == [403 if path == "/nowhere" else 401]
