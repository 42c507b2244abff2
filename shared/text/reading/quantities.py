"""Money, units, fractions, ordinals, years and plain numbers."""

import re
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Final

from shared.text.reading import numerals
from shared.text.reading.numerals import Gender, Number
from shared.text.reading.rules import AFTER, BEFORE, GAP, SIGN, Rule, Said, any_of, sign_word
from shared.text.reading.tongue import Forms, Tongue

_CURRENCIES: Final = {
    **{"US$": "USD", "€": "EUR", "£": "GBP", "¥": "JPY", "￥": "JPY", "CN¥": "CNY", "₹": "INR", "₩": "KRW"},
    **{"R$": "BRL", "₽": "RUB", "руб.": "RUB", "руб": "RUB", "zł": "PLN", "C$": "CAD", "CA$": "CAD"},
    **{"A$": "AUD", "AU$": "AUD", "MX$": "MXN"},
}

_THOUSANDS: Final = frozenset({"mil", "mila", "mille"})


def rules(tongue: Tongue) -> Iterator[Rule]:
    yield from _money_rules(tongue)
    if tongue.decades:
        yield Rule(
            pattern=re.compile(r"(?<!\w)['’]?((?:1[1-9]|20)?[1-9]0|(?:1[1-9]|20)00)s(?!\w)"),
            read=partial(_decade, tongue),
        )
    unit = "|".join(_unit_pattern(name) for name in sorted(tongue.units, key=len, reverse=True))
    number = numerals.pattern(tongue)
    yield Rule(
        pattern=re.compile(rf"{BEFORE}({SIGN})({number}){GAP}({unit})(?!\w)"), read=partial(_unit, tongue)
    )
    marks = any_of(tongue.ordinals)
    if marks:
        yield Rule(
            pattern=re.compile(rf"{BEFORE}([0-9]{{1,6}})({marks})(?!\w)"), read=partial(_ordinal, tongue)
        )
    if tongue.ordinal_nouns:
        nouns = any_of(tongue.ordinal_nouns)
        yield Rule(
            pattern=re.compile(rf"{BEFORE}([0-9]{{1,6}})\.(?= (?:{nouns})\b)"),
            read=partial(_inflected, tongue),
        )
    yield Rule(
        pattern=re.compile(rf"{BEFORE}(?:([0-9]{{1,6}}) ?)?({any_of(tongue.fractions)}){AFTER}"),
        read=partial(_fraction, tongue),
    )
    yield Rule(
        pattern=re.compile(rf"{BEFORE}({SIGN})({number})(\+(?!\w))?{AFTER}"), read=partial(_plain, tongue)
    )


def _money_rules(tongue: Tongue) -> Iterator[Rule]:
    symbols = {name: code for name, code in _CURRENCIES.items() if code in tongue.currencies}
    codes = {**symbols, "$": tongue.dollar, **{code: code for code in tongue.currencies if code != "PESO"}}
    symbol, number, magnitude = any_of(codes), numerals.pattern(tongue), any_of(tongue.magnitudes)
    several = rf"(?:{GAP}(?P<magnitude>{magnitude})(?!\w))?"
    front = rf"(?<![\w$])(?P<sign>{SIGN})(?P<code>{symbol}){GAP}(?P<number>{number}){several}{AFTER}"
    back = rf"{BEFORE}(?P<sign>{SIGN})(?P<number>{number}){several}{GAP}(?P<code>{symbol})(?!\w)"
    for pattern in (front, back):
        yield Rule(pattern=re.compile(pattern), read=partial(_money, tongue, codes))


def _money(tongue: Tongue, codes: dict[str, str], found: re.Match[str]) -> Said:
    code = codes[found["code"]]
    number = numerals.parsed(found["number"], tongue)
    size = len(next(iter(tongue.units.values())))
    currency, hundredth = tongue.currencies[code][:size], tongue.currencies[code][size:]
    sign = sign_word(found["sign"], tongue)
    if found["magnitude"]:
        return _millions(number, tongue.magnitudes[found["magnitude"]], currency, sign, tongue)
    if len(number.fraction) == 2 and hundredth:
        return [sign + _with_cents(number, code, currency, hundredth, tongue)]
    amount = numerals.spoken(number, tongue, _gender(tongue, code))
    return [sign + amount, numerals.form(number, currency, tongue)]


