"""Processes that start in a few milliseconds: forks of a warm interpreter instead of new ones.

They are children of the process that asked for them, like those of `subprocess.Popen`, with a process ID, an
environment, streams and a session of their own. The toys have a small interpreter; the programs of this
repository (`python -m scripts`, `python -m jobs.story.render`) share one that has imported all of them, and
what they start in turn is forked, too. A test that needs the slow start of an interpreter sets
`subprocess.Popen` to `ORDINARY`.
"""

import atexit
import ctypes
import gc
import importlib
import inspect
import json
import os
import pkgutil
import runpy
import signal
import socket
import subprocess
import sys
import threading
import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NoReturn

ROOT: Final = Path(__file__).parents[2]
ORDINARY: Final = subprocess.Popen
_TOYS: Final = "tests.support.toys"
_PROGRAMS: Final = ("cloudrun", "codeengine", "jobs", "scripts", "shared")
"""What these packages hold is forked."""
_IMPORTED: Final = (
    *("av", "boto3", "fontTools.ttLib", "google.cloud.run_v2", "google.cloud.storage", "ibm_cloud_sdk_core"),
    *("py3langid", "redis", "requests", "uharfbuzz"),
)
"""What programs import where they use it, and takes long."""
_SET_CHILD_SUBREAPER: Final = 36
"""prctl(2): orphans among our descendants become our children."""
_MOST_BYTES: Final = 1 << 20


class Warm:
    """An interpreter that has imported what `kind` needs (`toys` or `programs`), started when it is first
    needed, unless there is a `line` to one."""

    def __init__(self, kind: str, line: socket.socket | None = None) -> None:
        self._kind = kind
        self._lock = threading.Lock()
        self._line = line
        self._process: subprocess.Popen[bytes] | None = None

    def fork(self, order: dict[str, Any], streams: Sequence[int]) -> int:
        """Start a process; returns its ID, or 0 if the interpreter is gone. The caller must wait for it."""
        with self._lock:
            line = self._line or self._started()
            _adopt(True)
            try:
                socket.send_fds(line, [json.dumps(order).encode()], streams)
                return int(line.recv(64) or 0)
            except ConnectionError:
                return 0
            finally:
                _adopt(False)

    def _started(self) -> socket.socket:
        self._line, far = _line()
        with far:
            command = [sys.executable, "-m", "tests.support.forks", self._kind, str(far.fileno())]
            self._process = ORDINARY(command, cwd=ROOT, pass_fds=[far.fileno()])
        return self._line

    def close(self) -> None:
        if self._line:
            self._line.close()
        if self._process:
            self._process.wait()


def _line() -> tuple[socket.socket, socket.socket]:
    return socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)


def _adopt(yes: bool) -> None:
    ctypes.CDLL(None).prctl(_SET_CHILD_SUBREAPER, int(yes), 0, 0, 0)


def forking(toys: Warm, programs: Warm) -> type["subprocess.Popen[Any]"]:
    """`subprocess.Popen`, but processes of toys and programs are forked."""
    whole: Callable[..., None] = subprocess.Popen._execute_child  # type: ignore[attr-defined]
    names = inspect.signature(whole)

    class Forking(subprocess.Popen[Any]):
        def _execute_child(self, *given: Any) -> None:
            how = names.bind(self, *given).arguments
            environ = dict(os.environ if how["env"] is None else how["env"])
            folder = Path(how["cwd"] or Path.cwd())
            kind = _kind(how["args"], folder, environ)
            if not kind:
                whole(self, *given)
                return
            pipes = ("p2cread", "p2cwrite", "c2pread", "c2pwrite", "errread", "errwrite")
            streams = [how[name] for name in ("p2cread", "c2pwrite", "errwrite")]
            order = {
                "words": how["args"][2:],
                "folder": os.fspath(folder),
                "environ": environ,
                "session": how["start_new_session"],
                "deaf": signal.getsignal(signal.SIGINT) == signal.SIG_IGN,
            }
            warm = toys if kind == "toys" else programs
            self.pid = warm.fork(order, [number if own == -1 else own for number, own in enumerate(streams)])
            if not self.pid:
                whole(self, *given)
                return
            self._child_created = True
            self._close_pipe_fds(*(how[name] for name in pipes))  # type: ignore[attr-defined]

    return Forking


