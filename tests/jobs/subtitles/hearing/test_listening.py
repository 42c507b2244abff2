"""hear, with a recogniser that says what it is told to: languages, what is dropped, and what is refused."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest

from jobs.subtitles.hearing.chunks import Chunk, Sound
from jobs.subtitles.hearing.film import Film, read_film
from jobs.subtitles.hearing.listening import Said, hear, unheard
from jobs.subtitles.hearing.recognition.prompts import Prompt
from jobs.subtitles.hearing.recognition.recogniser import Heard, Recogniser
from jobs.subtitles.hearing.recognition.weights import Weights
from jobs.subtitles.job.documents import SpeechSegments, stretches
from jobs.subtitles.job.names import OPTIONS, SCRIPT, SPEECH
from shared.errors import BadRequest
from tests.jobs.subtitles.film.making import context_of
from tests.jobs.subtitles.hearing.making import raw
from tests.jobs.subtitles.voices.known import Samples, heard, pink

SURE = {"no_speech": 0.01, "log_probability": -0.15}
NOISE = {"no_speech": 0.8, "log_probability": -1.6}
CHUNK_S = 25.0
QUIET_S = 2.0


class Told(Recogniser):
    """Hears in each chunk what it was told is there: the language's chances, and the text."""

    is_multilingual = True
    can_translate = True
    languages: Sequence[str] = ("de", "en", "fr", "hi", "nn")

    def __init__(self, *there: tuple[Mapping[str, float], str, Mapping[str, float]]) -> None:
        self.weights = Weights(name="base", folder=None, sha256="0" * 64)
        self.there = there
        self.asked: list[str] = []

    def count_tokens(self, text: str) -> int:
        return len(text.split())

    def chances(self, sound: Sound, chunk: Chunk) -> Mapping[str, float]:
        return self._at(chunk)[0]

    def hear(self, sound: Sound, chunk: Chunk, language: str, prompt: Prompt) -> Heard:
        self.asked.append(language)
        _, text, doubts = self._at(chunk)
        found = raw(text, within=chunk, **doubts)
        return Heard(**{**vars(found), "language": language})

    def _at(self, chunk: Chunk) -> tuple[Mapping[str, float], str, Mapping[str, float]]:
        return self.there[round(chunk.spans[0][0] / 16_000 / (CHUNK_S + 5))]


def film(
    folder: Path, chunks: int, options: Mapping[str, str] | None = None, script: str | None = None
) -> Film:
    """A film in which something sounds like speech in so many places, each of them a chunk."""
    speech = [(at * (CHUNK_S + 5), at * (CHUNK_S + 5) + CHUNK_S) for at in range(chunks)]
    creation = heard(rumble(chunks * (CHUNK_S + 5) or QUIET_S))
    found = SpeechSegments(
        engine="told",
        parameters={},
        segments=stretches(speech),
        segment_count=len(speech),
        total_speech_duration=CHUNK_S * chunks,
    )
    creation.write(SPEECH, found.to_bytes())
    creation.write(OPTIONS, json.dumps(options or {}).encode())
    if script:
        creation.write(SCRIPT, script.encode())
    return read_film(context_of(creation, folder))


def rumble(seconds: float) -> Samples:
    noise = pink(1.0)
    return np.resize(noise * np.float32(0.05 / np.std(noise)), round(seconds * 16_000))


GERMAN, FRENCH = {"de": 0.95, "en": 0.02}, {"fr": 0.93, "de": 0.03}
HISS = {"nn": 0.54, "en": 0.2}


def said(folder: Path, told: Told, options: Mapping[str, str] | None = None) -> Said:
    return hear(film(folder, len(told.there), options), told)


def test_a_film_in_one_language(tmp_path: Path) -> None:
    found = said(tmp_path, Told((GERMAN, "Guten Tag. Wer da?", SURE)))
    assert found.language == "de"
    assert [each.text for each in found.sentences] == ["Guten Tag.", "Wer da?"]
    assert found.facts["languages"] == {"de": 1.0}
    assert found.dropped == ()


