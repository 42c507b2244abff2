"""Deleting with undo: a mark, the way back, and the removal for good, whatever happens in between."""

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

import pytest

from shared.api.app import create_app
from shared.api.creations import due
from shared.api.creations.due import remove_due
from shared.database import Job, session_for
from shared.database.mirror import record_report
from shared.database.session import close_engines
from shared.errors import BeingDeleted, ReelwrightError, StoreError
from shared.machine.process import this_process
from shared.records import removal
from shared.records.creation import Creation
from shared.records.documents import utc_now
from shared.records.removal import load_removing, mark_removed, restore
from shared.runs.report import Report
from shared.runs.trigger import Trigger
from shared.settings import Settings
from shared.storage import ObjectStore
from shared.storage.memory import MemoryStore
from tests.support.api import NOW, NotingPlatform
from tests.support.client import TestClient, local_client
from tests.support.toys import at_once, failing, watched

SPRING = "/me/creation/spring"


def listed(client: TestClient) -> list[str]:
    return [each["creation_id"] for each in client.get("/creations").json()["creations"]]


def keys(store: ObjectStore) -> list[str]:
    return [info.key for info in store.list("")]


def nobody(_creation_id: str) -> None:
    """There is no database."""


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> None:
    """An hour has passed for the sweep."""
    monkeypatch.setattr(due, "utc_now", lambda: utc_now() + timedelta(hours=1))


@pytest.fixture
def made(trigger: Trigger, spring: Creation, finish: Callable[[int], None]) -> Creation:
    """A creation whose film is made."""
    trigger.start("story", "spring")
    finish(1)
    return spring


def test_what_is_deleted_leaves_the_list_and_can_be_restored(client: TestClient, made: Creation) -> None:
    answer = client.delete(SPRING)
    assert answer.status_code == 202
    assert answer.json()["creation_id"] == "spring"
    assert answer.json()["removed_at"] > utc_now().isoformat()
    assert listed(client) == []
    assert client.get(f"{SPRING}/assets/1/1.txt").content == b"Spring comes."
    assert client.get(f"{SPRING}/generate_video_status").json()["status"] == "completed"
    for refused in (
        client.post(f"{SPRING}/generate_video"),
        client.put(f"{SPRING}/assets/1/1.txt", content=b"Spring!"),
        client.delete(f"{SPRING}/assets/1/1.txt"),
    ):
        assert refused.status_code == 409
        assert "is being deleted; restore it first" in refused.json()["detail"]
    assert client.post(f"{SPRING}/restore").status_code == 204
    assert listed(client) == ["spring"]
    assert client.post(f"{SPRING}/generate_video").status_code == 202
    again = client.post(f"{SPRING}/restore")
    assert (again.status_code, "was not deleted" in again.json()["detail"]) == (404, True)


def test_what_is_not_there_can_not_be_deleted(client: TestClient) -> None:
    assert client.delete(SPRING).status_code == 404
    assert client.delete("/me/creation/assets").status_code == 422


@pytest.mark.parametrize("after_s", ["-1", "3601", "nan", "x"])
def test_a_time_to_restore_has_limits(client: TestClient, made: Creation, after_s: str) -> None:
    assert client.delete(f"{SPRING}?after_s={after_s}").status_code == 422


def test_a_run_under_way_is_stopped_first_if_that_is_asked_for(
    client: TestClient, trigger: Trigger, spring: Creation, platform: NotingPlatform
) -> None:
    trigger.start("story", "spring")
    refused = client.delete(SPRING)
    assert (refused.status_code, "?cancel=true" in refused.json()["detail"]) == (409, True)
    assert client.delete(f"{SPRING}?cancel=true").status_code == 202
    assert platform.cancelled == ["noting|1"]


def test_nothing_is_removed_before_it_is_due(client: TestClient, trigger: Trigger, made: Creation) -> None:
    before = keys(trigger.store)
    client.delete(SPRING)
    assert client.post("/sweep").json()["removed"] == 0
    client.post(f"{SPRING}/restore")
    assert keys(trigger.store) == before


