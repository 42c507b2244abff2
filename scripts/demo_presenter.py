"""`make demo-presenter`: makes a talk from the bundled text and shows its progress."""

import os
import sys
from importlib.resources import as_file, files

from jobs.presenter.command import TalkFiles, make_talk
from scripts.run import RunDesk
from shared.settings import Settings
from shared.worker.entry import DONE, guarded

_OPTIONS = {"name": "Ada Sample"}


def main() -> int:
    def work(settings: Settings) -> int:
        options = {**_OPTIONS, **({"theme": sys.argv[1]} if len(sys.argv) > 1 else {})}
        with as_file(files("scripts.sample") / "talk.md") as text:
            make_talk(RunDesk(settings=settings), "sample-talk", TalkFiles(text=text), options, replace=True)
        return DONE

    return guarded(work, {"LOG_FORMAT": "text", **os.environ})


if __name__ == "__main__":
    sys.exit(main())
