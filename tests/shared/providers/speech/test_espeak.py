import re
import threading
from array import array
from collections.abc import Callable, Iterator
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from typing import Any

import espeakng_loader
import pytest

from shared.errors import BadRequest, ProviderDenied, ProviderFailed, UnknownName
from shared.providers.account import Account
from shared.providers.speech import Speech, SpeechProvider, espeak, speech_provider, speech_provider_name
from shared.providers.speech import say as say_marked
from shared.providers.speech.espeak import EspeakProvider
from shared.settings import Settings
from shared.storage.memory import MemoryStore
from shared.text.language import words_of
from tests.emulators.elevenlabs import KEY, ElevenLabs

SENTENCES = [
    ("en", '"Hello, world!" — it\'s $3.50, or 1,234.5 e.g. for a well-known 😀 thing.'),
    ("de", "Schöne Grüße aus München,\nliebe Freunde!"),
    ("pt-AO", "Não sei o que você quer dizer."),
    ("ru", "Быстрая 😀 лиса прыгает через собаку."),
    ("ar", "الثعلب البني السريع يقفز فوق الكلب."),
    ("he", "השועל המהיר קופץ מעל הכלב"),
    ("hi", "यह एक सुंदर दिन है।"),
    ("ta", "இது ஒரு அழகான நாள்"),
    ("th", "วันนี้อากาศดีมาก เก่งไหม"),
    ("ko", "오늘은 날씨가 좋아요."),
    ("ja", "今日は「天気」がいいです。"),
    ("zh-Hant", "我買了 iPhone 15，今天天氣很好！"),
    ("en", "NUL\0 and \x01 \x1b[0m and \ud800 and \u2028 a next line\r\n\r\n\tand a tab"),
]


@pytest.fixture(scope="module")
def api() -> Iterator[ElevenLabs]:
    with ElevenLabs() as server:
        yield server


@pytest.fixture(params=["espeak", "elevenlabs"])
def provider(request: pytest.FixtureRequest, api: ElevenLabs) -> SpeechProvider:
    return opened(request.param, elevenlabs_api_key=KEY, elevenlabs_url=api.url)


def opened(name: str, **settings: Any) -> SpeechProvider:
    account = Account(MemoryStore(), sleep=lambda _s: None)
    return speech_provider(Settings(speech_provider=name, **settings), account)


@pytest.fixture
def espeak_alone() -> SpeechProvider:
    return EspeakProvider()


@pytest.fixture
def say(provider: SpeechProvider) -> Callable[..., Speech]:
    return saying(provider)


def saying(provider: SpeechProvider) -> Callable[..., Speech]:
    def say(text: str, *, language: str = "en", voice: str | None = None, rate: float = 1.0) -> Speech:
        return provider.speak(text, language=language, voice=voice, rate=rate)

    return say


def loudness(speech: Speech, from_ms: int, until_ms: int) -> float:
    samples = array("h", speech.pcm)
    part = samples[from_ms * speech.sample_rate_hz // 1000 : until_ms * speech.sample_rate_hz // 1000]
    return float((sum(sample * sample for sample in part) / len(part)) ** 0.5)


@pytest.mark.parametrize(("language", "text"), SENTENCES)
def test_every_word_is_covered_and_the_times_tile_the_audio(
    say: Callable[..., Speech], language: str, text: str
) -> None:
    speech = say(text, language=language)
    assert [(word.start, word.end) for word in speech.words] == words_of(text)
    assert speech.words[0].start_ms == 0
    assert speech.words[-1].end_ms == speech.duration_ms > 700
    for word, following in zip(speech.words, speech.words[1:], strict=False):
        assert word.start_ms < word.end_ms == following.start_ms


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "This is a story. Then it ends."),
        ("ru", "Это \U0001f600 история. Затем конец."),
        ("zh", "今天天气很好。我很高兴"),
    ],
)
def test_a_word_after_a_pause_starts_where_the_sound_comes_back(
    say: Callable[..., Speech], language: str, text: str
) -> None:
    speech = say(text, language=language)
    after = next(
        word for word in speech.words if re.search(r"[.。]\s*$", text[: word.start]) and word.start > 0
    )
    assert loudness(speech, after.start_ms - 100, after.start_ms - 10) < 30
    assert loudness(speech, after.start_ms, after.start_ms + 150) > 300


