"""TMDB: films are found by title and year, answers are kept, and faults are told without the key."""

from collections.abc import Iterator

import pytest

from jobs.subtitles.naming.facts import FilmFacts, facts_of_tmdb
from jobs.subtitles.naming.film_title import FilmTitle
from jobs.subtitles.naming.tmdb_client import ANSWERS, Tmdb
from shared.errors import ProviderBusy, ProviderDenied, ProviderFailed
from shared.providers.account import Account
from shared.records.creation import Creation
from shared.settings import Settings
from shared.storage.memory import MemoryStore
from tests.emulators.paid import Fault
from tests.emulators.tmdb import FILM, KEY, SERIES, TOKEN, TmdbApi

LAMP = FilmTitle(title="The Lamp of Velmora", year=2019)


@pytest.fixture(scope="module")
def server() -> Iterator[TmdbApi]:
    with TmdbApi() as tmdb:
        yield tmdb


@pytest.fixture
def api(server: TmdbApi) -> TmdbApi:
    """The stand-in, as good as new."""
    server.calls.clear()
    server.faults.clear()
    return server


@pytest.fixture
def creation() -> Creation:
    return Creation(MemoryStore(), "film")


def client(api: TmdbApi, creation: Creation, key: str = KEY) -> Tmdb:
    settings = Settings(tmdb_api_key=key, tmdb_url=f"{api.url}/3")
    return Tmdb(settings, Account(creation.store, sleep=lambda _s: None), creation)


def facts(api: TmdbApi, creation: Creation, title: FilmTitle) -> FilmFacts:
    found = client(api, creation).find(title, "en")
    return facts_of_tmdb(found, "tmdb", languages=("en", "fr"), name="tmdb")


def test_a_film_is_found_with_all_that_names_are_taken_from(api: TmdbApi, creation: Creation) -> None:
    found = facts(api, creation, LAMP)
    assert (found.tmdb_id, found.year, found.keywords) == (FILM, 2019, ("mumbai, india",))
    assert [each.character for each in found.cast] == ["Arjun Rathore", "Self"]
    assert "Mirembe A. Okello" in found.cast[1].also_known_as
    assert found.titles == ("La Lampe de Velmora", "Velmora's Lamp")
    assert found.overviews == {"fr": "À Velmora."}


def test_a_series_is_found_with_the_roles_of_all_seasons(api: TmdbApi, creation: Creation) -> None:
    found = facts(api, creation, FilmTitle(title="Harbour Lights", is_series=True))
    assert (found.kind, found.tmdb_id, found.cast[0].character) == ("tv", SERIES, "Orla Finn")
    assert found.keywords == ("galway, ireland",)


def test_a_wrong_year_does_not_hide_a_film(api: TmdbApi, creation: Creation) -> None:
    assert facts(api, creation, FilmTitle(title=LAMP.title, year=2018)).tmdb_id == FILM


def test_another_film_is_not_taken_for_it(api: TmdbApi, creation: Creation) -> None:
    assert client(api, creation).find(FilmTitle(title="Lamp"), "en") is None


def test_a_second_time_nothing_is_asked(api: TmdbApi, creation: Creation) -> None:
    first = facts(api, creation, LAMP)
    asked = len(api.calls)
    assert facts(api, creation, LAMP) == first
    assert len(api.calls) == asked
    kept = b"".join(creation.read(name)[0] for name, _ in creation.list(ANSWERS))
    assert kept
    assert KEY.encode() not in kept


def test_a_read_token_is_sent_as_a_bearer(api: TmdbApi, creation: Creation) -> None:
    assert client(api, creation, TOKEN).find(LAMP, "en")
    assert all("api_key" not in call.query for call in api.calls)


def test_a_wrong_key_is_denied_with_its_variable(api: TmdbApi, creation: Creation) -> None:
    with pytest.raises(ProviderDenied, match="TMDB_API_KEY"):
        client(api, creation, "f" * 32).find(LAMP, "en")


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_busy_api_is_asked_again(api: TmdbApi, creation: Creation, status: int) -> None:
    api.faults.append(Fault(kind="status", status=status, times=2))
    assert client(api, creation).find(LAMP, "en")


def test_a_wrong_address_is_named(api: TmdbApi, creation: Creation) -> None:
    settings = Settings(tmdb_api_key=KEY, tmdb_url=api.url)
    with pytest.raises(ProviderFailed, match="TMDB_BASE_URL"):
        Tmdb(settings, Account(creation.store), creation).find(LAMP, "en")


@pytest.mark.parametrize("kind", ["reset", "truncated", "malformed", "status"])
def test_an_api_that_stays_away_is_told_without_the_key(
    api: TmdbApi, creation: Creation, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    api.faults.append(Fault(kind=kind, times=99, message=f"no good: {KEY}"))
    with pytest.raises(ProviderBusy) as raised:
        client(api, creation).find(LAMP, "en")
    chain: BaseException = raised.value
    told = [str(chain)]
    while chain.__cause__ is not None:
        chain = chain.__cause__
        told.append(str(chain))
    assert KEY not in " ".join(told)
    reelwrights = [record for record in caplog.records if record.name.startswith("reelwright")]
    assert reelwrights
    assert not any(KEY in record.getMessage() for record in reelwrights)
