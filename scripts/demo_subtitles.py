"""`make demo-subtitles`: subtitles a film of which every word is known, and shows how good that is."""

import os
import sys
from functools import partial
from pathlib import Path

from rich.console import Console

from jobs.subtitles.cues.qc import Report, table
from jobs.subtitles.job.documents import Transcript, read_document
from jobs.subtitles.job.names import CORRECTED, OPTIONS, QC, QC_PAGE, SIDECAR
from scripts.known_film.comparing import compare
from scripts.known_film.screenplay import ferry
from scripts.known_film.sound import KnownSound
from scripts.run import RunDesk
from scripts.sample_film import write_sample_film
from shared.machine.temporary import scratch
from shared.records.creation import Creation, canonical_json
from shared.records.names import ASSETS
from shared.settings import Settings
from shared.storage import open_store
from shared.worker.entry import DONE, guarded

_CREATION_ID = "sample-film"


def main() -> int:
    def work(settings: Settings) -> int:
        console = Console(stderr=True)
        console.print("speaking, drawing and mixing a film of 70 s ...", style="dim")
        with scratch() as folder:
            known = write_sample_film(folder)
            RunDesk(settings=settings).make(
                "subtitles",
                _CREATION_ID,
                folder / "film.mp4",
                partial(_bring, folder),
                again=_CREATION_ID,
                replace=True,
                verbose=False,
            )
        creation = Creation(open_store(settings.store_url, settings), _CREATION_ID)
        _report(console, creation, known)
        return DONE

    return guarded(work, {"LOG_FORMAT": "text", **os.environ})


def _bring(folder: Path, creation: Creation) -> None:
    creation.bring(folder / "film.mp4", f"{ASSETS}film.mp4")
    creation.bring(folder / "tmdb.json", SIDECAR)
    options = {"file": "The Last Ferry to Orvanne (2024).mp4", "speakers": len(ferry().voices)}
    creation.bring_bytes(canonical_json(options), OPTIONS)


def _report(console: Console, creation: Creation, known: KnownSound) -> None:
    """The rules that the subtitles keep, and how close they are to what was said."""
    transcript = read_document(creation, CORRECTED, Transcript)
    found = compare(known.words, transcript, ferry().names)
    console.print(f"\n{table(read_document(creation, QC, Report))}", highlight=False)
    console.print(
        f"against what was said: {found.wrong} of {found.words} words wrong ({found.word_error_rate:.1%}), "
        f"names right {found.names_right} of {found.names}, words start {found.start_median_ms:.0f} ms off "
        f"(median), 95 of 100 within {found.start_95_ms:.0f} ms",
        highlight=False,
    )
    console.print(f"the report as a page: {creation.store.url}/{creation.key(QC_PAGE)}", highlight=False)


if __name__ == "__main__":
    sys.exit(main())
