from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.api.app import create_app
from shared.api.guard.auth import check_listen_address, is_loopback
from shared.errors import InvalidSettings, PlatformError
from shared.records.creation import Creation
from shared.runs.trigger import Trigger
from shared.settings import Settings
from tests.support.api import TOKEN, NotingPlatform
from tests.support.client import TestClient, local_client

START = "/me/creation/spring/generate_video"
EVERYWHERE = [
    ("GET", "/me/creation/spring/generate_video_status"),
    ("POST", START),
    ("GET", "/me/creation/spring/assets/"),
    ("PUT", "/me/creation/spring/assets/1/1.txt"),
    ("GET", "/me/creation/spring/assets/1/1.txt"),
    ("HEAD", "/me/creation/spring/assets/1/1.txt"),
    ("DELETE", "/me/creation/spring/assets/1/1.txt"),
    ("GET", "/docs"),
    ("GET", "/openapi.json"),
    ("GET", "/nowhere"),
    ("POST", "/events"),
    ("POST", "/events/"),
    ("POST", "/sweep"),
    ("GET", "/healthz/"),
    ("GET", "//healthz"),
    ("OPTIONS", START),
]


@pytest.fixture
def guarded(trigger: Trigger, spring: Creation) -> TestClient:
    return TestClient(create_app(trigger, settings=Settings(api_token=TOKEN)))


@pytest.mark.parametrize(("method", "path"), EVERYWHERE)
def test_with_a_token_set_nothing_is_done_without_it(
    guarded: TestClient, platform: NotingPlatform, spring: Creation, method: str, path: str
) -> None:
    before = list(spring.list(""))
    answer = guarded.request(method, path)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert platform.orders == []
    assert list(spring.list("")) == before


@pytest.mark.parametrize(
    "given_header",
    [
        TOKEN,
        f"Bearer {TOKEN}x",
        f"Bearer {TOKEN[:-1]}",
        "Bearer",
        "Bearer ",
        f"Basic {TOKEN}",
        f"Bearer {TOKEN} x",
        "Bearer ü",
    ],
)
def test_another_token_is_refused(guarded: TestClient, given_header: str) -> None:
    answer = guarded.post(START, headers={b"Authorization": given_header.encode()})
    assert answer.status_code == 401
    assert TOKEN not in answer.text + str(answer.headers)


def test_two_tokens_are_refused(guarded: TestClient) -> None:
    headers = [("Authorization", f"Bearer {TOKEN}"), ("Authorization", "Bearer other")]
    assert guarded.post(START, headers=headers).status_code == 401


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER "])
def test_the_token_opens_everything_from_anywhere(guarded: TestClient, scheme: str) -> None:
    headers = {
        "Authorization": f"{scheme} {TOKEN}",
        "Host": "films.example",
        "Origin": "https://films.example",
    }
    assert guarded.post(START, headers=headers).status_code == 202
    assert guarded.get("/openapi.json", headers=headers).status_code == 200


def test_a_token_may_be_of_any_letters(trigger: Trigger, spring: Creation) -> None:
    client = TestClient(create_app(trigger, settings=Settings(api_token="schlüssel-日本")))
    assert client.post(START, headers={b"Authorization": "Bearer schlüssel-日本".encode()}).status_code == 202


PING = {
    "ce-type": "dev.knative.sources.ping",
    "ce-id": "1",
    "ce-source": "/cron",
    "ce-specversion": "1.0",
}
JWT = "aGVhZA.Ym9keQ.c2lnbmF0dXJl"


@pytest.mark.parametrize("token", [TOKEN, "100%25 schlüssel", "%20 %zz"])
@pytest.mark.parametrize("encoded", [False, True])
def test_an_event_may_bring_the_token_as_an_attribute(trigger: Trigger, token: str, encoded: bool) -> None:
    client = TestClient(create_app(trigger, settings=Settings(api_token=token)))
    given = (quote(token) if encoded else token).encode()
    headers = [(name.encode(), said.encode()) for name, said in PING.items()]
    assert client.post("/events", headers=[*headers, (b"ce-token", given)]).status_code == 204


@pytest.mark.parametrize(
    "headers",
    [
        [("ce-token", TOKEN + "x")],
        [("ce-token", "")],
        [("ce-token", TOKEN), ("ce-token", TOKEN)],
        [("ce-token", TOKEN), ("authorization", "Bearer other")],
        [("token", TOKEN)],
        [("authorization", f"Bearer {JWT}")],
    ],
)
def test_no_other_attribute_opens_events(guarded: TestClient, headers: list[tuple[str, str]]) -> None:
    assert guarded.post("/events", headers=[*PING.items(), *headers]).status_code == 401


@pytest.mark.parametrize(("method", "path"), [each for each in EVERYWHERE if each[1] != "/events"])
def test_the_attribute_opens_nothing_but_events(guarded: TestClient, method: str, path: str) -> None:
    assert guarded.request(method, path, headers=PING | {"ce-token": TOKEN}).status_code == 401


def identified(trigger: Trigger, seen: list[str], reason: str = "") -> TestClient:
    def verify(identity: str) -> str:
        seen.append(identity)
        if reason == "unknown":
            raise PlatformError("cloudrun", "fetch certificates", "no network")
        return reason

    return TestClient(create_app(trigger, settings=Settings(api_token=TOKEN), verify=verify))


