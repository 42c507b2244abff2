"""What was posted is prepared, whatever dies, and those who ask are told how it stands."""

import json

import pytest

from shared.api.app import create_app
from shared.errors import PlatformBusy, PlatformError
from shared.preparing.looking import go_on, look_after, look_after_all, reports_of_preparation
from shared.preparing.posting import PostedOtherwise, start
from shared.records.creation import Creation
from shared.records.names import PREPARED
from shared.records.removal import remove
from shared.settings import Settings
from shared.storage.memory import MemoryStore
from tests.support.client import local_client
from tests.support.preparing import JOB, Starting, age, change, posted, record, trigger_of
from tests.support.toys import at_once, fill


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def platform() -> Starting:
    return Starting()


@pytest.fixture
def creation(store: MemoryStore) -> Creation:
    return Creation(store, "toy")


def marks(store: MemoryStore) -> list[str]:
    return [info.key for info in store.list(PREPARED)]


def started(creation: Creation, platform: Starting) -> str:
    asked = posted(creation)
    assert asked
    found = start(trigger_of(creation.store, platform), creation, asked)
    assert found
    return found.execution


def test_a_post_is_written_once_and_the_same_again_is_no_error(creation: Creation) -> None:
    won = []
    at_once(lambda: won.append(posted(creation)), threads=16)
    assert len([each for each in won if each]) == 1
    with pytest.raises(PostedOtherwise):
        posted(creation, text="Other.")
    assert record(creation).digest == next(each for each in won if each).digest


def test_the_job_gets_what_was_posted_or_only_its_id_if_that_is_large(
    store: MemoryStore, platform: Starting
) -> None:
    for name, text in (("small", "Hi."), ("large", "a" * 12_000), ("wide", "é" * 2_500)):
        asked = posted(Creation(store, name), text=text)
        assert asked
        start(trigger_of(store, platform), Creation(store, name), asked)
    sent = [json.loads(order.environ["INPUT_PAYLOAD"]) for order in platform.jobs]
    assert sent == [{"jobId": "small", "text": "Hi."}, {"jobId": "large"}, {"jobId": "wide"}]
    assert all(len(json.dumps(dict(order.environ))) < 8 << 10 for order in platform.jobs)


def test_a_post_whose_server_died_before_the_start_is_started_by_a_sweep(
    store: MemoryStore, creation: Creation, platform: Starting
) -> None:
    posted(creation)
    look_after_all(trigger_of(store, platform))
    assert platform.jobs == []  # its server may be about to start it
    age(creation, 61)
    at_once(lambda: look_after_all(trigger_of(store, platform)), threads=4)
    assert [order.job for order in platform.jobs] == [JOB]
    assert record(creation).execution == f"job-{platform.jobs[0].token}"


def test_a_start_that_is_repeated_has_the_same_token(creation: Creation, platform: Starting) -> None:
    started(creation, platform)
    change(creation, execution="")
    age(creation, 61)
    look_after(trigger_of(creation.store, platform), creation)
    assert len({order.token for order in platform.jobs}) == 1
    assert len(platform.jobs) == 2


def test_a_busy_platform_is_asked_again_and_a_refusal_is_the_end(
    store: MemoryStore, creation: Creation, platform: Starting
) -> None:
    platform.refusals = [PlatformBusy("fake", "start", "full"), PlatformError("fake", "start", "no such job")]
    started(creation, platform)
    assert (record(creation).state, "full" in record(creation).message) == ("posted", True)
    age(creation, 61)
    look_after_all(trigger_of(store, platform))
    assert (record(creation).state, "no such job" in record(creation).error) == ("failed", True)


def test_a_job_that_is_done_has_its_run_started_and_its_execution_released(
    store: MemoryStore, platform: Starting
) -> None:
    creation = fill(store)
    execution = started(creation, platform)
    change(creation, state="ready")
    look_after_all(trigger_of(store, platform))
    assert (creation.has_request(), [order.stage for order in platform.orders]) == (True, ["first"])
    assert marks(store) == ["_preparing/toy"]  # the execution has yet to end
    platform.ended[execution] = ""
    look_after_all(trigger_of(store, platform))
    assert (marks(store), platform.released[-1]) == ([], execution)


