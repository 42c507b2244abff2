"""TMDB's API, version 3: finds a film or series and fetches who is in it.

https://developer.themoviedb.org/reference. Every answer is kept below the creation, so that a resume asks
nothing. A key is sent as `api_key`, a read token as a bearer.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlencode

from pydantic import BaseModel, ConfigDict, ValidationError
from rapidfuzz import fuzz

from jobs.subtitles.naming.film_title import FilmTitle
from shared.errors import ProviderDenied, ProviderFailed, ReelwrightError
from shared.providers.account import Account
from shared.providers.choice import demand_key
from shared.providers.http import Http
from shared.records.creation import Creation, canonical_json
from shared.settings import Settings
from shared.validation import problems_of

NAME: Final = "tmdb"
ANSWERS: Final = "cache/tmdb/"
"""The folder of its answers, by what was asked."""
_KEY: Final = "tmdb_api_key"
_KEY_VARIABLE: Final = "TMDB_API_KEY"
_ANSWER_S: Final = 15.0
_TRIES: Final = 4
"""Its stage may take two minutes."""
_APPENDED: Final = "credits,keywords,alternative_titles,translations"
_LEAST_LIKENESS: Final = 0.72
"""Of titles; below it another film is meant."""
_YEAR_OFF: Final = {0: 0.0, 1: 0.05}
"""What a difference of years takes from the likeness: premieres and releases may be a year apart."""
_OTHER_YEAR: Final = 0.25
_MOST_PEOPLE: Final = 8
_THEMSELVES: Final = ("self", "himself", "herself", "themselves")


class _Candidate(BaseModel):
    """A film or series that a search found."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    id: int
    title: str = ""
    name: str = ""
    original_title: str = ""
    original_name: str = ""
    release_date: str | None = ""
    first_air_date: str | None = ""
    popularity: float = 0.0

    @property
    def kind(self) -> str:
        return "movie" if self.title else "tv"

    @property
    def names(self) -> tuple[str, ...]:
        """All its titles that a search tells."""
        found = (self.title, self.name, self.original_title, self.original_name)
        return tuple(filter(None, found))

    @property
    def year(self) -> int | None:
        date = self.release_date or self.first_air_date or ""
        return int(date[:4]) if date[:4].isdecimal() else None


class _Found(BaseModel):
    """A page of results."""

    results: tuple[_Candidate, ...]


class Tmdb:
    """TMDB for one creation, whose store keeps the answers."""

    def __init__(self, settings: Settings, account: Account, creation: Creation) -> None:
        key = demand_key(NAME, settings, _KEY)
        is_token = key.count(".") == 2  # a JSON Web Token; a key is 32 hex digits
        self._creation = creation
        self._kept: list[str] = []
        self._http = Http(
            NAME,
            settings.tmdb_url,
            account,
            headers={"Authorization": f"Bearer {key}"} if is_token else {},
            query={} if is_token else {"api_key": key},
            key_variable=_KEY_VARIABLE,
            explain=_explain,
            tries=_TRIES,
        )

    @property
    def kept(self) -> frozenset[str]:
        """The names of all answers that were used."""
        return frozenset(self._kept)

    def find(self, title: FilmTitle, language: str) -> dict[str, Any] | None:
        """The details of the film or series with this title; None if TMDB knows none like it."""
        kinds = ("tv", "movie") if title.is_series else ("movie", "tv")
        for year in dict.fromkeys((title.year, None)):  # the year of a file's name may be wrong
            found = [each for kind in kinds for each in self._search(kind, title.title, year, language)]
            best = best_of(found, title, kinds[0])
            if best:
                return self._details(best, language)
        return None

    def _search(self, kind: str, title: str, year: int | None, language: str) -> Sequence[_Candidate]:
        asked = {"query": title, "include_adult": "false", "language": language}
        if year:
            asked["year" if kind == "movie" else "first_air_date_year"] = str(year)
        answer = self._get(f"/search/{kind}", asked)
        try:
            return _Found.model_validate(answer).results
        except ValidationError as error:
            raise ProviderFailed(NAME, f"answered with no list of films ({problems_of(error)})") from error

    def _details(self, film: _Candidate, language: str) -> dict[str, Any]:
        more = f"{_APPENDED},aggregate_credits" if film.kind == "tv" else _APPENDED
        found = self._get(f"/{film.kind}/{film.id}", {"append_to_response": more, "language": language})
        people = [each for each in _cast_of(found) if _plays_self(each)][:_MOST_PEOPLE]
        for person in people:
            told = self._get(f"/person/{int(person['id'])}", {})
            person["also_known_as"] = told.get("also_known_as") or []
        return found

    def _get(self, path: str, asked: Mapping[str, str]) -> dict[str, Any]:
        """The answer, from the creation if it was given before."""
        target = f"{path}?{urlencode(sorted(asked.items()))}"
        name = f"{ANSWERS}{hashlib.sha256(target.encode()).hexdigest()[:32]}.json"
        self._kept.append(name)
        if self._creation.stat(name) is None:
            answer = self._http.call("GET", target, timeout_s=_ANSWER_S).json()
            if not isinstance(answer, dict):
                raise ProviderFailed(NAME, f"answered {path} with no JSON object")
            self._creation.bring_bytes(canonical_json({"asked": target, "answer": answer}), name)
        kept: dict[str, Any] = json.loads(self._creation.read(name)[0])["answer"]
        return kept


def best_of(found: Sequence[_Candidate], title: FilmTitle, preferred: str) -> _Candidate | None:
    """The one most like the title and the year, if any is like it; the better known one of equals."""
    rated = [(_likeness(each, title), each.kind == preferred, each.popularity, each) for each in found]
    likely = [each for each in rated if each[0] >= _LEAST_LIKENESS]
    return max(likely, key=lambda each: each[:3])[3] if likely else None


def _likeness(film: _Candidate, title: FilmTitle) -> float:
    """1: the same title of the same year."""
    wanted = _plain(title.title)
    alike = max((fuzz.ratio(wanted, _plain(name)) / 100 for name in film.names), default=0.0)
    if title.year is None or film.year is None:
        return alike
    return alike - _YEAR_OFF.get(abs(film.year - title.year), _OTHER_YEAR)


def _plain(title: str) -> str:
    return " ".join("".join(char if char.isalnum() else " " for char in title.casefold()).split())


def _cast_of(found: Mapping[str, Any]) -> list[dict[str, Any]]:
    credits = found.get("credits")
    cast = credits.get("cast") if isinstance(credits, dict) else None
    return [each for each in cast or [] if isinstance(each, dict) and isinstance(each.get("id"), int)]


def _plays_self(person: Mapping[str, Any]) -> bool:
    return str(person.get("character") or "").lower().startswith(_THEMSELVES)


def _explain(status: int, body: Any) -> ReelwrightError | None:
    """TMDB's own words, `status_message`, where the usual meaning lacks the remedy."""
    said = " ".join(str(body.get("status_message") or "").split())[:200] if isinstance(body, dict) else ""
    if status == 401:
        reason = f"the key is wrong ({said or 'it did not say why'}); check {_KEY_VARIABLE}"
        return ProviderDenied(NAME, f"{reason}, a v3 key or a read token, or unset it")
    if status == 404:
        return ProviderFailed(NAME, f"has nothing there ({said}); check TMDB_BASE_URL, which ends in /3")
    return None
