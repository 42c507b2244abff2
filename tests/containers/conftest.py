"""Real containers: the images that `make test-containers` has built, run by podman."""

import os
import socket
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import pytest

from shared.storage.file import FileStore
from tests.containers.compose import TOKEN, Compose
from tests.containers.podman import Podman

_RUNTIMES = ("", "crun", "runc")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.containers)


@pytest.fixture(scope="session")
def podman(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Podman]:
    """podman with the first of its runtimes that works on this machine."""
    conf = tmp_path_factory.mktemp("podman") / "containers.conf"
    podman = Podman(tag=os.environ.get("TAG", version("reelwright")), conf=conf)
    refusals = []
    for runtime in _RUNTIMES:
        engine = f'[engine]\nruntime = "{runtime}"\n' if runtime else ""
        conf.write_text(f'{engine}[containers]\ndefault_ulimits = ["nofile=4096:4096", "nproc=4096:4096"]\n')
        done = podman.run("story", "-c", "pass", flags=("--entrypoint", "python"))
        if done.returncode == 0:
            yield podman
            return
        refusals.append(done.stderr)
    pytest.fail("podman runs no container here:\n" + "\n".join(refusals))


@pytest.fixture
def store(tmp_path: Path) -> FileStore:
    (tmp_path / "creations").mkdir()
    return FileStore(tmp_path / "creations")


@pytest.fixture
def compose(podman: Podman) -> Iterator[Compose]:
    """A project that is gone, with all its volumes, when the test has ended."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    project = f"reelwright-test-{os.getpid()}"
    environ = {**podman.environ, "COMPOSE_PROJECT_NAME": project, "PORT": str(port), "API_TOKEN": TOKEN}
    environ.pop("CREATIONS", None)
    compose = Compose(environ=environ, port=port)
    yield compose
    down = compose.call("--profile", "jobs", "down", "--volumes", "--timeout", "5")
    assert down.returncode == 0, down.stderr
