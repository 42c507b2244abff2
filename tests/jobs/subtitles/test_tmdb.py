"""tmdb: what is known about a film, from a file, from TMDB, or from its name alone."""

import json
from pathlib import Path

import pytest

from jobs.subtitles import tmdb
from jobs.subtitles.job.names import OPTIONS, SIDECAR, TMDB, TMDB_PROMPT
from jobs.subtitles.naming.facts import FilmFacts
from shared.errors import InvalidAssets
from shared.records.creation import Creation
from shared.storage.memory import MemoryStore
from tests.jobs.subtitles.voices.known import document, listen

FACTS = {
    "title": "The Last Ferry to Orvanne",
    "year": 2024,
    "cast": [{"name": "Mia", "character": "Odalys Merrin"}],
    "places": ["Orvanne"],
}


@pytest.fixture
def creation() -> Creation:
    found = Creation(MemoryStore(), "film")
    found.write("assets/film.mp4", b"film")
    return found


def test_the_facts_beside_the_film_are_taken(creation: Creation, tmp_path: Path) -> None:
    creation.write(SIDECAR, json.dumps(FACTS).encode())
    result = listen([tmdb.STAGE], creation, tmp_path)
    facts = document(creation, TMDB, FilmFacts)
    assert (facts.source, facts.title, facts.year) == ("sidecar", FACTS["title"], 2024)
    assert "Odalys Merrin" in creation.read(TMDB_PROMPT)[0].decode()
    assert result.metadata["cast"] == 1


@pytest.mark.parametrize("bad", [b"{", b"[]", b'{"cast": 3, "title": "x"}', b"{}"])
def test_facts_that_are_none_are_refused_by_name(creation: Creation, tmp_path: Path, bad: bytes) -> None:
    creation.write(SIDECAR, bad)
    with pytest.raises(InvalidAssets, match=SIDECAR):
        listen([tmdb.STAGE], creation, tmp_path)


def test_without_key_and_facts_the_name_of_the_file_counts(creation: Creation, tmp_path: Path) -> None:
    creation.write(OPTIONS, b'{"file": "in/3.Idiots.2009.1080p.mkv"}')
    listen([tmdb.STAGE], creation, tmp_path)
    facts = document(creation, TMDB, FilmFacts)
    assert (facts.source, facts.title, facts.year) == ("title", "3 Idiots", 2009)


def test_of_a_film_without_a_name_nothing_is_known(creation: Creation, tmp_path: Path) -> None:
    listen([tmdb.STAGE], creation, tmp_path)
    assert document(creation, TMDB, FilmFacts).source == "none"
    assert creation.read(TMDB_PROMPT)[0] == b"\n"
