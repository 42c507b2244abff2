"""The page beside a server that is somewhere else."""

import socket
from collections.abc import Iterator

import httpx
import pytest
from websockets import Origin
from websockets.sync.client import connect

from shared.api.app import create_app
from shared.errors import InvalidSettings
from shared.records.creation import Creation
from shared.runs.trigger import Trigger
from shared.settings import Settings
from shared.storage.memory import MemoryStore
from studio.__main__ import main
from studio.elsewhere import is_served_at, studio_elsewhere
from tests.support.api import STORY, TOKEN, NotingPlatform
from tests.support.listening import listening
from tests.support.servers import free_port

FILM = bytes(range(256)) * 4096
PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture
def trigger(store: MemoryStore, platform: NotingPlatform) -> Trigger:
    return Trigger(store, platform, {"story": STORY})


@pytest.fixture
def here(trigger: Trigger) -> Iterator[str]:
    """The page's address; its server requires the token."""
    with (
        listening(create_app(trigger, settings=Settings(api_token=TOKEN))) as server,
        listening(studio_elsewhere(server, token=TOKEN)) as url,
    ):
        yield url


def test_what_the_page_asks_is_answered_by_the_server(here: str, spring: Creation) -> None:
    assert "Reelwright" in httpx.get(f"{here}/studio/").text
    put = httpx.put(f"{here}/me/creation/spring/assets/2/image.png", content=PNG)
    assert put.status_code == 201
    assert spring.read("assets/2/image.png")[0] == PNG
    listed = httpx.get(f"{here}/me/creation/spring/assets/").json()["assets"]
    assert [each["name"] for each in listed] == ["1/1.txt", "1/image.png", "2/image.png"]
    missing = httpx.get(f"{here}/me/creation/nobody/assets/1/image.png")
    assert (missing.status_code, missing.json()["status"]) == (404, 404)


def test_a_film_is_sought_in(here: str, spring: Creation) -> None:
    spring.write("assets/video.mp4", FILM)
    url = f"{here}/me/creation/spring/assets/video.mp4"
    assert httpx.get(url).content == FILM
    part = httpx.get(url, headers={"Range": "bytes=1000-1999"})
    assert (part.status_code, part.content) == (206, FILM[1000:2000])


def test_a_run_is_watched(here: str, trigger: Trigger, spring: Creation) -> None:
    trigger.start("story", "spring")
    address = f"ws{here.removeprefix('http')}/ws/job"
    with connect(f"{address}/spring", proxy=None) as line:
        assert '"stage":"pipeline"' in str(line.recv(timeout=20))
    with connect(f"{address}/nobody", proxy=None) as line, pytest.raises(Exception, match="1008"):
        line.recv(timeout=20)


def test_other_sites_may_not_use_the_token(here: str, spring: Creation) -> None:
    url = f"{here}/me/creation/spring/assets/"
    for headers in ({"Origin": "https://evil.example"}, {"Host": "evil.example"}):
        assert httpx.get(url, headers=headers).status_code == 403
    assert httpx.get(url, headers={"Authorization": "Bearer wrong", "Cookie": "a=b"}).status_code == 200


def test_a_team_logs_in_with_the_token(trigger: Trigger, spring: Creation) -> None:
    with (
        listening(create_app(trigger, settings=Settings(api_token=TOKEN))) as server,
        listening(studio_elsewhere(server, token=TOKEN, for_team=True)) as url,
        httpx.Client(base_url=url, headers={"Origin": url}) as person,
    ):
        asked = person.get("/studio/", headers={"Accept": "text/html"})
        assert (asked.status_code, asked.headers["Location"]) == (303, "/login?next=%2Fstudio%2F")
        assert person.get("/pipelines").status_code == 401
        assert person.post("/login", json={"token": "wrong"}).status_code == 401
        assert person.post("/login", json={"token": TOKEN}).status_code == 204
        assert "Reelwright" in person.get("/studio/").text
        put = person.put("/me/creation/spring/assets/2/image.png", content=PNG)
        assert put.status_code == 201
        elsewhere = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
        refused = person.put("/me/creation/spring/assets/2/1.txt", content=b"Mine.", headers=elsewhere)
        assert refused.status_code == 403
        assert person.get("/healthz").status_code == 200
        cookie = {"Cookie": "; ".join(f"{name}={value}" for name, value in person.cookies.items())}
        address = f"ws{url.removeprefix('http')}/ws/job/spring"
        with connect(address, proxy=None, origin=Origin(url), additional_headers=cookie) as line:
            line.close()
        with pytest.raises(Exception, match="401"):
            connect(address, proxy=None).close()


@pytest.mark.parametrize(
    ("given", "word"),
    [
        ({"API_TOKEN": TOKEN}, "STUDIO_SERVER"),
        ({"STUDIO_SERVER": "https://films.example"}, "API_TOKEN"),
        ({"STUDIO_SERVER": "films.example", "API_TOKEN": TOKEN}, "STUDIO_SERVER"),
        ({"STUDIO_SERVER": "https://films.example", "API_TOKEN": TOKEN, "PORT": "many"}, "PORT"),
    ],
)
def test_the_image_needs_a_server_and_a_token(
    given: dict[str, str], word: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(given) == 2
    assert word in capsys.readouterr().err


def test_a_server_that_is_not_there_is_named() -> None:
    nobody = f"http://127.0.0.1:{free_port()}"
    with listening(studio_elsewhere(nobody, token=None)) as url:
        answer = httpx.get(f"{url}/pipelines")
        assert answer.status_code == 502
        assert nobody in answer.json()["detail"]


def test_whether_the_page_is_there_is_seen(here: str) -> None:
    assert is_served_at(here)
    assert not is_served_at(f"http://127.0.0.1:{free_port()}")


@pytest.mark.parametrize("address", ["example.org", "ftp://example.org", "https://", "https://a/?b"])
def test_an_address_that_is_none_is_refused(address: str) -> None:
    with pytest.raises(InvalidSettings, match="--server"):
        studio_elsewhere(address, token=None)


@pytest.mark.parametrize(
    "path", ["/shared/../pipelines", "/shared/%2e%2e/pipelines", "/shared/x/../../pipelines"]
)
def test_nobody_reaches_what_is_guarded_by_way_of_what_is_open(path: str, trigger: Trigger) -> None:
    with (
        listening(create_app(trigger, settings=Settings(api_token=TOKEN))) as server,
        listening(studio_elsewhere(server, token=TOKEN, for_team=True)) as url,
    ):
        host, _, port = url.removeprefix("http://").partition(":")
        with socket.create_connection((host, int(port)), timeout=20) as line:
            line.sendall(f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
            answer = b"".join(iter(lambda: line.recv(4096), b""))
    assert answer.split()[1] in {b"400", b"401"}
