"""Real Redis and PostgreSQL from Debian's packages, started when a test first needs them.

Import the fixtures where they are needed: `from tests.support.servers import postgres_url, redis_server`.
Each test process has one server of each kind, which only listens on this machine.
"""

import fcntl
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import pytest

from tests.support.patience import HANGS_AFTER_S

_DEBIAN: Final = Path("/usr/lib/postgresql")
_NO_CLUSTER: Final = Path("/etc/postgresql-common/createcluster.conf")
_NO_START: Final = Path("/usr/sbin/policy-rc.d")
_PACKAGES: Final = ("redis-server", "postgresql")


def install_commands(packages: tuple[str, ...]) -> list[list[str]]:
    """The command that installs Debian packages without questions and without recommended ones."""
    return [
        ["apt-get", "update", "-q"],
        ["apt-get", "install", "-q", "-y", "--no-install-recommends", *packages],
    ]


def quiet_files(root: Path = Path("/")) -> dict[Path, str]:
    """Files, with their contents, that keep the packages from creating a cluster and starting services."""
    return {
        root / _NO_CLUSTER.relative_to("/"): "create_main_cluster = false\n",
        root / _NO_START.relative_to("/"): "#!/bin/sh\nexit 101\n",
    }


def find_program(name: str, debian: Path = _DEBIAN) -> str | None:
    """The program on the PATH, or the newest in Debian's folders outside of it."""
    versions = sorted(debian.glob(f"*/bin/{name}"), key=lambda path: float(path.parts[-3]))
    return shutil.which(name) or (str(versions[-1]) if versions else None)


def _need(name: str) -> str:
    """The program, installed if it is missing; skips the test if that is impossible."""
    found = find_program(name)
    if found is None and os.geteuid() == 0 and shutil.which("apt-get"):
        _install()
        found = find_program(name)
    if found is None:
        pytest.skip(f"Redis or PostgreSQL is missing; as root: apt-get install {' '.join(_PACKAGES)}")
    return found


def _install() -> None:
    """Install all packages; a second process waits for the first and then finds them."""
    lock = Path(tempfile.gettempdir()) / "reelwright-tests-install.lock"
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        if all(find_program(name) for name in ("redis-server", "postgres")):
            return
        put = _put_missing(quiet_files())
        try:
            for command in install_commands(_PACKAGES):
                environ = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
                subprocess.run(command, env=environ, check=False, capture_output=True, timeout=600)
        finally:
            for path in put:
                if path.name == _NO_START.name:
                    path.unlink()


def _put_missing(files: Mapping[Path, str]) -> list[Path]:
    missing = [path for path in files if not path.exists()]
    for path in missing:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(files[path])
        path.chmod(0o755)
    return missing


class Server:
    """A server in its own folder that can be killed and started again."""

    end_signal = signal.SIGKILL
    """The signal that ends it at once, with all its processes."""

    def __init__(self, folder: Path, command: list[str], answers: Callable[[], bool], **how: Any) -> None:
        self.folder = folder
        self._command = command
        self._answers = answers
        self._how = how
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it answers."""
        with (self.folder / "server.log").open("ab") as said:
            self._process = subprocess.Popen(
                self._command, stdin=subprocess.DEVNULL, stdout=said, stderr=said, **self._how
            )
        until = time.monotonic() + HANGS_AFTER_S
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > until:
                raise RuntimeError((self.folder / "server.log").read_text(errors="replace")[-2000:])
            time.sleep(0.02)

    def kill(self) -> None:
        """End it at once; does nothing if it has ended."""
        if self._process:
            self._process.send_signal(self.end_signal)
            self._process.wait(10)
            self._process = None

    def signal(self, number: signal.Signals) -> None:
        assert self._process
        self._process.send_signal(number)

    @property
    def answers(self) -> bool:
        return self._answers()

    def remove(self) -> None:
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)


class RedisServer(Server):
    """Redis on its own port, without data on disk."""

    def __init__(self) -> None:
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        folder = Path(tempfile.mkdtemp(prefix="redis-"))
        command = [
            *(_need("redis-server"), "--port", str(self.port), "--bind", "127.0.0.1"),
            *("--save", "", "--appendonly", "no", "--dir", str(folder), "--databases", "1"),
        ]
        super().__init__(folder, command, self._answers_ping)

    def _answers_ping(self) -> bool:
        try:
            return self.ask("PING") == "+PONG"
        except OSError:
            return False

    def ask(self, command: str) -> str:
        """Send one inline command on a new connection; returns the first line of the answer."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=2) as connection:
            connection.sendall(command.encode() + b"\r\n")
            return connection.recv(4096).decode().split("\r\n")[0]


class PostgresServer(Server):
    """PostgreSQL on a Unix socket, with its data in a temporary folder and without fsync."""

    end_signal = signal.SIGQUIT

    def __init__(self) -> None:
        postgres, initdb = _need("postgres"), _need("initdb")
        folder = Path(tempfile.mkdtemp(prefix="pg-"))
        how: dict[str, Any] = {"cwd": folder}
        if os.geteuid() == 0:  # it refuses to run as root
            account = pwd.getpwnam("postgres")
            os.chown(folder, account.pw_uid, account.pw_gid)
            how |= {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
        data = folder / "data"
        made = [initdb, "-D", str(data), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "-N"]
        subprocess.run(made, check=True, capture_output=True, timeout=60, **how)
        command = [postgres, "-D", str(data), "-k", str(folder), "-c", "listen_addresses="]
        for setting in ("fsync=off", "full_page_writes=off", "shared_buffers=16MB"):
            command += ["-c", setting]
        super().__init__(folder, command, self._takes_connections, **how)

    @property
    def url(self) -> str:
        """The SQLAlchemy URL of its database."""
        return f"postgresql+psycopg://postgres@/postgres?host={self.folder}"

    def empty(self) -> None:
        """Delete everything in the database and close all other connections."""
        with self._connect() as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            connection.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")

    def _takes_connections(self) -> bool:
        import psycopg

        try:
            self._connect().close()
        except psycopg.OperationalError:
            return False
        return True

    def _connect(self) -> Any:
        import psycopg

        return psycopg.connect(host=str(self.folder), user="postgres", dbname="postgres", autocommit=True)


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


_REDIS: Final = pytest.StashKey[RedisServer]()
_POSTGRES: Final = pytest.StashKey[PostgresServer]()


def _only(config: pytest.Config, key: pytest.StashKey[Any], make: Callable[[], Any]) -> Any:
    """The only server of its kind in this process, started, and removed after the tests."""
    if key not in config.stash:
        server = make()
        config.add_cleanup(server.remove)
        config.stash[key] = server
        server.start()
    return config.stash[key]


@pytest.fixture
def redis_server(request: pytest.FixtureRequest) -> RedisServer:
    """Redis, empty and running, whatever earlier tests did to it."""
    server: RedisServer = _only(request.config, _REDIS, RedisServer)
    if not server.answers:
        server.start()
    server.ask("FLUSHALL")
    return server


@pytest.fixture
def postgres_server(request: pytest.FixtureRequest) -> PostgresServer:
    """PostgreSQL, empty and running, whatever earlier tests did to it."""
    server: PostgresServer = _only(request.config, _POSTGRES, PostgresServer)
    if not server.answers:
        server.start()
    server.empty()
    return server


@pytest.fixture
def postgres_url(postgres_server: PostgresServer) -> str:
    """The URL of an empty database."""
    return postgres_server.url
