"""Programs of Debian's packages that tests use, installed when a test first needs them and root runs it."""

import fcntl
import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pytest

_DEBIAN: Final = Path("/usr/lib/postgresql")
_NO_CLUSTER: Final = Path("/etc/postgresql-common/createcluster.conf")
_NO_START: Final = Path("/usr/sbin/policy-rc.d")


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


def need(name: str, packages: tuple[str, ...]) -> str:
    """The program, its packages installed if it is missing; skips the test if that is impossible."""
    found = find_program(name)
    if found is None and os.geteuid() == 0 and shutil.which("apt-get"):
        _install(name, packages)
        found = find_program(name)
    if found is None:
        pytest.skip(f"{name} is missing; as root: apt-get install {' '.join(packages)}")
    return found


def _install(name: str, packages: tuple[str, ...]) -> None:
    """Install the packages; a second process waits for the first and then finds them."""
    lock = Path(tempfile.gettempdir()) / "reelwright-tests-install.lock"
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        if find_program(name):
            return
        put = _put_missing(quiet_files())
        try:
            for command in install_commands(packages):
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
