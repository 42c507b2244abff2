import os
import tempfile
from datetime import timedelta
from pathlib import Path

import pytest

from scripts.clean import Leftover, clean, leftovers, parse_age, remove
from scripts.list import list_creations
from scripts.wiring import reader_of
from shared.errors import BadRequest, StoreError
from shared.machine.temporary import scratch
from shared.records.creation import Creation
from shared.records.documents import Request, utc_now
from shared.records.removal import mark_removed, restore
from shared.records.removal import remove as remove_creation
from shared.runs.trigger import Trigger
from shared.settings import Settings
from shared.storage import ObjectStore, open_store
from shared.storage.memory import MemoryStore
from tests.shared.machine.test_temporary import left_by_a_killed_process
from tests.support.chains import HASTY, Chain
from tests.support.toys import FakePlatform, failing, fill, inline_trigger, run_fused, toys, with_run

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


def test_what_was_deleted_and_can_be_restored_is_left_alone(store: ObjectStore) -> None:
    fill(store)
    run_fused(store)
    creation = Creation(store, "toy")
    mark_removed(creation, run=1, after_s=60)
    before = names(store)
    assert cleaned(store, "none") == []
    assert names(store) == before
    restore(creation)
    cleaned(store, "none")
    assert names(store) == set()


def test_what_was_deleted_and_is_due_is_removed_with_yes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = Settings(store_url=f"file://{tmp_path}/store")
    store = open_store(settings.store_url)
    creation = Creation(store, "winter")
    creation.write("assets/1/1.txt", b"Snow.")
    asked = Request(pipeline="story", requested_at=utc_now(), created_at=utc_now())
    creation.write("request.json", asked.to_bytes())
    mark_removed(creation, run=1, after_s=60)
    list_creations(settings)
    assert "deleted, can be restored" in capsys.readouterr().out
    mark_removed(creation, run=0, after_s=0)  # as of before its run: that one voids it
    clean(settings, older_than="30d", keep="none", yes=True)
    assert creation.has_request()
    creation.delete("request.json")
    mark_removed(creation, run=0, after_s=0)
    clean(settings, older_than="30d", keep="none", yes=False)
    assert creation.has_assets()
    clean(settings, older_than="30d", keep="none", yes=True)
    assert names(store) == set()
    assert "removed winter" in capsys.readouterr().err


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


def test_a_removal_that_broke_off_is_finished(store: ObjectStore) -> None:
    fill(store)
    run_fused(store)

    gone = StoreError("delete", "toy/manifest.json", "the network is gone")
    with pytest.raises(StoreError, match="network"):
        remove_creation(Creation(failing(store, gone, call="delete", key="manifest.json"), "toy"))
    assert names(store, "toy/assets/")
    assert cleaned(store, "all", age=LATER) == []
    assert [leftover.name for leftover in cleaned(store, "all")] == ["toy"]
    assert names(store, "toy/") == set()


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


RESPONSES = {f"run/assets/responses/{name}.binpb" for name in ("source1.Make", "filter1.Sift", "sink1.Keep")}


@pytest.mark.parametrize(
    ("keep", "gone"), [("all", set()), ("final", {name for name in RESPONSES if "sink1" not in name})]
)
def test_of_a_blueprint_s_run_the_last_responses_stay_and_what_they_were_asked_for(
    store: ObjectStore, keep: str, gone: set[str]
) -> None:
    chain = Chain(store)
    chain.run({"word": "a"})
    before = names(store, "run/")
    assert before >= RESPONSES
    cleaned(store, keep)
    assert before - names(store, "run/") == gone
    status = reader_of(inline_trigger(store), "run").status("run")
    assert (status.status, status.outdated) == ("completed", False)
    assert chain.resume().status == "completed"


@pytest.mark.logs_errors
def test_a_blueprint_s_run_goes_whole_also_if_its_process_was_killed(store: ObjectStore) -> None:
    chain = Chain(store)
    assert chain.run({"word": "a"}, without="sink1", manner=HASTY).status == "failed"
    Creation(store, "run").mark(1)  # as a killed process leaves it; no sweep ends such a run
    assert [leftover.name for leftover in cleaned(store, "none")] == ["run"]
    assert names(store) == set()


def test_paid_results_go_with_age(store: ObjectStore) -> None:
    store.write("_paid/claude/abc.json", b"{}")
    Creation(store, "mine").write("assets/_paid/x", b"mine")
    cleaned(store, "final")
    assert names(store) == {"mine/assets/_paid/x"}


def test_a_killed_process_s_folder_goes_once_it_is_old_enough_and_no_other_of_that_name(
    store: ObjectStore, temporary: Path
) -> None:
    dead = left_by_a_killed_process()
    for name in ("reelwright-store", "reelwright-planted"):
        (temporary / name).mkdir()
        os.utime(temporary / name, (0, 0))
    with scratch() as held:
        assert cleaned(store, "final", age=LATER) == []
        (found,) = cleaned(store, "final")
        assert (found.name, found.bytes) == (str(dead), 4)
        assert held.is_dir()
    assert sorted(path.name for path in temporary.iterdir()) == ["reelwright-planted", "reelwright-store"]


@pytest.mark.parametrize("keep", ["all", "final", "none"])
def test_the_paths_of_folders_are_shown_before_anything_goes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], keep: str
) -> None:
    dead = left_by_a_killed_process()
    settings = Settings(store_url=f"file://{tmp_path}/reelwright-store")
    clean(settings, older_than="0m", keep=keep, yes=False)
    assert f"{dead}  4 B" in capsys.readouterr().out
    assert dead.is_dir()
    clean(settings, older_than="0m", keep=keep, yes=True)
    assert not dead.exists()
    assert (tmp_path / "reelwright-store").is_dir()
