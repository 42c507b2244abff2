"""Abbreviations, signs between words, and what is not read at all."""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Final

from shared.text.reading.rules import Rule, Said, any_of
from shared.text.reading.tongue import Tongue

_SILENT: Final = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\ud800-\udfff\ue000-\uf8ff\ufe0f\u20e3\u231a\u231b\u23e9-\u23ff"
    "\u2600-\u27bf\u2b00-\u2bff\U0001f000-\U0001faff\U000e0000-\U0010ffff]\u200d?"
)
"""Control characters (espeak takes U+0001 for a command), private use, lone surrogates, and emoji, which a
voice would read out by name."""
_TRADE: Final = re.compile("[®™©℠•◦▪‣]")
_NUMBERED: Final = re.compile("[\u2460-\u249b\u24ea\u3251-\u325f\u32b1-\u32bf]")
"""Figures in a circle, in brackets or with a full stop, as one character: `①`, `⑴`, `⒈`."""
_WIDE: Final = re.compile("(?<=[0-9０-９])[．，：／](?=[0-9０-９])|[＄％＆＋－＃＠￠￡￥￦０-９Ａ-Ｚａ-ｚ]")
"""Full-width figures and letters, the signs of money and numbers, and marks within a number."""
_ARROW: Final = re.compile(r"(?<=\S) (?:[→⇒➔➜|]|->|=>) (?=\S)")
_REPEATED: Final = re.compile(r"([!?！？])[!?！？]+|\.{4,}|([,;])[,;]+")
_TILDE: Final = re.compile(r"(?<!\w)~(?=[^\W\d_])|(?<=\w)~(?!\w)|(?<=[^\w\s])~(?=\s|$)")


def narrow(text: str) -> str:
    """Full-width figures, letters and signs as plain ones; every character keeps its place."""
    return _WIDE.sub(lambda found: unicodedata.normalize("NFKC", found[0]), text)


def silent_rules() -> Iterator[Rule]:
    """For every language, before all others."""
    yield Rule(pattern=_SILENT, read=lambda _: [" "])


def everywhere_rules() -> Iterator[Rule]:
    """For every language, after those for addresses."""
    yield Rule(pattern=_NUMBERED, read=lambda found: [f" {_figures(found[0])} "])
    yield Rule(pattern=_TRADE, read=lambda _: [" "])
    yield Rule(pattern=_TILDE, read=lambda _: [" "])
    yield Rule(pattern=_ARROW, read=lambda _: [","])
    yield Rule(pattern=_REPEATED, read=_once)


def _figures(numbered: str) -> str:
    """`10` for `⑩`, `⑽` or `⒑`."""
    return "".join(char for char in unicodedata.normalize("NFKC", numbered) if char.isdigit())


def _once(found: re.Match[str]) -> Said:
    marks = found[0]
    if "." in marks:
        return ["..."]
    asks = next((mark for mark in marks if mark in "?？"), marks[0])
    return [asks]


def figure_rules(tongue: Tongue) -> Iterator[Rule]:
    """For text beside figures; apply before those are read."""
    yield from _abbreviations(tongue.abbreviations.numbered, after=r"(?=[ \u00a0]?[0-9])", ends=False)
    before = r"(?:(?<=[0-9)\]½¼¾%] )|(?<=\b[A-Za-z] ))"
    after = r"(?= (?:[0-9(\[½¼¾]|[−-][0-9]|\w\b))"
    yield Rule(
        pattern=re.compile(f"{before}(?:{any_of(tongue.signs)}){after}"),
        read=lambda found: [tongue.signs[found[0]]],
    )
    yield Rule(
        pattern=re.compile("(?<=[0-9])[*×÷](?=[0-9])"), read=lambda found: [f" {tongue.signs[found[0]]} "]
    )


def word_rules(tongue: Tongue) -> Iterator[Rule]:
    """For short forms and signs between words."""
    short = tongue.abbreviations
    if short.names:
        pattern = rf"(?<![\w.])(?:{any_of(short.names)})(?!\w)"
        yield Rule(pattern=re.compile(pattern), read=partial(_by_name, short.names))
    yield from _abbreviations(short.ending, after=r"(?!\w)", ends=True)
    yield from _abbreviations(short.before, after=r"(?!\w)", ends=False)
    yield Rule(pattern=re.compile("(?<= )&(?= )"), read=lambda _: [tongue.words.and_])


def range_rule(tongue: Tongue, written: str) -> Rule:
    """For a dash between figures, which are read by now; `written` is the text before that."""

    def read(found: re.Match[str]) -> Said:
        before, after = written[found.start() - 1], written[found.end()]
        is_range = (before.isalnum() or before in "%°€£$") and (after.isdigit() or after in "€£$")
        return [f" {tongue.words.to} "] if is_range else None

    return Rule(pattern=re.compile(r"(?<=\ue000)(?:[–—-]| [–—] )(?=\ue000)"), read=read)


def _abbreviations(table: dict[str, str], *, after: str, ends: bool) -> Iterator[Rule]:
    """As written in the table, or with a capital where a sentence starts."""
    if not table:
        return
    known = {name[0].upper() + name[1:]: said[0].upper() + said[1:] for name, said in table.items()} | table
    pattern = re.compile(rf"(?<![\w.])(?:{any_of(known)}){after}")
    yield Rule(pattern=pattern, read=partial(_long_form, known, ends))


def _long_form(table: Mapping[str, str], ends: bool, found: re.Match[str]) -> Said:
    """With its full stop where that ends the sentence, too."""
    following = found.string[found.end() : found.end() + 2]
    is_last = not following.strip() or following[0] == "\n" or (ends and following.strip()[:1].isupper())
    return [table[found[0]] + ("." if found[0].endswith(".") and is_last else "")]


def _by_name(table: Mapping[str, tuple[str, str]], found: re.Match[str]) -> Said:
    """`St. Paul` and `Main St.`; a sentence's first word is not a name if a name follows."""
    earlier = found.string[max(0, found.start() - 30) : found.start()].split()
    later = found.string[found.end() : found.end() + 2]
    follows = bool(earlier) and earlier[-1][0].isupper() and earlier[-1][-1].isalpha()
    starts = len(earlier) == 1 or (follows and earlier[-2][-1] in ".!?…:")
    leads = later[1:].isupper() and starts
    full_stop = "" if later.strip() else "."
    return [table[found[0]][follows and not leads] + full_stop]