def test_words_take_time_by_what_is_said_and_not_by_how_they_are_written(say: Callable[..., Speech]) -> None:
    short, long = say("1999999 a").words[0], say("aaaaaaa b").words[0]
    assert short.end_ms - short.start_ms > 1.5 * (long.end_ms - long.start_ms)


def test_figures_are_spoken_as_a_person_reads_them_and_keep_their_places(
    espeak_alone: SpeechProvider,
) -> None:
    text, read = (
        "In 1984 it cost $3.50 🙂.",
        "In nineteen eighty-four it cost three dollars and fifty cents  .",
    )
    written, spelt = saying(espeak_alone)(text), saying(espeak_alone)(read)
    assert written.pcm == spelt.pcm
    assert written.words[1].end_ms == spelt.words[2].end_ms
    assert [(word.start, word.end) for word in written.words] == words_of(text)


def test_both_ends_have_thirty_milliseconds_of_silence(say: Callable[..., Speech]) -> None:
    for text in ("Apples fall.", "Hush", "Über uns"):
        speech = say(text)
        end_ms = speech.duration_ms
        assert loudness(speech, 0, 25) < 40 > loudness(speech, end_ms - 25, end_ms)
        assert loudness(speech, 25, 75) > 40 < loudness(speech, end_ms - 75, end_ms - 25)


@pytest.mark.parametrize(
    ("text", "words"), [("…", 1), ("😀 👨‍👩‍👧", 2), ("— …\n! &", 4), ("", 0), (" \0\n", 0), ("❤️", 1)]
)
def test_a_text_with_nothing_to_say_is_a_short_silence(
    say: Callable[..., Speech], text: str, words: int
) -> None:
    speech = say(text)
    assert speech.duration_ms == 400
    assert not any(speech.pcm)
    assert len(speech.words) == words
    assert all(word.start_ms < word.end_ms <= 400 for word in speech.words)


def test_equal_texts_sound_equal_whatever_was_said_before(
    say: Callable[..., Speech], provider: SpeechProvider
) -> None:
    first = [say(text, language=language) for language, text in SENTENCES]
    say("Something else entirely, by someone else.", voice=provider.voices()[-1].name, rate=1.3)
    again = [say(text, language=language) for language, text in reversed(SENTENCES)]
    assert again[::-1] == first


def test_threads_do_not_disturb_each_other(say: Callable[..., Speech]) -> None:
    expected = [say(text, language=language) for language, text in SENTENCES]
    found: dict[tuple[int, int], Speech] = {}

    def work(thread: int) -> None:
        for step in range(len(SENTENCES)):
            at = (step * 5 + thread) % len(SENTENCES)
            language, text = SENTENCES[at]
            found[thread, at] = say(text, language=language)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4 * len(SENTENCES)
    assert all(speech == expected[at] for (_, at), speech in found.items())


def test_a_hundred_captions_leave_nothing_behind(espeak_alone: SpeechProvider) -> None:
    say = saying(espeak_alone)
    statm = Path("/proc/self/statm")
    if not statm.exists():
        pytest.skip("needs /proc")

    def resident_kib() -> int:
        return int(statm.read_text().split()[1]) * 4

    for number in range(20):
        say(f"Warming up, number {number}.")
    before = resident_kib()
    for number in range(100):
        say(f"This is caption number {number} of a longer story.")
    assert resident_kib() - before < 4096


def test_a_higher_rate_speaks_faster(say: Callable[..., Speech]) -> None:
    text = "The evening light fell softly over the harbour."
    slow, normal, fast = (say(text, rate=rate).duration_ms for rate in (0.5, 1.0, 2.0))
    assert slow > 1.4 * normal > 1.4 * 1.4 * fast


