"""Processes that start in a few milliseconds: forks of a warm interpreter that has imported the toys."""

import gc
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final
from unittest.mock import patch

from shared.platforms import LaunchOrder
from shared.runs.trigger import Trigger
from shared.settings import Settings
from shared.storage import ObjectStore
from shared.storage.file import FileStore
from shared.worker.entry import stage_main
from tests.support.toys import (
    PIPELINE_FILE,
    ROOT,
    STAGES,
    FakePlatform,
    at_once,
    run_fused,
    signalling,
    toys,
)


class Nursery:
    """Forks processes from its own warm interpreter, in a few milliseconds each."""

    def __init__(self, module: str = "tests.support.nursery") -> None:
        self._server = subprocess.Popen(
            [sys.executable, "-m", module],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
        )

    def __enter__(self) -> "Nursery":
        return self

    def __exit__(self, *_: object) -> None:
        assert self._server.stdin
        assert self._server.stdout
        self._server.stdin.close()
        self._server.stdout.close()
        self._server.wait()

    def fork(self, do: str, root: Path, **job: Any) -> int:
        """Start a job (a function of this module whose name is `job_<do>`); returns the process ID."""
        return self._ask({"do": do, "root": str(root), **job})

    def wait(self, pid: int) -> int:
        """Wait until it ends (returns its exit code, or the negative signal) or stops (negative SIGSTOP)."""
        return self._ask({"wait": pid})

    def run(self, do: str, root: Path, **job: Any) -> int:
        return self.wait(self.fork(do, root, **job))

    def _ask(self, question: dict[str, Any]) -> int:
        assert self._server.stdin
        assert self._server.stdout
        self._server.stdin.write(json.dumps(question) + "\n")
        self._server.stdin.flush()
        return int(self._server.stdout.readline())


def _serve() -> None:
    os.fsync = lambda _file: None  # type: ignore[assignment] # a killed process leaves the kernel its writes
    gc.freeze()
    for line in sys.stdin:
        question = json.loads(line)
        if "wait" in question:
            answer = _waited(question["wait"])
        elif not (answer := os.fork()):
            os._exit(_child(question))
        sys.stdout.write(f"{answer}\n")
        sys.stdout.flush()


def _waited(pid: int) -> int:
    _, status = os.waitpid(pid, os.WUNTRACED)
    return -signal.SIGSTOP if os.WIFSTOPPED(status) else os.waitstatus_to_exitcode(status)


def _child(job: dict[str, Any]) -> int:
    log = os.open(job.get("log", os.devnull), os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for stream in (1, 2):
        os.dup2(log, stream)
    root = Path(job["root"])
    tempfile.tempdir = f"{root}-scratch"  # removed with the test's folder, even if this is killed
    Path(tempfile.tempdir).mkdir(parents=True, exist_ok=True)
    store: ObjectStore = FileStore(root)
    if "call" in job:
        store = signalling(store, signal.Signals[job["signal"]], job["call"], job.get("when", "before"))
    return _JOBS[job["do"]](store, job)


def _job_fused(store: ObjectStore, job: dict[str, Any]) -> int:
    settings = Settings(heartbeat_s=30, stale_after_s=job.get("stale_after_s", 60))
    return 0 if run_fused(store, settings=settings).status == "completed" else 1


def _job_stage(store: ObjectStore, job: dict[str, Any]) -> int:
    with patch("shared.worker.entry.open_store", lambda _url, _settings: store):
        return stage_main(STAGES[job["stage"]], PIPELINE_FILE, ["toy"], job["environ"])


def _job_story(store: ObjectStore, _job: dict[str, Any]) -> int:
    from jobs.__main__ import main

    with patch("jobs.__main__.open_store", lambda _url, _settings: store):
        return main(["story", "tale"], {"HEARTBEAT_S": "30"})


def _job_advance(store: ObjectStore, job: dict[str, Any]) -> int:
    """Let eight threads advance at once; each launch is a line in the log."""

    class Telling(FakePlatform):
        def launch(self, order: LaunchOrder) -> str:
            os.write(1, f"launched {order.stage}\n".encode())
            return super().launch(order)

    trigger = Trigger(store, Telling(), {"toys": toys()})
    at_once(lambda: trigger.advance("toy"), threads=8)
    return 0


_JOBS: Final[dict[str, Callable[[ObjectStore, dict[str, Any]], int]]] = {
    "fused": _job_fused,
    "stage": _job_stage,
    "story": _job_story,
    "advance": _job_advance,
}


if __name__ == "__main__":
    _serve()
