"""Stages of subtitles as processes: forks of a warm interpreter that has imported what they need."""

import os
import signal
from contextlib import nullcontext
from itertools import count
from pathlib import Path
from typing import Any, Final
from unittest.mock import patch

import av
import faster_whisper
import onnxruntime
import rapidfuzz

from jobs.catalogue import stages
from jobs.subtitles.entry import PIPELINE_FILE
from shared.stages.progress import Progress
from shared.storage import ObjectStore
from shared.worker.entry import stage_main
from tests.support import nursery
from tests.support.toys import When, watched

LOADED: Final = (
    *(av, faster_whisper, onnxruntime, rapidfuzz),
    *(load() for (pipeline, _), load in stages().items() if pipeline == "subtitles"),
)
"""Imported here to save each fork the time."""
ID: Final = "film"


class SubtitlesNursery(nursery.Nursery):
    """A nursery whose only job is `subtitles`: it runs the stage `stage`.

    With `step` the process kills itself at that report of its progress, with `upload` before that object is
    published. It writes how many steps it took to the file `steps`.
    """

    def __init__(self) -> None:
        super().__init__("tests.support.subtitles_process")


def _job_subtitles(store: ObjectStore, job: dict[str, Any]) -> int:
    numbers, uploads = count(1), count(1)
    taken: list[int] = []
    update = Progress.update

    def step(progress: Progress, fraction: float, message: str) -> None:
        update(progress, fraction, message)
        taken.append(next(numbers))
        if taken[-1] == job.get("step"):
            os.kill(os.getpid(), signal.SIGKILL)

    def on_call(_number: int, side: When, name: str, _key: str) -> None:
        if name == "upload" and side == "before" and next(uploads) == job.get("upload"):
            os.kill(os.getpid(), signal.SIGKILL)

    with (
        patch.object(Progress, "update", step),
        patch("shared.worker.entry.open_store", lambda _url, _settings: watched(store, on_call)),
        patch("shared.worker.entry.publishing", lambda _settings, _pipelines: nullcontext()),
    ):
        end = stage_main(stages()["subtitles", job["stage"]](), PIPELINE_FILE, [ID], {"HEARTBEAT_S": "30"})
    if "steps" in job:
        Path(job["steps"]).write_text(str(len(taken)), encoding="utf-8")
    return end


if __name__ == "__main__":
    nursery._JOBS["subtitles"] = _job_subtitles
    nursery._serve()
