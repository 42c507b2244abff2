"""A stage: a function in a box. This is the function's side; `shared/worker/box.py` is the box."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from shared.providers.account import Account
from shared.records.creation import Creation
from shared.settings import Settings
from shared.stages.progress import Progress


@dataclass(frozen=True, kw_only=True)
class Context:
    """Everything that a stage may know."""

    creation: Creation
    parameters: Mapping[str, Any]
    settings: Settings
    task_index: int
    task_count: int
    scratch: Path
    """An empty folder that is deleted after the stage."""
    progress: Progress
    account: Account
    """Pays for paid providers' work; waiting for them ends when the stage must end."""
    abandoned: Callable[[], bool]
    """Whether the run was cancelled or has failed elsewhere, so that its results are not wanted any more."""


@dataclass(frozen=True, kw_only=True)
class Output:
    """A file that the stage wants published."""

    name: str
    """Below the creation, e.g. `assets/video.mp4`."""
    path: Path
    description: str


@dataclass(frozen=True, kw_only=True)
class Result:
    """What a stage made."""

    outputs: Mapping[str, Output] = field(default_factory=dict)
    metadata: Mapping[str, Any] = field(default_factory=dict)
    """Numbers and names for people and for the stages after it; JSON."""
    warnings: tuple[str, ...] = ()
    reusable: bool = True
    """Whether the same inputs would certainly give the same result again."""
    keep: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """By what names begin with (`cache/…/`), those to keep; all others that are older are deleted on
    publishing."""


def _nothing(_settings: Settings) -> str:
    return ""


def _no_facts(_creation: Creation) -> str:
    return ""


def _always(_creation: Creation) -> bool:
    return True


@dataclass(frozen=True, kw_only=True)
class Stage:
    """One container entrypoint."""

    pipeline: str
    name: str
    version: int
    """Raise it when the same inputs give another result; earlier results are then made again."""
    inputs: Callable[[Creation], Iterable[str]]
    """The names of all objects that the result depends on."""
    run: Callable[[Context], Result]
    salt: Callable[[Settings], str] = _nothing
    """What else the result depends on, e.g. the voice's version."""
    facts: Callable[[Creation], str] = _no_facts
    """What it depends on of objects of which it reads only a part, e.g. its own options."""
    runs_in_thread: bool = False
    """Runs in a thread of its own, so that a signal doesn't interrupt a wait for work that is already paid
    for. It ends when it next uses progress or account."""
    stands: Callable[[Creation], bool] = _always
    """Whether what it left under `cache/`, beside its outputs, still exists."""
