"""The names that may be said in a film, collected by rule from what is known about it."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from jobs.subtitles.job.documents import Entities, Names
from jobs.subtitles.naming.facts import CastMember, FilmFacts
from shared.text.language import main_script
from shared.text.phrasing import function_words

HONORIFICS: Final = frozenset(
    {
        *("mr", "mrs", "ms", "miss", "mister", "dr", "doctor", "prof", "professor", "sir", "lady", "lord"),
        *("dame", "madam", "king", "queen", "prince", "princess", "count", "countess", "baron"),
        *("baroness", "duke", "duchess", "captain", "capt", "cpt", "major", "colonel", "col"),
        *("general", "gen", "lieutenant", "lt", "sergeant", "sgt", "corporal", "private"),
        *("admiral", "commander", "officer", "agent", "detective", "det", "inspector"),
        *("constable", "sheriff", "judge", "father", "fr", "brother", "sister", "mother", "aunt"),
        *("uncle", "pastor", "reverend", "rev", "saint", "st", "president", "senator", "minister"),
        *("chief", "herr", "frau", "monsieur", "madame", "mademoiselle", "señor", "señora", "don"),
        *("doña", "signor", "signora", "shri", "sri", "smt", "kumari", "begum", "sheikh", "young", "old"),
        *("little", "older", "younger", "adult", "teen", "teenage"),
    }
)
"""They stand before a name and are left out as often as not."""
_NO_NAMES: Final = frozenset(
    {
        *("self", "himself", "herself", "themselves", "themself", "narrator", "host", "guest"),
        *("guard", "man", "woman", "boy", "girl", "waiter", "waitress", "nurse", "policeman"),
        *("policewoman", "cop", "soldier", "driver", "reporter", "bartender", "villager"),
        *("student", "teacher", "passenger", "customer", "clerk", "worker", "singer", "dancer"),
        *("thief", "priest", "monk", "child", "kid", "baby", "voice", "announcer", "crowd"),
        *("townsperson", "various", "additional", "unknown", "uncredited", "wife", "husband"),
        *("son", "daughter", "friend", "neighbor", "neighbour", "doctor", "officer"),
        *("detective",),
    }
)
"""Of a role that is billed without a name, e.g. `Waiter #2`, `Old Man`."""
_NICKNAME: Final = re.compile(r"[\"“”«»]([^\"“”«»]+)[\"“”«»]|(?<!\w)['‘]([^'‘’]+)['’](?!\w)")
_NOTE: Final = re.compile(r"\([^)]*\)|\[[^]]*\]")
_ROLES: Final = re.compile(r"\s+/\s+|\s*;\s*|\s+aka\s+", re.IGNORECASE)
_CAPITAL: Final = r"[A-ZÀ-ÖØ-ÞĀĂĄĆČĎĐĒĖĘĚĞĢĪĮİĶĹĽŁŃŇŌŐŒŔŘŚŞŠŢŤŪŮŰŲŸŹŻŽ](?:[^\W\d_]|['’-](?=[^\W\d_]))+"
_LINK: Final = "(?:of the|of|de la|de|del|della|di|da|du|van der|van|von|al)"
_RUN: Final = re.compile(rf"(?<![\w'’]){_CAPITAL}(?:(?: {_LINK})* {_CAPITAL})*")
_BEFORE_PLACE: Final = re.compile(
    r"\b(?:in|at|near|from|to|into|outside|around|across|through|(?:town|city|village|island|kingdom) of)"
    r"(?: the)? $"
)
_PLACE_KEYWORD: Final = re.compile(r"([^\W\d_][\w .'’-]*), ([^\W\d_][\w .'’-]*)")
_CITY: Final = re.compile(r"(.+) city\Z")
_MOST_OTHERS: Final = 12
_SHORTEST: Final = 3
"""Letters of an alias: shorter ones sound like too many words."""


def entities_of(facts: FilmFacts) -> Entities:
    """The names, the most important ones first: as the cast is billed, then as the overview tells them."""
    persons = _merged(name for member in facts.cast for name in characters_of(member))
    known = {part for each in persons for name in (each.name, *each.aliases) for part in name.split()}
    told = _texts(facts)
    places = [*facts.places, *_places_of_keywords(facts.keywords), *_places_of(told, known)]
    locations = _merged(Names(name=name, aliases=_place_aliases(name)) for name in places)
    known |= {part for each in locations for part in each.name.split()}
    others = [Names(name=run) for run in _runs(told) if not known & set(run.split())]
    return Entities(
        source=facts.source,
        persons=(*persons, *_merged(others)[:_MOST_OTHERS]),
        actors=_merged(
            Names(name=each.name, aliases=_latin(each.also_known_as, each.name), role=each.character)
            for each in facts.cast
            if each.name
        ),
        locations=locations,
        titles=_titles(facts),
    )


def characters_of(member: CastMember) -> Iterator[Names]:
    """Whom an actor plays, without those that have no name; in a documentary the person themselves."""
    for role in _ROLES.split(_NOTE.sub("", member.character)):
        name = " ".join(role.split())
        if name.lower().startswith(("self", "himself", "herself")) and member.name:
            yield Names(
                name=member.name,
                aliases=(*aliases_of(member.name), *_latin(member.also_known_as, member.name)),
            )
        elif _is_named(name):
            whole = " ".join(_NICKNAME.sub(" ", name).split())
            bare = " ".join(_without_honorifics(whole.split()))
            yield Names(name=bare or whole, aliases=aliases_of(name))


def aliases_of(name: str) -> tuple[str, ...]:
    """Other ways to say a person's name: first and last name, nickname, without accents."""
    nicknames = [found[1] or found[2] for found in _NICKNAME.finditer(name)]
    words = _without_honorifics(_NICKNAME.sub(" ", name).split())
    bare = " ".join(words)
    parts = (
        [words[0], words[-1], *([" ".join(words[1:])] if len(words) > 2 else [])] if len(words) > 1 else []
    )
    found = [*parts, *nicknames]
    plain = [_plain(each) for each in (bare, *found)]
    usable = (each for each in (*found, *plain) if _letters(each) >= _SHORTEST and not _is_role(each))
    return tuple(each for each in dict.fromkeys(usable) if each != bare)


