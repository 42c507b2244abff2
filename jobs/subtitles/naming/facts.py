"""What is known about a film, and how it is read from TMDB's JSON or from a short one of one's own."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Final, Literal

from pydantic import AliasChoices, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from jobs.subtitles.naming.film_title import FilmTitle
from shared.errors import InvalidAssets
from shared.records.documents import Document
from shared.validation import problems_of

_MOST_CAST: Final = 60
_MOST_TITLES: Final = 20


class CastMember(Document):
    """An actor and whom they play."""

    name: str = ""
    """The actor's."""
    character: str = ""
    """As it is billed, e.g. `Dr. Arjun 'AJ' Rao / Ravi (voice)`."""
    also_known_as: tuple[str, ...] = ()
    """Other names of the actor, also in other scripts."""


class FilmFacts(Document):
    """`metadata/tmdb_data.json`: what is known about the film."""

    source: Literal["tmdb", "sidecar", "title", "none"]
    """Who said it: TMDB, the film's own `tmdb.json`, its title alone, or nobody."""
    kind: Literal["movie", "tv"] = "movie"
    tmdb_id: int | None = None
    title: str = ""
    original_title: str = ""
    original_language: str = ""
    year: int | None = None
    overview: str = ""
    genres: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    titles: tuple[str, ...] = ()
    """Other titles: of other countries, and translations into the languages of the film and its subtitles."""
    overviews: Mapping[str, str] = {}
    """By language, where it is translated into one of these."""
    cast: tuple[CastMember, ...] = ()
    """In the order of billing."""
    places: tuple[str, ...] = ()


def facts_of_title(title: FilmTitle) -> FilmFacts:
    """All that is known if nobody tells more."""
    source: Literal["title", "none"] = "title" if title.title else "none"
    kind: Literal["tv", "movie"] = "tv" if title.is_series else "movie"
    return FilmFacts(source=source, kind=kind, title=title.title, year=title.year)


_Text = Annotated[str, BeforeValidator(lambda value: value or "")]
"""TMDB writes null for what it doesn't know."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class _Named(_Part):
    name: _Text = ""
    title: _Text = ""


class _Cast(_Part):
    name: _Text = ""
    character: _Text = ""
    order: int | None = None
    roles: tuple[Mapping[str, Any], ...] = ()
    also_known_as: tuple[str, ...] = ()


class _Credits(_Part):
    cast: tuple[_Cast, ...] = ()


class _Keywords(_Part):
    keywords: tuple[_Named, ...] = Field((), validation_alias=AliasChoices("keywords", "results"))


class _Titles(_Part):
    titles: tuple[_Named, ...] = Field((), validation_alias=AliasChoices("titles", "results"))


class _Translated(_Part):
    title: _Text = ""
    name: _Text = ""
    overview: _Text = ""


class _Translation(_Part):
    iso_639_1: _Text = ""
    data: _Translated = _Translated()


class _Translations(_Part):
    translations: tuple[_Translation, ...] = ()


class _Film(_Part):
    """The fields of TMDB's details of a film or a series that are used, and those of the short form."""

    id: int | None = None
    title: _Text = ""
    name: _Text = ""
    original_title: _Text = ""
    original_name: _Text = ""
    original_language: _Text = ""
    release_date: _Text = ""
    first_air_date: _Text = ""
    year: int | None = None
    overview: _Text = ""
    genres: tuple[_Named, ...] = ()
    keywords: _Keywords | tuple[str, ...] = ()
    alternative_titles: _Titles = _Titles()
    translations: _Translations = _Translations()
    credits: _Credits = _Credits()
    aggregate_credits: _Credits = _Credits()
    cast: tuple[_Cast, ...] = ()
    places: tuple[str, ...] = ()


def facts_of_tmdb(
    found: object, source: Literal["tmdb", "sidecar"], *, languages: Sequence[str], name: str
) -> FilmFacts:
    """The facts in TMDB's details of a film or series, with credits and more appended, or in the short form
    `{"title", "year", "cast": [{"name", "character"}], "places": […]}`.

    Raises `InvalidAssets` naming `name` for anything else.
    """
    try:
        film = _Film.model_validate(found)
    except ValidationError as error:
        raise InvalidAssets(f"{name}: not the JSON of a film ({problems_of(error)})") from error
    title = film.title or film.name
    if not title:
        reason = 'names no film; write {"title": …, "cast": [{"name": …, "character": …}], "places": […]}'
        raise InvalidAssets(f"{name}: {reason}")
    is_series = bool(film.name or film.first_air_date) and not film.title
    return FilmFacts(
        source=source,
        kind="tv" if is_series else "movie",
        tmdb_id=film.id,
        title=title,
        original_title=film.original_title or film.original_name,
        original_language=film.original_language,
        year=film.year or _year_of(film.release_date or film.first_air_date),
        overview=film.overview,
        genres=tuple(each.name for each in film.genres if each.name),
        keywords=_keywords(film),
        titles=tuple(dict.fromkeys(_titles(film, languages)))[:_MOST_TITLES],
        overviews=_overviews(film, languages),
        cast=tuple(_cast(film)),
        places=film.places,
    )


def _year_of(date: str) -> int | None:
    return int(date[:4]) if date[:4].isdecimal() else None


def _keywords(film: _Film) -> tuple[str, ...]:
    if isinstance(film.keywords, tuple):
        return film.keywords
    return tuple(each.name for each in film.keywords.keywords if each.name)


def _titles(film: _Film, languages: Sequence[str]) -> Iterator[str]:
    for translation in film.translations.translations:
        if translation.iso_639_1 in languages:
            yield from filter(None, (translation.data.title, translation.data.name))
    yield from (each.title for each in film.alternative_titles.titles if each.title)


def _overviews(film: _Film, languages: Sequence[str]) -> dict[str, str]:
    return {
        each.iso_639_1: each.data.overview
        for each in film.translations.translations
        if each.iso_639_1 in languages and each.data.overview
    }


def _cast(film: _Film) -> Iterator[CastMember]:
    """Of a series those of all its seasons, if they are there."""
    members = film.aggregate_credits.cast or film.credits.cast or film.cast
    ordered = sorted(members, key=lambda each: len(members) if each.order is None else each.order)
    for each in ordered[:_MOST_CAST]:
        played = [str(role.get("character") or "") for role in each.roles]
        character = each.character or " / ".join(filter(None, played))
        yield CastMember(name=each.name, character=character, also_known_as=each.also_known_as)
