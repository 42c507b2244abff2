"""Small ads made with stand-ins for all paid providers: a store with a brief, the stand-ins, whole runs."""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache
from io import BytesIO
from typing import Any, Final

import numpy as np

from jobs import fused
from jobs.ad import script_gen
from jobs.ad.brief import ASPECT_RATIOS, BRIEF_NAME
from jobs.ad.plan.frame import Frame
from jobs.catalogue import pipelines
from shared.pipelines.definition import Pipeline
from shared.providers.account import Account
from shared.providers.http import Http
from shared.records.creation import Creation, canonical_json
from shared.runs.status import RunStatus
from shared.settings import read_settings
from shared.storage import ObjectStore
from tests.emulators import claude, elevenlabs, replicate
from tests.emulators.claude import Claude
from tests.emulators.elevenlabs import ElevenLabs
from tests.emulators.paid import Fault, PaidServer
from tests.emulators.replicate import ReplicateServer

ID: Final = "watch"
BRIEF: Final = {"product_name": "Premium Watch", "style": "luxury", "cta_text": "Shop Now"}
CLIP: Final = "minimax/hailuo-2.3"
PICTURE: Final = "black-forest-labs/flux-schnell"
BOUGHT: Final = {"message": 2, elevenlabs.SPOKEN: 4, CLIP: 4, PICTURE: 1}
"""The orders of a whole ad."""
SMALL: Final = Frame(width=72, height=128, rate=Fraction(10))
SetAttribute = Callable[[Any, str, Any], object]
"""`setattr`, or one that undoes it later."""


@dataclass(frozen=True, kw_only=True)
class Vendors:
    """The stand-ins, with one account each."""

    claude: Claude
    elevenlabs: ElevenLabs
    replicate: ReplicateServer

    @property
    def all(self) -> tuple[PaidServer, ...]:
        return self.claude, self.elevenlabs, self.replicate

    @property
    def paid(self) -> dict[str, int]:
        """How many of each kind are on the bills."""
        return dict(sum((+vendor.paid for vendor in self.all), Counter[str]()))

    @property
    def cancelled(self) -> list[str]:
        """IDs of predictions, once for each request to cancel them."""
        return [call.path.split("/")[-2] for call in self.replicate.calls_of("/cancel")]

    @property
    def bill(self) -> dict[str, float]:
        """US dollars by component, at the list prices of the orders."""
        spoken = self.elevenlabs.calls_of("POST /v1/text-to-speech/")
        clips = [made.input["duration"] for made in self.replicate.predictions if made.model == CLIP]
        return {
            "claude": self.paid["message"] * (claude.INPUT_TOKENS * 2 + claude.OUTPUT_TOKENS * 10) / 1e6,
            "elevenlabs": sum(len(call.json["text"]) for call in spoken) * 0.10 / 1000,
            "replicate-image": self.paid[PICTURE] * 0.003,
            "replicate-video": sum({6: 0.28, 10: 0.56}[seconds] for seconds in clips),
        }

    def environ(self, **more: str) -> dict[str, str]:
        """The variables for a process that uses them; heartbeats are quick, so stops are noticed soon."""
        return {
            "TEXT_PROVIDER": "claude",
            "SPEECH_PROVIDER": "elevenlabs",
            "VIDEO_PROVIDER": "replicate",
            "IMAGE_PROVIDER": "replicate",
            "ANTHROPIC_API_KEY": claude.KEY,
            "ANTHROPIC_BASE_URL": self.claude.url,
            "ELEVENLABS_API_KEY": elevenlabs.KEY,
            "ELEVENLABS_BASE_URL": self.elevenlabs.url,
            "REPLICATE_API_TOKEN": replicate.TOKEN,
            "REPLICATE_BASE_URL": self.replicate.url,
            "PREDICTION_TIMEOUT_S": "60",
            "HEARTBEAT_S": "0.05",
            "STALE_AFTER_S": "60",
            **more,
        }


@contextmanager
def open_vendors() -> Iterator[Vendors]:
    with Claude() as writer, ElevenLabs() as voice, ReplicateServer() as models:
        writer.faults.append(Fault(kind="record", times=1_000_000, body=_told_apart))
        models.film = replicate.film(10.0, SMALL.width, SMALL.height)
        yield Vendors(claude=writer, elevenlabs=voice, replicate=models)


def _told_apart(record: dict[str, Any]) -> dict[str, Any]:
    """Make the scenes' words differ: the same words would be bought only once."""
    for scene in record.get("scenes", ())[2:3]:
        scene["voiceover_text"] += " It is so."
    return record


def fill(store: ObjectStore, creation_id: str = ID) -> Creation:
    """A creation with a brief and a picture."""
    creation = Creation(store, creation_id)
    creation.write(BRIEF_NAME, canonical_json(BRIEF))
    creation.write("assets/product.png", product())
    return creation


@cache
def product() -> bytes:
    """A gold disc on grey, as PNG."""
    from PIL import Image, ImageDraw

    image = Image.new("RGB", (120, 160), (60, 60, 64))
    ImageDraw.Draw(image).ellipse((20, 40, 100, 120), fill=(212, 175, 55))
    file = BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def shrink(set_attribute: SetAttribute) -> None:
    """Give ads a small frame and a low rate, and cache what the stand-in's voice says."""
    set_attribute(script_gen, "FRAMES", dict.fromkeys(ASPECT_RATIOS, SMALL))
    set_attribute(elevenlabs, "spoken", _spoken)
    set_attribute(elevenlabs, "mp3", lambda sound: _mp3(sound.tobytes()))


_spoken = cache(elevenlabs.spoken)
_whole_mp3 = elevenlabs.mp3


@cache
def _mp3(sound: bytes) -> bytes:
    return _whole_mp3(np.frombuffer(sound, np.float32))


def hurry(set_attribute: SetAttribute, *, factor: float = 0.02) -> list[float]:
    """Shorten all waits for providers by this factor; the list gets their original lengths in seconds."""
    asked: list[float] = []
    whole = Account.sleep

    def sleep(self: Account, seconds: float) -> None:
        asked.append(seconds)
        whole(self, seconds * factor)

    set_attribute(Account, "sleep", sleep)
    return asked


def lose_patience(set_attribute: SetAttribute, *, answer_s: float) -> None:
    """Limit the time from the start of an answer to its end."""
    whole = Http._read

    def read(self: Http, response: Any, asked: Any, **how: Any) -> bytes:
        return whole(self, response, replace(asked, timeout_s=answer_s), **how)

    set_attribute(Http, "_read", read)


def without_film(pipeline: Pipeline) -> Pipeline:
    """The pipeline up to its assets."""
    stages = {name: stage for name, stage in pipeline.stages.items() if name != "compositing"}
    return pipeline.model_copy(update={"stages": stages})


def run(store: ObjectStore, environ: dict[str, str], creation_id: str = ID) -> RunStatus:
    """A run, or the next one, inside this process."""
    settings = read_settings(environ)
    return fused.run_fused(
        "ad", creation_id, store, settings, sleep=lambda seconds: time.sleep(seconds * 0.1)
    )


def assets_only() -> dict[str, Pipeline]:
    """A replacement for `pipelines`: only the ad's, up to its assets."""
    return {"ad": without_film(pipelines()["ad"])}
