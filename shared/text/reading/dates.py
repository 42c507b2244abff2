"""Dates and times of day."""

import re
from collections.abc import Iterator
from functools import partial
from typing import Final

from shared.text.reading import numerals
from shared.text.reading.rules import AFTER, Rule, Said, any_of
from shared.text.reading.tongue import Tongue

_YEAR: Final = "(?:1[0-9]|20|21)[0-9]{2}"
_DAY: Final = "(?:0?[1-9]|[12][0-9]|3[01])"
_HOUR: Final = "(?:[01]?[0-9]|2[0-4])"
_MINUTE: Final = "[0-5][0-9]"
_ISO: Final = re.compile(rf"(?<![\w-])({_YEAR})-(0?[1-9]|1[0-2])-({_DAY})(?![\w-])")
_FIGURES: Final = re.compile(
    rf"(?<![\w/.-])([0-9]{{1,2}})([/.-])([0-9]{{1,2}})\2({_YEAR}|[0-9]{{2}})(?![\w/-])(?!\.[0-9])"
)
_LINK: Final = "(?:of|de|del|di) "


def rules(tongue: Tongue) -> Iterator[Rule]:
    if tongue.date:
        yield Rule(pattern=_ISO, read=partial(_iso, tongue))
        yield Rule(pattern=_FIGURES, read=partial(_figures, tongue))
    month = rf"(?P<month>{any_of((*tongue.months, *map(str.capitalize, tongue.months)))}"
    month += rf"|(?:{any_of(tongue.short_months)})\b\.?)" if tongue.short_months else ")"
    marks = any_of((*tongue.ordinals, *("." if tongue.ordinal_nouns else "")))
    day = rf"(?P<day>{_DAY})(?:{marks})?"
    if tongue.date_order == "mdy":
        year = rf"(?:(?P<comma>,?) (?P<year>{_YEAR}))?"
        yield Rule(pattern=re.compile(rf"\b{month} {day}{year}{AFTER}"), read=partial(_month_first, tongue))
    yield Rule(
        pattern=re.compile(rf"(?<![\w/.,:-]){day} (?P<link>{_LINK})?{month}(?!\w)"),
        read=partial(_day_first, tongue),
    )
    yield from _time_rules(tongue)


def _iso(tongue: Tongue, found: re.Match[str]) -> Said:
    return _date(int(found[3]), int(found[2]), int(found[1]), found, tongue)


def _figures(tongue: Tongue, found: re.Match[str]) -> Said:
    """In the region's order; the other way round if that is not a date."""
    day, month = int(found[1]), int(found[3])
    if (tongue.date_order == "mdy" and day <= 12) or month > 12:
        day, month = month, day
    if not (1 <= month <= 12 and 1 <= day <= 31):
        return None
    year = int(found[4])
    century = 0 if year > 99 else 2000 if year < 50 else 1900
    return _date(day, month, century + year, found, tongue)


def _date(day: int, month: int, year: int, found: re.Match[str], tongue: Tongue) -> Said:
    year_said = numerals.genitive(year, tongue) if tongue.day == "genitive" else numerals.year(year, tongue)
    said = _day(day, found, tongue)
    before = said if tongue.date_order == "mdy" else tongue.day_before_month.format(day=said)
    return [tongue.date.format(day=before, month=tongue.months[month - 1], year=year_said)]


def _day(day: int, found: re.Match[str], tongue: Tongue) -> str:
    if day == 1 and tongue.first_day:
        return tongue.first_day
    if tongue.ordinal_nouns:
        return numerals.inflected(day, found.string[: found.start()], tongue)
    say = {"ordinal": numerals.ordinal, "genitive": numerals.genitive, "cardinal": numerals.cardinal}
    return say[tongue.day](day, tongue)


def _month(name: str, tongue: Tongue) -> str:
    short = name.rstrip(".")
    known = short in tongue.short_months
    return tongue.months[tongue.short_months.index(short)] if known else name


def _month_first(tongue: Tongue, found: re.Match[str]) -> Said:
    said = [_month(found["month"], tongue), _day(int(found["day"]), found, tongue)]
    if found["year"]:
        said = [said[0], said[1] + found["comma"], numerals.year(int(found["year"]), tongue)]
    return said


def _day_first(tongue: Tongue, found: re.Match[str]) -> Said:
    said = tongue.day_before_month.format(day=_day(int(found["day"]), found, tongue))
    before = found.string[max(0, found.start() - 20) : found.start()].split()[-1:]
    said = said.removeprefix(f"{before[0]} ") if before else said  # `the 3rd of May` has its article
    link = (found["link"] or "").strip()
    return [said.removesuffix(f" {link}"), *([link] if link else []), _month(found["month"], tongue)]


def _time_rules(tongue: Tongue) -> Iterator[Rule]:
    if not tongue.time:
        return
    hour, after = rf"(?<![\w:.,/])(?P<hour>{_HOUR})", r"(?!\w)(?![.,:/][0-9])"
    half = r" ?[aApP]\.?[mM]\b(?:\.(?!\s+[A-Z]|\s*$))?" if tongue.half_days else "(?!)"
    word = f" ?(?:{tongue.time_word or '(?!)'})(?!\\w)"
    between = "|".join(
        [":", *([r"\."] if tongue.time_cues else []), *([" ?h ?"] if tongue.letter_hour else [])]
    )
    minute = rf"(?P<between>{between})(?P<minute>{_MINUTE})(?!\w)"
    pattern = rf"{hour}{minute}(?P<word>{word})?(?P<half>{half})?{after}"
    yield Rule(pattern=re.compile(pattern), read=partial(_time, tongue))
    yield Rule(pattern=re.compile(f"{hour}(?P<half>{half}){after}"), read=partial(_half_day, tongue))
    if not tongue.letter_hour:
        yield Rule(
            pattern=re.compile(f"{hour}{word}"), read=lambda found: [_full_hour(int(found["hour"]), tongue)]
        )


def _time(tongue: Tongue, found: re.Match[str]) -> Said:
    before = found.string[max(0, found.start() - 20) : found.start()].split()[-1:]
    if found["between"] == "." and not found["word"] and tongue.time_cues.isdisjoint(before):
        return None
    hour, minute = int(found["hour"]), int(found["minute"])
    half = f" {_half(found['half'])}" if found["half"] else ""
    if not minute:
        return [_hour(hour, tongue) + half if half else _full_hour(hour, tongue)]
    said = numerals.cardinal(minute, tongue)
    said = tongue.short_minute.format(minute=said) if minute < 10 else said
    return [tongue.time.format(hour=_hour(hour, tongue), hours=_hours(hour, tongue), minute=said) + half]


def _full_hour(hour: int, tongue: Tongue) -> str:
    template = tongue.late_hour if hour > 12 and tongue.late_hour else tongue.full_hour
    return template.format(hour=_hour(hour, tongue), hours=_hours(hour, tongue))


def _hours(hour: int, tongue: Tongue) -> str:
    """The word for hours, where the language has one in its times."""
    forms = tongue.units.get("h")
    return numerals.form(numerals.Number(whole=str(hour)), forms, tongue) if forms else ""


def _hour(hour: int, tongue: Tongue) -> str:
    gender: numerals.Gender = "feminine" if tongue.hour_feminine else "masculine"
    return numerals.agreeing(numerals.cardinal(hour, tongue), tongue, gender)


def _half(written: str) -> str:
    return re.sub("[^A-Z]", "", written.upper())


def _half_day(tongue: Tongue, found: re.Match[str]) -> Said:
    return [_hour(int(found["hour"]), tongue), _half(found["half"])]
