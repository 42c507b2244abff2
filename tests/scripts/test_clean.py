import os
import tempfile
import time
from datetime import timedelta
from pathlib import Path

import pytest

from scripts.clean import Leftover, leftovers, parse_age, remove
from shared.creation import Creation
from shared.errors import BadRequest
from shared.record import utc_now
from shared.storage import ObjectStore
from shared.storage.memory import MemoryStore
from shared.trigger import Trigger
from tests.toys import FakePlatform, fill, inline_trigger, run_fused, toys, with_run

LATER = timedelta(days=1)


@pytest.fixture
def store() -> ObjectStore:
    return MemoryStore()


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def names(store: ObjectStore, prefix: str = "") -> set[str]:
    return {info.key for info in store.list(prefix)}


def cleaned(store: ObjectStore, keep: str, *, age: timedelta = -LATER) -> list[Leftover]:
    trigger = inline_trigger(store)
    found = list(leftovers(trigger, utc_now() - age, keep))
    for leftover in found:
        remove(store, leftover)
    return found


@pytest.mark.parametrize(
    ("text", "age"),
    [("30d", timedelta(days=30)), ("12h", timedelta(hours=12)), ("90m", timedelta(minutes=90))],
)
def test_an_age_is_a_number_and_a_unit(text: str, age: timedelta) -> None:
    assert parse_age(text) == age


@pytest.mark.parametrize("text", ["", "d", "30", "30 d", "-1d", "1w", "٣d", "1d1h"])
def test_what_is_no_age_is_refused(text: str) -> None:
    with pytest.raises(BadRequest, match="--older-than"):
        parse_age(text)


def test_keeping_all_removes_caches_alone(store: ObjectStore) -> None:
    fill(store)
    run_fused(store)
    before = names(store)
    cleaned(store, "all")
    gone = before - names(store)
    assert gone == {name for name in before if name.startswith("toy/cache/")} != set()
    assert inline_trigger(store).status("toy").status == "completed"


def test_keeping_the_final_keeps_what_the_last_stage_made_and_the_records(store: ObjectStore) -> None:
    fill(store)
    run_fused(store)
    cleaned(store, "final")
    assert names(store, "toy/assets/") == {"toy/assets/last.txt"}
    status = inline_trigger(store).status("toy")
    assert (status.status, status.outputs["last"].key) == ("completed", "assets/last.txt")


def test_keeping_none_removes_the_whole_creation_and_no_other(store: ObjectStore) -> None:
    fill(store)
    run_fused(store)
    fill(store, "toy-two")
    cleaned(store, "none")
    assert names(store, "toy/") == set()
    assert names(store, "toy-two/")


def test_a_creation_below_another_is_not_taken_with_it(store: ObjectStore) -> None:
    fill(store, "toy")
    fill(store, "toy/below")
    run_fused(store)
    run_fused(store, "toy/below")
    below = names(store, "toy/below/")
    for leftover in leftovers(inline_trigger(store), utc_now() + LATER, "none"):
        if leftover.name == "toy":
            remove(store, leftover)
    assert names(store, "toy/") == below


@pytest.mark.parametrize("keep", ["all", "final", "none"])
def test_what_ended_a_moment_ago_stays(store: ObjectStore, keep: str) -> None:
    fill(store)
    run_fused(store)
    before = names(store)
    assert cleaned(store, keep, age=LATER) == []
    assert names(store) == before


def test_a_run_that_is_under_way_stays(store: ObjectStore) -> None:
    fill(store)
    Trigger(store, FakePlatform("running"), {"toys": toys()}).start("toys", "toy")
    assert cleaned(store, "none") == []


def test_a_creation_that_is_started_again_meanwhile_stays(store: ObjectStore) -> None:
    fill(store)
    run_fused(store)
    (found,) = leftovers(inline_trigger(store), utc_now() + LATER, "none")
    run_fused(store)
    before = names(store, "toy/")
    remove(store, found)
    assert names(store, "toy/") == before


@pytest.mark.logs_errors
def test_a_run_that_failed_ended_too(store: ObjectStore) -> None:
    def refuse(_context: object) -> object:
        raise BadRequest("no; ask for something else")

    fill(store)
    assert run_fused(store, stages=with_run("first", refuse)).status == "failed"  # type: ignore[arg-type]
    assert [leftover.name for leftover in cleaned(store, "none")] == ["toy"]


def test_paid_results_go_with_age(store: ObjectStore) -> None:
    store.write("_paid/claude/abc.json", b"{}")
    Creation(store, "mine").write("assets/_paid/x", b"mine")
    cleaned(store, "final")
    assert names(store) == {"mine/assets/_paid/x"}


def test_temporary_folders_of_dead_processes_go_and_fresh_ones_stay(
    store: ObjectStore, temporary: Path
) -> None:
    for name in ("reelwright-old", "reelwright-new", "other"):
        (temporary / name).mkdir()
        (temporary / name / "file").write_bytes(b"x")
    for name in ("reelwright-old", "other"):
        os.utime(temporary / name, (time.time() - 90_000,) * 2)
    (found,) = cleaned(store, "final")
    assert (found.name, found.bytes) == ("temporary folders", 1)
    assert sorted(path.name for path in temporary.iterdir()) == ["other", "reelwright-new"]
