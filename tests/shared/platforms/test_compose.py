"""Stages in containers of a stand-in for compose; tests/containers has real ones."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts.wiring import make_trigger
from shared.errors import InvalidSettings
from shared.pipelines.definition import Pipeline
from shared.platforms import LaunchOrder
from shared.platforms.compose import ComposePlatform, engine_of
from shared.platforms.local import LocalPlatform
from shared.records.creation import Creation
from shared.records.documents import Failure, Record, load
from shared.runs.status import RunStatus
from shared.runs.trigger import Trigger
from shared.settings import Settings
from shared.storage import ObjectStore
from shared.storage.file import FileStore
from shared.storage.memory import MemoryStore
from tests.shared.platforms.containers import Engine
from tests.support.patience import until
from tests.support.toys import ROOT, contents, fill, run_fused, toys

STAGES = ["extra", "first", "last", "left", "right", "right", "right"]


class Host:
    """The toy pipeline on compose, whose faults and limits a test chooses."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.engine = Engine(folder)
        self.store = FileStore(folder / "store")
        self.gate = folder / "gate"
        self.gate.mkdir()
        self.lines: list[str] = []
        self.limits: dict[str, int] = {}
        self._monkeypatch = monkeypatch
        self._platforms: list[ComposePlatform] = []
        monkeypatch.chdir(ROOT)
        for name, value in {**self.engine.environ, "TOYS_GATE": str(self.gate)}.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("TMPDIR", str(folder))
        fill(self.store)

    @property
    def settings(self) -> Settings:
        return Settings(
            platform="compose", compose_command=("podman-compose",), compose_file=str(self.engine.file)
        )

    def faults(self, stage: str, fault: str, hits: int = 9) -> None:
        self._monkeypatch.setenv("TOYS_FAULTS", f'{{"{stage}": ["{fault}", {hits}]}}')

    def platform(self, store: ObjectStore | None = None, *, grace_s: float = 5) -> ComposePlatform:
        platform = ComposePlatform(
            store or self.store,
            self.settings,
            on_log=self.lines.append,
            sleep=lambda _s: None,
            grace_s=grace_s,
        )
        self._platforms.append(platform)
        return platform

    def trigger(self, *, grace_s: float = 5) -> Trigger:
        platform = self.platform(grace_s=grace_s)
        trigger = Trigger(self.store, platform, {"toys": self._pipeline()})
        platform.on_end = trigger.advance
        return trigger

    def started(self, *, grace_s: float = 5) -> Trigger:
        trigger = self.trigger(grace_s=grace_s)
        trigger.start("toys", "toy")
        return trigger

    def _pipeline(self) -> Pipeline:
        whole = toys()
        stages = {name: stage.model_copy(update=self.limits) for name, stage in whole.stages.items()}
        return whole.model_copy(update={"stages": stages})

    def ended(self, trigger: Trigger) -> RunStatus:
        until(lambda: trigger.status("toy").status != "pending")
        self._platforms[-1].wait()
        return trigger.status("toy")

    def record(self, name: str) -> Record:
        record, _ = load(Creation(self.store, "toy"), f"stages/{name}.json", Record)
        assert record
        return record

    def error(self, name: str) -> Failure:
        error = self.record(name).error
        assert error
        return error

    def until_at_gate(self, task: str) -> None:
        until((self.gate / task).exists)

    def jobs(self) -> list[str]:
        return sorted(run.job.removeprefix("toys-") for run in self.engine.runs)

    def close(self) -> None:
        for platform in self._platforms:
            platform.stop()
        self.engine.close()


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Host]:
    host = Host(tmp_path, monkeypatch)
    yield host
    host.close()


def order(host: Host) -> LaunchOrder:
    definition = toys().stages["first"].model_copy(update={"retries": 0})
    return LaunchOrder(
        pipeline="toys", stage="first", job="toys-first", definition=definition, creation_id="toy",
        run=1, token="abc", tasks=1,
    )  # fmt: skip


def test_a_run_in_containers_makes_what_a_run_in_one_process_makes(host: Host, tmp_path: Path) -> None:
    assert host.ended(host.started()).status == "completed"
    other = FileStore(tmp_path / "fused")
    fill(other)
    run_fused(other)
    assert contents(host.store) == contents(other)
    assert host.jobs() == STAGES
    assert (host.engine.containers, host.engine.asked) == ([], [])
    assert len([line for line in host.lines if '"stage_done"' in line]) == 7


