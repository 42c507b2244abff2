"""What takes long to make and is the same for all processes of a run is made by the first that needs it."""

import fcntl
import hashlib
import os
import pickle
from collections.abc import Callable
from typing import Any, TypeVar

import pytest

_Made = TypeVar("_Made")


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[], _Made]) -> _Made:
    """What `make` returns, in the one process that calls it; the others wait, and get an equal copy."""
    base = factory.getbasetemp()
    folder = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    kept = folder / f"{name}.pickle"
    with (folder / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not kept.exists():
            made = make()
            kept.with_suffix(".part").write_bytes(pickle.dumps(made))
            kept.with_suffix(".part").rename(kept)
            return made
    found: _Made = pickle.loads(kept.read_bytes())
    return found


def made_for(factory: pytest.TempPathFactory, key: Any, make: Callable[[], _Made]) -> _Made:
    """The same for what can be made of different things; `key` is all that it depends on."""
    return made_once(factory, f"made-{hashlib.sha256(pickle.dumps(key)).hexdigest()}", make)
