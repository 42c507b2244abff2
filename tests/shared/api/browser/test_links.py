from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from shared.api.app import create_app
from shared.records.creation import Creation
from shared.runs.trigger import Trigger
from shared.settings import Settings
from tests.support.api import TOKEN
from tests.support.client import TestClient, local_client

FILM = bytes(range(256))
BEARER = {"Authorization": f"Bearer {TOKEN}"}
NOW = datetime(2025, 10, 30, 12, 0, 0, 250_000, tzinfo=UTC)


@pytest.fixture
def film(spring: Creation) -> None:
    spring.write("assets/video.mp4", FILM)


def share(client: TestClient, name: str = "video.mp4", headers: Any = BEARER, **fields: Any) -> Any:
    body = {"name": name, **fields}
    answer = client.post("/me/creation/spring/links", json=body, headers=headers)
    assert answer.status_code == 201
    return answer.json()


@pytest.mark.usefixtures("film")
def test_a_link_opens_one_asset_without_a_token(browser: TestClient) -> None:
    url = share(browser)["url"]
    assert url.startswith("/shared/spring/assets/video.mp4?expires=")
    whole = browser.get(url)
    assert (whole.status_code, whole.content) == (200, FILM)
    own = browser.get("/me/creation/spring/assets/video.mp4", headers=BEARER)
    assert {name: whole.headers[name] for name in own.headers} == dict(own.headers)
    part = browser.get(url, headers={"Range": "bytes=10-19"})
    assert (part.status_code, part.content) == (206, FILM[10:20])
    head = browser.head(url)
    assert (head.status_code, head.headers["content-length"]) == (200, "256")
    assert browser.get(url, headers={"If-None-Match": whole.headers["etag"]}).status_code == 304


@pytest.mark.usefixtures("film")
def test_only_somebody_with_a_token_makes_links(browser: TestClient) -> None:
    assert browser.post("/me/creation/spring/links", json={"name": "video.mp4"}).status_code == 401
    url = share(browser)["url"]
    for method in ("PUT", "DELETE", "POST", "PATCH"):
        assert browser.request(method, url).status_code == 401
    assert browser.put(url, headers=BEARER).status_code == 405


@pytest.mark.usefixtures("film")
def test_a_link_expires_when_it_says_so(browser: TestClient) -> None:
    seals = browser.app.state.seals  # type: ignore[attr-defined]
    seals.now = lambda: NOW
    made = share(browser, valid_s=60)
    assert datetime.fromisoformat(made["expires_at"]) == NOW.replace(microsecond=0) + timedelta(seconds=60)
    seals.now = lambda: NOW + timedelta(seconds=59.7)
    assert browser.get(made["url"]).status_code == 200
    seals.now = lambda: NOW + timedelta(seconds=60)
    answer = browser.get(made["url"])
    assert answer.status_code == 403
    assert "expired" in answer.json()["detail"]


@pytest.mark.usefixtures("film")
def test_a_changed_or_moved_link_opens_nothing(browser: TestClient, spring: Creation) -> None:
    url = share(browser)["url"]
    Creation(spring.store, "other").write("assets/video.mp4", FILM)
    fields = {name: value for name, (value,) in parse_qs(urlsplit(url).query).items()}
    later = {**fields, "expires": str(int(fields["expires"]) + 1)}
    path = "/shared/spring/assets/video.mp4"
    changed: list[tuple[str, dict[str, str]]] = [
        (path, later),
        (path, {**fields, "signature": fields["signature"][:-1]}),
        (path, {**fields, "signature": "é"}),
        (path, {**fields, "expires": f"0{fields['expires']}.0"}),
        (path, {**fields, "expires": "9" * 5000}),
        (path, {"expires": fields["expires"]}),
        (path, {}),
        ("/shared/other/assets/video.mp4", fields),
        ("/shared/spring/assets/1/1.txt", fields),
        ("/shared/no..thing//assets/video.mp4", fields),
    ]
    for place, query in changed:
        assert browser.get(place, params=query).status_code == 403, (place, query)
    assert browser.get(path, params=fields).status_code == 200


@pytest.mark.usefixtures("film")
def test_another_token_ends_links(browser: TestClient, trigger: Trigger) -> None:
    url = share(browser)["url"]
    same, other = (
        TestClient(create_app(trigger, settings=Settings(api_token=token))) for token in (TOKEN, "other")
    )
    assert same.get(url).status_code == 200
    assert other.get(url).status_code == 403


def test_a_link_goes_where_its_names_lead(browser: TestClient, spring: Creation) -> None:
    creation = Creation(spring.store, "2025/10/30/x")
    creation.write("assets/1/ü #?.txt", b"Hello")
    answer = browser.post("/me/creation/2025/10/30/x/links", json={"name": "1/ü #?.txt"}, headers=BEARER)
    assert browser.get(answer.json()["url"]).content == b"Hello"


@pytest.mark.usefixtures("film")
def test_links_to_nothing_or_for_ever_are_refused(browser: TestClient) -> None:
    asked: list[tuple[dict[str, Any], int]] = [
        ({"name": "none.mp4"}, 404),
        ({"name": ""}, 422),
        ({}, 422),
        ({"name": "video.mp4", "valid_s": 0}, 422),
        ({"name": "video.mp4", "valid_s": 604_801}, 422),
        ({"name": "video.mp4", "more": 1}, 422),
    ]
    for body, status in asked:
        answer = browser.post("/me/creation/spring/links", json=body, headers=BEARER)
        assert answer.status_code == status, body


@pytest.mark.usefixtures("film")
def test_without_a_token_links_last_as_long_as_the_process_and_stay_on_this_machine(trigger: Trigger) -> None:
    first, second = (local_client(create_app(trigger, settings=Settings())) for _ in range(2))
    url = share(first, headers={})["url"]
    assert first.get(url).content == FILM
    assert first.get(url, headers={"Host": "films.example"}).status_code == 403
    assert second.get(url).status_code == 403
