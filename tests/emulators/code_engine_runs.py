"""How the stand-in for Code Engine runs job runs: indices as processes, with retries and a time limit."""

import os
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, Final, Literal

from codeengine.reasons import indices_of
from tests.support.patience import HANGS_AFTER_S

Fate = Literal["image_pull", "image_pull_hangs", "no_secret", "oom", "evicted", "killed"]
"""What befalls an attempt: no image, none until the time is up, a secret that isn't there; killed for memory,
for disk, without a word."""

_ROOT: Final = Path(__file__).parents[2]
_REASONS: Final[dict[Fate, str]] = {
    "image_pull": "ErrImagePull",
    "image_pull_hangs": "MaxExecutionTimeExceeded",
    "no_secret": "CreateContainerConfigError",
    "oom": "OOMKilled",
    "evicted": "ExceededEphemeralStorage",
    "killed": "ContainerExitedCode137",
}
_OVERDUE: Final = "MaxExecutionTimeExceeded"
_STUCK: Final = ["sleep", "60"]
"""In place of a container that is killed before it does anything."""


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


@dataclass(frozen=True, kw_only=True)
class Strike:
    """A fate, and which attempts of which index meet it; None is all of them."""

    fate: Fate
    index: int | None = None
    attempts: int | None = None
    """The first so many."""

    def meets(self, index: int, attempt: int) -> bool:
        return self.index in (None, index) and (self.attempts is None or attempt < self.attempts)


@dataclass(kw_only=True)
class Index:
    """How one index of a job run stands."""

    status: Literal["pending", "running", "succeeded", "failed"] = "pending"
    retries: int = 0
    last_failure_reason: str = ""
    started_at: str = ""
    finished_at: str = ""