@pytest.mark.usefixtures("later")
def test_a_sweep_removes_all_that_is_due(client: TestClient, trigger: Trigger, made: Creation) -> None:
    trigger.store.write("spring/inner/assets/1/1.txt", b"Another creation.")
    client.delete(SPRING)
    assert client.post("/sweep").json()["removed"] == 1
    assert keys(trigger.store) == ["spring/inner/assets/1/1.txt"]
    assert client.post("/sweep").json()["removed"] == 0
    assert client.get(f"{SPRING}/generate_video_status").status_code == 404


def test_with_no_time_to_restore_it_is_removed_at_once_with_its_rows(
    trigger: Trigger, spring: Creation, tmp_path: object
) -> None:
    settings = Settings(database_url=f"sqlite:///{tmp_path}/jobs.db")
    facts = {"stage": "narrate", "status": "processing", "message": "", "progress": 1, "overall": 1}
    for name in ("spring", "winter"):
        with session_for(settings) as session, session.begin():
            record_report(session, Report(job_id=name, pipeline="story", run=1, at=NOW, **facts))  # type: ignore[arg-type]
    client = local_client(create_app(trigger, settings=settings))
    assert client.delete(f"{SPRING}?after_s=0").status_code == 202
    assert keys(trigger.store) == []
    with session_for(settings) as session:
        assert [job.id for job in session.query(Job)] == ["winter"]
    close_engines()


@pytest.mark.usefixtures("later")
def test_asked_for_again_the_later_request_counts(trigger: Trigger, made: Creation) -> None:
    mark_removed(made, run=1, after_s=0)
    mark_removed(made, run=1, after_s=7200)
    assert remove_due(trigger, nobody) == []
    mark_removed(made, run=1, after_s=60)
    assert remove_due(trigger, nobody) == ["spring"]


@pytest.mark.usefixtures("later")
def test_a_run_that_was_started_after_all_voids_the_mark(
    trigger: Trigger, made: Creation, client: TestClient
) -> None:
    mark_removed(made, run=0, after_s=60)
    assert remove_due(trigger, nobody) == []
    assert load_removing(trigger.store, "spring")[0] is None
    assert listed(client) == ["spring"]


@pytest.mark.usefixtures("later")
def test_work_that_has_yet_to_end_is_waited_for(
    trigger: Trigger, spring: Creation, record: Callable[..., None]
) -> None:
    trigger.start("story", "spring")
    mark_removed(spring, run=1, after_s=60)
    assert remove_due(trigger, nobody) == []
    trigger.cancel("spring")
    assert remove_due(trigger, nobody) == ["spring"]


def test_of_many_sweeps_one_removes_it(trigger: Trigger, made: Creation) -> None:
    mark_removed(made, run=1, after_s=0)
    forgotten: list[str] = []
    at_once(lambda: remove_due(trigger, forgotten.append), threads=8)
    assert forgotten == ["spring"]
    assert keys(trigger.store) == []


def calls_of(work: Callable[[ObjectStore], object], store: MemoryStore) -> int:
    """How many calls the work makes."""
    seen: list[int] = []
    work(watched(store, lambda number, _side, _name, _key: seen.append(number)))
    return max(seen)


def prepared() -> tuple[MemoryStore, Trigger]:
    """A store with a film that is made and marked, and is due."""
    store = MemoryStore()
    creation = Creation(store, "spring")
    trigger = over(store)
    creation.write("assets/1/image.png", b"\x89PNG\r\n\x1a\n")
    trigger.start("story", "spring", checked=False)
    trigger.cancel("spring")
    mark_removed(creation, run=1, after_s=0)
    return store, trigger


def over(store: ObjectStore) -> Trigger:
    from tests.support.api import STORY

    return Trigger(store, NotingPlatform(), {"story": STORY})


def remove_in(store: ObjectStore) -> list[str]:
    return remove_due(over(store), nobody)