@pytest.mark.parametrize("rate", [0.0, 0.49, 2.01, -1.0, float("nan"), float("inf")])
def test_a_rate_that_nobody_can_follow_is_refused(say: Callable[..., Speech], rate: float) -> None:
    with pytest.raises(BadRequest, match=re.escape(repr(rate))):
        say("Hello", rate=rate)


def test_every_voice_has_a_name_of_its_own_and_speaks(provider: SpeechProvider) -> None:
    voices = provider.voices()
    assert len({voice.name for voice in voices}) == len(voices) > 0
    for voice in voices:
        assert re.fullmatch(r"([a-z]{2,3}|x)(-[A-Za-z0-9]{1,8})*", voice.language), voice
        assert voice.description
        language = "en" if voice.language == "mul" else voice.language
        by_voice = provider.speak("1 a b 2", language=language, voice=voice.name, rate=1.0)
        assert any(by_voice.pcm), voice


def test_every_voice_can_be_had_by_its_language(provider: SpeechProvider) -> None:
    for voice in provider.voices():
        if voice.language != "mul":
            by_voice = provider.speak("1 a b 2", language="en", voice=voice.name.upper(), rate=1.0)
            assert provider.speak("1 a b 2", language=voice.language, voice=None, rate=1.0) == by_voice


def test_an_unknown_voice_or_language_is_refused_with_those_near_it(espeak_alone: SpeechProvider) -> None:
    say = saying(espeak_alone)
    for asked, near in (
        ({"language": "qq"}, "known: af, am"),
        ({"language": ""}, "''"),
        ({"language": "tlx"}, "tl"),
        ({"voice": "en-uss"}, "en-US"),
        ({"voice": "portugese"}, "pt-BR"),
        ({"voice": "en-US+zz"}, "'zz'"),
    ):
        with pytest.raises(BadRequest, match=re.escape(near)):
            say("Hello", **asked)


@pytest.mark.parametrize(
    ("asked", "key", "found"),
    [
        ("auto", None, "kokoro"),
        ("auto", KEY, "elevenlabs"),
        ("espeak", KEY, "espeak"),
        ("elevenlabs", None, "elevenlabs"),
    ],
)
def test_the_paid_voice_speaks_where_its_key_is_set_unless_another_is_named(
    asked: str, key: str | None, found: str
) -> None:
    assert speech_provider_name(Settings(speech_provider=asked, elevenlabs_api_key=key)) == found


def test_the_paid_voice_without_a_key_names_the_variable() -> None:
    with pytest.raises(ProviderDenied, match="ELEVENLABS_API_KEY"):
        opened("elevenlabs")


def test_only_the_paid_voice_costs_anything(api: ElevenLabs) -> None:
    assert opened("espeak").estimate_usd(1_000_000) == 0
    assert opened("elevenlabs", elevenlabs_api_key=KEY, elevenlabs_url=api.url).estimate_usd(1000) > 0


def test_an_unknown_provider_is_refused_with_those_there_are() -> None:
    with pytest.raises(UnknownName) as caught:
        opened("espek")
    assert caught.value.args == (
        "speech provider (variable SPEECH_PROVIDER)",
        "espek",
        ("elevenlabs", "kokoro", "espeak"),
    )


@pytest.mark.parametrize(
    ("asked", "voice"),
    [
        ("en", "en-US"),
        ("en-CA", "en-US"),
        ("en_AU", "en-GB"),
        ("en-GB-x-rp", "en-GB-x-rp"),
        ("pt-AO", "pt"),
        ("pt-BR", "pt-BR"),
        ("es-MX", "es-419"),
        ("es-ES", "es"),
        ("zh", "cmn"),
        ("zh-Hant-TW", "cmn"),
        ("zh-Hant-HK", "yue"),
        ("no", "nb"),
        ("iw", "he"),
        ("DE-at-1996", "de"),
        ("sr-Latn-RS", "sr"),
    ],
)
def test_a_language_falls_back_to_the_voice_that_is_nearest(asked: str, voice: str) -> None:
    speak = opened("espeak").speak
    expected = speak("12 abc.", language="en", voice=voice, rate=1.0)
    assert speak("12 abc.", language=asked, voice=None, rate=1.0) == expected


