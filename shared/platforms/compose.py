"""Stages as containers on this machine: `compose run --rm <job> <creation_id>` for each task."""

import logging
import math
import os
import shlex
import signal
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

from shared.errors import InvalidSettings
from shared.logs import log
from shared.platforms import LaunchOrder
from shared.platforms.deployed import some_are_there
from shared.platforms.local import Called, LocalPlatform, ProcessAttempt, call
from shared.platforms.pulse import USUAL, Patience
from shared.settings import Settings
from shared.storage import ObjectStore

_ASK_AGAIN_S: Final = 0.2
_GONE: Final = ("no such container", "already in progress")
"""How docker and podman report that a container is removed, or is just being removed."""


class ComposePlatform(LocalPlatform):
    """The local platform, with each task in a container of the compose file's service for that job.

    A store on this machine's disk becomes the services' volume, by the variable CREATIONS of the compose
    file, and its containers run as this user; any other store is passed by its URL.

    compose passes no signals (podman-compose) or not all of them on to the container, so that its engine,
    docker or podman, is asked to signal the container, by a name that is unique to the attempt.
    """

    name = "compose"

    def __init__(
        self,
        store: ObjectStore,
        settings: Settings,
        *,
        on_log: Callable[[str], None] | None = None,
        sleep: Callable[[float], None] = time.sleep,
        grace_s: float = 10.0,
        patience: Patience = USUAL,
    ) -> None:
        """`patience` covers all silence before the first heartbeat: an image may have to be pulled.

        Raises `InvalidSettings` if COMPOSE_COMMAND is neither docker's nor podman's."""
        super().__init__(
            store,
            on_log=on_log,
            sleep=sleep,
            command=self._container,
            environ=_places(store),
            grace_s=grace_s,
            patience=replace(patience, otherwise_s=math.inf),
        )
        self._settings = settings
        self._engine = engine_of(settings.compose_command)
        # From the root, since podman-compose 1.3 looks for another path in the folder of the file itself.
        self._file = Path(settings.compose_file).absolute()
        self._compose = [*settings.compose_command, "--profile", "jobs", "-f", str(self._file)]

    def check(self, jobs: Collection[str]) -> None:
        self._check_programs()
        found = call([*self._compose, "config", "--services"], environ=self._environ)
        if found.worked and some_are_there(
            jobs, found.lines.__contains__, lambda job: f"the compose file has no service {job}"
        ):
            return
        raise InvalidSettings(
            f"COMPOSE_FILE={self._settings.compose_file!r}: {self._reason(found)}; name one that "
            "`reelwright export compose` has written"
        )

    def _reason(self, found: Called) -> str:
        """Why the file has no services."""
        if found.worked:
            return "it has no service for any job"
        if not self._file.is_file():
            return f"there is no file {str(self._file)!r}"
        return f"{shlex.join(self._settings.compose_command)!r} can't read it ({found.complaint})"

    def _check_programs(self) -> None:
        self._demand([*self._engine, "version"], "install or start it, or name another")
        self._demand([*self._settings.compose_command, "version"], "install it, or name another")
        old = "it may be too old: podman-compose knows profiles from 1.1 on, docker compose from 1.28 on"
        self._demand([*self._settings.compose_command, "--profile", "jobs", "version"], old)

    def _demand(self, command: Sequence[str], remedy: str) -> None:
        tried = call(command)
        if not tried.worked:
            raise InvalidSettings(
                f"COMPOSE_COMMAND={shlex.join(self._settings.compose_command)!r}: {shlex.join(command)!r} "
                f"fails here ({tried.complaint}); {remedy}"
            )

    def _container(self, order: LaunchOrder, variables: Mapping[str, str]) -> list[str]:
        on_disk = self._store.url.startswith("file:")
        handed = [
            f"{name}={value}" for name, value in variables.items() if name != "STORE_URL" or not on_disk
        ]
        options = ["--name", _name(variables), *(part for each in handed for part in ("-e", each))]
        if on_disk:
            options += ["--user", _user(self._engine)]
        return [*self._compose, "run", "--rm", "-T", *options, order.job, order.creation_id]

    def _signal(self, attempt: ProcessAttempt, number: signal.Signals) -> None:
        """Signal the container; compose then ends by itself, unless the container can't be reached."""
        name = _name(attempt.variables)
        if number == signal.SIGTERM:
            self._ask_to_stop(attempt, name)
            return
        killed = call([*self._engine, "kill", name])
        if not (killed.worked and attempt.ends_within(self._grace_s)):
            super()._signal(attempt, number)

    def _ask_to_stop(self, attempt: ProcessAttempt, name: str) -> None:
        """Send SIGTERM as soon as the container exists: compose may still be starting it."""
        until = time.monotonic() + self._grace_s
        while not attempt.ends_within(0):
            asked = call([*self._engine, "kill", "--signal", "TERM", name])
            if asked.worked or attempt.ends_within(_ASK_AGAIN_S) or time.monotonic() > until:
                return

    def _clear(self, attempt: ProcessAttempt, exit_code: int) -> None:
        """Remove the container, in case compose ended before it."""
        if exit_code == 0:
            return
        command = [*self._engine, "rm", "--force", "--volumes", _name(attempt.variables)]
        removed = call(command)
        if not removed.worked and not any(words in removed.complaint.lower() for words in _GONE):
            reason = f"{removed.complaint}: check whether it exists: {shlex.join(command)}"
            log(logging.WARNING, "container_left", reason)


def engine_of(compose_command: Sequence[str]) -> tuple[str, ...]:
    """The engine that manages a compose command's containers: `docker compose` and `docker-compose` belong to
    `docker`, `podman compose` and `podman-compose` to `podman`; raises `InvalidSettings`."""
    for position, word in enumerate(compose_command):
        program = Path(word).name
        before = tuple(compose_command[:position])
        if program == "compose" and before:
            return before
        if program in ("docker-compose", "podman-compose"):
            return (*before, program.removesuffix("-compose"))
    raise InvalidSettings(
        f"COMPOSE_COMMAND={shlex.join(compose_command)!r}: the engine that stops its containers is unknown; "
        "use docker compose, podman-compose, or another command that ends in one of these"
    )


def _name(variables: Mapping[str, str]) -> str:
    """The container's name: what is unique in its execution's name, its task and its attempt."""
    launch = variables["TASK_EXECUTION"].rpartition("|")[2]
    return f"reelwright-{launch}-{variables['TASK_INDEX']}-{variables['TASK_ATTEMPT']}"


def _user(engine: Sequence[str]) -> str:
    """The user that can write what this user can: inside a rootless podman's containers that is root."""
    if Path(engine[0]).name == "podman" and os.getuid():
        return "0:0"
    return f"{os.getuid()}:{os.getgid()}"


def _places(store: ObjectStore) -> dict[str, str]:
    """Variables for compose itself, which requires the trigger's token even for jobs that never see it."""
    url = urlsplit(store.url)
    places = {"CREATIONS": unquote(url.path)} if url.scheme == "file" else {}
    return places | ({} if os.environ.get("API_TOKEN") else {"API_TOKEN": "unused"})
