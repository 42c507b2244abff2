"""Stages as real processes of the toy pipeline."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from shared.errors import BadRequest
from shared.machine.process import _name, process_is_gone, this_process
from shared.pipelines.definition import Pipeline
from shared.platforms import LaunchOrder
from shared.platforms.local import LocalPlatform
from shared.platforms.pulse import USUAL, Patience
from shared.records.creation import Creation
from shared.records.documents import Claim, Record, Request, load, save, utc_now
from shared.runs.status import RunStatus
from shared.runs.trigger import Trigger
from shared.storage.file import FileStore
from tests.support.forks import ORDINARY
from tests.support.patience import until
from tests.support.toys import ROOT, at_once, command, contents, fill, generations, run_fused, states, toys

GONE = this_process().rpartition("|")[0] + "|1"


class Machine:
    """The toy pipeline on a local platform, whose faults and limits a test chooses."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.store = FileStore(folder / "store")
        self.gate = folder / "gate"
        self.gate.mkdir()
        self.lines: list[str] = []
        self.launches: list[str] = []
        self.limits: dict[str, Any] = {}
        self._monkeypatch = monkeypatch
        self._platforms: list[LocalPlatform] = []
        monkeypatch.chdir(ROOT)
        monkeypatch.setenv("TOYS_GATE", str(self.gate))
        monkeypatch.setenv(
            "TMPDIR", str(folder)
        )  # what killed processes leave lies with the test's own things
        monkeypatch.setattr(os, "cpu_count", lambda: 2)
        fill(self.store, words=b"one two")

    def fan_out(self) -> None:
        """Give `right` three tasks instead of one."""
        fill(self.store)

    def faults(self, **faults: tuple[str, int]) -> None:
        text = str({stage.replace("__", "/"): list(fault) for stage, fault in faults.items()})
        self._monkeypatch.setenv("TOYS_FAULTS", text.replace("'", '"'))

    def pipeline(self) -> Pipeline:
        whole = toys()
        stages = {name: stage.model_copy(update=self.limits) for name, stage in whole.stages.items()}
        return whole.model_copy(update={"stages": stages})

    def trigger(self, chain: bool = True, patience: Patience = USUAL) -> Trigger:
        def counted(order: LaunchOrder, _variables: Mapping[str, str]) -> list[str]:
            self.launches.append(order.stage)
            return command(order)

        platform = LocalPlatform(
            self.store,
            on_log=self.lines.append,
            sleep=lambda _s: None,
            command=counted,
            grace_s=0.3,
            patience=patience,
        )
        self._platforms.append(platform)
        trigger = Trigger(self.store, platform, {"toys": self.pipeline()})
        if chain:
            platform.on_end = trigger.advance
        return trigger

    def run(self, patience: Patience = USUAL) -> RunStatus:
        trigger = self.trigger(patience=patience)
        trigger.start("toys", "toy")
        return self.ended(trigger)

    def ended(self, trigger: Trigger) -> RunStatus:
        until(lambda: trigger.status("toy").status != "pending", every_s=0.05)
        return trigger.status("toy")

    def record(self, name: str) -> Record:
        record, _ = load(Creation(self.store, "toy"), f"stages/{name}.json", Record)
        assert record is not None
        return record

    def arrived(self, task: str) -> tuple[int, Path]:
        """Once a task waits at the gate: its process ID and its scratch folder."""
        until((self.gate / task).exists)
        pid, scratch = (self.gate / task).read_text().split()
        return int(pid), Path(scratch)

    def open_gate(self) -> None:
        (self.gate / "go").touch()

    def close(self) -> None:
        for platform in self._platforms:
            platform.stop()

    def platform(self) -> LocalPlatform:
        return self._platforms[-1]


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Machine]:
    machine = Machine(tmp_path, monkeypatch)
    yield machine
    machine.close()