def test_a_run_that_can_not_be_started_is_the_jobs_failure(
    store: MemoryStore, creation: Creation, platform: Starting
) -> None:
    posted(creation)
    change(creation, state="ready")
    look_after_all(trigger_of(store, platform))
    assert "has no assets" in record(creation).error


@pytest.mark.parametrize(("attempt", "again"), [(0, True), (2, False)])
def test_a_job_that_was_killed_is_started_again_unless_it_used_up_its_attempts(
    creation: Creation, platform: Starting, attempt: int, again: bool
) -> None:
    trigger = trigger_of(creation.store, platform)
    execution = started(creation, platform)
    change(creation, state="working", attempt=attempt)
    assert look_after(trigger, creation) == record(creation)
    platform.ended[execution] = "killed by SIGKILL"
    look_after(trigger, creation)
    assert len({order.token for order in platform.jobs}) == (2 if again else 1)
    assert record(creation).error == ("" if again else "killed by SIGKILL")


def test_a_job_that_never_comes_to_work_is_started_three_times(
    creation: Creation, platform: Starting
) -> None:
    started(creation, platform)
    for _ in range(5):
        platform.ended |= {f"job-{order.token}": "ErrImagePull" for order in platform.jobs}
        look_after(trigger_of(creation.store, platform), creation)
    assert (len(platform.jobs), record(creation).error) == (3, "ErrImagePull")


def test_no_news_for_longer_than_the_time_limit_is_a_failure(creation: Creation, platform: Starting) -> None:
    started(creation, platform)
    change(creation, state="working", attempt=1)
    trigger = trigger_of(creation.store, platform)
    age(creation, 350)
    assert look_after(trigger, creation) == record(creation)
    age(creation, 20)
    look_after(trigger, creation)
    assert "no news within its time limit of 300 s" in record(creation).error


def test_the_end_of_a_job_and_of_a_stage_both_go_on(store: MemoryStore, platform: Starting) -> None:
    creation = fill(store)
    execution = started(creation, platform)
    change(creation, state="ready")
    platform.ended[execution] = ""
    go_on(trigger_of(store, platform), "toy")
    assert (creation.has_request(), marks(store)) == (True, [])
    go_on(trigger_of(store, platform), "toy")
    assert len(platform.orders) == 1


def test_marks_of_what_is_gone_are_removed(
    store: MemoryStore, creation: Creation, platform: Starting
) -> None:
    posted(creation)
    remove(creation)
    assert [key for key in (info.key for info in store.list("")) if not key.startswith(PREPARED)] == []
    look_after_all(trigger_of(store, platform))
    assert platform.jobs == []


def test_a_poll_says_how_far_the_preparation_is(
    store: MemoryStore, creation: Creation, platform: Starting
) -> None:
    client = local_client(create_app(trigger_of(store, platform), settings=Settings()))

    def poll() -> tuple[str, str, str | None, int]:
        found = client.get("/me/creation/toy/play_status").json()
        return found["status"], found["message"], found["error"], found["run"]

    assert client.get("/me/creation/toy/play_status").status_code == 404
    started(creation, platform)
    assert poll() == ("pending", "posted", None, 0)
    change(creation, state="working", message="folding")
    assert poll() == ("pending", "folding", None, 0)
    change(creation, state="failed", message="failed", error="torn")
    assert poll() == ("failed", "failed", "torn", 0)
    change(creation, state="ready")
    fill(store)
    assert poll()[3] == 1


def test_those_who_watch_are_told_the_same(creation: Creation, platform: Starting) -> None:
    started(creation, platform)
    (report,) = reports_of_preparation("toy", record(creation))
    assert (report.stage, report.status, report.run) == ("pipeline", "pending", 0)
    change(creation, state="failed", error="torn")
    (report,) = reports_of_preparation("toy", record(creation))
    assert (report.stage, report.status, report.message) == ("error", "failed", "torn")
