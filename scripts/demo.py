"""`make demo`: makes a film from the bundled sample story and shows its progress."""

import os
import sys

from rich.console import Console

from scripts.run import print_film, run
from scripts.sample_story import write_sample_story
from shared.machine.temporary import scratch
from shared.settings import Settings
from shared.worker.entry import DONE, guarded

_CREATION_ID = "sample-story"


def main() -> int:
    def work(settings: Settings) -> int:
        console = Console(stderr=True)
        console.print("drawing the sample story's pictures ...", style="dim")
        with scratch() as folder:
            write_sample_story(folder)
            status = run(settings, "story", _CREATION_ID, folder, replace=True, verbose=False)
        print_film(status)
        return DONE

    return guarded(work, {"LOG_FORMAT": "text", **os.environ})


if __name__ == "__main__":
    sys.exit(main())
