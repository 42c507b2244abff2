"""post_ner: misheard names are mended, nothing else is, and all of it can be undone."""

import json
from pathlib import Path

import pytest
import yaml

from jobs.subtitles import post_ner
from jobs.subtitles.job.documents import Entities, Names, Transcript
from jobs.subtitles.job.names import CORRECTED, CORRECTIONS, ENTITIES, TRANSCRIPT
from jobs.subtitles.naming.mending import Correction, undo
from shared.records.creation import Creation
from shared.storage.memory import MemoryStore
from tests.jobs.subtitles.making import transcript_of
from tests.jobs.subtitles.voices.known import document, listen

PERSONS = ("Odalys Merrin", "Teodor Kvasnik", "Ilse Brandovar", "Arjun Rao")
NAMES = Entities(
    source="sidecar",
    persons=tuple(Names(name=name, aliases=tuple(name.split())) for name in PERSONS),
    locations=(Names(name="Orvanne"), Names(name="Lumeria")),
)
SENTENCES = yaml.safe_load(Path("benchmarks/sentences.yaml").read_text(encoding="utf-8"))["en"]


def mended(text: str, folder: Path, *, probability: float = 0.9) -> tuple[Creation, str, dict[str, object]]:
    creation = Creation(MemoryStore(), "film")
    said = transcript_of([(1.0, "SPEAKER_00", text)])
    words = tuple(
        word.model_copy(update={"probability": probability if word.text[0].isupper() else 0.95})
        for word in said.segments[0].words
    )
    segment = said.segments[0].model_copy(update={"words": words})
    creation.write(TRANSCRIPT, said.model_copy(update={"segments": (segment,)}).to_bytes())
    creation.write(ENTITIES, NAMES.to_bytes())
    listen([post_ner.STAGE], creation, folder)
    found = document(creation, CORRECTED, Transcript).segments[0].text
    return creation, found, json.loads(creation.read(CORRECTIONS)[0])


@pytest.mark.parametrize(
    ("heard", "said"),
    [
        ("This is Odalis Merin, the captain.", "This is Odalys Merrin, the captain."),
        ("I am looking for Teador Kvaznik.", "I am looking for Teodor Kvasnik."),
        ("That is Arjoon's boat.", "That is Arjun's boat."),
        ("We sail to Orvan at night.", "We sail to Orvanne at night."),
    ],
)
def test_a_name_that_sounds_the_same_is_mended(heard: str, said: str, tmp_path: Path) -> None:
    _, found, record = mended(heard, tmp_path, probability=0.4)
    assert found == said
    assert record["corrections"]


def test_what_was_mended_can_be_undone(tmp_path: Path) -> None:
    creation, _, record = mended("Odalis Merin and Kvaznik go to Orvan.", tmp_path, probability=0.4)
    corrections = [Correction.model_validate(each) for each in record["corrections"]]  # type: ignore[attr-defined]
    assert len(corrections) >= 2
    assert undo(document(creation, CORRECTED, Transcript), corrections) == document(
        creation, TRANSCRIPT, Transcript
    )


def test_no_plain_sentence_is_changed(tmp_path: Path) -> None:
    creation = Creation(MemoryStore(), "film")
    creation.write(
        TRANSCRIPT, transcript_of([(at * 5.0, "", each) for at, each in enumerate(SENTENCES)]).to_bytes()
    )
    creation.write(ENTITIES, NAMES.to_bytes())
    result = listen([post_ner.STAGE], creation, tmp_path)
    assert result.metadata["corrections"] == 0
    assert creation.read(CORRECTED)[0] == creation.read(TRANSCRIPT)[0]


def test_who_says_their_name_is_known_by_it(tmp_path: Path) -> None:
    _, _, record = mended("Good evening, my name is Odalys Merrin.", tmp_path)
    assert record["speaker_names"] == {"SPEAKER_00": "Odalys Merrin"}
    _, _, other = mended("Good evening, is Odalys Merrin here?", tmp_path / "other")
    assert other["speaker_names"] == {}


@pytest.mark.parametrize(
    "entities", [None, Entities(source="none"), Entities(source="title", titles=(Names(name="It"),))]
)
def test_a_film_without_known_names_stays_as_it_was_heard(entities: Entities | None, tmp_path: Path) -> None:
    creation = Creation(MemoryStore(), "film")
    said = transcript_of([(1.0, "SPEAKER_00", "The ferry to Orvane leaves at dawn.")])
    creation.write(TRANSCRIPT, said.to_bytes())
    if entities:
        creation.write(ENTITIES, entities.to_bytes())
    listen([post_ner.STAGE], creation, tmp_path)
    [segment] = document(creation, CORRECTED, Transcript).segments
    assert segment.text == said.segments[0].text
    assert json.loads(creation.read(CORRECTIONS)[0])["corrections"] == []


@pytest.mark.parametrize(("language", "warnings"), [("no", 0), ("tl", 1)])
def test_names_stay_as_they_are_where_nothing_says_how_a_language_sounds(
    language: str, warnings: int, tmp_path: Path
) -> None:
    creation = Creation(MemoryStore(), "film")
    creation.write(TRANSCRIPT, transcript_of([(1.0, "", "Orvane")], language).to_bytes())
    creation.write(ENTITIES, NAMES.to_bytes())
    result = listen([post_ner.STAGE], creation, tmp_path)
    assert len(result.warnings) == warnings
    assert all(f"names are not mended in '{language}'" in each for each in result.warnings)


def test_a_silent_film_with_known_names_is_none_to_mend(tmp_path: Path) -> None:
    creation = Creation(MemoryStore(), "film")
    creation.write(TRANSCRIPT, transcript_of([], "und").to_bytes())
    creation.write(ENTITIES, NAMES.to_bytes())
    assert listen([post_ner.STAGE], creation, tmp_path).warnings == ()
    assert document(creation, CORRECTED, Transcript).segments == ()
