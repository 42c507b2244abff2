"""Triggers that act at once, sleep in between, or whose store's answers get lost."""

import json
from collections import Counter
from pathlib import Path

import pytest

from shared.errors import PreconditionFailed, StoreError
from shared.records.creation import Creation
from shared.records.documents import Claim, load
from shared.storage import ObjectStore
from shared.storage.file import FileStore
from shared.storage.memory import MemoryStore
from tests.support.nursery import Nursery
from tests.support.toys import (
    FakePlatform,
    at_once,
    fake_trigger,
    fill,
    inline_trigger,
    states,
    watched,
)


def run_first_only(store: ObjectStore) -> None:
    """A run whose first stage is done and whose next ones nobody has launched."""
    trigger = inline_trigger(store)
    trigger.start("toys", "toy")


@pytest.mark.parametrize("verb", ["advance", "start"])
def test_64_calls_at_once_launch_each_stage_once(store: MemoryStore, verb: str) -> None:
    platform = FakePlatform()
    trigger = fake_trigger(store, platform)
    if verb == "start":
        at_once(lambda: trigger.start("toys", "toy"), threads=64)
    else:
        run_first_only(store)
        at_once(lambda: trigger.advance("toy"), threads=64)
    wanted = {"start": {"first": 1}, "advance": {"left": 1, "right": 1, "extra": 1}}
    assert Counter(order.stage for order in platform.orders) == wanted[verb]
    assert trigger.status("toy").request.run == 1


def test_64_calls_in_8_processes_launch_each_stage_once(tmp_path: Path) -> None:
    store = FileStore(tmp_path / "root")
    fill(store)
    run_first_only(store)
    log = tmp_path / "log"
    with Nursery() as nursery:
        pids = [nursery.fork("advance", tmp_path / "root", log=str(log)) for _ in range(8)]
        assert [nursery.wait(pid) for pid in pids] == [0] * 8
    launches = [line for line in log.read_text().splitlines() if line.startswith("launched")]
    assert sorted(launches) == ["launched extra", "launched left", "launched right"]


def test_the_manifest_of_an_advance_that_slept_never_replaces_newer_news(store: MemoryStore) -> None:
    """It read the records, sleeps, and wakes when the run is over."""
    run_first_only(store)
    platform, inline = FakePlatform(), inline_trigger(store)

    def on_call(_number: int, side: str, name: str, key: str) -> None:
        if (side, name) == ("before", "read") and key.endswith("manifest.json") and not slept:
            slept.append(True)
            for order in platform.orders:
                inline.platform.launch(order)
            assert inline.advance("toy").status == "completed"

    slept: list[bool] = []
    sleeper = fake_trigger(watched(store, on_call), platform)
    assert sleeper.advance("toy").status == "completed"
    assert slept
    manifest = json.loads(store.read("toy/manifest.json")[0])
    assert manifest["pipeline"]["status"] == "completed"


@pytest.mark.parametrize("error", [PreconditionFailed, StoreError])
@pytest.mark.parametrize("end", ["request.json", "claims/1/first", "claims/1/first again", "manifest.json"])
def test_no_lost_answer_launches_twice_or_not_at_all(
    store: MemoryStore, error: type[StoreError], end: str
) -> None:
    writes: list[str] = []
    key_end, _, again = end.partition(" ")

    def on_call(_number: int, side: str, name: str, key: str) -> None:
        if (side, name) == ("after", "write") and key.endswith(key_end):
            writes.append(key)
            if len(writes) == (2 if again else 1):
                raise error("write", key, "no answer")

    platform = FakePlatform()
    trigger = fake_trigger(watched(store, on_call), platform)
    if (end, error) == ("manifest.json", StoreError):
        with pytest.raises(StoreError):
            trigger.start("toys", "toy")
    else:
        trigger.start("toys", "toy")
    status = trigger.start("toys", "toy")
    assert writes
    assert [order.stage for order in platform.orders] == ["first"]
    assert (status.request.run, states(status)["first"]) == (1, "starting")
    claim, _ = load(Creation(store, "toy"), "claims/1/first", Claim)
    assert claim is not None
    assert (claim.execution, claim.token) == ("fake-1", platform.orders[0].token)


def test_a_claim_that_can_t_be_told_of_its_execution_is_launched_all_the_same(
    store: MemoryStore, caplog: pytest.LogCaptureFixture
) -> None:
    writes: list[str] = []

    def on_call(_number: int, side: str, name: str, key: str) -> None:
        if (side, name) == ("before", "write") and key.endswith("claims/1/first"):
            writes.append(key)
            if len(writes) == 2:
                raise StoreError("write", key, "it is down")

    status = fake_trigger(watched(store, on_call)).start("toys", "toy")
    assert states(status)["first"] == "starting"
    assert "launch_unnoted" in {getattr(record, "action", "") for record in caplog.records}


@pytest.mark.parametrize("error", [PreconditionFailed, StoreError])
def test_a_lost_answer_to_a_cancel_still_cancels(store: MemoryStore, error: type[StoreError]) -> None:
    lost: list[str] = []

    def on_call(_number: int, side: str, name: str, key: str) -> None:
        if (side, name) == ("after", "write") and key.endswith("request.json") and started and not lost:
            lost.append(key)
            raise error("write", key, "no answer")

    started: list[bool] = []
    platform = FakePlatform()
    trigger = fake_trigger(watched(store, on_call), platform)
    trigger.start("toys", "toy")
    started.append(True)
    assert "cancelled" in trigger.cancel("toy").error
    assert platform.cancelled == ["fake-1"]
    assert lost


def test_cancels_at_once_all_cancel(store: MemoryStore) -> None:
    trigger = fake_trigger(store)
    trigger.start("toys", "toy")
    at_once(lambda: trigger.cancel("toy"), threads=8)
    assert "cancelled" in trigger.status("toy").error
