"""What `reelwright run` offers to the command of a pipeline."""

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from shared.records.creation import Creation
from shared.records.documents import Source
from shared.settings import Settings


class Desk(Protocol):
    """Runs a creation and shows it. A pipeline's `command` is a function that Typer can call
    (https://typer.tiangolo.com), whose first parameter is a `typer.Context` with a desk as `obj`."""

    @property
    def settings(self) -> Settings: ...

    def make(
        self,
        pipeline: str,
        creation_id: str,
        source: Source,
        bring: Callable[[Creation], None],
        *,
        again: str,
        replace: bool,
        verbose: bool,
    ) -> None:
        """Let `bring` write the creation's assets, run the pipeline and show how it goes on.

        `again` are the words after `reelwright run <pipeline>` that go on with it. Raises `BadRequest` where
        the creation was made of another source, unless it may `replace` that; `StageFailed` or `BadRequest`
        when the run failed.
        """

    def make_of_folder(
        self, pipeline: str, creation_id: str | None, folder: Path | None, *, replace: bool, verbose: bool
    ) -> None:
        """The same with a folder of assets, or with those that the creation has already."""
