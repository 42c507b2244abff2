"""podman-compose, as the tests call it."""

import http.client
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parent.parent.parent
TOKEN: Final = "test-token"
PROGRAM: Final = str(Path(sys.executable).with_name("podman-compose"))


@dataclass(frozen=True, kw_only=True)
class Compose:
    """A project of its own."""

    environ: dict[str, str]
    port: int

    def call(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [PROGRAM, "-f", "infra/compose.yaml", *arguments],
            cwd=ROOT, env=self.environ, capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip

    def http(self, method: str, path: str, body: bytes | None = None) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        connection.request(method, path, body, {"Authorization": f"Bearer {TOKEN}"})
        answer = connection.getresponse()
        try:
            return answer.status, answer.read()
        finally:
            connection.close()