def test_where_only_noise_is_heard_there_is_no_language_and_no_word(tmp_path: Path) -> None:
    found = said(tmp_path, Told((HISS, "1,5,5,5", NOISE), (HISS, "you", NOISE)))
    assert (found.language, found.sentences) == ("und", ())
    assert found.facts["languages"] == {"und": 1.0}
    assert [each.reason.partition(":")[0] for each in found.dropped] == ["no speech", "no speech"]
    [warning] = found.warnings
    assert warning.startswith("50.0 s sound like speech, but no words were understood")


def test_a_language_that_was_given_stays_though_nobody_speaks(tmp_path: Path) -> None:
    found = said(tmp_path, Told((HISS, "you", NOISE)), {"language": "de-AT"})
    assert (found.language, found.sentences) == ("de-AT", ())


def test_noise_does_not_choose_the_language_of_the_film(tmp_path: Path) -> None:
    noise = [(HISS, "you", NOISE)] * 4
    found = said(tmp_path, Told(*noise, (GERMAN, "Guten Tag.", SURE)))
    assert found.language == "de"
    assert found.sentences[0].language == "de"
    assert found.facts["languages"] == {"de": 1.0}
    assert not any("more than one language" in each for each in found.warnings)


def test_each_sentence_has_its_language_and_one_warning_says_that_there_are_two(tmp_path: Path) -> None:
    told = Told((GERMAN, "Guten Tag.", SURE), (FRENCH, "Bonsoir.", SURE), (GERMAN, "Ja, genau.", SURE))
    found = said(tmp_path, told)
    assert sorted(told.asked) == ["de", "de", "fr"]
    assert [(each.language, each.text) for each in found.sentences] == [
        ("de", "Guten Tag."),
        ("fr", "Bonsoir."),
        ("de", "Ja, genau."),
    ]
    [warning] = [each for each in found.warnings if "language is spoken" in each]
    assert "de, and fr" in warning


@pytest.mark.parametrize("options", [{}, {"language": "hi-IN"}])
def test_hindi_is_refused_before_anything_is_heard(tmp_path: Path, options: Mapping[str, str]) -> None:
    told = Told(({"hi": 0.97, "ur": 0.02}, "کل ہم", SURE))
    with pytest.raises(BadRequest, match="Whisper base can't write the language 'hi': set WHISPER_MODEL"):
        said(tmp_path, told, options)
    assert told.asked == []


def test_hindi_that_is_not_sure_is_refused_once_words_are_heard(tmp_path: Path) -> None:
    with pytest.raises(BadRequest, match="can't write the language 'hi'"):
        said(tmp_path, Told(({"hi": 0.6, "en": 0.3}, "کل ہم", SURE)))


def test_noise_that_sounds_a_little_like_hindi_is_not_refused(tmp_path: Path) -> None:
    assert said(tmp_path, Told(({"hi": 0.5, "en": 0.2}, "you", NOISE))).language == "und"


def test_of_a_script_only_the_times_are_wanted_in_any_language(tmp_path: Path) -> None:
    told = Told(({"hi": 0.97}, "कल हम", SURE))
    found = hear(film(tmp_path, 1, {"language": "hi"}, "कल हम दिल्ली जाएंगे।"), told)
    assert " ".join(word.bare for each in found.sentences for word in each.words) == "कल हम दिल्ली जाएंगे।"
    assert found.engine == "script"


def test_a_script_over_silence_lies_between_start_and_end(tmp_path: Path) -> None:
    found = unheard(film(tmp_path, 0, {"language": "en"}, "Nobody says this."))
    assert [each.text for each in found.sentences] == ["Nobody says this."]
    assert (found.sentences[0].start, found.sentences[0].end) == (0.0, QUIET_S)
    assert "3 of the script's 3 words" in found.warnings[0]


def test_a_film_that_is_silent_has_no_language(tmp_path: Path) -> None:
    found = unheard(film(tmp_path, 0))
    assert (found.language, found.sentences, found.engine) == ("und", (), "none")
