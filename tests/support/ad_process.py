"""Stages of small ads as processes: forks of a warm interpreter that has imported what they need."""

import os
import signal
from contextlib import nullcontext
from typing import Any, Final
from unittest.mock import patch

import av
import cv2
import requests
import tenacity
from PIL import Image

from jobs.ad import PIPELINE_FILE
from jobs.ad.card import card as cta_card
from jobs.ad.card import replicate as painting
from jobs.ad.copy import claude
from jobs.ad.scenery import replicate as filming
from jobs.catalogue import stages
from shared.providers.account import PAID
from shared.providers.speech import elevenlabs
from shared.storage import ObjectStore
from shared.text import guessing
from shared.video.encoding import clips
from shared.worker.entry import stage_main
from tests.support import nursery
from tests.support.ads import ID, hurry, shrink
from tests.support.haste import load_model_once
from tests.support.toys import When, watched

LOADED: Final = (
    *(av, cv2, requests, tenacity, Image, cta_card, claude, elevenlabs, filming, painting),
    *(clips, [load() for load in stages().values()]),
)
"""Imported here to save each fork the time."""


class AdNursery(nursery.Nursery):
    """A nursery whose only job is `ad`: it runs the stage `stage` with the variables `environ`.

    With `call` the process signals itself before or after (`when`) that store call; with `paid_call` only
    calls on paid results are counted.
    """

    def __init__(self) -> None:
        super().__init__("tests.support.ad_process")


def _job_ad(store: ObjectStore, job: dict[str, Any]) -> int:
    shrink(setattr)
    hurry(setattr)
    if "paid_call" in job:
        number, side = signal.Signals[job["signal"]], job["when"]
        store = _signalling(store, number, job["paid_call"], side)
    with (
        patch("shared.worker.entry.open_store", lambda _url, _settings: store),
        patch("shared.worker.entry.publishing", lambda _settings, _pipelines: nullcontext()),
    ):
        return stage_main(stages()["ad", job["stage"]](), PIPELINE_FILE, [ID], job["environ"])


def _signalling(store: ObjectStore, number: signal.Signals, call: int, when: When) -> ObjectStore:
    """The store, which signals its own process before or after one call below `_paid/`."""
    numbers: dict[int, int] = {}

    def on_call(this: int, side: When, _name: str, key: str) -> None:
        if key.startswith(PAID):
            numbers.setdefault(this, len(numbers) + 1)
            if (numbers[this], side) == (call, when):
                os.kill(os.getpid(), number)

    return watched(store, on_call)


if __name__ == "__main__":
    nursery._JOBS["ad"] = _job_ad
    load_model_once(setattr)
    guessing.load_model()
    nursery._serve()
