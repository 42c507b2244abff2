"""Where jobs run.

To add a platform:
1. write a class with `Platform`'s methods: here when it needs nothing but this machine, in a folder of its
   own (`cloudrun/platform.py`) when it needs a vendor's SDK,
2. add it to the dict in `scripts/wiring.py`,
3. add it to the `platform` fixture of `tests/shared/test_trigger.py`.
"""

from dataclasses import dataclass
from typing import Literal, Protocol

from shared.pipeline import StageDefinition


@dataclass(frozen=True, kw_only=True)
class Order:
    """What a platform is asked to run."""

    pipeline: str
    stage: str
    definition: StageDefinition
    creation_id: str
    run: int
    token: str
    """The claim's: handed to every task as `REELWRIGHT_CLAIM`."""
    tasks: int


@dataclass(frozen=True, kw_only=True)
class ExecutionState:
    """How an execution stands."""

    status: Literal["running", "ended", "unknown"]
    """`ended` with the record unfinished means that it died; `unknown` that this platform can't tell."""
    reason: str = ""


class Platform(Protocol):
    """Starts jobs and says how they stand. The store, not the platform, knows what they did."""

    name: str

    def launch(self, order: Order) -> str:
        """Start the stage and return the execution's name without waiting for it."""

    def state(self, execution: str) -> ExecutionState:
        """How the execution stands; never raises for one that it doesn't know."""

    def cancel(self, execution: str) -> None:
        """Ask it to stop; fine when it has ended already."""