def test_containers_that_work_on_one_thing_have_names_of_their_own(host: Host) -> None:
    host.faults("left", "fail", 2)
    host.ended(host.started())
    assert host.jobs() == sorted([*STAGES, "left", "left"])
    assert all(name.replace("-", "").isalnum() for name in host.engine.names)


def test_a_container_gets_the_variables_of_a_local_task(host: Host) -> None:
    seen: list[set[str]] = []

    def recorded(_order: LaunchOrder, variables: object) -> list[str]:
        assert isinstance(variables, dict)
        seen.append(set(variables))
        return ["true"]

    local = LocalPlatform(MemoryStore(), command=recorded)
    local.launch(order(host))
    local.wait()
    elsewhere = MemoryStore()
    for platform in (host.platform(elsewhere), host.platform()):
        platform.launch(order(host))
        platform.wait()
    by_url, by_volume = sorted(host.engine.runs, key=lambda run: run.creations or "")
    assert [set(by_url.handed), set(by_volume.handed) | {"STORE_URL"}] == [seen[0], seen[0]]
    assert (by_url.creations, by_url.handed["STORE_URL"]) == (None, elsewhere.url)
    assert by_volume.creations == str(host.store.url.removeprefix("file://"))
    assert "STORE_URL" not in by_volume.handed
    assert ["--user" in by_url.words, "--user" in by_volume.words] == [False, True]


@pytest.mark.parametrize(
    ("fault", "attempts", "kind", "words"),
    [
        ("fail", 3, "RuntimeError", "first broke"),
        ("refuse", 1, "BadRequest", "can't do that"),
        ("exit", 3, "Died", "exit code 3"),
        ("die", 3, "Died", "SIGKILL"),
    ],
)
def test_a_container_s_exit_code_says_if_it_is_tried_again(
    host: Host, fault: str, attempts: int, kind: str, words: str
) -> None:
    host.faults("first", fault)
    assert host.ended(host.started()).status == "failed"
    assert host.jobs() == ["first"] * attempts
    assert host.error("first").kind == kind
    assert words in host.error("first").message


def test_a_cancelled_container_ends_cleanly(host: Host) -> None:
    host.faults("first", "wait")
    trigger = host.started()
    host.until_at_gate("first-0")
    trigger.cancel("toy")
    assert "cancelled" in host.ended(trigger).error
    assert (host.error("first").kind, "SIGTERM" in host.error("first").message) == ("Stopped", True)
    assert host.engine.containers == []
    assert host.engine.asked.count("kill --signal TERM") == 1


def test_a_container_that_is_deaf_is_killed_and_none_is_left(host: Host) -> None:
    host.faults("first", "wait deaf")
    trigger = host.started(grace_s=0.3)
    host.until_at_gate("first-0")
    trigger.cancel("toy")
    host.ended(trigger)
    assert host.engine.containers == []
    assert (host.error("first").kind, "SIGKILL" in host.error("first").message) == ("Stopped", True)


def test_a_container_is_ended_at_its_time_limit(host: Host) -> None:
    host.limits = {"time_limit_s": 3, "retries": 0}
    host.faults("first", "wait")
    assert host.ended(host.started()).status == "failed"
    assert host.error("first").kind == "TimeLimit"
    assert host.engine.containers == []


def test_the_platform_s_end_is_the_end_of_its_containers(host: Host) -> None:
    host.faults("left", "wait")
    trigger = host.started()
    host.until_at_gate("left-0")
    platform = trigger.platform
    assert isinstance(platform, ComposePlatform)
    platform.stop()
    assert (host.engine.containers, host.error("left").kind) == ([], "Stopped")
    assert platform.state(platform.launch(order(host))).status in ("running", "ended")
    platform.wait()
    assert "last" not in host.jobs()


def test_a_container_that_has_yet_to_start_is_stopped_when_it_is_there(host: Host) -> None:
    (host.engine.books / "slow").touch()
    host.faults("first", "wait")
    trigger = host.started()
    until(lambda: bool(host.engine.runs))
    trigger.cancel("toy")
    until(lambda: "kill --signal TERM" in host.engine.asked)
    (host.engine.books / "slow").unlink()
    host.ended(trigger)
    assert (host.engine.containers, host.error("first").kind) == ([], "Stopped")


