"""Facts that a rewritten text must keep: its numbers, names, quoted words and negations."""

import re
import unicodedata
from collections import Counter
from typing import Final

from jobs.presenter.deck.notes import without_pauses
from jobs.presenter.skills.embedded.blocks import read_markdown

_PROSE: Final = frozenset({"heading", "text", "item", "quote"})
_NUMBER: Final = re.compile(r"\d+(?:[.,:/'’\u00a0\u202f]\d+)*")
_QUOTED: Final = re.compile(
    r"“([^“”]{1,80})”|„([^„“”]{1,80})[“”]|«([^«»]{1,80})»|「([^「」]{1,80})」|\"([^\"]{1,80})\""
)
_WORD: Final = re.compile(r"[^\W\d_][\w’'-]*|\w*\d\w*")
_NEGATIONS: Final = {
    "en": r"not|no|never|none|nobody|nothing|nowhere|neither|nor|cannot|without|\w+n['’]t",
    "de": r"nicht|nichts|nie|niemals|niemand|nirgends|kein\w*|ohne|weder",
    "es": r"no|nunca|jamás|nada|nadie|ningun[oa]s?|ningún|sin|tampoco",
    "fr": r"ne|n['’]\w+|pas|jamais|rien|personne|aucune?|sans",
    "it": r"non|mai|niente|nulla|nessun[oa]?|senza",
    "pt": r"não|nunca|jamais|nada|ninguém|nenhuma?|sem",
    "nl": r"niet|niets|nooit|niemand|geen|zonder",
    "pl": r"nie|nigdy|nic|nikt|żaden|żadn\w+|bez",
    "ru": r"не|нет|никогда|ничего|никто|ни|без",
    "hi": r"नहीं|न|ना|मत|बिना",
    "ar": r"لا|لم|لن|ليس\w*|غير|بدون|ما",
}
_UNSPACED_NEGATIONS: Final = {
    "ja": r"ない|なく|なかっ|なけれ|ません|ぬ(?=[。、])|ず(?=[に、。])",
    "zh": r"不|没|沒|无|無|非|未|别|別",
    "ko": r"않|없|아니|못",
    "th": r"ไม่|มิได้|ห้าม",
}


def numbers_in(text: str) -> Counter[str]:
    """All numbers, with digits of every script as those of ASCII."""
    digits = "".join(str(unicodedata.decimal(char, char)) for char in text)
    return Counter(each.group().replace("\u202f", "\u00a0") for each in _NUMBER.finditer(digits))


def names_in(text: str) -> frozenset[str]:
    """Words with a capital letter that does not just open a sentence, words with figures or inner capitals,
    and quoted words."""
    found = {each.group() for each in _WORD.finditer(text) if _is_name(text, each)}
    quoted = {next(filter(None, each.groups())) for each in _QUOTED.finditer(text)}
    return frozenset(found | quoted)


def _is_name(text: str, word: re.Match[str]) -> bool:
    said = word.group()
    if any(map(str.isupper, said[1:])) or (any(map(str.isdecimal, said)) and any(map(str.isalpha, said))):
        return True
    return said[0].isupper() and len(said) > 1 and not _opens(text, word.start())


def _opens(text: str, place: int) -> bool:
    before = text[max(0, place - 40) : place].rstrip(" \t\"'“”„«»([{‘’¿¡*_>-")
    return not before or before[-1] in ".!?…:;。！？।]\n|"


def negations_in(text: str, language: str) -> list[str]:
    """The words that deny, in order; empty for a language without a list of them."""
    base = language.partition("-")[0].lower()
    if base in _UNSPACED_NEGATIONS:
        return re.findall(_UNSPACED_NEGATIONS[base], text)
    if base not in _NEGATIONS:
        return []
    found = re.findall(rf"(?<!\w)(?:{_NEGATIONS[base]})(?!\w)", text, re.IGNORECASE)
    return [each.casefold() for each in found]


def lost_facts(text: str, script: str, language: str) -> list[str]:
    """What the prose of a Markdown text says and the script does not, or the script alone says: a sentence
    each."""
    prose = " ".join(block.text for block in read_markdown(text).blocks if block.kind in _PROSE)
    return lost_in(prose, script, language)


def lost_in(prose: str, script: str, language: str) -> list[str]:
    """The same for plain text."""
    before, after = numbers_in(without_pauses(prose)), numbers_in(without_pauses(script))
    lost = [f"the number {each} is missing" for each in sorted(before.keys() - after.keys())]
    lost += [f"the number {each} is new" for each in sorted(after.keys() - before.keys())]
    said = script.casefold()
    lost += [f"{each!r} is missing" for each in sorted(names_in(prose)) if each.casefold() not in said]
    denied, still = len(negations_in(prose, language)), len(negations_in(script, language))
    return lost + [f"{denied} negations became {still}"] * (still != denied)
