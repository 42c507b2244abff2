"""What `reelwright run` passes to the command of a pipeline."""

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from shared.records.creation import Creation
from shared.records.documents import Source
from shared.settings import Settings


class Desk(Protocol):
    """Runs a creation and shows its progress. A pipeline's `command` is a function that Typer can call
    (https://typer.tiangolo.com); its first parameter is a `typer.Context` whose `obj` is a desk."""

    @property
    def settings(self) -> Settings: ...

    def make(
        self,
        pipeline: str,
        creation_id: str,
        source: Source | Path | None,
        bring: Callable[[Creation], None],
        *,
        again: str,
        replace: bool,
        verbose: bool,
        log_file: Path | None = None,
    ) -> None:
        """Let `bring` write the creation's assets, run the pipeline and show its progress.

        `source` is what they are made from: a product, or a file or folder of the user's; None for a creation
        that keeps its own. `log_file` also gets what the stages log here, as JSON lines.
        `again` are the words after `reelwright run <pipeline>` that resume it. Raises `BadRequest` if the
        creation was made from another source and `replace` is not set; `StageFailed` or `BadRequest` if the
        run fails.
        """

    def make_of_folder(
        self, pipeline: str, creation_id: str | None, folder: Path | None, *, replace: bool, verbose: bool
    ) -> None:
        """The same with a folder of assets, or with the creation's present assets."""
