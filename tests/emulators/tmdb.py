"""A stand-in for TMDB's API, version 3: one film, one series and a person, in the shapes of the real ones.

https://developer.themoviedb.org/reference/search-movie and its neighbours.
"""

from typing import Any, Final

from tests.emulators.paid import Call, PaidServer, Refusal, Reply

KEY: Final = "0123456789abcdef0123456789abcdef"
TOKEN: Final = "eyJhbGciOiJIUzI1NiJ9.eyJzY29wZXMiOlsiYXBpX3JlYWQiXX0.c2lnbmF0dXJl"
FILM: Final = 4711
SERIES: Final = 815
PERSON: Final = 62


class TmdbApi(PaidServer):
    """Answers at once; nothing costs anything."""

    def error_body(self, status: int, message: str) -> Any:
        code = {401: 7, 404: 34, 429: 25}.get(status, 11)
        return {"success": False, "status_code": code, "status_message": message}

    def serve(self, call: Call) -> Reply:
        if call.query.get("api_key") != KEY and call.headers.get("authorization") != f"Bearer {TOKEN}":
            raise self._refusal(401, "Invalid API key: You must be granted a valid key.")
        answers = {
            "/3/search/movie": lambda: _page(_FOUND_FILMS, call, "release_date", "year"),
            "/3/search/tv": lambda: _page(_FOUND_SERIES, call, "first_air_date", "first_air_date_year"),
            f"/3/movie/{FILM}": lambda: _appended(_DETAILS, call),
            f"/3/tv/{SERIES}": lambda: _appended(_SERIES, call),
            f"/3/person/{PERSON}": lambda: _PERSON,
        }
        if call.path not in answers:
            raise self._refusal(404, "The resource you requested could not be found.")
        return Reply(body=answers[call.path]())

    def _refusal(self, status: int, message: str) -> Refusal:
        return Refusal(Reply(body=self.error_body(status, message), status=status))


def _page(known: list[dict[str, Any]], call: Call, date: str, year: str) -> dict[str, Any]:
    """Like TMDB's search: every word of the query is in the title, and the year is that of the date."""
    words = call.query["query"].lower().split()
    found = [
        each
        for each in known
        if all(word in (each.get("title") or each["name"]).lower() for word in words)
        and each[date].startswith(call.query.get(year, ""))
    ]
    return {"page": 1, "results": found, "total_pages": 1, "total_results": len(found)}


def _appended(details: dict[str, Any], call: Call) -> dict[str, Any]:
    asked = call.query.get("append_to_response", "").split(",")
    return {name: value for name, value in details.items() if name in asked or name not in _APPENDIXES}


_APPENDIXES: Final = {"credits", "aggregate_credits", "keywords", "alternative_titles", "translations"}
_FOUND_FILMS: Final[list[dict[str, Any]]] = [
    {
        "adult": False, "id": FILM, "genre_ids": [18], "original_language": "hi", "popularity": 8.1,
        "original_title": "वेल्मोरा का दीया", "title": "The Lamp of Velmora", "release_date": "2019-03-01",
        "overview": "", "poster_path": None, "video": False, "vote_average": 7.1, "vote_count": 90,
    },
    {
        "adult": False, "id": 12, "genre_ids": [], "original_language": "en", "popularity": 40.0,
        "original_title": "The Lamp of Velmora Returns Again", "title": "The Lamp of Velmora Returns Again",
        "release_date": "", "overview": "", "vote_count": 900,
    },
]  # fmt: skip
_FOUND_SERIES: Final[list[dict[str, Any]]] = [
    {
        "id": SERIES, "name": "Harbour Lights", "original_name": "Harbour Lights", "origin_country": ["IE"],
        "first_air_date": "2014-09-02", "popularity": 3.0, "overview": "", "original_language": "en",
    }
]  # fmt: skip
_DETAILS: Final[dict[str, Any]] = {
    "id": FILM, "title": "The Lamp of Velmora", "original_title": "वेल्मोरा का दीया", "original_language": "hi",
    "release_date": "2019-03-01", "tagline": None, "genres": [{"id": 18, "name": "Drama"}],
    "overview": "In Velmora, Arjun meets Kaelith.",
    "credits": {
        "cast": [
            {"id": PERSON, "name": "Mirembe Okello", "character": "Self", "order": 1, "credit_id": "c1"},
            {"id": 61, "name": "Dev Khan", "character": "Arjun Rathore", "order": 0, "credit_id": "c0"},
        ],
        "crew": [{"id": 60, "name": "Ann Low", "job": "Director", "department": "Directing"}],
    },
    "keywords": {"keywords": [{"id": 1, "name": "mumbai, india"}]},
    "alternative_titles": {"titles": [{"iso_3166_1": "US", "title": "Velmora's Lamp", "type": ""}]},
    "translations": {"translations": [
        {"iso_3166_1": "FR", "iso_639_1": "fr", "name": "Français", "english_name": "French",
         "data": {"title": "La Lampe de Velmora", "overview": "À Velmora.", "tagline": "", "runtime": 0}},
        {"iso_3166_1": "PL", "iso_639_1": "pl", "name": "Polski", "english_name": "Polish",
         "data": {"title": "Lampa", "overview": "", "tagline": "", "runtime": 0}},
    ]},
}  # fmt: skip
_SERIES: Final[dict[str, Any]] = {
    "id": SERIES, "name": "Harbour Lights", "original_name": "Harbour Lights", "original_language": "en",
    "first_air_date": "2014-09-02", "overview": "", "genres": [],
    "credits": {"cast": []},
    "aggregate_credits": {"cast": [
        {"id": 9, "name": "Ina Brook", "order": 0, "total_episode_count": 8,
         "roles": [{"credit_id": "r", "character": "Orla Finn", "episode_count": 8}]},
    ]},
    "keywords": {"results": [{"id": 2, "name": "galway, ireland"}]},
    "alternative_titles": {"results": []},
    "translations": {"translations": []},
}  # fmt: skip
_PERSON: Final[dict[str, Any]] = {
    "id": PERSON, "name": "Mirembe Okello", "also_known_as": ["ミレンベ・オケロ", "Mirembe A. Okello"],
}  # fmt: skip
