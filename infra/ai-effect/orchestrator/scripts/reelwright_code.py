"""Where the generators' code is: in this repository; its packages are this Python's or else the repository's
own."""

import os
import sys
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parents[4]
PACKAGES = ("grpc_tools", "pydantic", "typer", "yaml")


def find() -> None:
    """Make it importable; with another Python that has the packages, the script starts again."""
    sys.path.insert(0, str(ROOT))
    missing = [name for name in PACKAGES if find_spec(name) is None]
    own = ROOT / ".venv" / "bin" / "python"
    if missing and own.exists() and Path(sys.prefix) != ROOT / ".venv":
        os.execv(own, [str(own), *sys.argv])  # noqa: S606 - the same script and arguments
    if missing:
        sys.exit(f"this Python lacks {', '.join(missing)}: pip install '{ROOT}[cli]'")
