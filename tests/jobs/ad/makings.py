"""Scripts, voices and films to composite, small and made by code."""

import hashlib
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from jobs.ad.copy import ProductAnalysis
from jobs.ad.plan.script import SCRIPT_NAME, CtaScene, Scene, Script
from jobs.ad.plan.voiceovers import VOICEOVERS_NAME, Voiceover, Voiceovers, voiceover_name
from jobs.ad.styles import style_named
from shared.providers.account import Account
from shared.records.creation import Creation, canonical_json
from shared.settings import Settings
from shared.stages.progress import Progress
from shared.stages.stage import Context
from shared.storage.memory import MemoryStore
from shared.text.language import words_of
from shared.video.sound.mp3 import write_mp3
from shared.video.timeline import Word

TEXTS = {
    1: "Discover Nightwatch. It keeps the time that matters to you.",
    2: "Every hour feels a little finer.",
    3: "People who choose it never look back.",
    4: "Nightwatch. Get yours today. Shop now.",
}
SECONDS = {1: 5.0, 2: 3.0, 3: 3.0, 4: 4.0}
EDGE_MS = 30
"""Silence at both ends of a voice-over's file."""


def script_of(style: str = "luxury", **changes: Any) -> Script:
    planned = style_named(style)
    analysis = ProductAnalysis(
        product_description="a watch",
        key_benefits=("keeps time",),
        target_audience="all",
        unique_selling_points=("gold",),
        emotional_appeal="calm",
        colours=("#DAA520", "#101010"),
    )
    scenes = tuple(
        Scene(
            id=number,
            duration=scene.seconds,
            voiceover_template=scene.voiceover_template,
            voiceover_text=TEXTS[number],
            video_prompt_template=scene.video_prompt_template,
            video_prompt=f"scene {number}",
            use_product_image=scene.use_product_image,
            text_overlay=scene.text_overlay.replace("{product_name}", "Nightwatch"),
        )
        for number, scene in enumerate(planned.scenes, 1)
    )
    script = Script(
        total_duration=planned.seconds,
        style=style,
        product_name="Nightwatch",
        hook="It is about time.",
        cta="Shop now",
        style_keywords=planned.keywords,
        product_analysis=analysis,
        scenes=scenes,
        cta_scene=CtaScene(duration=planned.cta_seconds, text="Shop now", image_prompt="gold"),
        product_image=None,
    )
    return script.model_copy(update=changes)


def voiceover_of(scene: int, seconds: float, *, pace: float = 1.0, text: str | None = None) -> Voiceover:
    """A voice-over whose words are spoken evenly."""
    text = TEXTS[scene] if text is None else text
    spans = words_of(text)
    edges = [EDGE_MS + round(seconds * 1000 * number / len(spans)) for number in range(len(spans) + 1)]
    words = tuple(
        Word(start=start, end=end, start_ms=edges[n], end_ms=edges[n + 1])
        for n, (start, end) in enumerate(spans)
    )
    return Voiceover(
        scene=scene,
        name=voiceover_name(scene),
        content_hash=f"voice {scene}",
        text=text,
        language="en",
        duration_ms=round(seconds * 1000),
        pace=pace,
        words=words,
    )


def voiceovers_of(seconds: Mapping[int, float] | None = None, *, pace: float = 1.0) -> Voiceovers:
    spoken = {**SECONDS, **(seconds or {})}
    voices = tuple(voiceover_of(scene, length, pace=pace) for scene, length in spoken.items())
    return Voiceovers(provider="whistle", voice="w", voiceovers=voices)


def whistled(path: Path, scene: int, seconds: float) -> Path:
    """A tone whose pitch tells the scene, as voice_gen's MP3."""
    rate_hz = 22_050
    at_s = np.arange(round(seconds * rate_hz)) / rate_hz
    edge = np.zeros(EDGE_MS * rate_hz // 1000)
    syllables = 0.6 + 0.4 * np.sin(2 * np.pi * 4 * at_s)
    sound = np.concatenate([edge, 9000 * syllables * np.sin(2 * np.pi * pitch_hz(scene) * at_s), edge])
    write_mp3(sound.astype(np.int16).tobytes(), rate_hz, path)
    return path


def pitch_hz(scene: int) -> int:
    return 300 * scene


def put_script(creation: Creation, script: Script) -> None:
    creation.write(SCRIPT_NAME, canonical_json(script.model_dump(mode="json")))


def put_voices(creation: Creation, folder: Path, seconds: Mapping[int, float] | None = None) -> None:
    """The voice-overs' list and files."""
    voices = []
    for voice in voiceovers_of(seconds).voiceovers:
        path = whistled(folder / f"voice_{voice.scene}.mp3", voice.scene, voice.duration_ms / 1000)
        creation.upload(path, voice.name)
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        voices.append(voice.model_copy(update={"content_hash": digest}))
    spoken = Voiceovers(provider="whistle", voice="w", voiceovers=tuple(voices))
    creation.write(VOICEOVERS_NAME, canonical_json(spoken.model_dump(mode="json")))


class Told:
    """What a stage said of its progress; raises what it is told to from then on."""

    def __init__(self) -> None:
        self.raises: Exception | None = None
        self.after = 0
        self._looks = 0
        self._lock = threading.Lock()

    def check(self) -> None:
        with self._lock:
            self._looks += 1
            raises = self.raises if self._looks > self.after else None
        if raises:
            raise raises


def context_of(
    creation: Creation, scratch: Path, *, told: Told | None = None, abandoned: bool = False
) -> Context:
    told = told or Told()
    return Context(
        creation=creation,
        parameters={},
        settings=Settings(cores=2),
        task_index=0,
        task_count=1,
        scratch=scratch,
        progress=Progress(told.check),
        account=Account(MemoryStore(), check=told.check),
        abandoned=lambda: abandoned,
    )
