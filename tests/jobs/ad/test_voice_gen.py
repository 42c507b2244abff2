"""voice_gen: four voice-overs side by side, each at a pace for its scene, checked before it is published."""

import json
import math
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np
import pytest

from jobs.ad import PIPELINE_FILE, voice_gen
from jobs.ad.copy import ProductAnalysis
from jobs.ad.plan.pace import pace_for, windows_of
from jobs.ad.plan.script import SCRIPT_NAME, CtaScene, Scene, Script
from jobs.ad.plan.voiceovers import Voiceovers, read_voiceovers
from jobs.ad.styles import style_named, style_names
from jobs.ad.voice_gen import STAGE
from shared.errors import InvalidAssets, ProviderFailed
from shared.pipelines.definition import load_pipeline
from shared.platforms.task import Task
from shared.providers.account import Account
from shared.providers.speech import Speech, SpeechProvider, SpokenWord, Voice, speech_provider
from shared.records.creation import Creation
from shared.records.documents import Record
from shared.settings import Settings
from shared.storage.memory import MemoryStore
from shared.text.language import words_of
from shared.video.sound.mp3 import read_mp3
from shared.worker.box import run_task
from tests.emulators.elevenlabs import KEY, SPOKEN, ElevenLabs
from tests.emulators.paid import Fault

PIPELINE = load_pipeline(PIPELINE_FILE)
SETTINGS = Settings(speech_provider="whistle", cores=2)
TEXTS = (
    "Discover Nightwatch. Made to be noticed.",
    "Precision that lasts, for every hour.",
    "Loved by thousands who know the time.",
    "Nightwatch. Get yours today. Shop now.",
)
RATE_HZ = 22_050


