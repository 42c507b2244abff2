"""A cloud's trigger from its settings to SIGTERM, in this process."""

import json
import os
import signal
import threading
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from shared.api.cloud_trigger import Cloud, trigger_main
from shared.api.guard.serve import open_socket
from shared.errors import InvalidSettings, StoreError
from shared.platforms import Platform
from shared.settings import Settings
from shared.storage.memory import MemoryStore
from tests.shared.api.guard.test_serve import ask
from tests.support.api import TOKEN, NotingPlatform

GOOD = {"STORE_URL": "memory://entry", "API_TOKEN": TOKEN, "PORT": "0", "LOG_FORMAT": "json"}
IDENTITY = "aGVhZA.Ym9keQ.c2ln"


@pytest.fixture(autouse=True)
def _signals() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def no_platform(_settings: Settings) -> Platform:
    raise InvalidSettings("THE_REGION is unset: name it", "THE_PROJECT is unset: name it")


def noting_platform(_settings: Settings) -> Platform:
    return NotingPlatform()


CLOUD = Cloud(open_platform=noting_platform, schemes=("memory",))


def while_serving(cloud: Cloud, environ: dict[str, str], work: Callable[[str], object]) -> int:
    """Do `work` with the address of the trigger, then end it as a cloud does."""
    failures: list[BaseException] = []
    helper: list[threading.Thread] = []

    def go(url: str) -> None:
        try:
            work(f"127.0.0.1:{urlsplit(url).port}")
        except BaseException as error:
            failures.append(error)
        finally:
            os.kill(os.getpid(), signal.SIGTERM)

    def on_ready(url: str) -> None:
        helper.append(threading.Thread(target=go, args=(url,)))
        helper[0].start()

    exit_code = trigger_main(cloud, environ, on_ready=on_ready)
    for thread in helper:
        thread.join()
    if failures:
        raise failures[0]
    return exit_code


def refusal(cloud: Cloud, environ: dict[str, str], capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    """The exit code and message of a trigger that must not serve."""
    served: list[str] = []
    exit_code = while_serving(cloud, environ, served.append)
    assert served == []
    lines: list[dict[str, Any]] = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    (line,) = [line for line in lines if line["severity"] == "ERROR"]
    return exit_code, line["message"]


def test_it_serves_until_it_is_told_to_end() -> None:
    seen: list[object] = []

    def work(address: str) -> None:
        bearer = f"Bearer {TOKEN}"
        seen.append(ask(address, "GET", "/healthz")[0])
        seen.append(ask(address, "POST", "/sweep")[0])
        seen.append(json.loads(ask(address, "POST", "/sweep", Authorization=bearer)[2])["advanced"])
        status = "/me/creation/spring/generate_video_status"
        seen.append(ask(address, "GET", status, Authorization=bearer)[0])

    assert while_serving(CLOUD, GOOD, work) == 0
    assert seen == [200, 401, 0, 404]


def test_identity_tokens_are_taken_where_the_cloud_has_them() -> None:
    seen: list[object] = []

    def open_verify(settings: Settings) -> Callable[[str], str]:
        seen.append(settings.events_audience)
        return lambda identity: "" if identity == IDENTITY else "unknown"

    def work(address: str) -> None:
        for identity in (IDENTITY, IDENTITY + "x"):
            seen.append(ask(address, "POST", "/sweep", Authorization=f"Bearer {identity}")[0])

    cloud = Cloud(open_platform=noting_platform, schemes=("memory",), open_verify=open_verify)
    assert while_serving(cloud, GOOD | {"EVENTS_AUDIENCE": "https://us.example"}, work) == 0
    assert seen == ["https://us.example", 200, 401]


def test_all_that_is_missing_is_told_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    cloud = Cloud(open_platform=no_platform, schemes=("cos", "s3"))
    exit_code, message = refusal(cloud, {"PORT": "http"}, capsys)
    assert exit_code == 2
    for named in ("PORT='http'", "API_TOKEN", "STORE_URL", "cos://", "s3://", "THE_REGION", "THE_PROJECT"):
        assert message.count(named) == 1


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"API_TOKEN": ""}, "API_TOKEN"),
        ({"STORE_URL": "file:///srv"}, "STORE_URL='file:///srv'"),
        ({"STORE_URL": "gs://films"}, "STORE_URL='gs://films'"),
        ({"PORT": "65536"}, "PORT='65536'"),
        ({"PORT": "-1"}, "PORT='-1'"),
        ({"PORT": "80 80"}, "PORT='80 80'"),
        ({"HEARTBEAT_S": "often"}, "HEARTBEAT_S='often'"),
    ],
)
def test_a_bad_setting_is_named(
    capsys: pytest.CaptureFixture[str], changes: dict[str, str], named: str
) -> None:
    exit_code, message = refusal(CLOUD, GOOD | changes, capsys)
    assert exit_code == 2
    assert named in message


@pytest.mark.parametrize(
    ("error", "exit_code"),
    [
        (InvalidSettings("STORE_URL='memory://entry': gone"), 2),
        (StoreError("write", "probe", "no network"), 1),
    ],
)
def test_a_store_that_can_not_be_used_is_told_before_anything_is_served(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: Exception, exit_code: int
) -> None:
    def check(self: MemoryStore) -> None:
        raise error

    monkeypatch.setattr(MemoryStore, "check", check)
    assert refusal(CLOUD, GOOD, capsys) == (exit_code, str(error))


def test_a_taken_port_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with open_socket("0.0.0.0", 0) as listener:
        port = str(listener.getsockname()[1])
        exit_code, message = refusal(CLOUD, GOOD | {"PORT": port}, capsys)
    assert exit_code == 2
    assert port in message
