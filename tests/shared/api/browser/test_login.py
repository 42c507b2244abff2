import asyncio
import re
from html.parser import HTMLParser
from urllib.parse import quote

import pytest

from shared.api.app import create_app
from shared.api.browser.brake import Brake
from shared.api.guard.sessions import COOKIE
from shared.runs.trigger import Trigger
from shared.settings import Settings
from tests.support.api import TOKEN
from tests.support.client import TestClient, local_client

HERE = {"Origin": "http://films.example"}


def log_in(browser: TestClient, token: str = TOKEN, wanted: str = "/docs") -> int:
    return browser.post("/login", data={"token": token, "next": wanted}, headers=HERE).status_code


class Page(HTMLParser):
    """The tags of a page with their attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def of(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def test_the_form_leads_to_where_one_wanted_to_go(browser: TestClient) -> None:
    page = Page(browser.get("/login?next=/metrics").text)
    hidden, _, token = page.of("input")
    assert (hidden["name"], hidden["value"]) == ("next", "/metrics")
    assert (token["type"], token["autocomplete"]) == ("password", "current-password")
    assert page.of("label") == [{"for": token["id"]}]
    (form,) = page.of("form")
    answer = browser.post(str(form["action"]), data={"token": TOKEN, "next": "/metrics"}, headers=HERE)
    assert (answer.status_code, answer.headers["location"]) == (303, "/metrics")
    assert browser.get("/metrics").status_code == 200


def test_the_page_runs_nothing_and_loads_nothing(browser: TestClient) -> None:
    answer = browser.get('/login?next=/"><script>alert(1)</script>')
    page = Page(answer.text)
    assert page.of("script") == []
    assert [each["href"] for each in page.of("link")] == ["data:,"]
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert page.of("html") == [{"lang": "en"}]
    assert page.of("input")[0]["value"] == '/"><script>alert(1)</script>'


def test_the_cookie_is_kept_from_scripts_and_other_sites_and_is_not_the_token(browser: TestClient) -> None:
    answer = browser.post("/login", json={"token": TOKEN})
    assert (answer.status_code, answer.content) == (204, b"")
    (cookie,) = answer.headers.get_list("set-cookie")
    name, _, rest = cookie.partition("=")
    _, *attributes = rest.lower().split("; ")
    assert name == COOKIE
    assert TOKEN not in cookie
    assert {"httponly", "samesite=strict", "path=/", "max-age=86400"} <= set(attributes)
    assert "secure" not in attributes


@pytest.mark.parametrize("sign", ["scheme", "header", "setting"])
def test_the_cookie_is_secure_when_the_client_came_by_https(trigger: Trigger, sign: str) -> None:
    root_path = "https://films.example" if sign == "setting" else ""
    app = create_app(trigger, settings=Settings(api_token=TOKEN, root_path=root_path))
    client = TestClient(app, base_url=f"{'https' if sign == 'scheme' else 'http'}://films.example")
    headers = {"X-Forwarded-Proto": "https"} if sign == "header" else {}
    headers["Origin"] = "https://films.example"
    answer = client.post("/login", json={"token": TOKEN}, headers=headers)
    assert "secure" in answer.headers["set-cookie"].lower().split("; ")


def test_a_wrong_token_is_told_after_a_while_and_opens_nothing(
    browser: TestClient, paused: list[float], caplog: pytest.LogCaptureFixture
) -> None:
    answer = browser.post("/login", data={"token": "guessed-word", "next": "/metrics"}, headers=HERE)
    assert (answer.status_code, paused) == (401, [1.0])
    page = Page(answer.text)
    assert [each for each in page.of("p") if each.get("role") == "alert"]
    hidden, _, token = page.of("input")
    assert (hidden["value"], token["aria-invalid"]) == ("/metrics", "true")
    assert browser.post("/login", json={"token": TOKEN + "x"}).json()["status"] == 401
    assert "set-cookie" not in answer.headers
    assert browser.get("/metrics").status_code == 401
    assert [line.action for line in caplog.records].count("login_refused") == 2  # type: ignore[attr-defined]
    assert "guessed-word" not in str([line.__dict__ for line in caplog.records])


def test_the_right_token_waits_for_nothing(browser: TestClient, paused: list[float]) -> None:
    assert log_in(browser) == 303
    assert paused == []


def test_many_wrong_tokens_at_once_wait_for_one_another() -> None:
    waited: list[float] = []
    go_on = asyncio.Event()

    async def pause(seconds: float) -> None:
        waited.append(seconds)
        await go_on.wait()

    async def try_tokens() -> None:
        brake = Brake(sleep=pause)
        tries = []
        for number in range(5):
            assert not brake.is_full("2001:db8::1")
            tries.append(asyncio.create_task(brake.hold(f"2001:db8::{number}")))
            await asyncio.sleep(0)
        assert brake.is_full("2001:db8::ffff")
        assert not brake.is_full("2001:db8:0:1::1")
        go_on.set()
        await asyncio.gather(*tries)
        assert not brake.is_full("2001:db8::1")

    asyncio.run(try_tokens())
    assert waited == [1, 2, 3, 4, 5]


def test_where_too_many_try_the_token_is_not_looked_at(browser: TestClient) -> None:
    class Full(Brake):
        def is_full(self, address: str) -> bool:
            return True

    browser.app.state.brake = Full()  # type: ignore[attr-defined]
    answer = browser.post("/login", json={"token": TOKEN})
    assert (answer.status_code, "set-cookie" in answer.headers) == (429, False)
    assert int(answer.headers["retry-after"]) > 0
    assert "Wait" in browser.post("/login", data={"token": TOKEN}).text


ELSEWHERE = [
    "//evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "https://evil.example",
    "javascript:alert(1)",
    "evil.example",
    "/x\n/y",
    "/\t/evil.example",
    "/a//b",
    "/a/../../b",
    "/./",
    "/%2e%2E/x",
    "/é",
    "/" + "x" * 2500,
]


def test_nobody_is_led_elsewhere(browser: TestClient) -> None:
    for wanted in ELSEWHERE:
        assert browser.get("/login", params={"next": wanted}).status_code == 422, wanted
        answer = browser.post("/login", data={"token": TOKEN, "next": wanted}, headers=HERE)
        assert (answer.status_code, "set-cookie" in answer.headers) == (422, False), wanted
        assert browser.post("/login", json={"token": TOKEN, "next": wanted}).status_code == 422, wanted


def test_any_path_of_this_server_may_be_led_to(browser: TestClient) -> None:
    for wanted in ("/", "/docs", "/a/b.c?d=//e&f=%2F..", "/a%20b", "/docs#/assets"):
        answer = browser.post("/login", data={"token": TOKEN, "next": wanted}, headers=HERE)
        assert (answer.status_code, answer.headers["location"]) == (303, wanted)


def test_a_page_that_needs_a_login_leads_to_it_and_back(browser: TestClient) -> None:
    path = "/me/creation/spring/assets/a%20b.txt?x=1&y=%2F"
    answer = browser.get(path, headers={"Accept": "text/html,*/*;q=0.8"})
    assert answer.status_code == 303
    assert answer.headers["location"] == f"/login?next={quote(path, safe='')}"
    (hidden, _, _) = Page(browser.get(answer.headers["location"]).text).of("input")
    assert hidden["value"] == path


@pytest.mark.parametrize(
    ("method", "headers"),
    [
        ("GET", {}),
        ("GET", {"Accept": "application/json"}),
        ("POST", {"Accept": "text/html"}),
        ("GET", {"Accept": "text/html", "Authorization": "Bearer other"}),
    ],
)
def test_programs_get_no_page(browser: TestClient, method: str, headers: dict[str, str]) -> None:
    assert browser.request(method, "/docs", headers=headers).status_code == 401


FORM = "application/x-www-form-urlencoded"
BODIES: list[tuple[str | bytes, str, int]] = [
    ("{", "application/json", 422),
    ('{"token": 5}', "application/json", 422),
    ('{"token": "x", "more": ""}', "application/json", 422),
    (b"token=\xff", FORM, 422),
    ("next=/docs", FORM, 401),
    ("&".join(f"{name}=1" for name in "abcdefghijklmnop"), FORM, 422),
    ("token=x", "text/plain", 415),
    ("token=" + "x" * 20_000, FORM, 413),
]


def test_other_bodies_are_refused(browser: TestClient) -> None:
    for content, kind, status in BODIES:
        answer = browser.post("/login", content=content, headers={"Content-Type": kind})
        assert answer.status_code == status, content


def test_what_was_sent_is_not_shown_again(browser: TestClient) -> None:
    answer = browser.post("/login", json={"token": [TOKEN], "next": TOKEN})
    assert (answer.status_code, TOKEN in answer.text) == (422, False)


def test_no_other_site_logs_in_or_out(browser: TestClient) -> None:
    others = [{"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}]
    for headers in others:
        for path in ("/login", "/logout"):
            answer = browser.post(path, json={"token": TOKEN}, headers=headers)
            assert (answer.status_code, "set-cookie" in answer.headers) == (403, False)


def test_logging_out_has_the_browser_forget(browser: TestClient) -> None:
    log_in(browser)
    assert "Log out" in browser.get("/login").text
    answer = browser.post("/logout", headers={**HERE, "Accept": "text/html"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/login")
    assert browser.get("/metrics").status_code == 401
    assert browser.post("/logout").status_code == 204
    assert 'name="token"' in browser.get("/login").text


def test_without_a_token_there_is_nothing_to_log_in_to(trigger: Trigger) -> None:
    client = local_client(create_app(trigger, settings=Settings()), follow_redirects=False)
    page = client.get("/login?next=/metrics").text
    assert "No token is needed" in page
    assert [each["href"] for each in Page(page).of("a")] == ["/metrics"]
    answer = client.post("/login", data={"next": "/metrics"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/metrics")
    assert "set-cookie" not in answer.headers
    assert client.get("/login", headers={"Host": "films.example"}).status_code == 403


def test_every_colour_has_one_for_the_dark(browser: TestClient) -> None:
    style = re.search("<style>(.*?)</style>", browser.get("/login").text, re.DOTALL)
    assert style
    names = re.findall(r"--[a-z-]+(?=: #)", style[1])
    assert sorted(names) == sorted([*set(names), *set(names)])
