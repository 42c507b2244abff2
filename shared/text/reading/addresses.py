"""Web and mail addresses, hashtags, mentions, phone numbers and versions."""

import re
from collections.abc import Iterator
from functools import partial
from typing import Final

from shared.text.reading import numerals
from shared.text.reading.rules import Rule, Said, any_of
from shared.text.reading.tongue import Tongue

_COMMON: Final = ("com", "org", "net", "io", "dev", "ai", "app", "edu", "gov", "info", "eu", "shop", "tv")
_HOST: Final = r"(?:[^\W_](?:[\w-]{0,62})\.){1,5}"
_MAIL: Final = re.compile(
    rf"(?<![\w.+-])(?:mailto:)?([A-Za-z0-9][\w.+-]{{0,63}})@({_HOST}[A-Za-z]{{2,24}})(?!\w)"
)
_WEB: Final = re.compile(r"(?<!\w)(?:(?:https?|ftp)://(?:www\.)?|www\.)([^\s<>\"\ue000]+)", re.IGNORECASE)
_TAG: Final = re.compile(r"(?<!\w)[#＃]([0-9_]{0,30}[^\W\d_]\w{0,100})(?!\w)")
_RANK: Final = re.compile(r"(?<!\w)#([0-9]{1,6})(?![\w])")
_MENTION: Final = re.compile(r"(?<![\w@])@([A-Za-z_][\w.]{0,38}\w)(?!\w)")
_WORLDWIDE: Final = re.compile(r"(?<![\w+])\+[0-9][0-9 .()\u00a0-]{6,20}[0-9](?![\w])")
_LOCAL: Final = re.compile(
    r"(?<![\w.,-])(?:(?:\([0-9]{3}\) ?|[0-9]{3}[ .-])?[0-9]{3}-[0-9]{4}"
    r"|[0-9]{3}([ .])[0-9]{3}\1[0-9]{4}|[0-9]{1,12}(?:-[0-9]{1,12}){2,6})(?![\w-])"
)
_IN_PAIRS: Final = re.compile(r"(?<![\w.,-])0[0-9](?:([ .\u00a0-])[0-9]{2})(?:\1[0-9]{2}){3}(?![\w-])")
_VERSION: Final = re.compile(
    r"(?<!\w)(?:v|V(?=[0-9]+\.))\.?([0-9]{1,4}(?:\.[0-9]{1,4}){0,4})(?!\w)(?!\.[0-9])"
)
_CHAIN: Final = re.compile(r"(?<![\w.,])[0-9]{1,4}(?:\.[0-9]{1,4}){2,4}(?!\w)(?!\.[0-9])")
_CLOSING: Final = ".,;:!?)]}'\"’”»…*_"
_LONGEST_PATH: Final = 40


def rules(tongue: Tongue) -> Iterator[Rule]:
    ends = any_of({*_COMMON, *tongue.domains})
    bare = rf"(?<![\w@.\-/]){_HOST}(?:{ends})(?![\w-])(?!\.\w)(?:/[^\s<>\"\ue000]*)?"
    yield Rule(pattern=_MAIL, read=partial(_mail, tongue))
    yield Rule(pattern=_WEB, read=lambda found: _web(tongue, found[1]))
    yield Rule(pattern=re.compile(bare), read=lambda found: _web(tongue, found[0]))
    yield Rule(pattern=_TAG, read=partial(_tag, tongue))
    yield Rule(pattern=_MENTION, read=lambda found: [f"{tongue.words.at} {_spelt(found[1], tongue)}"])
    yield Rule(pattern=_VERSION, read=partial(_version, tongue))


def number_rules(tongue: Tongue) -> Iterator[Rule]:
    """Apply these after those for dates, which look like some of these."""
    if tongue.phone_pairs:
        yield Rule(pattern=_IN_PAIRS, read=partial(_phone, tongue))
    yield Rule(pattern=_WORLDWIDE, read=partial(_phone, tongue))
    yield Rule(pattern=_LOCAL, read=partial(_phone, tongue))
    yield Rule(pattern=_CHAIN, read=partial(_chain, tongue))
    yield Rule(
        pattern=_RANK,
        read=lambda found: [f"{tongue.words.number} {numerals.cardinal(int(found[1]), tongue)}"],
    )


def _mail(tongue: Tongue, found: re.Match[str]) -> Said:
    return [f"{_spelt(found[1], tongue)} {tongue.words.at} {_host(found[2], tongue)}"]


def _web(tongue: Tongue, address: str) -> Said:
    """The host, and a path that is short and made of words; people don't read out the rest."""
    kept = address.rstrip(_CLOSING)
    if not kept:
        return None
    host, _, rest = kept.partition("/")
    path = re.split("[?#]", rest, maxsplit=1)[0].strip("/")
    readable = len(path) <= _LONGEST_PATH and re.fullmatch(r"[^\W\d_]+(?:[/-][^\W\d_]+){0,4}", path)
    said = _host(re.split("[?#]", host.lower(), maxsplit=1)[0].rpartition("@")[2], tongue)
    if readable:
        said += "".join(f" {tongue.words.slash} {_spelt(part, tongue)}" for part in path.split("/"))
    return [said + address[len(kept) :].rstrip("*_")]


def _host(host: str, tongue: Tongue) -> str:
    *names, end = host.split(".")
    end = end.upper() if len(end) == 2 and end not in ("co", "me", *_as_words(tongue)) else end
    return f" {tongue.words.dot} ".join([*(_spelt(name, tongue) for name in names), end])


def _as_words(tongue: Tongue) -> tuple[str, ...]:
    """Endings that are spoken as a word: Italian `.it`."""
    return tongue.domains if tongue.numbers == "it" else ()


def _spelt(name: str, tongue: Tongue) -> str:
    """A part of an address, with its signs named."""
    words = tongue.words
    names = {"-": words.dash, "_": words.underscore, ".": words.dot, "+": words.plus, ":": ""}
    return " ".join("".join(f" {names[char]} " if char in names else char for char in name).split())


def _tag(tongue: Tongue, found: re.Match[str]) -> Said:
    apart = re.sub(r"_+|(?<=[^\W_A-Z])(?=[A-Z])", " ", found[1])
    return [f"{tongue.words.hashtag} {apart.strip()}"]


def _version(tongue: Tongue, found: re.Match[str]) -> Said:
    return [f"{tongue.words.version} {_dotted(found[1], tongue)}"]


def _chain(tongue: Tongue, found: re.Match[str]) -> Said:
    grouped = tongue.group == "." and re.fullmatch(r"[0-9]{1,3}(?:\.[0-9]{3})+", found[0])
    return None if grouped else [_dotted(found[0], tongue)]


def _dotted(numbers: str, tongue: Tongue) -> str:
    point = tongue.point if tongue.decimal == "." else tongue.words.dot
    return f" {point} ".join(numerals.cardinal(int(part), tongue) for part in numbers.split("."))


def _phone(tongue: Tongue, found: re.Match[str]) -> Said:
    """Digit by digit, in French two by two, with a pause at each sign or space."""
    groups = re.findall("[0-9]+", found[0])
    pairs = tongue.phone_pairs and all(len(group) <= 2 for group in groups)
    said = [
        numerals.cardinal(int(group), tongue) if pairs and group[0] != "0" else numerals.digits(group, tongue)
        for group in groups
    ]
    if found[0].startswith("+"):
        said[0] = f"{tongue.words.plus} {said[0]}"
    return [*(f"{group}," for group in said[:-1]), said[-1]]
