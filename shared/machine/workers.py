"""Work on untrusted input, in separate processes: each piece of work has a deadline, and ends there wherever
it hangs.

A worker sets the kernel's timers before it starts a piece of work, so it needs no supervision, and it ends in
time even if this process was killed. It does one piece of work after another, and exits when it was idle for
a while or when this process has ended.
"""

import atexit
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import IO, Any, Final, TypeVar

from shared.errors import Stopped, ToolFailed

_IDLE_S: Final = 10
"""After this an idle worker exits: it holds memory."""
_ONE_THREAD: Final = {"MALLOC_ARENA_MAX": "1", "OPENBLAS_NUM_THREADS": "1"}
"""On a machine of many cores each thread's reservation would fill the address space."""
_CHUNK_BYTES: Final = 1 << 20
_TIMERS: Final = (signal.SIGALRM, signal.SIGPROF)
_CRASHES: Final = (
    *(signal.SIGSEGV, signal.SIGBUS, signal.SIGABRT, signal.SIGILL, signal.SIGFPE, signal.SIGSYS),
    signal.SIGTRAP,  # how PDFium ends where memory does
)

_Made = TypeVar("_Made")


class PastDeadline(Exception):
    """The work took longer than its deadline."""


class WorkerCrashed(Exception):
    """The input crashed the worker; holds the signal's name."""


class _Gone(Exception):
    """The worker ended; holds its exit code and its stderr."""


class Answer:
    """A worker's answer: JSON, and maybe bytes that follow it."""

    def __init__(self, said: Mapping[str, Any], stream: IO[bytes]) -> None:
        self.said = said
        self._stream = stream

    def read_into(self, buffer: memoryview) -> None:
        """Fill the buffer with the bytes that follow the JSON."""
        at = 0
        while at < len(buffer):
            chunk = self._stream.read(min(_CHUNK_BYTES, len(buffer) - at))
            if not chunk:
                raise EOFError
            buffer[at : at + len(chunk)] = chunk
            at += len(chunk)


class _Worker:
    def __init__(self, module: str) -> None:
        self.command = [sys.executable, "-m", module, str(_IDLE_S)]
        self.is_new = True
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the worker
        self._process = subprocess.Popen(
            self.command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            env={**os.environ, **_ONE_THREAD},
        )

    def ask(self, request: bytes, read: Callable[[Answer], _Made]) -> _Made:
        """Send the request and return `read` of the answer; raises `_Gone`."""
        sent, answered = self._process.stdin, self._process.stdout
        assert sent is not None
        assert answered is not None
        try:
            sent.write(request)
            sent.flush()
            return read(Answer(json.loads(answered.readline() or b""), answered))
        except (BrokenPipeError, EOFError, json.JSONDecodeError) as error:
            exit_code = self._process.wait()
            self._log.seek(0)
            raise _Gone(exit_code, self._log.read().decode("utf-8", "replace")) from error

    def kill(self) -> None:
        self._process.kill()

    def let_go(self) -> None:
        """End the worker, if it has not ended, and close its pipes."""
        self._process.kill()
        with self._log, suppress(BrokenPipeError):  # it never read the last request
            self._process.__exit__(None, None, None)


class Workers:
    """At most `most` processes of `python -m <module> <idle_s>`.

    Each answers lines of JSON on its stdin with a line of JSON on its stdout, and maybe bytes after that. It
    is ended by SIGALRM or SIGPROF at its work's deadline, and exits with 0 after `idle_s` without work.
    """

    def __init__(self, module: str, *, most: int) -> None:
        self._module = module
        self._slots = threading.BoundedSemaphore(most)
        self._lock = threading.Lock()
        self._idle: list[_Worker] = []
        self._busy: set[_Worker] = set()
        self._ends = 0
        self._is_used = False

    def ask(self, request: Mapping[str, Any], read: Callable[[Answer], _Made]) -> _Made:
        """Send the request to a worker and return `read` of the answer.

        Raises `PastDeadline` and `WorkerCrashed` when the request is to blame, `Stopped` when this pool is
        ended meanwhile, and `ToolFailed` when the worker ended for another reason.
        """
        ends = self._ends
        line = json.dumps(request).encode() + b"\n"
        with self._slots:
            while True:
                worker = self._taken(ends)
                try:
                    return self._asked(worker, line, read)
                except _Gone as gone:
                    exit_code, stderr = gone.args
                    if exit_code or worker.is_new:
                        raise self._reason(worker, exit_code, stderr, ends) from None

    def end_idle(self) -> None:
        """End idle workers: their usage then counts as this process's."""
        with self._lock:
            idle, self._idle = self._idle, []
        for worker in idle:
            worker.let_go()

    def end(self) -> None:
        """End all work at once; callers that wait for it get `Stopped`. Later requests start new workers."""
        with self._lock:
            self._ends += 1
            for worker in self._busy:
                worker.kill()
        self.end_idle()

    def _taken(self, ends: int) -> _Worker:
        with self._lock:
            if self._ends != ends:
                raise Stopped("the end of this process")
            if not self._is_used:
                self._is_used = True
                atexit.register(self.end)
            worker = self._idle.pop() if self._idle else _Worker(self._module)
            self._busy.add(worker)
        return worker

    def _asked(self, worker: _Worker, line: bytes, read: Callable[[Answer], _Made]) -> _Made:
        try:
            made = worker.ask(line, read)
        except BaseException:
            with self._lock:
                self._busy.discard(worker)
            worker.let_go()  # the rest of an answer may still arrive
            raise
        with self._lock:
            worker.is_new = False
            self._busy.discard(worker)
            self._idle.append(worker)
        return made

    def _reason(self, worker: _Worker, exit_code: int, stderr: str, ends: int) -> Exception:
        if self._ends != ends:
            return Stopped("the end of this process")
        if -exit_code in _TIMERS:
            return PastDeadline()
        if -exit_code in _CRASHES:
            return WorkerCrashed(signal.Signals(-exit_code).name)
        return ToolFailed(worker.command, exit_code, stderr or "it ended without an answer")