class Whistle:
    """A tone as long as is wanted for each text, in silence that it should not have; four at once."""

    name = "whistle"
    version = "1"
    concurrency = 4
    paces = False

    def __init__(self, seconds: Mapping[str, float] | None = None) -> None:
        self.seconds = dict(seconds or {})
        self.asked: list[tuple[str, str, str | None, float]] = []
        self.fails: set[str] = set()
        self.meeting: threading.Barrier | None = None
        self.warning = ""

    def voices(self) -> Sequence[Voice]:
        return (Voice(name="whistle", language="mul", description="a whistle"),)

    def estimate_usd(self, characters: int) -> float:
        return 0.0

    def speak(self, text: str, *, language: str, voice: str | None, rate: float) -> Speech:
        self.asked.append((text, language, voice, rate))
        if self.meeting:
            self.meeting.wait(timeout=10)
        if text in self.fails:
            raise ProviderFailed(self.name, f"can't whistle {text!r}; try again")
        tone_ms = round(self.seconds.get(text, 5.0) * 1000)
        pcm = np.zeros((tone_ms + 700) * RATE_HZ // 1000, np.float64)
        at = np.arange(tone_ms * RATE_HZ // 1000)
        start = 400 * RATE_HZ // 1000
        pcm[start : start + at.size] = 9000 * np.sin(math.tau * 220 * at / RATE_HZ)
        spans = words_of(text)
        edges = [400 + tone_ms * number // len(spans) for number in range(len(spans) + 1)]
        words = tuple(
            SpokenWord(start=span[0], end=span[1], start_ms=begin, end_ms=end)
            for span, begin, end in zip(spans, edges, edges[1:], strict=False)
        )
        return Speech(
            pcm=pcm.astype("<i2").tobytes(), sample_rate_hz=RATE_HZ, words=words, warning=self.warning
        )


@pytest.fixture
def whistle(monkeypatch: pytest.MonkeyPatch) -> Whistle:
    voice = Whistle()

    def chosen(settings: Settings, account: Account) -> SpeechProvider:
        return voice if settings.speech_provider == voice.name else speech_provider(settings, account)

    monkeypatch.setattr(voice_gen, "speech_provider", chosen)
    return voice


@pytest.fixture
def creation() -> Creation:
    return Creation(MemoryStore(), "ad")


def script(style: str = "luxury", texts: Sequence[str] = TEXTS) -> Script:
    look = style_named(style)
    analysis = ProductAnalysis(
        product_description="a watch",
        key_benefits=("precise",),
        target_audience="everyone",
        unique_selling_points=("made by hand",),
        emotional_appeal="calm",
    )
    scenes = [
        Scene(
            id=number,
            duration=scene.seconds,
            voiceover_template=scene.voiceover_template,
            voiceover_text=text,
            video_prompt_template=scene.video_prompt_template,
            video_prompt="a watch",
            use_product_image=scene.use_product_image,
            text_overlay="",
        )
        for number, (scene, text) in enumerate(zip(look.scenes, texts, strict=True), 1)
    ]
    return Script(
        total_duration=look.seconds,
        style=style,
        product_name="Nightwatch",
        hook="",
        cta="Shop now",
        style_keywords=look.keywords,
        product_analysis=analysis,
        scenes=tuple(scenes),
        cta_scene=CtaScene(duration=look.cta_seconds, text="Shop now", image_prompt="gold"),
        product_image=None,
    )


def speak(creation: Creation, written: Script | None = None, settings: Settings = SETTINGS) -> Record:
    creation.write(SCRIPT_NAME, (written or script()).model_dump_json().encode())
    return run_task(STAGE, PIPELINE, creation, Task(), settings)


def heard(creation: Creation) -> Voiceovers:
    return read_voiceovers(creation)


def test_four_files_of_the_promised_kind_are_published(creation: Creation, whistle: Whistle) -> None:
    record = speak(creation)
    found = heard(creation).voiceovers
    assert [voiceover.name for voiceover in found] == [
        f"assets/voiceovers/scene_{scene}.mp3" for scene in (1, 2, 3, 4)
    ]
    for voiceover, text in zip(found, TEXTS, strict=True):
        data, info = creation.read(voiceover.name)
        sound = read_mp3(data)
        assert (sound.sample_rate_hz, sound.bits_per_s, sound.channels) == (44_100, 128_000, 1)
        assert voiceover.content_hash == info.content_hash
        assert 20 <= (sound.duration_ms - voiceover.duration_ms) / 2 <= 40
        assert [(word.start, word.end) for word in voiceover.words] == words_of(text)
        assert voiceover.words[-1].end_ms <= sound.duration_ms
    assert {output.key for output in record.outputs.values()} >= {voiceover.name for voiceover in found}
    assert record.metadata["voiceovers"] == 4


def test_the_lines_are_spoken_side_by_side(creation: Creation, whistle: Whistle) -> None:
    """Every call waits until all four are under way: one after another they would never end."""
    whistle.meeting = threading.Barrier(4)
    speak(creation)
    assert len(heard(creation).voiceovers) == 4


def test_silence_at_the_ends_goes_and_the_words_move_with_it(creation: Creation, whistle: Whistle) -> None:
    speak(creation)
    first = heard(creation).voiceovers[0]
    assert first.pace == 1.0
    assert abs(first.duration_ms - 5000) < 30
    assert abs(first.words[0].start_ms - 30) < 10
    assert abs(first.words[-1].end_ms - 5030) < 15


@pytest.mark.parametrize(
    ("speech_s", "window_s", "pace"),
    [
        (5, 7.3, 1.0),
        (7.3, 7.3, 1.0),
        (8.03, 7.3, 1.1),
        (9, 7.3, 1.18),
        (4.38, 7.3, 1.0),
        (4.2, 7.3, 0.959),
        (2, 7.3, 0.93),
    ],
)
def test_the_pace_fits_the_window_within_taste(speech_s: float, window_s: float, pace: float) -> None:
    assert pace_for(speech_s, window_s) == pytest.approx(pace, abs=0.001)


def test_a_long_line_is_sped_up_and_a_short_one_slowed_down(creation: Creation, whistle: Whistle) -> None:
    whistle.seconds = {TEXTS[1]: 7.0, TEXTS[2]: 2.0}
    record = speak(creation)
    _, long, short, _ = heard(creation).voiceovers
    window_ms = windows_of(style_named("luxury"))[1].seconds * 1000
    assert long.pace == pytest.approx(7000 / window_ms, abs=0.01)
    assert abs(long.duration_ms - window_ms) < 60
    assert short.pace == 0.93
    assert abs(short.duration_ms - 2000 / 0.93) < 60
    assert abs(long.words[-1].end_ms - long.duration_ms) < 60
    assert record.warnings == ()


def test_a_voice_that_paces_itself_speaks_again_and_is_not_stretched(
    creation: Creation, whistle: Whistle
) -> None:
    whistle.paces = True
    whistle.seconds = {TEXTS[1]: 7.0}
    speak(creation)
    voiceover = heard(creation).voiceovers[1]
    own = style_named("luxury").voice.rate
    rates = [rate for text, _, _, rate in whistle.asked if text == TEXTS[1]]
    assert rates == [own, pytest.approx(own * voiceover.pace)]
    assert voiceover.pace > 1
    assert abs(voiceover.duration_ms - 7000) < 60


def test_a_changed_pace_keeps_the_pitch(creation: Creation, whistle: Whistle) -> None:
    whistle.seconds = {TEXTS[1]: 9.0}
    speak(creation)
    sound = np.frombuffer(read_mp3(creation.read("assets/voiceovers/scene_2.mp3")[0]).pcm, "<i2")
    spectrum = np.abs(np.fft.rfft(sound[44_100 : 2 * 44_100].astype(float)))
    assert abs(int(spectrum.argmax()) - 220) <= 2


def test_a_line_too_long_for_its_scene_is_a_warning_that_names_it(
    creation: Creation, whistle: Whistle
) -> None:
    whistle.seconds = {TEXTS[0]: 12.0}
    (warning,) = speak(creation).warnings
    assert "scene 1" in warning
    assert heard(creation).voiceovers[0].pace == 1.18


def test_the_fourth_line_has_the_time_of_the_call_to_action_too(creation: Creation, whistle: Whistle) -> None:
    whistle.seconds = {TEXTS[3]: 6.9}
    record = speak(creation)
    assert (heard(creation).voiceovers[3].pace, record.warnings) == (1.0, ())


def test_what_the_voice_could_not_do_is_told_once(creation: Creation, whistle: Whistle) -> None:
    whistle.warning = "the kanji were not read"
    assert speak(creation).warnings == ("the kanji were not read",)


@pytest.mark.logs_errors
@pytest.mark.parametrize("empty", ["", " \n", "…!", "😀"])
def test_a_scene_without_words_is_an_error_that_names_it_and_nothing_is_bought(
    creation: Creation, whistle: Whistle, empty: str
) -> None:
    with pytest.raises(InvalidAssets, match="scene 2"):
        speak(creation, script(texts=(TEXTS[0], empty, TEXTS[2], TEXTS[3])))
    assert whistle.asked == []


@pytest.mark.logs_errors
def test_a_voice_that_fails_publishes_nothing(creation: Creation, whistle: Whistle) -> None:
    whistle.fails = {TEXTS[2]}
    with pytest.raises(ProviderFailed, match="whistle"):
        speak(creation)
    assert [name for name, _ in creation.list("assets/voiceovers/")] == []


@pytest.mark.logs_errors
def test_lines_not_begun_when_one_fails_are_never_asked_for(creation: Creation, whistle: Whistle) -> None:
    whistle.concurrency = 1
    whistle.fails = {TEXTS[0]}
    with pytest.raises(ProviderFailed):
        speak(creation)
    assert len(whistle.asked) <= 2


def test_each_line_is_spoken_in_its_language_by_the_style_at_its_rate(
    creation: Creation, whistle: Whistle, monkeypatch: pytest.MonkeyPatch
) -> None:
    speak(creation, script("energetic", (*TEXTS[:3], "Die Uhr ist für dich und für alle, die wir lieben.")))
    assert {language for _, language, _, _ in whistle.asked} == {"en", "de"}
    assert {(voice, rate) for _, _, voice, rate in whistle.asked} == {
        (None, style_named("energetic").voice.rate)
    }


def test_a_script_that_has_not_changed_is_not_spoken_again(creation: Creation, whistle: Whistle) -> None:
    speak(creation)
    assert speak(creation).reused
    whistle.version = "2"
    assert not speak(creation).reused
    assert len(whistle.asked) == 8


def test_two_creations_get_the_same_bytes(whistle: Whistle) -> None:
    pair = [Creation(MemoryStore(), "ad") for _ in range(2)]
    for creation in pair:
        speak(creation)
    one, two = ({name: creation.read(name)[0] for name, _ in creation.list("assets/")} for creation in pair)
    assert one == two


@pytest.mark.parametrize("style", style_names())
def test_the_embedded_voice_speaks_every_style_in_its_own_timbre_and_any_language(
    creation: Creation, style: str
) -> None:
    texts = ("Nightwatch.", "Die Uhr ist für dich und für alle.", "これはとけいです。", TEXTS[3])
    speak(creation, script(style, texts), replace(SETTINGS, speech_provider="espeak"))
    found = heard(creation)
    assert (found.provider, found.voice) == ("espeak", style_named(style).voice.voices["espeak"])
    assert [voiceover.language for voiceover in found.voiceovers][1:3] == ["de", "ja"]


def test_the_styles_have_a_voice_each() -> None:
    for provider in ("espeak", "elevenlabs"):
        voices = [style_named(style).voice.voices[provider] for style in style_names()]
        assert len(set(voices)) == len(voices)


@pytest.fixture
def api() -> Iterator[ElevenLabs]:
    with ElevenLabs() as server:
        yield server


@pytest.fixture
def paid(api: ElevenLabs) -> Settings:
    return Settings(elevenlabs_api_key=KEY, elevenlabs_url=api.url, cores=2)


def test_the_paid_voice_is_the_style_s_and_what_it_cost_is_in_the_record(
    creation: Creation, api: ElevenLabs, paid: Settings
) -> None:
    record = speak(creation, settings=paid)
    assert api.paid[SPOKEN] == 4
    assert {call.path.split("/")[3] for call in api.calls} == {
        style_named("luxury").voice.voices["elevenlabs"]
    }
    assert record.cost is not None
    assert record.metadata["speech"] == "elevenlabs"


@pytest.mark.logs_errors
def test_a_run_that_broke_off_pays_only_for_what_is_missing(
    creation: Creation, api: ElevenLabs, paid: Settings
) -> None:
    denied = {"detail": {"status": "quota_exceeded", "message": "0 credits left"}}
    api.faults.append(Fault(kind="status", status=401, body=denied, skip=2))
    with pytest.raises(ProviderFailed, match="quota exceeded"):
        speak(creation, settings=paid)
    assert api.paid[SPOKEN] == 3
    speak(creation, settings=paid)
    assert api.paid[SPOKEN] == 4


def test_the_index_is_plain_json_for_whoever_reads_it(creation: Creation, whistle: Whistle) -> None:
    speak(creation)
    found = json.loads(creation.read("assets/voiceovers/voiceovers.json")[0])
    assert [each["scene"] for each in found["voiceovers"]] == [1, 2, 3, 4]
