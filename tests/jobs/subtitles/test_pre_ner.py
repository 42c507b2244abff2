"""pre_ner: the names that may be said, and the prompt."""

from pathlib import Path

from jobs.subtitles import pre_ner
from jobs.subtitles.job.documents import Entities
from jobs.subtitles.job.names import ENTITIES, PROMPT, TMDB
from jobs.subtitles.naming.facts import CastMember, FilmFacts
from shared.records.creation import Creation
from shared.storage.memory import MemoryStore
from tests.jobs.subtitles.voices.known import document, listen


def test_names_become_entities_and_a_prompt(tmp_path: Path) -> None:
    creation = Creation(MemoryStore(), "film")
    cast = (CastMember(name="Mia", character="Odalys Merrin"), CastMember(name="Hugo", character="Waiter"))
    facts = FilmFacts(source="sidecar", title="The Last Ferry", cast=cast, places=("Orvanne",))
    creation.write(TMDB, facts.to_bytes())
    result = listen([pre_ner.STAGE], creation, tmp_path)
    entities = document(creation, ENTITIES, Entities)
    assert [person.name for person in entities.persons] == ["Odalys Merrin"]
    assert [place.name for place in entities.locations] == ["Orvanne"]
    assert creation.read(PROMPT)[0].decode().rstrip().endswith("Odalys Merrin.")
    assert result.metadata["persons"] == 1


def test_without_facts_there_are_no_names(tmp_path: Path) -> None:
    creation = Creation(MemoryStore(), "film")
    listen([pre_ner.STAGE], creation, tmp_path)
    assert document(creation, ENTITIES, Entities).spoken == ()
    assert creation.read(PROMPT)[0] == b"\n"
