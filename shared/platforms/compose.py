"""Stages as containers on this machine: `compose run --rm <job> <creation_id>` for each task."""

import os
from collections.abc import Callable, Mapping
from urllib.parse import unquote, urlsplit

from shared.platforms import Order
from shared.platforms.local import LocalPlatform
from shared.settings import Settings
from shared.storage import ObjectStore


class ComposePlatform(LocalPlatform):
    """The local platform, with each task in a container of the compose file's service of that job.

    A store on this machine's disk becomes the services' volume, by the variable CREATIONS that the compose
    file takes, and its containers run as this user; any other store they get by its URL.
    """

    name = "compose"

    def __init__(
        self, store: ObjectStore, settings: Settings, *, on_log: Callable[[str], None] | None = None
    ) -> None:
        super().__init__(store, on_log=on_log, command=self._container, environ=_places(store))
        self._compose = [*settings.compose_command, "-f", settings.compose_file]

    def _container(self, order: Order, variables: Mapping[str, str]) -> list[str]:
        on_disk = self._store.url.startswith("file:")
        handed = [
            f"{name}={value}" for name, value in variables.items() if name != "STORE_URL" or not on_disk
        ]
        options = [part for each in handed for part in ("-e", each)]
        if on_disk:
            options += ["--user", f"{os.getuid()}:{os.getgid()}"]
        return [*self._compose, "run", "--rm", "-T", *options, order.job, order.creation_id]


def _places(store: ObjectStore) -> dict[str, str]:
    """Variables for compose itself, which wants the trigger's token even to run a job that never sees it."""
    url = urlsplit(store.url)
    places = {"CREATIONS": unquote(url.path)} if url.scheme == "file" else {}
    return places | ({} if os.environ.get("API_TOKEN") else {"API_TOKEN": "unused"})
