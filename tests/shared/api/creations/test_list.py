"""The list of all creations: pages, filters, search, and what each one says."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from shared.api.app import create_app
from shared.api.creations import index as index_module
from shared.api.creations.freshness import Freshness
from shared.api.creations.index import Index
from shared.errors import StoreError
from shared.records.creation import Creation
from shared.records.documents import utc_now
from shared.runs.trigger import Trigger
from shared.settings import Settings
from shared.storage import ObjectInfo
from shared.storage.memory import MemoryStore
from tests.jobs.ad.http.ads import BRIEF, start
from tests.jobs.ad.http.ads import finish as finish_ad
from tests.support.api import AD, NOW, NotingPlatform
from tests.support.client import TestClient, local_client


def page(client: TestClient, **query: Any) -> dict[str, Any]:
    answer = client.get("/creations", params=query)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def ids(client: TestClient, **query: Any) -> list[str]:
    """Of all pages."""
    found: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        answer = page(client, **query, **({"cursor": cursor} if cursor else {}))
        found += [each["creation_id"] for each in answer["creations"]]
        cursor = answer["next_cursor"]
    return found


def only(client: TestClient) -> dict[str, Any]:
    found = page(client)
    assert (found["total"], found["next_cursor"], found["complete"]) == (1, None, True)
    each: dict[str, Any] = found["creations"][0]
    return each


def test_an_empty_store_has_none(client: TestClient) -> None:
    assert page(client) == {"creations": [], "total": 0, "next_cursor": None, "complete": True}


def test_assets_alone_are_a_new_creation(client: TestClient, spring: Creation) -> None:
    found = only(client)
    assert (found["creation_id"], found["status"], found["pipeline"], found["run"]) == (
        "spring",
        "new",
        None,
        0,
    )
    assert (found["title"], found["requested_at"], found["urls"]) == (None, None, {})


def test_a_run_under_way_is_looked_at_each_time(
    client: TestClient, trigger: Trigger, spring: Creation, record: Callable[..., None]
) -> None:
    trigger.start("story", "spring")
    assert (only(client)["status"], only(client)["progress"]) == ("pending", 0)
    record("narrate", "running", progress=0.5, message="caption 1 of 2")
    found = only(client)
    assert (found["progress"], found["message"]) == (0.05, "narrate: caption 1 of 2")
    assert found["urls"] == {"status": "/me/creation/spring/generate_video_status"}


def test_a_film_that_is_made_has_its_address_and_may_be_outdated(
    client: TestClient, trigger: Trigger, spring: Creation, finish: Callable[[int], None]
) -> None:
    trigger.start("story", "spring")
    finish(1)
    found = only(client)
    assert (found["status"], found["progress"], found["outdated"]) == ("completed", 1, False)
    assert found["urls"]["film"] == "/me/creation/spring/assets/video.mp4"
    assert found["completed_at"]
    spring.write("assets/1/1.txt", b"Spring is here.")
    assert only(client)["outdated"] is True
    assert only(client)["outdated"] is True  # as it was remembered


def test_a_run_that_was_cancelled_says_so(client: TestClient, trigger: Trigger, spring: Creation) -> None:
    trigger.start("story", "spring")
    trigger.cancel("spring")
    found = only(client)
    assert (found["status"], found["error"]) == ("failed", "cancelled; run it again to resume")


def test_an_ad_is_called_what_its_brief_calls_it(client: TestClient, trigger: Trigger) -> None:
    finish_ad(trigger, start(trigger, product_name="  Premium\nWatch "))
    found = only(client)
    assert (found["title"], found["pipeline"]) == ("Premium Watch", "ad")
    assert found["urls"] == {
        "status": "/api/videos/job-123",
        "film": "/me/creation/job-123/assets/video.mp4",
        "poster": "/me/creation/job-123/assets/poster.jpg",
    }


def test_pages_are_stable_while_the_list_grows(client: TestClient, trigger: Trigger) -> None:
    times = iter(NOW + timedelta(seconds=number // 2) for number in range(1000))
    trigger._now = lambda: next(times)
    for number in range(5):
        start(trigger, f"job-{number}")
    before = ids(client)
    assert sorted(before) == [f"job-{number}" for number in range(5)]
    first = page(client, limit=2)
    start(trigger, "job-5")
    rest = page(client, limit=100, cursor=first["next_cursor"])
    assert [each["creation_id"] for each in first["creations"] + rest["creations"]] == before
    assert ids(client, limit=1) == ids(client) == ["job-5", *before]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"status": "new"}, ["spring"]),
        ({"status": "failed"}, ["job-1"]),
        ({"status": ["new", "failed"]}, ["job-1", "spring"]),
        ({"pipeline": "ad"}, ["job-1", "job-2"]),
        ({"pipeline": ["ad", "story"], "status": "pending"}, ["job-2", "winter"]),
        ({"pipeline": "nothing"}, []),
        ({"search": "WATCH"}, ["job-1"]),
        ({"search": "  blue pen "}, ["job-2"]),
        ({"search": "pen wat"}, []),
        ({"search": "JOB"}, ["job-1", "job-2"]),
        ({"search": "in"}, ["spring", "winter"]),
    ],
)
def test_the_list_is_filtered_and_searched(
    client: TestClient, trigger: Trigger, spring: Creation, query: dict[str, Any], found: list[str]
) -> None:
    start(trigger, "job-1", product_name="Premium Watch")
    start(trigger, "job-2", product_name="Pen, blue")
    trigger.cancel("job-1")
    Creation(trigger.store, "winter").write("assets/1/image.png", b"\x89PNG\r\n\x1a\n")
    trigger.start("story", "winter", checked=False)
    assert sorted(ids(client, **query)) == found
    assert page(client, **query)["total"] == len(found)


@pytest.mark.parametrize(
    "query", ["cursor=x", "cursor=W10=", "limit=0", "limit=101", "status=lost", "search=" + "x" * 201]
)
def test_a_list_that_can_not_be_had_is_refused(client: TestClient, query: str) -> None:
    assert client.get(f"/creations?{query}").status_code == 422


def test_what_is_broken_is_listed_and_says_so(client: TestClient, store: MemoryStore) -> None:
    store.write("odd/request.json", b"{}")
    found = only(client)
    assert (found["status"], found["message"], found["pipeline"]) == ("failed", "can't be read", None)
    assert "not a valid Request" in found["error"]


def test_names_inside_of_creations_and_marks_are_no_creations(client: TestClient, store: MemoryStore) -> None:
    for key in ("a/assets/request.json", "_jobs/20251030/1", "_paid/x/request.json", "a b/request.json"):
        store.write(key, b"{}")
    assert ids(client) == ["a"]


def test_what_another_process_changes_is_seen(
    client: TestClient, store: MemoryStore, spring: Creation
) -> None:
    assert ids(client) == ["spring"]
    other = Trigger(store, NotingPlatform(), client.app.state.trigger.pipelines)  # type: ignore[attr-defined]
    start(other, "job-1")
    assert ids(client) == ["job-1", "spring"]
    for info in list(store.list("spring/")):
        store.delete(info.key)
    assert ids(client) == ["job-1"]


def test_only_what_has_changed_is_read_again(
    trigger: Trigger, store: MemoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        finish_ad(trigger, start(trigger, f"job-{number}"))
    index = Index(trigger)
    assert [entry.status for entry in index.found().entries] == ["completed"] * 3
    reads: list[str] = []
    read = store.read

    def noted(key: str) -> tuple[bytes, ObjectInfo]:
        reads.append(key)
        return read(key)

    monkeypatch.setattr(store, "read", noted)
    index.found()
    assert reads == []
    before = store.read("job-1/manifest.json")[0]
    store.write("job-1/manifest.json", before)
    reads.clear()
    index.found()
    assert reads == ["job-1/manifest.json", "job-1/assets/ad.json"]


class Clock:
    """Time that passes when a test says so."""

    now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


def test_a_large_store_is_looked_at_beside_the_requests(
    trigger: Trigger, store: MemoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index_module, "_FEW", 0)
    monkeypatch.setattr(index_module, "_QUICK_S", -1)
    clock = Clock()
    index = Index(trigger, clock=clock)
    assert index.found(patience_s=60).complete
    other = Trigger(store, NotingPlatform(), trigger.pipelines)
    start(other, "theirs")
    start(trigger, "ours")
    found = index.found()  # at once what this server made; the other is looked for meanwhile
    assert "ours" in [entry.creation_id for entry in found.entries]
    clock.now_s += 11  # too old to be answered with
    assert sorted(entry.creation_id for entry in index.found(patience_s=60).entries) == ["ours", "theirs"]


def test_an_old_index_of_a_store_that_fails_is_not_complete(
    trigger: Trigger, store: MemoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    index = Index(trigger, clock=clock)
    start(trigger)
    assert index.found().complete

    def refuse(_names: object, _folders: object) -> None:
        raise StoreError("list", "", "no network")

    monkeypatch.setattr(store, "heads", refuse)
    clock.now_s += 11
    with pytest.raises(StoreError):
        index.found()


def test_a_remote_store_is_not_asked_each_time_whether_a_film_is_outdated() -> None:
    store, clock = MemoryStore("s3://films"), Clock()
    trigger = Trigger(store, NotingPlatform(), {"ad": AD})
    finish_ad(trigger, start(trigger))
    freshness = Freshness(trigger, clock=clock)
    (entry,) = Index(trigger).found().entries
    assert freshness.is_outdated(entry) is False
    store.write("job-123/assets/ad.json", b"{}")
    clock.now_s += 4
    assert freshness.is_outdated(entry) is False
    clock.now_s += 2
    assert freshness.is_outdated(entry) is True


def test_a_store_that_still_is_read_gives_what_there_is(
    trigger: Trigger, store: MemoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    from threading import Event

    start(trigger, "newest")
    start(trigger, "older")
    go_on = Event()
    heads = store.heads

    def slow(names: Any, folders: Any) -> Any:
        go_on.wait(60)
        return heads(names, folders)

    monkeypatch.setattr(store, "heads", slow)
    index = Index(trigger)
    found = index.found(patience_s=0)
    assert (found.entries, found.complete) == ([], False)
    start(trigger, "mine")  # is read by itself
    assert [entry.creation_id for entry in index.found(patience_s=0).entries] == ["mine"]
    go_on.set()
    assert len(index.found(patience_s=60).entries) == 3


def test_a_talk_that_is_prepared_is_under_way(client: TestClient, store: MemoryStore) -> None:
    from shared.preparing.record import Preparation, fail, save_preparation
    from shared.storage import ABSENT

    now = utc_now()
    creation = Creation(store, "talk")
    facts = {
        "pipeline": "story",
        "job": "x",
        "digest": "",
        "posted_at": now,
        "asked_at": now,
        "heard_at": now,
    }
    save_preparation(creation, Preparation.model_validate(facts), expect=ABSENT)
    assert (only(client)["status"], only(client)["pipeline"]) == ("pending", "story")
    fail(creation, "the model is away")
    found = only(client)
    assert (found["status"], found["error"]) == ("failed", "the model is away")


def test_the_app_has_an_index_of_its_own(trigger: Trigger) -> None:
    one, other = (create_app(trigger, settings=Settings()) for _ in range(2))
    start(trigger)
    assert ids(local_client(one)) == ids(local_client(other)) == ["job-123"]
    assert BRIEF["product_name"] == page(local_client(one))["creations"][0]["title"]
