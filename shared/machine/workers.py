"""Work on what others have sent, in processes of its own: each piece of work has a deadline, and ends there
whatever it is stuck in.

A worker sets the kernel's timers before it starts a piece of work, so nothing here has to watch it, and it
ends in time even if this process was killed. It serves one piece of work after another, and leaves when
nothing was asked of it for a while or when this process is gone.
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
"""After which a worker leaves: no longer, since it holds memory."""
_ONE_THREAD: Final = {"MALLOC_ARENA_MAX": "1", "OPENBLAS_NUM_THREADS": "1"}
"""On a machine of many cores the address space would be full of what each thread reserves."""
_CHUNK_BYTES: Final = 1 << 20
_TIMERS: Final = (signal.SIGALRM, signal.SIGPROF)
_CRASHES: Final = (signal.SIGSEGV, signal.SIGBUS, signal.SIGABRT, signal.SIGILL, signal.SIGFPE, signal.SIGSYS)

_Made = TypeVar("_Made")


class PastDeadline(Exception):
    """The work took longer than it may."""


class WorkerCrashed(Exception):
    """What was worked on made the worker crash; holds the signal's name."""


class _Gone(Exception):
    """The worker ended; holds its exit code and what it wrote to stderr."""


class Answer:
    """What a worker says: JSON, and maybe bytes that follow it."""

    def __init__(self, said: Mapping[str, Any], stream: IO[bytes]) -> None:
        self.said = said
        self._stream = stream

    def read_into(self, buffer: memoryview) -> None:
        """Fill the buffer with the bytes that follow."""
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
        """What `read` makes of the answer; raises `_Gone`."""
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
        """End it, if it has not ended, and close what leads to it."""
        self._process.kill()
        with self._log, suppress(BrokenPipeError):  # what it was to be sent last it never took
            self._process.__exit__(None, None, None)


class Workers:
    """At most `most` processes of `python -m <module> <idle_s>`.

    Each answers lines of JSON on its stdin by a line of JSON on its stdout, and maybe bytes after that. It
    ends itself by SIGALRM or SIGPROF at its work's deadline, and with 0 when it was idle for `idle_s`.
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
        """What `read` makes of a worker's answer to the request.

        Raises `PastDeadline` and `WorkerCrashed`, which the request is to blame for, `Stopped` when this
        pool's work is ended meanwhile, and `ToolFailed` when the worker ended by anything else.
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
        """End those that do nothing: what they used then counts as used by this process."""
        with self._lock:
            idle, self._idle = self._idle, []
        for worker in idle:
            worker.let_go()

    def end(self) -> None:
        """End all work at once; who waits for it gets `Stopped`. What is asked for later begins afresh."""
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
            worker.let_go()  # half of an answer may still come
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
