"""podman, as the tests call it."""

import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from shared.storage.file import FileStore


@dataclass(frozen=True, kw_only=True)
class Podman:
    tag: str
    conf: Path

    @property
    def environ(self) -> dict[str, str]:
        return {**os.environ, "CONTAINERS_CONF": str(self.conf), "TAG": self.tag}

    def image(self, target: str) -> str:
        return f"{os.environ.get('REGISTRY', 'reelwright')}/{target}:{self.tag}"

    def command(
        self,
        target: str,
        *arguments: str,
        store: FileStore | None = None,
        flags: Sequence[str] = (),
        environ: Mapping[str, str] | None = None,
    ) -> list[str]:
        """`podman run` as a cloud would: nothing of the image can be written to, nothing is privileged."""
        options = ["--rm", "--read-only", "--cap-drop=ALL", "--security-opt=no-new-privileges", *flags]
        if store is not None:
            folder = urlsplit(store.url).path
            options += ["--volume", f"{folder}:/creations:U", "--env", "STORE_URL=file:///creations"]
        for name, value in (environ or {}).items():
            options += ["--env", f"{name}={value}"]
        return ["podman", "run", *options, self.image(target), *arguments]

    def run(
        self,
        target: str,
        *arguments: str,
        store: FileStore | None = None,
        flags: Sequence[str] = ("--network=none",),
        environ: Mapping[str, str] | None = None,
    ) -> subprocess.CompletedProcess[str]:
        return self.call(*self.command(target, *arguments, store=store, flags=flags, environ=environ)[1:])

    def stage(self, stage: str, creation_id: str, *, store: FileStore) -> subprocess.CompletedProcess[str]:
        """One stage of a story."""
        flags = ("--network=none", "--entrypoint=python")
        return self.run("story", "-m", f"jobs.story.{stage}", creation_id, store=store, flags=flags)

    def call(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["podman", *arguments], env=self.environ, capture_output=True, text=True, check=False, timeout=120
        )
