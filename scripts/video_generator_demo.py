"""`python -m scripts.video_generator_demo --assets-dir <folder>`: makes a film from a folder."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from scripts.run import print_film, run
from shared.settings import Settings
from shared.worker.entry import DONE, guarded


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m scripts.video_generator_demo",
        description="Make a narrated video from a folder that holds 1/image.png, 1/1.txt, 2/image.png, …",
    )
    parser.add_argument("--assets-dir", required=True, type=Path, help="the folder")
    parser.add_argument("--creation-id", help="made from the folder's name if left out")
    parser.add_argument(
        "--replace",
        action="store_true",
        help="replace the other folder that has this creation ID",
    )
    parser.add_argument("--verbose", action="store_true", help="show everything that the stages log")
    asked = parser.parse_args(arguments)

    def work(settings: Settings) -> int:
        status = run(
            settings,
            "story",
            asked.creation_id,
            asked.assets_dir,
            replace=asked.replace,
            verbose=asked.verbose,
        )
        print_film(status)
        return DONE

    return guarded(work, {"LOG_FORMAT": "text", **os.environ})


if __name__ == "__main__":
    sys.exit(main())
