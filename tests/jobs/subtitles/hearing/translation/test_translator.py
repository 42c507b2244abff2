"""Who translates, and how: Claude some sentences at a time, Whisper chunk by chunk."""

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from jobs.subtitles.hearing.chunks import Chunk, Sound
from jobs.subtitles.hearing.film import Film, read_film
from jobs.subtitles.hearing.recognition.recogniser import Recogniser
from jobs.subtitles.hearing.recognition.weights import Weights
from jobs.subtitles.hearing.segments import Sentence
from jobs.subtitles.hearing.translation.claude import by_claude
from jobs.subtitles.hearing.translation.translator import check_target, translated, translator_of
from jobs.subtitles.job.documents import SpeechSegments, stretches
from jobs.subtitles.job.names import SPEECH
from shared.errors import BadRequest, ProviderFailed
from shared.providers.account import Account
from shared.providers.claude import DEFAULT_MODEL
from shared.settings import Settings
from shared.storage.memory import MemoryStore
from tests.emulators.claude import KEY, MESSAGES, Claude
from tests.emulators.paid import Fault
from tests.jobs.subtitles.film.making import context_of
from tests.jobs.subtitles.hearing.making import sentence, texts
from tests.jobs.subtitles.voices.known import heard, silence

GERMAN = [sentence("Guten Tag, Kapitän.", 1.0, "de"), sentence("Der Sturm kommt.", 3.0, "de")]
LATER = sentence("Gute Nacht.", 41.0, "de")


@pytest.fixture(scope="module")
def server() -> Iterator[Claude]:
    with Claude() as claude:
        yield claude


@pytest.fixture
def api(server: Claude) -> Claude:
    """The stand-in, as good as new."""
    for kept in (server.calls, server.faults, server.paid):
        kept.clear()
    return server


def asked(api: Claude) -> list[dict[str, Any]]:
    """What Claude was asked about."""
    questions = [call.json["messages"][0]["content"][-1]["text"] for call in api.calls_of(MESSAGES)]
    return [json.loads(text[text.index("{") : text.rindex("}") + 1]) for text in questions]


def by(api: Claude, *names: str) -> Callable[[Sequence[Sentence]], Sequence[str]]:
    settings = Settings(anthropic_api_key=KEY, anthropic_url=api.url)
    return by_claude(settings, Account(MemoryStore(), sleep=lambda _s: None), "en-GB", names, lambda *_: None)


def test_claude_is_told_the_language_the_names_and_what_was_said_before(api: Claude) -> None:
    many = [sentence(f"Satz {number}.", 2.0 * number, "de") for number in range(45)]
    found = by(api, "Kvasnik")(many)
    assert list(found) == [each.upper() for each in texts(many)]
    first, second = asked(api)
    assert (first["translate_to"], first["names"], first["before"]) == ("en-GB", ["Kvasnik"], [])
    assert [len(first["lines"]), len(second["lines"])] == [40, 5]
    assert second["before"] == ["Satz 37.", "Satz 38.", "Satz 39."]
    assert [line["number"] for line in second["lines"]] == [1, 2, 3, 4, 5]


def test_an_answer_that_leaves_a_sentence_out_is_mended_once(api: Claude) -> None:
    api.faults.append(
        Fault(kind="record", match=MESSAGES, body=lambda record: {"lines": record["lines"][1:]})
    )
    assert list(by(api)(GERMAN)) == [each.upper() for each in texts(GERMAN)]
    assert len(api.calls_of(MESSAGES)) == 2


def test_two_such_answers_are_a_fault(api: Claude) -> None:
    for _ in range(2):
        api.faults.append(
            Fault(kind="record", match=MESSAGES, body=lambda record: {"lines": record["lines"][1:]})
        )
    with pytest.raises(ProviderFailed, match=r"the numbers must be 1 to 2, .* run it again"):
        by(api)(GERMAN)


def test_without_a_key_only_english_is_possible() -> None:
    check_target("en-GB", Settings())
    check_target("fr", Settings(anthropic_api_key=KEY))
    with pytest.raises(
        BadRequest, match=r"translate_to 'fr': .*set ANTHROPIC_API_KEY, or set translate_to to en"
    ):
        check_target("fr", Settings())
    assert translator_of(Settings()) == "Whisper"
    assert translator_of(Settings(anthropic_api_key=KEY)) == f"Claude ({DEFAULT_MODEL})"


class Translating(Recogniser):
    """Translates each chunk into what it was told."""

    is_multilingual = True
    languages: Sequence[str] = ("de", "en")

    def __init__(self, *parts: str, name: str = "base") -> None:
        self.weights = Weights(name=name, folder=None, sha256="0" * 64)
        self.parts = parts
        self.asked: list[tuple[float, str]] = []

    def translated(self, sound: Sound, chunk: Chunk, language: str) -> str:
        self.asked.append((chunk.spans[0][0] / 16_000, language))
        return self.parts[int(chunk.spans[0][0] / 16_000 > 20)]


def film(folder: Path) -> Film:
    """Speech in two chunks."""
    creation = heard(silence(65))
    found = stretches([(1.0, 20.0), (40.0, 62.0)])
    speech = SpeechSegments(
        engine="told", parameters={}, segments=found, segment_count=2, total_speech_duration=41.0
    )
    creation.write(SPEECH, speech.to_bytes())
    return read_film(context_of(creation, folder))


def test_whisper_hears_each_chunk_again_and_its_text_is_shared_out(tmp_path: Path) -> None:
    whisper = Translating("Good day, Captain. The storm is coming.", "Good night.")
    found = translated(film(tmp_path), [*GERMAN, LATER], "en", whisper)
    assert [each.sentence.text for each in found.sentences] == [
        "Good day, Captain.",
        "The storm is coming.",
        "Good night.",
    ]
    assert sorted(whisper.asked) == [(0.75, "de"), (39.75, "de")]
    assert [each.source_text for each in found.sentences] == texts([*GERMAN, LATER])
    assert found.engine == "Whisper"
    assert "rough" in found.warnings[0]


def test_what_whisper_translates_into_nothing_is_left_out(tmp_path: Path) -> None:
    found = translated(film(tmp_path), [*GERMAN, LATER], "en", Translating("", "Good night."))
    assert [each.sentence.text for each in found.sentences] == ["Good night."]


@pytest.mark.parametrize("name", ["large-v3-turbo", "distil-large-v3"])
def test_weights_that_were_never_taught_to_translate_are_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(
        BadRequest, match=f"Whisper {name} can't translate; choose large-v3, or set ANTHROPIC"
    ):
        translated(film(tmp_path), GERMAN, "en", Translating("", "", name=name))