def _kind(command: object, folder: Path, environ: Mapping[str, str]) -> str:
    """Of the interpreter to fork; empty for what needs one of its own."""
    if not isinstance(command, list) or command[:2] != [sys.executable, "-m"]:
        return ""
    module = command[2]
    if module == _TOYS:
        return "toys"
    is_ours = module.partition(".")[0] in _PROGRAMS and _finds_ours(folder, environ) and _is_plain(environ)
    return "programs" if is_ours else ""


def _finds_ours(folder: Path, environ: Mapping[str, str]) -> bool:
    """Whether an interpreter would import this repository's packages there, and nothing in their place."""
    if folder.resolve() == ROOT:
        return True
    told = environ.get("PYTHONPATH") == str(ROOT)
    return told and not any(each.suffix == ".py" or each.name in _PROGRAMS for each in folder.iterdir())


def _is_plain(environ: Mapping[str, str]) -> bool:
    """Whether an interpreter would start with these variables as it did with ours."""
    told = {name: text for name, text in environ.items() if name.startswith(("PYTHON", "LC_", "LANG"))}
    ours = {"PYTHONPATH": (os.environ.get("PYTHONPATH"), str(ROOT)), "PYTHONWARNINGS": ("ignore",)}
    return all(text in (os.environ.get(name), *ours.get(name, ())) for name, text in told.items())


def _serve(kind: str, line: socket.socket) -> None:
    """Fork for each order, until nobody is left to give one."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for those who ask
    while True:
        message, streams, _, _ = socket.recv_fds(line, _MOST_BYTES, 3)
        if not message:
            return
        reading, writing = os.pipe()
        between = os.fork()
        if not between:
            mine = os.fork()
            if mine:
                os.write(writing, str(mine).encode())
                os._exit(0)  # which gives the fork to whoever asked for it
            for number in (reading, writing, line.detach()):
                os.close(number)
            _work(kind, json.loads(message), streams)
        os.waitpid(between, 0)
        line.send(os.read(reading, 64))
        for number in (reading, writing, *streams):
            os.close(number)


def _work(kind: str, order: dict[str, Any], streams: Sequence[int]) -> NoReturn:
    """End as an interpreter does, but don't take apart the many objects that all forks have."""
    try:
        code = _done(kind, order, streams)
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        sys.excepthook(*sys.exc_info())
        code = 1
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _done(kind: str, order: dict[str, Any], streams: Sequence[int]) -> int:
    signal.signal(signal.SIGINT, signal.SIG_IGN if order["deaf"] else signal.default_int_handler)
    if order["session"]:
        os.setsid()
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    os.environ.clear()
    os.environ.update(order["environ"])
    os.chdir(order["folder"])
    module, *words = order["words"]
    if kind == "toys":
        from tests.support import toys

        return toys.main(words)
    return _program(module, words)


def _program(module: str, words: list[str]) -> int:
    """Run it as `python -m` does; what it starts is forked from a copy of this process as it is now."""
    if "PYTHONWARNINGS" in os.environ:
        warnings.simplefilter("ignore")
    near, far = _line()
    if not os.fork():
        near.close()
        nowhere = os.open(os.devnull, os.O_RDWR)
        for number in range(3):
            os.dup2(nowhere, number)
        os.close(nowhere)
        _serve("programs", far)
        os._exit(0)
    far.close()
    setattr(subprocess, "Popen", forking(Warm("toys"), Warm("programs", near)))  # noqa: B010 - mypy
    sys.modules.pop(module, None)
    sys.argv[1:] = words
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    finally:
        near.close()
    return 0


def _import_programs() -> None:
    """All that they import at once, and what they import later and takes long."""
    for name in _PROGRAMS:
        package = importlib.import_module(name)
        for found in pkgutil.walk_packages(package.__path__, f"{name}."):
            if not found.name.endswith("__main__") and ".migrations" not in found.name:
                importlib.import_module(found.name)
    for name in _IMPORTED:
        importlib.import_module(name)


def main(kind: str, line: str) -> None:
    """Import, and serve."""
    if kind == "toys":
        from tests.support import toys

        toys.toys()
    else:
        _import_programs()
    gc.freeze()
    _serve(kind, socket.socket(fileno=int(line)))


if __name__ == "__main__":
    main(*sys.argv[1:])