@dataclass(kw_only=True)
class Run:
    """A job run: what it was made of, and its processes."""

    body: dict[str, Any]
    """As the API takes it, with the job's values where the run has none of its own."""
    command: list[str]
    environ: Mapping[str, str]
    strikes: tuple[Strike, ...] = ()
    grace_s: float = 2.0
    indices: dict[int, Index] = field(default_factory=dict)
    logs: dict[tuple[int, int], str] = field(default_factory=dict)
    """What each attempt wrote to stderr, by index and attempt."""
    environments: dict[tuple[int, int], dict[str, str]] = field(default_factory=dict)
    processes: set["subprocess.Popen[bytes]"] = field(default_factory=set)
    deleted: threading.Event = field(default_factory=threading.Event)
    ended: threading.Event = field(default_factory=threading.Event)
    created_at: str = field(default_factory=_now)
    finished_at: str = ""

    def __post_init__(self) -> None:
        self.indices = {index: Index() for index in indices_of(self.body["scale_array_spec"])}
        self._give_up_at = time.monotonic() + self.body["scale_max_execution_time"]

    @property
    def name(self) -> str:
        return str(self.body["name"])

    @property
    def status(self) -> str:
        states = {index.status for index in self.indices.values()}
        if self.ended.is_set():
            return "failed" if "failed" in states else "completed"
        return "pending" if states == {"pending"} else "running"

    def start(self, at_once: int) -> None:
        threading.Thread(target=self._work, args=(at_once,), name=f"run-{self.name}", daemon=True).start()

    def delete(self) -> None:
        """SIGTERM to what runs, SIGKILL to what then still does."""
        self.deleted.set()
        for process in list(self.processes):
            _kill(process, signal.SIGTERM)

    def status_details(self) -> dict[str, Any]:
        counts: dict[str, Any] = {"requested": len(self.indices), "unknown": 0, "start_time": self.created_at}
        for status in ("pending", "running", "succeeded", "failed"):
            having = [index for index, detail in self.indices.items() if detail.status == status]
            counts[status] = len(having)
            counts[f"{status}_indices"] = ",".join(map(str, having))
        if self.finished_at:
            counts["completion_time"] = self.finished_at
        counts["indices_details"] = {
            str(index): {key: value for key, value in vars(detail).items() if value != ""}
            for index, detail in self.indices.items()
        }
        return counts

    def _work(self, at_once: int) -> None:
        with ThreadPoolExecutor(max_workers=at_once) as pool:
            list(pool.map(self._run_index, self.indices))
        self.finished_at = _now()
        self.ended.set()

    def _run_index(self, number: int) -> None:
        index = self.indices[number]
        index.started_at = _now()
        for attempt in range(self.body["scale_retry_limit"] + 1):
            index.retries = attempt
            reason = self._attempt(number, attempt)
            index.last_failure_reason = reason or index.last_failure_reason
            index.status = "failed" if reason else "succeeded"
            if reason in ("", _OVERDUE) or self.deleted.is_set():
                break
        index.finished_at = _now()

    def _attempt(self, number: int, attempt: int) -> str:
        """Why the attempt failed; empty when it didn't."""
        left_s = self._give_up_at - time.monotonic()
        fate = next((strike.fate for strike in self.strikes if strike.meets(number, attempt)), None)
        if left_s <= 0 or fate == "image_pull_hangs":
            self.deleted.wait(max(0.0, left_s))
            return _OVERDUE
        if fate in ("image_pull", "no_secret"):
            return _REASONS[fate]
        self.indices[number].status = "running"
        environ = self.environments[number, attempt] = self._environ(number, attempt)
        with tempfile.TemporaryFile() as log:
            process = self._spawn(_STUCK if fate else self.command, environ, log)
            if fate:
                _kill(process, signal.SIGKILL)
            reason = self._await(process, left_s)
            log.seek(0)
            self.logs[number, attempt] = log.read().decode("utf-8", "replace")
        return _REASONS[fate] if fate else reason

    def _spawn(
        self, command: list[str], environ: dict[str, str], log: IO[bytes]
    ) -> "subprocess.Popen[bytes]":
        process = subprocess.Popen(
            command,
            env=environ,
            cwd=_ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=log,
            start_new_session=True,
        )
        self.processes.add(process)
        if self.deleted.is_set():
            _kill(process, signal.SIGTERM)
        return process

    def _await(self, process: "subprocess.Popen[bytes]", left_s: float) -> str:
        give_up_at = time.monotonic() + left_s
        overdue = False
        while process.poll() is None and not overdue:
            overdue = time.monotonic() >= give_up_at
            if overdue or self.deleted.is_set():
                _kill(process, signal.SIGTERM)
                break
            time.sleep(0.005)
        try:
            process.wait(timeout=self.grace_s)
        except subprocess.TimeoutExpired:
            _kill(process, signal.SIGKILL)
            process.wait()
        self.processes.discard(process)
        code = process.returncode if process.returncode >= 0 else 128 - process.returncode
        return _OVERDUE if overdue else f"ContainerExitedCode{code}" if code else ""

    def _environ(self, number: int, attempt: int) -> dict[str, str]:
        """What a container finds: https://cloud.ibm.com/docs/codeengine?topic=codeengine-inside-env-vars."""
        override = self.body.get("scale_array_size_variable_override")
        return {
            "PATH": os.environ.get("PATH", os.defpath),
            **self.environ,
            "JOB_INDEX": str(number),
            "JOB_ARRAY_SIZE": str(override or len(self.indices)),
            "JOB_INDEX_RETRY_COUNT": str(attempt),
            "JOB_RETRY_LIMIT": str(self.body["scale_retry_limit"]),
            "JOB_MODE": "task",
            "CE_JOBRUN": self.name,
            "HOSTNAME": f"{self.name}-{number}-{attempt}",
        }


def wait_for(met: Callable[[], bool], *, within_s: float = HANGS_AFTER_S) -> None:
    """Wait until a condition holds; fails the test when it doesn't."""
    give_up_at = time.monotonic() + within_s
    while not met():
        assert time.monotonic() < give_up_at, "waited in vain"
        time.sleep(0.005)


def _kill(process: "subprocess.Popen[bytes]", number: signal.Signals) -> None:
    """Signal a process and all that it started."""
    if process.poll() is None:
        with suppress(ProcessLookupError):  # it ended in between
            os.killpg(process.pid, number)
