"""`reelwright cut`: writes a finished film's cut for editors."""

import sys
from pathlib import Path

from rich.console import Console

from scripts.wiring import make_trigger
from shared.cuts.finished import finished_film
from shared.cuts.otio import otio_of
from shared.errors import BadRequest
from shared.settings import Settings


def write_cut(settings: Settings, creation_id: str, target: Path | None) -> None:
    """As OpenTimelineIO, to `target` or to standard output.

    Raises `NoFilm` for a creation without a film, and `BadRequest` for a file that can't be written.
    """
    finished = finished_film(make_trigger(settings, writes=False, about=creation_id), creation_id)
    data = otio_of(finished)
    if target is None:
        sys.stdout.write(data.decode())
        return
    try:
        target.write_bytes(data)
    except OSError as error:
        raise BadRequest(f"{target}: can't be written ({error.strerror}); name another file") from error
    sys.stdout.write(f"{target}\n")
    console = Console(stderr=True)
    cut = finished.cut
    console.print(
        f"{len(cut.shots)} shots and {len(cut.captions)} captions; save it beside the folder assets",
        style="dim",
    )
