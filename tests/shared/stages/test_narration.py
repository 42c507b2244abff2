"""Captions are spoken side by side, each once, and what was spoken is kept."""

import io
import json
import threading
import wave

import pytest

from shared.errors import ProviderFailed
from shared.providers.speech import Speech
from shared.records.creation import Creation
from shared.stages.narration import Caption, Narrated, Narrator, pace_for_reading, speak_all
from shared.storage.memory import MemoryStore
from tests.support.stories import Hum, names


@pytest.fixture
def creation() -> Creation:
    return Creation(MemoryStore(), "tale")


def captions(*texts: str) -> list[Caption]:
    return [Caption(name=f"assets/1/{n}.txt", text=text, language="en") for n, text in enumerate(texts, 1)]


def speak(creation: Creation, voice: Hum, *texts: str, rate: float = 1.0) -> list[Narrated]:
    narrator = Narrator(provider=voice, voice=None, rate=rate)
    return speak_all(creation, captions(*texts), narrator, lambda _done, _count: None)


def test_what_comes_back_is_in_order_and_can_be_heard(creation: Creation) -> None:
    spoken = speak(creation, Hum(), "One.", "Two little boats.", "Three.")
    assert [each.caption.text for each in spoken] == ["One.", "Two little boats.", "Three."]
    for each in spoken:
        assert each.speech is not None
        with wave.open(io.BytesIO(creation.read(each.speech)[0])) as sound:
            assert sound.getnframes() * 1000 // sound.getframerate() == each.duration_ms
        assert each.words[-1].end_ms <= each.duration_ms
    assert len(spoken[1].words) == 3


def test_captions_are_spoken_side_by_side(creation: Creation) -> None:
    """Every call waits until all eight are under way: one after another they would never end."""
    voice = Hum(concurrency=8)
    voice.meeting = threading.Barrier(8)
    assert len(speak(creation, voice, *(f"Line {number}." for number in range(8)))) == 8


def test_a_voice_is_never_asked_for_more_at_once_than_it_can_do(creation: Creation) -> None:
    voice = Counting(concurrency=3)
    speak(creation, voice, *(f"Line {number}." for number in range(12)))
    assert voice.most == 3


class Counting(Hum):
    """Waits in threes, and knows how many calls there were at once."""

    def __init__(self, *, concurrency: int) -> None:
        super().__init__(concurrency=concurrency)
        self.meeting = threading.Barrier(concurrency)
        self.most = self.now = 0
        self._lock = threading.Lock()

    def speak(self, text: str, *, language: str, voice: str | None, rate: float) -> Speech:
        with self._lock:
            self.now += 1
            self.most = max(self.most, self.now)
        try:
            return super().speak(text, language=language, voice=voice, rate=rate)
        finally:
            with self._lock:
                self.now -= 1


def test_what_was_spoken_before_is_not_spoken_again(creation: Creation) -> None:
    voice = Hum()
    before = speak(creation, voice, "One.", "Two.")
    assert speak(creation, voice, "One.", "Two.", "Three.")[:2] == before
    assert sorted(voice.asked) == ["One.", "Three.", "Two."]


def test_what_is_said_twice_is_spoken_once(creation: Creation) -> None:
    voice = Hum()
    one, two, three = speak(creation, voice, "Row.", "Row.", "Row.")
    assert voice.asked == ["Row."]
    assert one.speech == two.speech == three.speech
    assert [each.caption.name for each in (one, two, three)] == [f"assets/1/{n}.txt" for n in (1, 2, 3)]


def test_another_pace_or_voice_is_spoken_anew(creation: Creation) -> None:
    voice = Hum()
    speak(creation, voice, "One.")
    speak(creation, voice, "One.", rate=1.5)
    voice.version = "2"
    speak(creation, voice, "One.")
    assert voice.asked == ["One."] * 3


def test_a_failure_names_the_voice_and_keeps_what_was_spoken(creation: Creation) -> None:
    voice = Hum(concurrency=1)
    voice.fails = {"Three."}
    with pytest.raises(ProviderFailed, match=r"hum: can't hum 'Three.'"):
        speak(creation, voice, "One.", "Two.", "Three.")
    voice.fails.clear()
    voice.asked.clear()
    assert len(speak(creation, voice, "One.", "Two.", "Three.")) == 3
    assert voice.asked == ["Three."]


def test_a_failure_ends_the_asking(creation: Creation) -> None:
    """What has not begun when one fails is not paid for."""
    voice = Hum(concurrency=1)
    voice.fails = {"One."}
    with pytest.raises(ProviderFailed):
        speak(creation, voice, "One.", *(f"Line {number}." for number in range(50)))
    assert len(voice.asked) < 10


class Moody(Hum):
    """Never says the same twice."""

    def speak(self, text: str, *, language: str, voice: str | None, rate: float) -> Speech:
        longer = f"{text} {' '.join('er' for _ in self.asked)}"
        speech = super().speak(longer, language=language, voice=voice, rate=rate)
        return Speech(pcm=speech.pcm, sample_rate_hz=speech.sample_rate_hz, words=speech.words[:1])


@pytest.mark.parametrize("lost", ["json", "wav"])
def test_sound_and_words_stay_of_one_piece_when_one_of_them_is_lost(creation: Creation, lost: str) -> None:
    voice = Moody()
    speak(creation, voice, "One.")
    (gone,) = [name for name in names(creation.store, "cache/speech/") if name.endswith(lost)]
    creation.delete(gone)
    (spoken,) = speak(creation, voice, "One.")
    assert spoken.speech is not None
    assert spoken.times is not None
    with wave.open(io.BytesIO(creation.read(spoken.speech)[0])) as sound:
        assert sound.getnframes() * 1000 // sound.getframerate() == spoken.duration_ms
    assert json.loads(creation.read(spoken.times)[0])["sound"] == spoken.speech
    assert speak(creation, voice, "One.") == [spoken]


@pytest.mark.parametrize(
    ("text", "duration_ms"),
    [("Boat.", 2000), ("A boat.", 2100), ("word " * 10, 4500), ("word " * 200, 61_500), ("😀", 2000)],
)
def test_a_caption_that_is_only_read_has_the_pace_of_a_reader(text: str, duration_ms: int) -> None:
    (caption,) = captions(text.strip())
    read = pace_for_reading(caption)
    assert (read.duration_ms, read.speech) == (duration_ms, None)
    assert read.words[0].start_ms == 0
    assert read.words[-1].end_ms == duration_ms
