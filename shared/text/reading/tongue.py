"""A language's words for signs, units, money, dates and abbreviations: one table a language, in `tables/`.

To add a language write `tables/<code>.yaml` with the fields of `Tongue` and its cases in
`tests/shared/text/reading/`. num2words must know how it counts.
"""

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict

from shared.validation import from_yaml

_TABLES: Final = Path(__file__).parent / "tables"


def _by_each_name(table: Mapping[str, Any]) -> dict[str, Any]:
    """A table whose keys are several names separated by spaces, with an entry for each name."""
    return {name: value for names, value in table.items() for name in names.split()}


Forms = tuple[str, ...]
"""One, several; in Polish and Russian one, few, many and of a fraction."""
Named = Annotated[dict[str, Forms], BeforeValidator(_by_each_name)]


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Words(_Table):
    """The names of single signs."""

    minus: str
    plus: str
    about: str
    to: str
    """Between the ends of a range; empty where the language says nothing there."""
    at: str
    dot: str
    slash: str
    dash: str
    underscore: str
    hashtag: str
    number: str
    version: str
    and_: str


class Abbreviations(_Table):
    before: dict[str, str] = {}
    """Their full stop never ends a sentence."""
    ending: dict[str, str] = {}
    """Their full stop may end a sentence, too."""
    numbered: dict[str, str] = {}
    """Abbreviations only before a figure."""
    names: dict[str, tuple[str, str]] = {}
    """Read as one word before a name and as another after one: `St. Paul`, `Main St.`"""


class Tongue(_Table):
    """How one language, as one region writes it, is read."""

    numbers: str
    """num2words' name of the language."""
    group: str
    """Between thousands."""
    decimal: str
    spaced_groups: bool = False
    """Whether a plain space may separate thousands."""
    point: str
    """The name of the decimal sign."""
    fraction: Literal["digits", "number"] = "digits"
    """Whether decimals are read one by one."""
    and_in_hundreds: bool = True
    """Whether num2words' `and` is kept in English."""
    years: tuple[int, int] = (0, -1)
    """Figures of four digits from and up to these are read in pairs."""
    counted: str = ""
    """A regular expression for text after a figure that is not a year although it looks like one."""
    year_cues: frozenset[str] = frozenset()
    """Words before a year, whatever follows."""
    decades: bool = False
    """`1990s` is a decade."""
    plurals: Literal["one", "two", "polish", "russian"]
    """The rule that chooses a form: singular for 1, singular below 2, or by the last digits."""
    agree: dict[Literal["masculine", "feminine"], dict[str, str]] = {}
    """Endings of a number that change before a noun; `=` is for the whole number."""
    feminine: frozenset[str] = frozenset()
    """Units and currencies of that gender."""

    date_order: Literal["dmy", "mdy"] = "dmy"
    date: str = ""
    """How a date in figures is spoken; empty where that needs more grammar than is here."""
    day: Literal["cardinal", "ordinal", "genitive"] = "cardinal"
    first_day: str = ""
    day_before_month: str = "{day}"
    months: tuple[str, ...]
    short_months: tuple[str, ...] = ()
    ordinals: Annotated[dict[str, dict[str, str]], BeforeValidator(_by_each_name)] = {}
    """Marks that follow a figure, and the ends of words that they change."""
    ordinal_endings: Annotated[dict[str, str], BeforeValidator(_by_each_name)] = {}
    """By the word before it, the ending of a German ordinal; `r` after others."""
    ordinal_nouns: tuple[str, ...] = ()
    """Words before which a figure with a full stop is an ordinal."""

    time: str = ""
    full_hour: str = ""
    late_hour: str = ""
    """For a full hour after noon, where it differs."""
    short_minute: str = "{minute}"
    """For minutes below ten."""
    time_word: str = ""
    """Words, separated by `|`, that are part of a time."""
    time_cues: frozenset[str] = frozenset()
    """Words after which `14.30` is a time, as it is before one of those above."""
    letter_hour: bool = False
    """Whether `14h30` is one."""
    hour_feminine: bool = False
    half_days: bool = False
    """Whether `am` and `pm` are spoken."""
    phone_pairs: bool = False

    words: Words
    signs: dict[str, str]
    """Between operands."""
    fractions: dict[str, str]
    mixed: str
    """Of a whole and a fraction."""
    units: Named
    currencies: dict[str, Forms]
    """Forms of the currency, and as many of its hundredth."""
    dollar: str = "USD"
    """What `$` stands for."""
    money: str
    """With `whole`, and `cents` or the number alone as `bare_cents`."""
    magnitudes: Named
    million_of: str = ""
    """Between millions and what there are millions of."""
    abbreviations: Abbreviations
    domains: tuple[str, ...] = ()
    """Endings of addresses that are recognised without `www`."""


@cache
def tongue_for(language: str) -> Tongue | None:
    """The table for a BCP 47 tag, with its region's own entries; None without a table."""
    primary, *subtags = language.replace("_", "-").lower().split("-")
    path = _TABLES / f"{primary}.yaml"
    if not primary.isalpha() or not path.is_file():
        return None
    table = from_yaml(path.read_text(encoding="utf-8"))
    table["words"] = {{"and": "and_"}.get(name, name): word for name, word in table["words"].items()}
    for own in _of_regions(table.pop("regions", {}), {subtag.upper() for subtag in subtags}):
        table |= own
    return Tongue.model_validate(table)


def _of_regions(regions: Mapping[str, dict[str, Any]], asked: set[str]) -> Iterator[dict[str, Any]]:
    return (own for names, own in regions.items() if not asked.isdisjoint(names.split()))
