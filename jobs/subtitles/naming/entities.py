"""The names that may be said in a film, from what is known about it."""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from jobs.subtitles.job.documents import Entities, Names
from jobs.subtitles.naming.facts import CastMember, FilmFacts

_HONORIFICS: Final = frozenset(
    [
        "mr",
        "mrs",
        "ms",
        "miss",
        "dr",
        "prof",
        "sir",
        "lady",
        "lord",
        "captain",
        "capt",
        "col",
        "gen",
        "lt",
        "sgt",
        "officer",
        "inspector",
        "detective",
        "agent",
        "king",
        "queen",
        "prince",
        "princess",
        "uncle",
        "aunt",
        "father",
        "mother",
        "sister",
        "brother",
        "shri",
        "smt",
        "pandit",
        "herr",
        "frau",
        "señor",
        "señora",
        "monsieur",
        "madame",
    ]
)
_NICKNAME: Final = re.compile(r"[\"“'‘]([^\"”'’]{2,30})[\"”'’]")
_ASIDE: Final = re.compile(r"\([^)]*\)")
_THEMSELVES: Final = frozenset({"self", "himself", "herself", "themselves", "narrator", "additional"})
_CAPITAL_RUN: Final = re.compile(r"(?<![.!?…:]\s)(?<!^)\b[A-ZÀ-ÞŁŚŠŽ][\w’'-]+(?:\s+[A-ZÀ-ÞŁŚŠŽ][\w’'-]+)*")
_LEAST_LETTERS: Final = 3
_MOST_PERSONS: Final = 40
_MOST_PLACES: Final = 30


def entities_of(facts: FilmFacts) -> Entities:
    """The names, the most important ones first: characters in the order of billing."""
    persons = tuple(_merged(name for member in facts.cast for name in _characters(member)))[:_MOST_PERSONS]
    actors = tuple(Names(name=member.name, role=member.character) for member in facts.cast if member.name)
    known = {word for person in (*persons, *actors) for word in person.name.split()}
    places = [*facts.places, *(run for run in _capital_runs(facts.overview) if run.split()[0] not in known)]
    titles = [title for title in (facts.title, facts.original_title, *facts.titles[:2]) if title]
    return Entities(
        source=facts.source,
        persons=persons,
        actors=actors[:_MOST_PERSONS],
        locations=tuple(Names(name=place) for place in dict.fromkeys(places))[:_MOST_PLACES],
        titles=tuple(Names(name=title) for title in dict.fromkeys(titles)),
    )


def _characters(member: CastMember) -> Iterator[Names]:
    """Whom an actor plays; without roles such as `Self` or `Policeman #2`."""
    for part in _ASIDE.sub(" ", member.character).split("/"):
        nicknames = _NICKNAME.findall(part)
        words = [word for word in _NICKNAME.sub(" ", part).split() if _plain(word) not in _HONORIFICS]
        if not words or _plain(words[0]) in _THEMSELVES or any(char in part for char in "#0123456789"):
            continue
        if not all(word[:1].isupper() or not word[:1].isascii() for word in words):
            continue  # `Woman in red`
        name = " ".join(words)
        parts = [word for word in words if len(word) >= _LEAST_LETTERS] if len(words) > 1 else []
        yield Names(name=name, aliases=tuple(dict.fromkeys([*nicknames, *parts])), role=member.name)


def _plain(word: str) -> str:
    return word.strip(".,").casefold()


def _merged(names: Iterable[Names]) -> Iterator[Names]:
    """Each name once."""
    seen = set()
    for each in names:
        if each.name not in seen:
            seen.add(each.name)
            yield each


def _capital_runs(text: str) -> Iterator[str]:
    """Words with capitals within sentences: names, in languages that write no other words so."""
    return (run for run in _CAPITAL_RUN.findall(text) if len(run) >= _LEAST_LETTERS)
