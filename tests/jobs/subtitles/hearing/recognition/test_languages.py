"""languages: chunks vote, noise has none, and a second language is heard as itself."""

from collections.abc import Sequence

import pytest

from jobs.subtitles.hearing.chunks import Chunk
from jobs.subtitles.hearing.recognition.languages import (
    Chances,
    Languages,
    of_words,
    spoken_languages,
    vote,
    whisper_code,
)
from shared.errors import BadRequest
from tests.jobs.subtitles.hearing.making import chunk

ENGLISH = {"en": 0.95, "de": 0.03}
GERMAN = {"de": 0.9, "en": 0.05}
NOISE = {"nn": 0.54, "en": 0.18}


def film(*lengths_s: float) -> list[Chunk]:
    return [chunk((100.0 * at, 100.0 * at + length)) for at, length in enumerate(lengths_s)]


def spoken(ballots: Sequence[Chances], asked: str | None = None, length_s: float = 20) -> Languages:
    chunks = film(*[length_s] * len(ballots))

    def chances(some: Sequence[Chunk]) -> list[Chances]:
        return [ballots[chunks.index(each)] for each in some]

    return spoken_languages(chunks, asked, chances)


def test_one_language_is_that_of_all_chunks() -> None:
    found = spoken([ENGLISH] * 3)
    assert (found.main, found.by_chunk, found.others) == ("en", ("en",) * 3, {})
    assert found.is_sure


def test_long_chunks_count_for_more() -> None:
    [(first, share), (second, _)] = vote([{"en": 1.0}, {"de": 1.0}], [5.0, 15.0])
    assert (first, second, share) == ("de", "en", 0.75)


def test_each_chunk_is_heard_in_its_own_language() -> None:
    found = spoken([ENGLISH, GERMAN, ENGLISH, ENGLISH])
    assert (found.main, found.by_chunk) == ("en", ("en", "de", "en", "en"))
    assert found.others == {"de": 0.25}


def test_a_language_that_is_given_is_heard_everywhere_and_others_are_known() -> None:
    found = spoken([ENGLISH, GERMAN], asked="en")
    assert (found.main, found.by_chunk, found.others) == ("en", ("en", "en"), {"de": 0.5})
    assert found.is_sure


def test_an_unsure_vote_makes_no_second_language() -> None:
    found = spoken([ENGLISH, {"de": 0.7, "en": 0.3}])
    assert (found.by_chunk, found.others) == (("en", "en"), {})


def test_of_a_long_film_some_chunks_from_all_over_it_vote() -> None:
    asked: list[int] = []
    chunks = film(*[20.0] * 100)

    def chances(some: Sequence[Chunk]) -> list[Chances]:
        asked.extend(chunks.index(each) for each in some)
        return [ENGLISH] * len(some)

    assert spoken_languages(chunks, None, chances).by_chunk == ("en",) * 100
    assert len(asked) == 12
    assert (asked[0], asked[-1]) == (4, 95)


def test_noise_sounds_like_some_language_but_is_not_sure_of_it() -> None:
    found = spoken([NOISE])
    assert found.main == "nn"
    assert not found.is_sure


def test_where_no_words_are_heard_the_language_is_undetermined() -> None:
    found = of_words(spoken([NOISE, NOISE]), [0.0, 0.0])
    assert (found.main, found.others) == ("und", {})


def test_chunks_without_words_have_no_language() -> None:
    noisy = spoken([NOISE, ENGLISH, NOISE, NOISE, NOISE])
    assert noisy.main == "nn"
    found = of_words(noisy, [0.0, 12.0, 0.0, 0.0, 0.0])
    assert (found.main, found.others) == ("en", {})


def test_the_language_of_most_words_is_the_films() -> None:
    found = of_words(spoken([ENGLISH, ENGLISH, GERMAN]), [1.0, 0.5, 6.0])
    assert found.main == "de"
    assert found.others == {"en": pytest.approx(0.2)}


@pytest.mark.parametrize(
    ("language", "code"), [("en-GB", "en"), ("NB", "no"), ("cmn", "zh"), ("jv", "jw"), ("pt-BR", "pt")]
)
def test_tags_become_whispers_codes(language: str, code: str) -> None:
    assert whisper_code(language, ["en", "no", "zh", "jw", "pt"]) == code


def test_a_language_that_whisper_does_not_know_is_refused_with_those_it_knows() -> None:
    with pytest.raises(BadRequest, match=r"language 'tlh': Whisper does not know it; use one of de, en"):
        whisper_code("tlh", ["de", "en"])
