"""Toys as processes that start in a few milliseconds: forks of a warm interpreter instead of new ones.

They are children of the process that asked for them, like those of `subprocess.Popen`, with a process ID, an
environment, streams and a session of their own. A test that needs the slow start of an interpreter sets
`subprocess.Popen` to `ORDINARY`.
"""

import ctypes
import gc
import inspect
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

from tests.support import toys

MODULE: Final = "tests.support.toys"
ORDINARY: Final = subprocess.Popen
_SET_CHILD_SUBREAPER: Final = 36
"""prctl(2): orphans among our descendants become our children."""
_MOST_BYTES: Final = 1 << 20


class Warm:
    """An interpreter that has imported the toys, started when it is first needed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._line: socket.socket | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def fork(self, order: dict[str, Any], streams: Sequence[int]) -> int:
        """Start a process; returns its ID. The caller must wait for it."""
        with self._lock:
            line = self._line or self._started()
            _adopt(True)
            try:
                socket.send_fds(line, [json.dumps(order).encode()], streams)
                return int(line.recv(64))
            finally:
                _adopt(False)

    def _started(self) -> socket.socket:
        self._line, far = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with far:
            command = [sys.executable, "-m", "tests.support.forks", str(far.fileno())]
            self._process = subprocess.Popen(command, cwd=toys.ROOT, pass_fds=[far.fileno()])
        return self._line

    def close(self) -> None:
        if self._line and self._process:
            self._line.close()
            self._process.wait()


def _adopt(yes: bool) -> None:
    ctypes.CDLL(None).prctl(_SET_CHILD_SUBREAPER, int(yes), 0, 0, 0)


def forking(warm: Warm) -> type["subprocess.Popen[Any]"]:
    """`subprocess.Popen`, but processes of toys are forked."""
    whole: Callable[..., None] = subprocess.Popen._execute_child  # type: ignore[attr-defined]
    names = inspect.signature(whole)

    class Forking(subprocess.Popen[Any]):
        def _execute_child(self, *given: Any) -> None:
            how = names.bind(self, *given).arguments
            command = how["args"]
            if not isinstance(command, list) or command[:3] != [sys.executable, "-m", MODULE]:
                whole(self, *given)
                return
            pipes = ("p2cread", "p2cwrite", "c2pread", "c2pwrite", "errread", "errwrite")
            streams = [how[name] for name in ("p2cread", "c2pwrite", "errwrite")]
            order = {
                "words": command[3:],
                "folder": os.fspath(how["cwd"] or Path.cwd()),
                "environ": dict(os.environ if how["env"] is None else how["env"]),
                "session": how["start_new_session"],
            }
            self.pid = warm.fork(order, [number if own == -1 else own for number, own in enumerate(streams)])
            self._child_created = True
            self._close_pipe_fds(*(how[name] for name in pipes))  # type: ignore[attr-defined]

    return Forking


def _serve(line: socket.socket) -> int:
    """Fork for each order, until nobody is left to give one; in the forks it returns what the toy returns."""
    toys.toys()
    gc.freeze()
    while True:
        message, streams, _, _ = socket.recv_fds(line, _MOST_BYTES, 3)
        if not message:
            return 0
        reading, writing = os.pipe()
        between = os.fork()
        if not between:
            mine = os.fork()
            if mine:
                os.write(writing, str(mine).encode())
                os._exit(0)  # which gives the fork to whoever asked for it
            for number in (reading, writing, line.detach()):
                os.close(number)
            return _toy(json.loads(message), streams)
        os.waitpid(between, 0)
        line.send(os.read(reading, 64))
        for number in (reading, writing, *streams):
            os.close(number)


def _toy(order: dict[str, Any], streams: Sequence[int]) -> int:
    if order["session"]:
        os.setsid()
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    os.environ.clear()
    os.environ.update(order["environ"])
    os.chdir(order["folder"])
    return toys.main(order["words"])


if __name__ == "__main__":
    sys.exit(_serve(socket.socket(fileno=int(sys.argv[1]))))
