"""Faults all at once: storage that fails in every way, events that are lost or doubled, many creations."""

import random
import sys
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest

from shared.pipelines.definition import Pipeline, load_pipeline
from shared.platforms import Platform
from shared.records.documents import Record
from shared.runs.trigger import Trigger
from shared.storage import ObjectStore
from tests.support.clouds import EMULATORS, Mail, Place, deployed, make_trigger, place, until_ended
from tests.support.patience import until
from tests.support.toys import PIPELINE_FILE, ROOT, contents, fill, run_fused

KINDS = {
    "503-before": ("objects.insert", 5),
    "503-after": ("objects.insert", 9),
    "reset-before": ("objects.media", 7),
    "reset-after": ("objects.insert", 15),
    "broken-download": ("objects.media", 31),
    "broken-upload": ("objects.insert", 27),
}
"""Each with a call at which it surely strikes, whatever chance brings."""


@pytest.fixture(autouse=True)
def _repository(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


def toys() -> dict[str, Pipeline]:
    """The toys, with time to repeat what fails."""
    whole = load_pipeline(PIPELINE_FILE)
    stages = {name: stage.model_copy(update={"time_limit_s": 600}) for name, stage in whole.stages.items()}
    return {"toys": whole.model_copy(update={"stages": stages})}


def entry(image: str) -> list[str]:
    """The toys' images: `toys-<stage>`."""
    return [sys.executable, "-m", "tests.support.toys", image.removeprefix("toys-")]


def executions(platform: Platform) -> Counter[tuple[str, str]]:
    """How often each job was started for each creation."""
    emulator = EMULATORS[id(platform)]
    runs = [running.execution for running in emulator.executions]
    return Counter((run.job, run.template.containers[0].args[-1]) for run in runs)


def publications(at: Place, writes: Counter[str]) -> dict[str, int]:
    """How often each asset was written."""
    return {key: count for key, count in writes.items() if "/assets/" in key and at.store.stat(key)}


def expected(store: ObjectStore, folder: Path) -> dict[str, bytes]:
    from shared.storage.file import FileStore

    elsewhere = FileStore(folder / "elsewhere")
    fill(elsewhere)
    run_fused(elsewhere)
    return contents(elsewhere)


def survive(folder: Path, creations: int, *, rate: float, lost_or_doubled: float, seed: int) -> None:
    with place("gs", folder) as at, deployed("cloudrun", at, toys(), entry=entry) as platform:
        names = [f"film-{number}" for number in range(creations)]
        for name in names:
            fill(at.store, name)
        writes: Counter[str] = Counter()
        trigger = make_trigger(at, platform, toys())
        mail = Mail(trigger=trigger, lost_or_doubled=lost_or_doubled, chance=random.Random(seed))
        at.listeners += [mail, lambda key: writes.update([key])]
        for kind, (operation, nth) in KINDS.items():
            at.emulator.faults.plan(operation, nth, kind)
        at.emulator.faults.rate(dict.fromkeys(KINDS, rate), seed=seed)
        with ThreadPoolExecutor(10) as pool:
            list(pool.map(lambda name: trigger.start("toys", name), names))
        until_ended(trigger, every_s=1.0)
        at.emulator.faults.rate({}, seed=seed)
        at.emulator.faults.verify()
        assert {kind for _, _, kind in at.emulator.faults.injected} == KINDS.keys()
        assert mail.spoilt
        statuses = {name: trigger.status(name) for name in names}
        assert {name: status.error for name, status in statuses.items() if status.status != "completed"} == {}
        assert {status.request.run for status in statuses.values()} == {1}
        jobs = executions(platform)
        assert {job: count for job, count in jobs.items() if count != 1} == {}
        assert len(jobs) == creations * len(toys()["toys"].stages)
        made = expected(at.store, folder)
        for name in names:
            found = contents(at.store, f"{name}/assets/")
            assert {key.replace(name, "toy", 1): data for key, data in found.items()} == made
        assert {key: count for key, count in publications(at, writes).items() if count != 1} == {}


def test_runs_survive_storage_that_fails_and_events_that_are_lost_or_doubled(tmp_path: Path) -> None:
    survive(tmp_path, 2, rate=0.02, lost_or_doubled=1 / 3, seed=1)


@pytest.mark.soak
@pytest.mark.parametrize("seed", [1, 2])
def test_fifty_runs_survive_a_tenth_of_all_storage_calls_failing_in_each_way(
    tmp_path: Path, seed: int
) -> None:
    survive(tmp_path, 50, rate=0.1, lost_or_doubled=1 / 3, seed=seed)


@pytest.mark.parametrize("kind", ["cloudrun", "codeengine"])
def test_two_triggers_that_race_launch_each_stage_once(kind: str, tmp_path: Path) -> None:
    with place("gs", tmp_path) as at, deployed(kind, at, toys(), entry=entry) as platform:
        fill(at.store)
        triggers = [make_trigger(at, platform, toys()) for _ in range(2)]
        with ThreadPoolExecutor(2) as pool:
            start = Barrier(2)

            def race(do: Callable[[Trigger], Any]) -> list[Any]:
                """Both do it at the same moment."""

                def go(trigger: Trigger) -> Any:
                    start.wait()
                    return do(trigger)

                return list(pool.map(go, triggers))

            race(lambda trigger: trigger.start("toys", "toy"))
            until(lambda: not any(race(lambda trigger: trigger.sweep().advanced)), every_s=0.25)
        assert triggers[0].status("toy").status == "completed"
        records = [
            Record.model_validate_json(at.store.read(info.key)[0]) for info in at.store.list("toy/stages/")
        ]
        assert {record.attempt for record in records} == {0}
        assert len({record.execution for record in records}) == len(toys()["toys"].stages)
        if kind == "cloudrun":
            assert set(executions(platform).values()) == {1}
        else:
            names = {body["name"] for body in EMULATORS[id(platform)].bodies}
            assert len(names) == len(toys()["toys"].stages)
