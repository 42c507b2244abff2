"""The three services of AI-Effect's example as processes on free ports of this machine."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

from shared.errors import ToolFailed

HOME: Final = Path(__file__).parent.parent / "infra" / "ai-effect"
USE_CASE: Final = HOME / "use-cases" / "example_1"
EXPORT: Final = HOME / "orchestrator" / "use-cases-platform" / "example-1"
SERVICES: Final = ("data_generator", "data_analyzer", "report_generator")
_END_S: Final = 25


class ExampleService:
    """One service: its process and its address."""

    def __init__(self, service: str, data: Path, environ: Mapping[str, str], port: int = 0) -> None:
        """Returns once it listens; raises `ToolFailed` if it ends before."""
        self.container = f"{service}1"
        command = [sys.executable, "-m", f"{service}.server"]
        said = {"GRPC_PORT": str(port), "DATA_DIR": str(data), "SERVICE_NAME": self.container}
        self.process = subprocess.Popen(
            command,
            cwd=USE_CASE / "services",
            env={**os.environ, **said, **environ},
            stderr=subprocess.PIPE,
            text=True,
        )
        lines = []
        assert self.process.stderr is not None
        for line in self.process.stderr:
            lines.append(line)
            found = _port_in(line)
            if found:
                self.port = found
                return
        raise ToolFailed(command, self.process.wait(), "".join(lines))

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def end(self) -> str:
        """Stop it as an engine does, and return what it logged since it listens."""
        self.process.terminate()
        try:
            _, log = self.process.communicate(timeout=_END_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            _, log = self.process.communicate()
        return log


def _port_in(line: str) -> int:
    """The port in the line with which a service says that it listens; 0 for any other."""
    try:
        return int(json.loads(line).get("port", 0))
    except (ValueError, AttributeError):
        return 0


@contextmanager
def example_services(
    data: Path, environ: Mapping[str, str] | None = None
) -> Iterator[dict[str, ExampleService]]:
    """All three, by container; they end with the block."""
    with ExitStack() as stack:
        found = {}
        for name in SERVICES:
            service = ExampleService(name, data, environ or {})
            stack.callback(service.end)
            found[service.container] = service
        yield found