def test_one_that_does_not_start_at_all_is_given_up(host: Host) -> None:
    (host.engine.books / "slow").touch()
    trigger = host.started(grace_s=0.3)
    until(lambda: bool(host.engine.runs))
    trigger.cancel("toy")
    host.ended(trigger)
    assert host.error("first").kind == "Stopped"
    assert host.engine.asked[-1] == "rm --force --volumes"


def test_a_container_does_not_outlive_the_compose_that_ran_it(host: Host) -> None:
    host.limits = {"retries": 0}
    host.faults("first", "wait")
    trigger = host.started()
    host.until_at_gate("first-0")
    os.kill(host.engine.runs[0].process, signal.SIGKILL)
    assert host.ended(trigger).status == "failed"
    assert (host.engine.containers, host.engine.asked) == ([], ["rm --force --volumes"])


@pytest.mark.parametrize(
    ("command", "file", "variable"),
    [
        ("podman-compose", "missing.yaml", "COMPOSE_FILE"),
        ("podman-compose", "compose.yaml", "COMPOSE_FILE"),
        ("missing-compose", "compose.yaml", "COMPOSE_COMMAND"),
        ("missing/docker compose", "compose.yaml", "COMPOSE_COMMAND"),
        ("no-plugin compose", "compose.yaml", "COMPOSE_COMMAND"),
        ("missing/podman-compose", "compose.yaml", "COMPOSE_COMMAND"),
    ],
    ids=["no file", "no service of ours", "not compose", "no engine", "no plugin", "no compose"],
)
def test_settings_that_can_t_work_are_told_before_anything_is_claimed(
    host: Host, command: str, file: str, variable: str
) -> None:
    host.engine.add("no-plugin", "import sys; sys.exit('compose' in sys.argv and 'compose: no such command')")
    settings = Settings(
        platform="compose",
        store_url=host.store.url,
        compose_command=tuple(command.split()),
        compose_file=str(host.engine.file.with_name(file)),
    )
    before = sorted(info.key for info in host.store.list(""))
    with pytest.raises(InvalidSettings) as caught:
        make_trigger(settings)
    (problem,) = caught.value.problems
    assert problem.startswith(f"{variable}=")
    assert sorted(info.key for info in host.store.list("")) == before


def test_a_job_without_a_service_is_told_beforehand(host: Host, caplog: pytest.LogCaptureFixture) -> None:
    host.platform().check(["toys-first", "toys-other"])
    assert [record.getMessage() for record in caplog.records if "toys-" in record.getMessage()] == [
        "the compose file has no service toys-other"
    ]


def test_an_engine_that_does_not_run_is_told(host: Host) -> None:
    (host.engine.books / "off").touch()
    with pytest.raises(InvalidSettings, match=r"COMPOSE_COMMAND=.*is the engine running"):
        host.platform().check(["toys-first"])


def test_a_compose_that_knows_no_profiles_is_told_and_not_its_file(host: Host) -> None:
    (host.engine.books / "old").touch()
    with pytest.raises(InvalidSettings, match=r"COMPOSE_COMMAND='podman-compose': .*from 1\.1 on"):
        host.platform().check(["toys-first"])


def test_a_file_is_found_from_the_working_folder_by_any_compose(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(host.engine.file.parent.parent)
    near = host.engine.file.relative_to(Path.cwd())
    settings = Settings(platform="compose", compose_command=("podman-compose",), compose_file=str(near))
    ComposePlatform(host.store, settings).check(["toys-first", "toys-last"])
    missing = Settings(platform="compose", compose_command=("podman-compose",), compose_file="missing.yaml")
    with pytest.raises(InvalidSettings, match=r"COMPOSE_FILE='missing.yaml': there is no file '/"):
        ComposePlatform(host.store, missing).check(["toys-first"])


@pytest.mark.parametrize(
    ("command", "engine"),
    [
        ("docker compose", "docker"),
        ("docker --context far compose --ansi never", "docker --context far"),
        ("/opt/bin/docker compose", "/opt/bin/docker"),
        ("docker-compose", "docker"),
        ("podman compose", "podman"),
        ("venv/bin/podman-compose --in-pod false", "podman"),
        ("sudo podman-compose", "sudo podman"),
    ],
)
def test_compose_tells_its_engine(command: str, engine: str) -> None:
    assert engine_of(command.split()) == tuple(engine.split())
