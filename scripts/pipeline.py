"""Subtitle a film as a job of a user, with the settings of a file.

    python -m scripts.pipeline film.mp4 [config/.env] [user_id] [--job 20251030-001]

What it makes lies under `out/<year>/<month>/<day>/<user>/<job>/` and the logs under `logs/…/`, unless
STORE_URL names another store. `reelwright run subtitles` does the same with more options.
"""

import argparse
import os
import sys
from pathlib import Path

from jobs.subtitles.command import subtitle
from jobs.subtitles.job.making import Files
from scripts.report import program
from scripts.run import RunDesk
from shared.settings import Settings
from shared.worker.entry import DONE, guarded


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m scripts.pipeline", description=__doc__.partition("\n")[0]
    )
    parser.add_argument("film", type=Path, help="the film or the sound")
    parser.add_argument("config", type=Path, nargs="?", help="the file of settings; config/.env if left out")
    parser.add_argument("user", type=int, nargs="?", help="whose job it is; 1 if left out")
    parser.add_argument("--job", metavar="JOB", help="go on with this job")
    asked = parser.parse_args()
    os.environ.setdefault("STORE_URL", "file://out")  # for the stages, too

    def work(settings: Settings) -> int:
        desk = RunDesk(settings=settings, called=f"STORE_URL={settings.store_url} {program()}")
        films = Files(film=asked.film)
        subtitle(desk, films, {}, user=asked.user, config=asked.config, resume=asked.job)
        return DONE

    return guarded(work, {"LOG_FORMAT": "text", **os.environ})


if __name__ == "__main__":
    sys.exit(main())
