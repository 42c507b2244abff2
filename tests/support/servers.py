"""Real Redis and PostgreSQL from Debian's packages, started when a test first needs them.

Import the fixtures where they are needed: `from tests.support.servers import postgres_url, redis_server`.
Each test process has one server of each kind, which only listens on this machine.
"""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest

from tests.support.debian import need
from tests.support.patience import HANGS_AFTER_S

_PACKAGES: Final = ("redis-server", "postgresql")


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
            *(need("redis-server", _PACKAGES), "--port", str(self.port), "--bind", "127.0.0.1"),
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
        postgres, initdb = need("postgres", _PACKAGES), need("initdb", _PACKAGES)
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
