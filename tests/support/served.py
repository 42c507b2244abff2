"""A cloud's trigger as a separate process."""

import json
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from tests.support.patience import until
from tests.support.toys import ROOT

TOKEN: Final = "correct-horse-battery"
CREATION: Final = "/me/creation/spring"
_PNG: Final = b"\x89PNG\r\n\x1a\n"


class Served:
    """A trigger that listens on this machine."""

    def __init__(self, url: str) -> None:
        self._url = url

    def ask(self, method: str, path: str, body: bytes | None = None, **headers: str) -> Any:
        """The JSON of the response; raises `HTTPError` if it is refused."""
        given = headers or {"Authorization": f"Bearer {TOKEN}"}
        request = urllib.request.Request(f"{self._url}{path}", body, given, method=method)
        with urllib.request.urlopen(request, timeout=20) as answer:
            return json.loads(answer.read() or b"null")

    def notify(self, event: Mapping[str, Any], **headers: str) -> None:
        """Send a CloudEvent in binary mode."""
        attributes = {name: str(value) for name, value in event.items() if name != "data"}
        sent = {f"ce-{name}": quote(value, safe="/:") for name, value in attributes.items()}
        given = headers or {"Authorization": f"Bearer {TOKEN}"}
        body = json.dumps(event.get("data")).encode()
        self.ask("POST", "/events", body, **sent, **given, **{"Content-Type": "application/json"})

    def start(self) -> None:
        """A story of one part."""
        self.ask("PUT", f"{CREATION}/assets/1/image.png", _PNG)
        self.ask("PUT", f"{CREATION}/assets/1/1.txt", b"Spring comes.")
        self.ask("POST", f"{CREATION}/generate_video")

    def status(self) -> Any:
        return self.ask("GET", f"{CREATION}/generate_video_status")

    def manifest(self) -> Any:
        """The state that the trigger derived from events, without another look at the store."""
        return self.ask("GET", f"{CREATION}/manifest")["pipeline"]["status"]


@contextmanager
def serving(module: str, environ: Mapping[str, str], log: Path) -> Iterator[Served]:
    """Run `python -m <module>` and end it by SIGTERM. Its log, in `log`, must not contain the token."""
    common = {"API_TOKEN": TOKEN, "FUSED": "never", "PORT": "0", "LOG_FORMAT": "json", "LOG_LEVEL": "debug"}
    with (
        log.open("w") as file,
        subprocess.Popen(
            [sys.executable, "-m", module], cwd=ROOT, env={**common, **environ}, stderr=file
        ) as process,
    ):
        try:
            until(lambda: "trigger_ready" in log.read_text() or process.poll() is not None)
            lines = [json.loads(line) for line in log.read_text().splitlines()]
            (url,) = [line["url"] for line in lines if line["action"] == "trigger_ready"]
            yield Served(url.replace("0.0.0.0", "127.0.0.1"))
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=20)
    assert process.returncode == 0
    assert TOKEN not in log.read_text()