@pytest.fixture
def interpreters(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every process is a new interpreter, as outside of tests."""
    monkeypatch.setattr(subprocess, "Popen", ORDINARY)


def actions(machine: Machine) -> list[str]:
    return [line for line in machine.lines if '"stage_' in line]


def is_gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def error_of(record: Record) -> tuple[str, str]:
    assert record.error is not None
    return record.error.kind, record.error.message


@pytest.mark.usefixtures("interpreters")
def test_a_run_is_chained_by_its_processes_ends_and_makes_what_a_fused_run_makes(
    machine: Machine, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    machine.fan_out()
    status = machine.run()
    assert status.status == "completed"
    other = FileStore(tmp_path / "fused")
    fill(other)
    run_fused(other)
    assert contents(machine.store) == contents(other)
    assert sorted(machine.launches) == ["extra", "first", "last", "left", "right", "right", "right"]
    assert len([line for line in machine.lines if '"stage_done"' in line]) == 7
    assert capfd.readouterr().out == ""
    again = machine.run()
    assert (again.status, again.request.run) == ("completed", 2)
    assert all(record.reused for record in again.records)


def test_64_calls_at_once_launch_each_process_once(machine: Machine) -> None:
    machine.fan_out()
    machine.faults(first=("wait", 9))  # or a late call would find the run completed and start the next
    trigger = machine.trigger()
    at_once(lambda: trigger.start("toys", "toy"), threads=64)
    machine.open_gate()
    assert machine.ended(trigger).status == "completed"
    assert sorted(machine.launches) == ["extra", "first", "last", "left", "right", "right", "right"]


def test_parallel_branches_overlap(machine: Machine) -> None:
    machine.fan_out()
    machine.faults(left=("wait", 9), extra=("wait", 9), right=("wait", 9))
    trigger = machine.trigger()
    trigger.start("toys", "toy")
    until(lambda: len(list(machine.gate.iterdir())) == 2)
    assert len([record for record in trigger.status("toy").records if record.status == "running"]) == 2
    machine.open_gate()
    assert machine.ended(trigger).status == "completed"


def test_progress_of_a_process_shows_in_its_record(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEARTBEAT_S", "0.02")
    machine.faults(first=("wait", 9))
    trigger = machine.trigger()
    trigger.start("toys", "toy")
    until(lambda: trigger.status("toy").message == "first: waiting")
    assert trigger.status("toy").progress == pytest.approx(0.1)
    machine.open_gate()
    machine.ended(trigger)


def test_a_stage_that_fails_twice_succeeds_at_its_third_attempt(machine: Machine) -> None:
    machine.faults(left=("fail", 2))
    assert machine.run().status == "completed"
    assert machine.record("left").attempt == 2
    assert machine.launches.count("left") == 3


def test_a_stage_that_keeps_failing_fails_the_run_with_its_words(machine: Machine) -> None:
    machine.faults(left=("fail", 9))
    status = machine.run()
    assert (status.status, machine.launches.count("left")) == ("failed", 3)
    assert status.error == "left: RuntimeError: left broke"
    assert (machine.record("left").attempt, machine.record("left").final) == (2, True)


def test_a_bad_request_is_not_tried_again(machine: Machine) -> None:
    machine.faults(left=("refuse", 9))
    status = machine.run()
    assert (status.status, machine.launches.count("left")) == ("failed", 1)
    assert error_of(machine.record("left")) == ("BadRequest", "left can't do that; ask for something else")


@pytest.mark.parametrize(("fault", "words"), [("exit", "exit code 3"), ("die", "SIGKILL")])
def test_a_stage_that_ends_without_a_word_is_recorded_with_how_it_ended(
    machine: Machine, fault: str, words: str
) -> None:
    machine.faults(left=(fault, 9))
    status = machine.run()
    assert (status.status, machine.launches.count("left")) == ("failed", 3)
    kind, message = error_of(machine.record("left"))
    assert kind == "Died"
    assert words in message


@pytest.mark.parametrize("fault", ["exit", "die"])
def test_a_stage_that_dies_once_is_tried_again(machine: Machine, fault: str) -> None:
    machine.faults(left=(fault, 1))
    assert machine.run().status == "completed"
    assert machine.record("left").attempt == 1


def test_an_entrypoint_that_can_t_begin_is_recorded(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEARTBEAT_S", "never")
    status = machine.run()
    assert (status.status, machine.launches) == ("failed", ["first"])
    assert "exit code 2" in error_of(machine.record("first"))[1]


@pytest.mark.logs_errors
def test_a_program_that_is_not_there_fails_the_run(machine: Machine) -> None:
    def missing(_order: LaunchOrder, _variables: Mapping[str, str]) -> list[str]:
        return [str(machine.folder / "missing")]

    platform = LocalPlatform(machine.store, sleep=lambda _s: None, command=missing)
    trigger = Trigger(machine.store, platform, {"toys": toys()})
    trigger.start("toys", "toy")
    assert machine.ended(trigger).status == "failed"


@pytest.mark.parametrize("fault", ["wait", "wait deaf"])
def test_a_stage_that_hangs_is_ended_at_its_limit_and_recorded_with_it(machine: Machine, fault: str) -> None:
    machine.limits = {"time_limit_s": 3, "retries": 0}
    machine.faults(first=(fault, 9))
    status = machine.run()
    pid, _ = machine.arrived("first-0")
    assert is_gone(pid)
    assert status.status == "failed"
    kind, message = error_of(machine.record("first"))
    assert kind == "TimeLimit"
    assert "3 s" in message
    assert "time_limit_s" in message


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> Patience:
    """Much longer than the time between two heartbeats, much shorter than any time limit."""
    monkeypatch.setenv("HEARTBEAT_S", "0.05")
    return Patience(at_work_s=2, otherwise_s=20)


def test_a_stage_that_freezes_is_ended_and_tried_again(
    machine: Machine, impatient: Patience, caplog: pytest.LogCaptureFixture
) -> None:
    machine.faults(left=("freeze", 1))
    assert machine.run(impatient).status == "completed"
    assert machine.record("left").attempt == 1
    (said,) = [entry.getMessage() for entry in caplog.records if "heartbeat" in entry.getMessage()]
    assert said.startswith("left: its heartbeat was ")
    assert not list(machine.folder.glob("reelwright-*"))


def test_a_stage_that_stays_frozen_fails_the_run_and_its_record_says_why(
    machine: Machine, impatient: Patience
) -> None:
    machine.limits = {"retries": 0}
    machine.faults(first=("wait deaf", 9))
    trigger = machine.trigger(patience=impatient)
    trigger.start("toys", "toy")
    pid, _ = machine.arrived("first-0")
    os.kill(pid, signal.SIGSTOP)
    status = machine.ended(trigger)
    assert is_gone(pid)
    kind, message = error_of(machine.record("first"))
    assert (status.status, kind) == ("failed", "Died")
    assert "its heartbeat was " in message
    assert "STALE_AFTER_S=2" in message


def test_the_tools_of_a_stage_that_died_end_with_it(machine: Machine) -> None:
    machine.limits = {"retries": 0}
    machine.faults(first=("leave tool", 9))
    assert "SIGKILL" in machine.run().error
    tool = int((machine.gate / "first-tool").read_text())
    until(lambda: process_is_gone(_name(tool)))


def test_an_optional_stage_s_failure_leaves_the_run_to_complete(machine: Machine) -> None:
    machine.faults(extra=("die", 9))
    status = machine.run()
    assert status.status == "completed"
    assert states(status)["extra"] == "failed"


def test_one_failing_task_fails_its_stage_and_a_resume_does_only_that_one_again(machine: Machine) -> None:
    machine.fan_out()
    machine.faults(right__1=("fail", 9))
    status = machine.run()
    assert (status.status, states(status)["right"]) == ("failed", "failed")
    machine.faults()
    again = machine.run()
    assert again.status == "completed"
    assert [record.reused for record in again.stages["right"].records] == [True, False, True]


def test_a_cancelled_run_s_processes_stop_and_a_resume_does_the_rest(machine: Machine) -> None:
    machine.faults(first=("wait", 9))
    trigger = machine.trigger()
    trigger.start("toys", "toy")
    pid, scratch = machine.arrived("first-0")
    status = trigger.cancel("toy")
    assert (status.status, "cancelled" in status.error) == ("failed", True)
    until(lambda: is_gone(pid))
    until(lambda: machine.record("first").final)
    assert error_of(machine.record("first"))[0] == "Stopped"
    assert not scratch.exists()
    machine.open_gate()
    assert machine.run().status == "completed"


def test_a_process_that_is_deaf_to_a_cancel_is_killed(machine: Machine) -> None:
    machine.faults(first=("wait deaf", 9))
    trigger = machine.trigger()
    trigger.start("toys", "toy")
    pid, _ = machine.arrived("first-0")
    trigger.cancel("toy")
    until(lambda: is_gone(pid))
    assert "cancelled" in machine.ended(trigger).error


def test_sigterm_ends_a_process_cleanly_and_it_is_tried_again(machine: Machine) -> None:
    machine.faults(first=("wait", 1))
    trigger = machine.trigger()
    trigger.start("toys", "toy")
    pid, scratch = machine.arrived("first-0")
    os.kill(pid, signal.SIGTERM)
    assert machine.ended(trigger).status == "completed"
    assert not scratch.exists()
    assert machine.record("first").attempt == 1
    assert any('"kind": "Stopped"' in line for line in machine.lines)


def test_stopping_the_platform_ends_its_processes_and_launches_no_more(machine: Machine) -> None:
    machine.faults(left=("wait", 9))
    trigger = machine.trigger()
    trigger.start("toys", "toy")
    pid, _ = machine.arrived("left-0")
    machine.platform().stop()
    assert is_gone(pid)
    status = trigger.status("toy")
    assert (status.status, states(status)["last"]) == ("failed", "waiting")
    machine.open_gate()
    assert machine.run().status == "completed"


def test_waiting_ends_when_everyone_has_been_told(machine: Machine) -> None:
    told: list[str] = []
    telling = threading.Event()

    def tell(creation_id: str) -> None:
        telling.wait(0.2)
        told.append(creation_id)

    trigger = machine.trigger(chain=False)
    machine.platform().on_end = tell
    trigger.start("toys", "toy")
    machine.platform().wait()
    assert told == ["toy"]


@pytest.mark.usefixtures("interpreters")
def test_a_task_that_is_stopped_before_it_listens_is_recorded_as_stopped(machine: Machine) -> None:
    trigger = machine.trigger()
    trigger.start("toys", "toy")
    machine.platform().stop()
    assert error_of(machine.record("first"))[0] == "Stopped"


def test_a_new_run_s_record_is_not_settled_by_an_old_run_s_process(machine: Machine) -> None:
    """The old one is told to stop, and ends only when the new run has done the stage already."""
    machine.faults(first=("wait deaf", 9))
    old = machine.trigger(chain=False)
    old.start("toys", "toy")
    machine.arrived("first-0")
    request, generation = load(Creation(machine.store, "toy"), "request.json", Request)
    assert request is not None
    cancelled = request.model_copy(update={"cancelled_at": utc_now()})
    save(Creation(machine.store, "toy"), "request.json", cancelled, expect=generation)
    assert run_fused(machine.store).request.run == 2
    before = generations(machine.store, "toy/")
    machine.platform().stop()
    assert generations(machine.store, "toy/") == before
    assert old.status("toy").status == "completed"


def test_a_task_that_someone_else_has_taken_over_is_not_settled(machine: Machine) -> None:
    machine.faults(first=("wait", 9))
    machine.limits = {"retries": 0}
    trigger = machine.trigger(chain=False)
    trigger.start("toys", "toy")
    pid, _ = machine.arrived("first-0")
    other = machine.record("first").model_copy(
        update={"owner": "another", "execution": "", "process": this_process(), "heartbeat_at": utc_now()}
    )
    machine.store.write("toy/stages/first.json", other.to_bytes())
    os.kill(pid, signal.SIGKILL)
    until(lambda: machine.platform().state(_execution(machine)).status == "ended")
    assert machine.record("first") == other


def _execution(machine: Machine) -> str:
    claim, _ = load(Creation(machine.store, "toy"), "claims/1/first", Claim)
    assert claim is not None
    return claim.execution


def test_an_execution_is_running_until_its_tasks_have_ended(machine: Machine) -> None:
    machine.faults(first=("wait", 9))
    trigger = machine.trigger(chain=False)
    trigger.start("toys", "toy")
    machine.arrived("first-0")
    execution = _execution(machine)
    assert machine.platform().state(execution).status == "running"
    assert LocalPlatform(machine.store).state(execution).status == "running"  # its launcher lives
    machine.open_gate()
    until(lambda: machine.platform().state(execution).status == "ended")


def test_what_a_stopped_process_launched_is_not_taken_for_running(machine: Machine) -> None:
    launcher = subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"])
    try:
        execution = f"local|{_name(launcher.pid)}|abc"
        platform = LocalPlatform(machine.store)
        assert platform.state(execution).status == "running"
        launcher.send_signal(signal.SIGSTOP)
        until(lambda: platform.state(execution).status == "unknown")
        launcher.send_signal(signal.SIGCONT)
        until(lambda: platform.state(execution).status == "running")
    finally:
        launcher.kill()
        launcher.wait()


@pytest.mark.parametrize(
    ("execution", "status"),
    [
        (f"local|{GONE}|abc", "ended"),
        ("local|elsewhere|pid:[1]@x|1|1|abc", "unknown"),
        ("inline|x", "unknown"),
        ("", "unknown"),
    ],
    ids=["launcher gone", "launcher elsewhere", "another platform's", "nameless"],
)
def test_executions_of_others_are_told_as_far_as_they_can_be_seen(
    machine: Machine, execution: str, status: str
) -> None:
    platform = LocalPlatform(machine.store)
    assert platform.state(execution).status == status
    platform.cancel(execution)


@pytest.mark.parametrize("deleted", [True, False])
def test_the_end_of_what_was_deleted_is_no_error(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, deleted: bool, request: pytest.FixtureRequest
) -> None:
    store = FileStore(tmp_path / "store")
    if not deleted:
        request.applymarker(pytest.mark.logs_errors)
        store.write("a/request.json", b"{}")

    def refuse(_creation_id: str) -> None:
        raise BadRequest("was never started")

    LocalPlatform(store, on_end=refuse)._announce("a")
    assert [entry.levelname for entry in caplog.records] == ["DEBUG" if deleted else "ERROR"]
