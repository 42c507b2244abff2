import pytest

from shared.api.app import create_app
from shared.errors import StoreError
from shared.runs.trigger import Trigger
from shared.settings import Settings
from shared.storage.memory import MemoryStore
from tests.jobs.ad.http.ads import finish, start
from tests.support.api import AD, TOKEN, NotingPlatform
from tests.support.client import TestClient, local_client


@pytest.fixture
def trigger(store: MemoryStore, platform: NotingPlatform) -> Trigger:
    return Trigger(store, platform, {"ad": AD})


def in_progress(client: TestClient) -> str:
    answer = client.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    (line,) = [line for line in answer.text.splitlines() if line.startswith("jobs_in_progress ")]
    return str(line.partition(" ")[2])


def test_runs_under_way_are_counted(client: TestClient, trigger: Trigger) -> None:
    assert in_progress(client) == "0.0"
    start(trigger, "a")
    creation = start(trigger, "b")
    assert in_progress(client) == "2.0"
    finish(trigger, creation)
    assert in_progress(client) == "1.0"


def test_metrics_are_told_while_the_store_is_away(
    client: TestClient, store: MemoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(prefix: str) -> None:
        raise StoreError("list", prefix, "no network")

    monkeypatch.setattr(store, "list", refuse)
    assert in_progress(client) == "NaN"


def test_metrics_are_guarded_like_the_rest(trigger: Trigger) -> None:
    client = local_client(create_app(trigger, settings=Settings(api_token=TOKEN)))
    assert client.get("/metrics").status_code == 401
    assert client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"}).status_code == 200