def _is_named(role: str) -> bool:
    words = _without_honorifics(_NICKNAME.sub(" ", role).split())
    capitals = [word for word in words if word[:1].isupper() or not word[:1].islower()]
    if not words or "#" in role or any(char.isdigit() for char in role):
        return False
    return bool(capitals) and not any(_is_role(word) for word in words) and words[0] in capitals


def _is_role(word: str) -> bool:
    return word.lower().removesuffix("'s") in _NO_NAMES


def _without_honorifics(words: Sequence[str]) -> list[str]:
    left = list(words)
    while left and left[0].lower().rstrip(".") in HONORIFICS:
        left.pop(0)
    return left


def _titles(facts: FilmFacts) -> tuple[Names, ...]:
    others = [each for each in (facts.original_title, *facts.titles) if each and each != facts.title]
    if not facts.title:
        return ()
    return (Names(name=facts.title, aliases=tuple(dict.fromkeys(others))),)


def _texts(facts: FilmFacts) -> str:
    """What is told of the film, in the alphabet whose capitals mark names; German has too many of them."""
    told = (facts.overview, *(text for language, text in facts.overviews.items() if language != "de"))
    return "\n".join(dict.fromkeys(text for text in told if text))


def _runs(text: str) -> Iterator[str]:
    """Runs of capitalised words that don't begin a sentence."""
    for found in _capital_runs(text):
        if not _begins_sentence(text, found[0]):
            yield found[1]


def _places_of(text: str, known: set[str]) -> Iterator[str]:
    for at, run in _capital_runs(text):
        if _BEFORE_PLACE.search(text[max(0, at - 24) : at].lower()) and not known & set(run.split()):
            yield run


def _capital_runs(text: str) -> Iterator[tuple[int, str]]:
    """Where each begins, and its words: without possessives, and without what has its capital from the
    sentence alone (`In`)."""
    small = function_words("en")
    for found in _RUN.finditer(text):
        words = re.sub(r"['’]s?$", "", found[0]).split()
        if _begins_sentence(text, found.start()) and words[0].lower() in small:
            words = words[1:]
        words = _without_honorifics(words)
        if words and _letters("".join(words)) >= _SHORTEST and not found[0].isupper():
            yield found.start() + found[0].find(words[0]), " ".join(words)


def _begins_sentence(text: str, at: int) -> bool:
    before = text[:at].rstrip(" \"'“‘(—–-")
    return not before or before[-1] in ".!?:…\n"


def _places_of_keywords(keywords: Iterable[str]) -> Iterator[str]:
    """Of TMDB's keywords `mumbai, india` and `new york city`, which are in lower case."""
    for keyword in keywords:
        pair, city = _PLACE_KEYWORD.fullmatch(keyword), _CITY.fullmatch(keyword)
        if pair:
            yield from (part.title() if part.islower() else part for part in pair.groups())
        elif city:
            yield city[1].title()


def _place_aliases(name: str) -> tuple[str, ...]:
    plain = _plain(name)
    return (plain,) if plain != name else ()


def _latin(names: Iterable[str], besides: str) -> tuple[str, ...]:
    """The transliterations among the names."""
    return tuple(dict.fromkeys(each for each in names if each != besides and main_script(each) == "Latn"))


def _merged(names: Iterable[Names]) -> tuple[Names, ...]:
    """Each name once, where it came first, with the aliases of all."""
    found: dict[str, Names] = {}
    for each in names:
        before = found.get(each.name.casefold())
        aliases = (*(before.aliases if before else ()), *each.aliases)
        merged = Names(
            name=before.name if before else each.name,
            aliases=tuple(dict.fromkeys(aliases)),
            role=before.role if before else each.role,
        )
        found[each.name.casefold()] = merged
    return tuple(found.values())


def _plain(name: str) -> str:
    """Without accents."""
    parts = unicodedata.normalize("NFD", name)
    return unicodedata.normalize("NFC", "".join(char for char in parts if not unicodedata.combining(char)))


def _letters(text: str) -> int:
    return sum(map(str.isalpha, text))
