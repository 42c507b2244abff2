"""Stand-ins for compose and its engine, whose containers are processes of the toy pipeline.

As an interpreter starts slowly, this process starts the containers, as forks; the programs ask it to.
"""

import json
import os
import signal
import socket
import stat
import subprocess
import sys
import threading
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_COMPOSE = """
import json, os, pathlib, socket, sys, time
words, books = sys.argv[1:], pathlib.Path(os.environ["BOOKS"])
def note(name, text):
    (books / f"{name}.new").write_text(text)
    (books / f"{name}.new").rename(books / name)
if "version" in words:
    sys.exit("invalid choice: 'jobs'" if "--profile" in words and (books / "old").exists() else 0)
file = pathlib.Path(words[words.index("-f") + 1])
if not file.is_absolute():
    sys.exit(f"FileNotFoundError: {file}")
if "config" in words:
    if not file.exists():
        sys.exit(f"no such file: {file}")
    sys.exit(print(*file.read_text().split(), sep="\\n"))
assert words[:2] == ["--profile", "jobs"] and "--rm" in words, words
name = words[words.index("--name") + 1]
handed = dict(word.split("=", 1) for at, word in enumerate(words) if words[at - 1] == "-e")
told = {"words": words, "handed": handed, "creations": os.environ.get("CREATIONS"), "process": os.getpid()}
note(f"{name}.run", json.dumps(told))
while (books / "slow").exists():
    time.sleep(0.02)
kept = ("PATH", "TMPDIR", "PYTHONPATH", "TOYS_GATE", "TOYS_FAULTS")
environ = {each: os.environ[each] for each in kept if each in os.environ}
environ["STORE_URL"] = f"file://{os.environ['CREATIONS']}"
job, creation_id = words[-2:]
order = {"words": [job.removeprefix("toys-"), creation_id], "environ": {**environ, **handed}}
line = socket.socket(socket.AF_UNIX)
line.connect("\\0" + os.environ["BOOKS"])
socket.send_fds(line, [json.dumps(order).encode()], [1, 2])
told = line.makefile()
note(f"{name}.pid", told.readline().strip())
code = int(told.readline())
(books / f"{name}.pid").unlink(missing_ok=True)
sys.exit(code if code >= 0 else 128 - code)
"""
_ENGINE = """
import os, pathlib, signal, sys
words, books = sys.argv[1:], pathlib.Path(os.environ["BOOKS"])
if (books / "off").exists():
    sys.exit("is the engine running?")
if "version" in words:
    sys.exit(0)
with (books / "asked").open("a") as asked:
    asked.write(" ".join(words) + "\\n")
container = books / f"{words[-1]}.pid"
if not container.exists():
    sys.exit("Error: no such container")
number = signal.SIGTERM if words[1:3] == ["--signal", "TERM"] else signal.SIGKILL
os.kill(int(container.read_text()), number)
if words[0] == "rm":
    container.unlink(missing_ok=True)
"""


@dataclass(frozen=True, kw_only=True)
class Run:
    """One `compose run`."""

    words: list[str]
    handed: dict[str, str]
    """What the container gets with `-e`."""
    creations: str | None
    """The folder that becomes its volume."""
    process: int
    """The ID of the process that runs compose."""

    @property
    def job(self) -> str:
        return self.words[-2]


class Engine:
    """`fake-compose`'s and `fake`'s books; the programs are called as `folder` on the PATH has them."""

    def __init__(self, folder: Path) -> None:
        """The stand-in's compose file is the names of its services."""
        self.books = folder / "books"
        self.programs = folder / "programs"
        self.file = folder / "compose.yaml"
        self.books.mkdir()
        self.programs.mkdir()
        self.file.write_text("toys-first toys-last\n")
        self.add("podman-compose", _COMPOSE)
        self.add("podman", _ENGINE)
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(f"\0{self.books}")
        self._listener.listen()
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        """Start a container for each line, until the listener is closed."""
        with suppress(OSError):
            while True:
                line, _ = self._listener.accept()
                threading.Thread(target=_run_container, args=(line,), daemon=True).start()

    @property
    def environ(self) -> dict[str, str]:
        return {"BOOKS": str(self.books), "PATH": f"{self.programs}{os.pathsep}{os.environ['PATH']}"}

    def add(self, name: str, code: str) -> None:
        program = self.programs / name
        program.write_text(f"#!{sys.executable} -S\n{code}")
        program.chmod(program.stat().st_mode | stat.S_IXUSR)

    @property
    def runs(self) -> list[Run]:
        told: list[dict[str, Any]] = [json.loads(path.read_text()) for path in self.books.glob("*.run")]
        return [Run(**each) for each in told]

    @property
    def names(self) -> list[str]:
        return [path.stem for path in self.books.glob("*.run")]

    @property
    def asked(self) -> list[str]:
        """What the engine was asked for, without the containers' names."""
        path = self.books / "asked"
        return [line.rpartition(" ")[0] for line in path.read_text().splitlines()] if path.exists() else []

    @property
    def containers(self) -> list[int]:
        """The processes of those that are there."""
        return [int(path.read_text()) for path in self.books.glob("*.pid")]

    def close(self) -> None:
        for pid in self.containers:
            os.kill(pid, signal.SIGKILL)
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


def _run_container(line: socket.socket) -> None:
    """Tell the process's ID, and its exit code when it has ended."""
    with line, suppress(BrokenPipeError):
        message, streams, _, _ = socket.recv_fds(line, 1 << 20, 2)
        order = json.loads(message)
        container = subprocess.Popen(
            [sys.executable, "-m", "tests.support.toys", *order["words"]],
            env=order["environ"],
            stdin=subprocess.DEVNULL,
            stdout=streams[0],
            stderr=streams[1],
            start_new_session=True,
        )
        for stream in streams:
            os.close(stream)
        line.sendall(f"{container.pid}\n".encode())
        line.sendall(f"{container.wait()}\n".encode())
