from datetime import UTC, datetime, timedelta

import pytest
from starlette.websockets import WebSocketDisconnect

from shared.api.app import create_app
from shared.api.guard.seals import SESSION, Seals
from shared.api.guard.sessions import COOKIE
from shared.records.creation import Creation
from shared.runs.trigger import Trigger
from shared.settings import Settings
from tests.support.api import TOKEN, NotingPlatform
from tests.support.client import TestClient

START = "/me/creation/spring/generate_video"
STATUS = "/me/creation/spring/generate_video_status"
SOCKETS = "ws://films.example/ws/job"
NOW = datetime(2025, 10, 30, 12, 0, tzinfo=UTC)
FROM_HERE = [
    {"Origin": "http://films.example"},
    {"Origin": "http://FILMS.example"},
    {"Origin": "http://films.example:80"},
    {"Sec-Fetch-Site": "same-origin"},
    {"Origin": "http://films.example:8080", "Host": "films.example:8080"},
    {"Origin": "https://films.example", "Host": "films.example:443"},
    {"Origin": "https://films.example", "X-Forwarded-Proto": "https"},
]
FROM_ELSEWHERE = [
    {},
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": ""},
    {"Origin": "films.example"},
    {"Origin": "http://films.example.evil.example"},
    {"Origin": "http://films.example@evil.example"},
    {"Origin": "http://films.example:8080"},
    {"Origin": "http://["},
    {"Origin": "ftp://films.example"},
    {"Origin": "http://films.example", "X-Forwarded-Proto": "https"},
    {"Origin": "https://evil.example", "Sec-Fetch-Site": "same-origin"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "none"},
]


def cookie(token: str = TOKEN, now: datetime | None = None) -> str:
    seals = Seals(token, now=lambda: now) if now else Seals(token)
    return f"{COOKIE}={seals.new_session()}"


@pytest.fixture
def browser(trigger: Trigger, spring: Creation) -> TestClient:
    app = create_app(trigger, settings=Settings(api_token=TOKEN))
    return TestClient(app, base_url="http://films.example", headers={"Cookie": cookie()})


def test_a_session_reads_whatever_the_token_reads(browser: TestClient) -> None:
    for path in ("/openapi.json", STATUS, "/metrics", "/me/creation/spring/assets/1/1.txt"):
        assert browser.get(path).status_code == 200
    part = browser.get("/me/creation/spring/assets/1/1.txt", headers={"Range": "bytes=0-5"})
    assert (part.status_code, part.text) == (206, "Spring")


def test_a_page_of_this_server_may_change_things(browser: TestClient) -> None:
    answers = [browser.post(START, headers=headers).status_code for headers in FROM_HERE]
    assert answers == [202] * len(FROM_HERE)


@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_no_other_page_changes_anything_by_a_session(
    browser: TestClient, platform: NotingPlatform, method: str
) -> None:
    path = START if method == "POST" else "/me/creation/spring/assets/1/1.txt"
    answers = [browser.request(method, path, headers=headers).status_code for headers in FROM_ELSEWHERE]
    assert answers == [403] * len(FROM_ELSEWHERE)
    assert platform.orders == []
    assert browser.get("/me/creation/spring/assets/1/1.txt").status_code == 200


def test_two_origins_are_none(browser: TestClient) -> None:
    origins = [("Origin", "http://films.example"), ("Origin", "https://evil.example")]
    assert browser.post(START, headers=origins).status_code == 403


def test_where_the_server_is_found_is_told_by_its_setting(trigger: Trigger, spring: Creation) -> None:
    settings = Settings(api_token=TOKEN, root_path="https://Films.example:443")
    client = TestClient(create_app(trigger, settings=settings), headers={"Cookie": cookie()})
    inner = {"Host": "10.0.0.7:8080"}
    assert client.post(START, headers={**inner, "Origin": "https://films.example"}).status_code == 202
    for origin in ("http://films.example", "http://10.0.0.7:8080"):
        assert client.post(START, headers={**inner, "Origin": origin}).status_code == 403


def test_a_page_of_this_server_may_watch(browser: TestClient) -> None:
    for headers in FROM_HERE:
        with browser.websocket_connect(f"{SOCKETS}/none", headers=headers) as socket:
            assert socket.receive()["code"] == 1008


def test_no_other_page_may_watch_by_a_session(browser: TestClient) -> None:
    for headers in FROM_ELSEWHERE:
        refused = pytest.raises(WebSocketDisconnect)
        with refused, browser.websocket_connect(f"{SOCKETS}/none", headers=headers):
            pass


def test_what_is_no_session_opens_nothing(browser: TestClient) -> None:
    given = [
        cookie("other"),
        cookie(now=NOW - SESSION),
        cookie()[:-1],
        cookie().replace("=", "=9", 1),
        f"{COOKIE}={TOKEN}",
        f"{COOKIE}=",
        cookie().replace(COOKIE, "session"),
        cookie().replace(COOKIE, COOKIE.upper()),
    ]
    answers = [browser.get(STATUS, headers={"Cookie": each}).status_code for each in given]
    assert answers == [401] * len(given)


def test_one_good_cookie_among_old_ones_is_enough(browser: TestClient) -> None:
    given = f"x=1; {cookie('other')}; {cookie()};{COOKIE}=old"
    assert browser.get(STATUS, headers={"Cookie": given}).status_code == 200


def test_a_wrong_token_is_not_made_good_by_a_session(browser: TestClient) -> None:
    assert browser.get(STATUS, headers={"Authorization": "Bearer other"}).status_code == 401
    refused = pytest.raises(WebSocketDisconnect)
    with refused, browser.websocket_connect(f"{SOCKETS}/x", ["bearer.other"], headers=FROM_HERE[0]):
        pass


def test_the_token_needs_no_origin(browser: TestClient) -> None:
    headers = {"Authorization": f"Bearer {TOKEN}", "Origin": "https://evil.example"}
    assert browser.post(START, headers=headers).status_code == 202


def test_a_session_ends_in_time() -> None:
    times = [NOW]
    seals = Seals(TOKEN, now=lambda: times[-1])
    value = seals.new_session()
    assert value != seals.new_session()
    times.append(NOW + SESSION - timedelta(seconds=1))
    assert seals.is_session(value)
    times.append(NOW + SESSION)
    assert not seals.is_session(value)


def test_a_signature_is_good_for_one_purpose() -> None:
    seals = Seals(TOKEN, now=lambda: NOW)
    expires, nonce, _ = seals.new_session().split(".")
    signature = seals.link(expires, nonce, NOW + SESSION)
    assert not seals.is_session(f"{expires}.{nonce}.{signature}")
    assert seals.is_link(expires, nonce, str(int((NOW + SESSION).timestamp())), signature)