def _millions(number: Number, name: Forms, currency: Forms, sign: str, tongue: Tongue) -> Said:
    amount = numerals.spoken(number, tongue, _gender(tongue, name[0]))
    of = f"{tongue.million_of} " if tongue.million_of and name[0] not in _THOUSANDS else ""
    return [
        sign + amount,
        numerals.form(number, name, tongue),
        of + currency[-2 if len(currency) > 2 else -1],
    ]


def _with_cents(number: Number, code: str, currency: Forms, hundredth: Forms, tongue: Tongue) -> str:
    whole, cents = Number(whole=number.whole), Number(whole=str(int(number.fraction)))
    gender = _gender(tongue, code)
    dollars = f"{numerals.spoken(whole, tongue, gender)} {numerals.form(whole, currency, tongue)}"
    bare = numerals.spoken(cents, tongue)
    counted = numerals.agreeing(bare, tongue, "masculine" if gender == "masculine" else None)
    named = f"{counted} {numerals.form(cents, hundredth, tongue)}"
    if not cents.value:
        return dollars
    return tongue.money.format(whole=dollars, cents=named, bare_cents=bare) if whole.value else named


def _unit_pattern(name: str) -> str:
    """A degree sign may be separated from its scale."""
    return f"[°º] ?{re.escape(name[1:])}" if name[0] == "°" and len(name) > 1 else re.escape(name)


def _unit(tongue: Tongue, found: re.Match[str]) -> Said:
    name = found[3] if found[3] in tongue.units else found[3].replace(" ", "").replace("º", "°")
    number = numerals.parsed(found[2], tongue)
    amount = numerals.spoken(number, tongue, _gender(tongue, name))
    return [sign_word(found[1], tongue) + amount, numerals.form(number, tongue.units[name], tongue)]


def _gender(tongue: Tongue, name: str) -> Gender:
    return "feminine" if name in tongue.feminine else "masculine"


def _ordinal(tongue: Tongue, found: re.Match[str]) -> Said:
    words = numerals.ordinal(int(found[1]), tongue).split()
    for ending, instead in tongue.ordinals[found[2]].items():
        words = [word.removesuffix(ending) + instead if word.endswith(ending) else word for word in words]
    return [" ".join(words)]


def _inflected(tongue: Tongue, found: re.Match[str]) -> Said:
    return [numerals.inflected(int(found[1]), found.string[: found.start()], tongue)]


def _fraction(tongue: Tongue, found: re.Match[str]) -> Said:
    fraction = tongue.fractions[found[2]]
    if found[1] is None:
        return [fraction]
    if "/" in found[2] and found.string[found.end(1)] != " ":
        return None  # `11/2`
    whole = numerals.cardinal(int(found[1]), tongue)
    return [tongue.mixed.format(whole=whole, fraction=fraction)]


def _decade(tongue: Tongue, found: re.Match[str]) -> Said:
    said = numerals.year(int(found[1]), tongue)
    return [said.removesuffix("y") + "ies" if said.endswith("y") else f"{said}s"]


def _plain(tongue: Tongue, found: re.Match[str]) -> Said:
    number = numerals.parsed(found[2], tongue)
    is_year = re.fullmatch("[0-9]{4}", found[2]) and not found[1] and not _is_counted(tongue, found)
    said = numerals.year(number.value, tongue) if is_year else numerals.spoken(number, tongue)
    return [sign_word(found[1], tongue) + said + (f" {tongue.words.plus}" if found[3] else "")]


def _is_counted(tongue: Tongue, found: re.Match[str]) -> bool:
    """Whether four figures are a number of things: `1500 people`, but `in 1984 things changed`."""
    if not tongue.counted or not re.match(f" {tongue.counted}", found.string[found.end() : found.end() + 40]):
        return False
    before: Sequence[str] = found.string[max(0, found.start() - 20) : found.start()].split()
    return not (before and before[-1] in tongue.year_cues)