@pytest.mark.parametrize(("path", "status"), [("/events", 204), ("/sweep", 200)])
def test_an_identity_opens_events_and_sweeps(trigger: Trigger, path: str, status: int) -> None:
    seen: list[str] = []
    client = identified(trigger, seen)
    assert client.post(path, headers=PING | {"authorization": f"Bearer {JWT}"}).status_code == status
    assert client.post(path, headers=PING | {"authorization": f"Bearer {TOKEN}"}).status_code == status
    assert seen == [JWT]


@pytest.mark.parametrize(
    ("method", "path"), [each for each in EVERYWHERE if each[1] not in {"/events", "/sweep"}]
)
def test_an_identity_opens_nothing_else(trigger: Trigger, method: str, path: str) -> None:
    seen: list[str] = []
    client = identified(trigger, seen)
    assert client.request(method, path, headers={"authorization": f"Bearer {JWT}"}).status_code == 401
    assert seen == []


@pytest.mark.parametrize(
    "header",
    ["Bearer a.b", "Bearer a.b.c.d", "Basic a.b.c", "Bearer a.b.c!", "Bearer " + "a" * 9000 + ".b.c"],
)
def test_what_is_no_identity_token_is_not_looked_at(trigger: Trigger, header: str) -> None:
    seen: list[str] = []
    client = identified(trigger, seen)
    assert client.post("/events", headers=PING | {"authorization": header}).status_code == 401
    assert client.post("/events", headers=PING | {"ce-token": TOKEN}).status_code == 401
    assert seen == []


def test_a_refused_identity_is_told_why(trigger: Trigger) -> None:
    client = identified(trigger, [], "not one of ours")
    answer = client.post("/events", headers=PING | {"authorization": f"Bearer {JWT}"})
    assert (answer.status_code, answer.json()["detail"]) == (401, "not one of ours")
    assert "invalid_token" in answer.headers["www-authenticate"]


@pytest.mark.logs_errors
def test_an_identity_that_can_not_be_checked_now_is_asked_to_come_again(trigger: Trigger) -> None:
    client = identified(trigger, [], "unknown")
    answer = client.post("/sweep", headers={"authorization": f"Bearer {JWT}"})
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) > 0


def test_health_is_told_to_everyone(guarded: TestClient) -> None:
    assert guarded.get("/healthz").json()["status"] == "ok"


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST:8000", "127.0.0.1", "127.0.0.1:1", "[::1]", "[::1]:8000"]
)
def test_without_a_token_this_machine_may_ask(client: TestClient, spring: Creation, host: str) -> None:
    assert client.post(START, headers={"Host": host}).status_code == 202


@pytest.mark.parametrize(
    "host",
    [
        "films.example",
        "127.0.0.1.films.example",
        "localhost.films.example:8000",
        "localhost@films.example",
        "films.example@localhost",
        "192.168.0.1",
        "0.0.0.0",
        "::1",
        "[::1",
        "localhost:8000:1",
        "localhost:",
        "",
    ],
)
def test_a_name_that_someone_else_may_own_is_refused(
    client: TestClient, platform: NotingPlatform, spring: Creation, host: str
) -> None:
    assert client.post(START, headers={"Host": host}).status_code == 403
    assert platform.orders == []


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("http://localhost:3000", 202),
        ("http://127.0.0.1:8000", 202),
        ("https://[::1]", 202),
        ("https://films.example", 403),
        ("http://localhost.films.example", 403),
        ("null", 403),
        ("", 403),
        ("file://", 403),
        ("chrome-extension://localhost", 403),
    ],
)
def test_a_page_of_another_site_starts_nothing(
    client: TestClient, platform: NotingPlatform, spring: Creation, origin: str, status: int
) -> None:
    assert client.post(START, headers={"Origin": origin}).status_code == status
    assert len(platform.orders) == (status == 202)


@pytest.mark.parametrize("address", ["192.168.0.7", "203.0.113.5", "testclient", "fe80::1"])
def test_without_a_token_other_machines_are_refused_whatever_host_they_name(
    trigger: Trigger, spring: Creation, address: str
) -> None:
    app = create_app(trigger, settings=Settings())
    client = TestClient(app, base_url="http://127.0.0.1", client=(address, 50000))
    assert client.post(START).status_code == 403
    assert client.get("/healthz").status_code == 200


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost"])
def test_listening_on_this_machine_needs_no_token(host: str) -> None:
    check_listen_address(host, Settings())


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "", "192.168.0.1", "films.example", "localhost.example"])
def test_listening_elsewhere_needs_a_token(host: str) -> None:
    with pytest.raises(InvalidSettings) as caught:
        check_listen_address(host, Settings())
    assert "API_TOKEN" in caught.value.problems[0]
    check_listen_address(host, Settings(api_token=TOKEN))


@given(st.text(max_size=30))
def test_hardly_any_name_means_this_machine(name: str) -> None:
    assert not is_loopback(name) or name.lower() == "localhost" or name[0] in "1:0"


def test_a_control_character_in_the_path_is_refused(client: TestClient) -> None:
    assert client.post(START + "%0a").status_code == 400
    assert client.get("/healthz%00").status_code == 400
    assert local_client(client.app).get("/%7f").status_code == 400
