from base64 import b64encode

import pytest

from shared.api.app import create_app
from shared.api.http.prefix import origin_of, prefix_of
from shared.errors import InvalidSettings
from shared.records.creation import Creation
from shared.runs.trigger import Trigger
from shared.settings import Settings, read_settings
from tests.support.api import TOKEN
from tests.support.client import TestClient, local_client

START = "/me/creation/spring/generate_video"


@pytest.fixture
def client(trigger: Trigger, spring: Creation) -> TestClient:
    return local_client(create_app(trigger, settings=Settings(root_path="/video")), follow_redirects=False)


@pytest.fixture(params=["", "/video"], ids=["stripped", "kept"])
def passed_on(request: pytest.FixtureRequest) -> str:
    """What a proxy leaves of the prefix."""
    return str(request.param)


def test_urls_in_answers_are_those_that_clients_know(client: TestClient, passed_on: str) -> None:
    started = client.post(f"{passed_on}{START}")
    assert (started.status_code, started.headers["location"]) == (202, f"/video{START}_status")
    (first, *_) = client.get(f"{passed_on}/me/creation/spring/assets/").json()["assets"]
    assert first["url"].startswith("/video/me/creation/spring/assets/1/")
    assert client.get(first["url"]).status_code == 200
    metadata = {"Upload-Length": "1", "Upload-Metadata": f"name {b64encode(b'1/2.txt').decode()}"}
    upload = client.post(f"{passed_on}/me/creation/spring/uploads", headers=metadata)
    assert upload.headers["location"].startswith("/video/me/creation/spring/uploads/")
    link = client.post(f"{passed_on}/me/creation/spring/links", json={"name": "1/1.txt"}).json()["url"]
    assert link.startswith("/video/shared/spring/assets/1/1.txt?")
    assert client.get(link).text == client.get(link.removeprefix("/video")).text == "Spring comes."
    assert client.get(f"{passed_on}/healthz").status_code == 200


def test_an_ads_urls_too(client: TestClient, passed_on: str) -> None:
    body = {"job_id": "job-1", "product_name": "Watch", "style": "luxury", "cta_text": "Now"}
    answer = client.post(f"{passed_on}/api/videos/generate", json=body)
    made = answer.json()
    assert (made["status_url"], made["websocket_url"]) == ("/video/api/videos/job-1", "/video/ws/job/job-1")
    assert answer.headers["location"] == "/video/api/videos/job-1"
    assert client.post(f"{passed_on}/api/videos/job-1/cancel").headers["location"] == made["status_url"]
    with client.websocket_connect(f"ws://127.0.0.1:8000{passed_on}/ws/job/none") as socket:
        assert socket.receive()["code"] == 1008


def test_the_documentation_knows_where_it_is(client: TestClient, passed_on: str) -> None:
    page = client.get(f"{passed_on}/docs").text
    assert "'/video/openapi.json'" in page
    assert 'src="/video/docs/swagger-ui-bundle.js"' in page
    assert client.get(f"{passed_on}/openapi.json").json()["servers"] == [{"url": "/video"}]
    assert client.get(f"{passed_on}/docs/swagger-ui.css").status_code == 200


def test_a_login_stays_below_the_prefix(trigger: Trigger, passed_on: str) -> None:
    app = create_app(trigger, settings=Settings(api_token=TOKEN, root_path="/video"))
    browser = TestClient(app, base_url="http://films.example", follow_redirects=False)
    page = browser.get(f"{passed_on}/docs?a=b", headers={"Accept": "text/html"})
    assert page.headers["location"] == "/video/login?next=%2Fvideo%2Fdocs%3Fa%3Db"
    assert 'action="/video/login"' in browser.get(f"{passed_on}/login").text
    for wanted, place in (
        ("/video/docs?a=b", "/video/docs?a=b"),
        ("/docs", "/video/docs"),
        ("/videos", "/video/videos"),
        ("", "/video/docs"),
    ):
        answer = browser.post(f"{passed_on}/login", data={"token": TOKEN, "next": wanted})
        assert (answer.status_code, answer.headers["location"]) == (303, place)
    assert "path=/video;" in answer.headers["set-cookie"].lower()
    assert browser.get("/video/metrics").status_code == 200
    assert browser.get(f"{passed_on}/nowhere", headers={"Accept": "text/html"}).status_code in (303, 404)
    out = browser.post("/video/logout", headers={"Origin": "http://films.example", "Accept": "text/html"})
    assert (out.headers["location"], browser.cookies) == ("/video/login", browser.cookies.__class__())


@pytest.mark.parametrize(
    "path", ["/video/nowhere", "/video", "/video/video/healthz", "/videohealthz", "/metrics"]
)
def test_no_way_of_writing_the_prefix_leads_past_the_guard(trigger: Trigger, path: str) -> None:
    app = create_app(trigger, settings=Settings(api_token=TOKEN, root_path="/video"))
    assert TestClient(app).get(path).status_code == 401


@pytest.mark.parametrize("prefix", ["/me", "/api/x", "/docs", "/shared", "/login", "/ws", "/healthz"])
def test_a_prefix_that_begins_like_a_route_is_refused(trigger: Trigger, prefix: str) -> None:
    with pytest.raises(InvalidSettings, match="ROOT_PATH"):
        create_app(trigger, settings=Settings(root_path=prefix))


@pytest.mark.parametrize(
    ("given", "prefix", "origin"),
    [
        ("/video", "/video", None),
        ("/video/", "/video", None),
        ("/", "", None),
        ("/a/b-c_d.e", "/a/b-c_d.e", None),
        ("https://Films.example/Video/", "/Video", "https://films.example"),
        ("https://films.example:443", "", "https://films.example"),
        ("http://[::1]:8080/v", "/v", "http://[::1]:8080"),
    ],
)
def test_a_prefix_is_a_path_or_a_whole_url(given: str, prefix: str, origin: str | None) -> None:
    found = read_settings({"ROOT_PATH": given}).root_path
    assert (prefix_of(found), origin_of(found)) == (prefix, origin)


@pytest.mark.parametrize(
    "given",
    [
        "video",
        "//video",
        "/a//b",
        "/a/../b",
        "/a b",
        "/a?b",
        "/a#b",
        "/ä",
        "ftp://x/y",
        "https://",
        "https://a@b/c",
    ],
)
def test_what_is_no_path_is_refused(given: str) -> None:
    with pytest.raises(InvalidSettings, match="ROOT_PATH"):
        read_settings({"ROOT_PATH": given})