REMOVAL_CALLS = range(1, calls_of(remove_in, prepared()[0]) + 1)


@pytest.mark.parametrize("call", REMOVAL_CALLS)
def test_of_a_restore_and_a_removal_one_comes_to_pass(call: int) -> None:
    store, _ = prepared()
    before = [key for key in keys(store) if key.startswith("spring/")]
    restored: list[bool] = []

    def on_call(number: int, side: str, _name: str, _key: str) -> None:
        if (number, side) == (call, "before"):
            restored.append(restore(Creation(store, "spring")))

    removed = remove_in(watched(store, on_call))
    assert restored == [not removed]
    remove_in(store)
    assert [key for key in keys(store) if not key.startswith("_active/")] == (before if restored[0] else [])


class Killed(BaseException):
    """Stands for SIGKILL: nothing is done after it."""


@pytest.mark.parametrize("side", ["before", "after"])
@pytest.mark.parametrize("call", REMOVAL_CALLS)
def test_a_removal_that_was_killed_is_finished_by_the_next_sweep(
    call: int, side: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, _ = prepared()

    def on_call(number: int, this: str, _name: str, _key: str) -> None:
        if (number, this) == (call, side):
            raise Killed

    with monkeypatch.context() as patch, suppress(Killed):
        patch.setattr(removal, "this_process", lambda: f"{this_process()}0")  # one that has ended
        remove_in(watched(store, on_call))
    remove_in(store)
    assert keys(store) == []


@pytest.mark.logs_errors
def test_a_removal_that_failed_is_begun_again(trigger: Trigger) -> None:
    store, _ = prepared()
    error = StoreError("delete", "x", "no network")
    broken = failing(store, error, call="delete", key="image.png", when="before")
    assert remove_in(broken) == []
    assert client_says_too_late(store)
    assert remove_in(store) == ["spring"]
    assert keys(store) == []


def client_says_too_late(store: ObjectStore) -> bool:
    answer = local_client(create_app(over(store), settings=Settings())).post(f"{SPRING}/restore")
    return answer.status_code == 404 and "removed already" in answer.json()["detail"]


def begin(store: ObjectStore) -> None:
    over(store).start("story", "spring", checked=False)


def never_started() -> MemoryStore:
    store = MemoryStore()
    Creation(store, "spring").write("assets/1/image.png", b"\x89PNG\r\n\x1a\n")
    return store


def started_once() -> MemoryStore:
    store = never_started()
    begin(store)
    over(store).cancel("spring")
    return store


def deleted_at(store: MemoryStore, call: int, run: int) -> ObjectStore:
    """The store, from which another process deletes and removes the creation before one call."""

    def on_call(number: int, side: str, _name: str, _key: str) -> None:
        if (number, side) == (call, "before"):
            mark_removed(Creation(store, "spring"), run=run, after_s=0)
            remove_in(store)

    return watched(store, on_call)


@pytest.mark.parametrize(("laid_out", "run"), [(never_started, 0), (started_once, 1)])
def test_a_start_in_between_makes_a_run_or_nothing(laid_out: Callable[[], MemoryStore], run: int) -> None:
    refused, calls = 0, calls_of(begin, laid_out())
    for call in range(1, calls + 1):
        store = laid_out()
        try:
            begin(deleted_at(store, call, run))
        except ReelwrightError:
            refused += 1
            left = [key for key in keys(store) if not key.startswith("_active/")]
            assert left in ([], ["spring/assets/1/image.png"]), call
        else:
            assert over(store).status("spring").request.run == run + 1, call
            assert store.stat("spring/assets/1/image.png"), call
            assert load_removing(store, "spring")[0] is None, call
    assert 0 < refused < calls


def test_a_start_is_refused_in_words(trigger: Trigger, made: Creation) -> None:
    mark_removed(made, run=1, after_s=60)
    with pytest.raises(BeingDeleted, match="POST /me/creation/spring/restore"):
        trigger.resume("spring")