@pytest.mark.parametrize(
    ("text", "other"),
    [
        ("one\0two", "one two"),
        ("one\x0150Ptwo", "one 50Ptwo"),
        ("one \ue020 two", "one   two"),
        ("one 😀 two", "one   two"),
        ("one\rtwo", "one two"),
    ],
)
def test_characters_that_are_no_text_sound_like_spaces(text: str, other: str) -> None:
    speak = opened("espeak").speak
    assert speak(text, language="en", voice=None, rate=1.0).pcm == (
        speak(other, language="en", voice=None, rate=1.0).pcm
    )


@pytest.mark.parametrize(
    ("markup", "meaning"),
    [
        ("[[h@l'oU]] there", "hello there"),
        ("<b>bold</b> there", "bold there"),
        ("this &amp; that", "this & that"),
        ('<break time="2s"/> there', "there"),
        ("<!-- quiet --> there", "there"),
    ],
)
def test_markup_is_read_as_the_text_it_is(markup: str, meaning: str) -> None:
    speak = opened("espeak").speak
    literal, meant = (speak(text, language="en", voice=None, rate=1.0) for text in (markup, meaning))
    assert literal.duration_ms > 1.2 * meant.duration_ms


def test_a_data_folder_too_deep_for_espeak_is_reached_all_the_same(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    speak = opened("espeak").speak
    expected = speak("Hello", language="en", voice=None, rate=1.0)
    deep = tmp_path.joinpath("d" * 90, "e" * 90)
    deep.parent.mkdir()
    deep.symlink_to(espeakng_loader.get_data_path(), target_is_directory=True)
    monkeypatch.setattr(espeakng_loader, "get_data_path", lambda: str(deep))
    assert speak("Hello", language="en", voice=None, rate=1.0) == expected


def test_missing_data_is_an_error_and_the_next_text_is_spoken_again(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    speak = opened("espeak").speak
    expected = speak("Hello", language="en", voice=None, rate=1.0)
    with monkeypatch.context() as patched:
        patched.setattr(espeakng_loader, "get_data_path", lambda: str(tmp_path))
        with pytest.raises(ProviderFailed) as caught:
            speak("Hello", language="en", voice=None, rate=1.0)
    assert str(tmp_path) in str(caught.value)
    assert speak("Hello", language="en", voice=None, rate=1.0) == expected


def test_a_library_that_cannot_be_loaded_is_an_error_of_the_provider(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    speak = opened("espeak").speak
    speak("Hello", language="en", voice=None, rate=1.0)
    monkeypatch.setattr(espeakng_loader, "get_library_path", lambda: str(tmp_path / "none.so"))
    with pytest.raises(ProviderFailed):
        speak("Hello", language="en", voice=None, rate=1.0)


def test_without_its_package_the_provider_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> str:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(espeak, "package_version", missing)
    with pytest.raises(ProviderFailed, match="espeakng-loader"):
        opened("espeak")


def test_the_version_tells_the_package_and_the_parameters(monkeypatch: pytest.MonkeyPatch) -> None:
    rest = opened("espeak").version.partition("-")[2]
    monkeypatch.setattr(espeak, "package_version", lambda name: "9.9")
    assert opened("espeak").version == f"9.9-{rest}"


def test_what_espeak_can_not_read_is_told() -> None:
    speak = opened("espeak").speak
    assert "kana" in speak("今日は晴れです。", language="ja", voice=None, rate=1.0).warning
    assert speak("きょうははれです。", language="ja", voice=None, rate=1.0).warning == ""
    assert speak("今天晴。", language="zh", voice=None, rate=1.0).warning == ""


def test_marks_are_not_said_and_words_are_those_of_the_text(provider: SpeechProvider) -> None:
    marked, plain = (
        say_marked(provider, text, language="en", voice=None, rate=1.0)
        for text in ("# **Bold** and _it_ ***", "Bold and it")
    )
    assert marked.pcm == plain.pcm
    assert [(word.start, word.end) for word in marked.words] == [(2, 10), (11, 14), (15, 19)]
    assert [word.start_ms for word in marked.words] == [word.start_ms for word in plain.words]
