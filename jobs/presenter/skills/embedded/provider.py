"""The embedded skills."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Final

from jobs.presenter.deck.notes import between_pauses, without_pauses
from jobs.presenter.deck.slides import MOST_SLIDES, Bullet, Code, Picture, Quote, Slide, Slides, Table
from jobs.presenter.skills.embedded.blocks import Block, Document, read_markdown
from jobs.presenter.skills.embedded.paging import Unit, most_bullets, pages
from jobs.presenter.skills.embedded.phrases import (
    MOST_WORDS,
    Fragment,
    as_shown,
    fragment,
    shown_length,
    title_of,
)
from jobs.presenter.skills.embedded.sections import Section, Told, parts_of, sections_of, told_blocks
from jobs.presenter.skills.embedded.sentences import seconds_of, sentences
from jobs.presenter.skills.embedded.speech import script_of
from jobs.presenter.skills.embedded.weights import Weights, shifts
from jobs.presenter.skills.facts import negations_in
from jobs.presenter.skills.pictures import asset_of
from jobs.presenter.skills.wish import Wish
from shared.errors import InvalidAssets

_OPENING_S: Final = 14.0
"""The longest words over a title or the name of a section."""
_SILENT_S: Final = 3.0
"""How long a slide is shown over which nothing is said, at least."""
_SILENT_LINE_S: Final = 0.8
"""For each line of code and row of a table on it."""
_LONGEST_SILENT_S: Final = 10.0
_BULLET_S: Final = 5.0
"""Of speech for each bullet of prose."""
_MOST_OF_PROSE: Final = 4
_LEAST_OF_PROSE: Final = 2
_MOST_WORDS_ALONE: Final = 20
"""Of a bullet where too few sentences have a shorter part that is faithful to them."""
_LONGEST_TITLE: Final = 80
_OWN_WORDS: Final = 2
"""Of a title found in the words of a slide under a heading, at least."""
_SUBTITLE_WORDS: Final = 12
_IDEALS_S: Final = (30.0, 60.0, 120.0)
"""Of a slide; the longer ones for texts that would make too many."""


class EmbeddedSkills:
    """Uses no network and no model."""

    name = "embedded"
    version = "2"

    def rewrite_script(self, text: str, wish: Wish) -> str:
        """Every word of the text's prose, in its order."""
        return script_of(read_markdown(text).blocks, wish.language)

    def generate_slides(self, script: str, source: str, wish: Wish) -> Slides:
        """By the headings, lists and breaks of the source; where it has none, by topics.

        Raises `InvalidAssets` if it makes more slides than a talk may have.
        """
        document = read_markdown(source)
        told = told_blocks(document, script, wish.language)
        if script.strip() and not any(each.notes for each in told):
            document = Document(title=document.title, blocks=(Block(kind="text", text=script),))
            told = told_blocks(document, script, wish.language)
        if all(each.block.kind == "break" for each in told):
            raise InvalidAssets("the text holds nothing to say or to show; write what is to be said")
        for ideal_s in _IDEALS_S:
            slides = tuple(
                map(_unmarked, SlideMaker(told, wish, ideal_s).slides(wish.title or document.title))
            )
            if len(slides) <= MOST_SLIDES:
                return Slides(title=slides[0].title, language=wish.language, slides=slides)
        text = f"the text makes {len(slides)} slides, and a talk has at most {MOST_SLIDES}"
        raise InvalidAssets(f"{text}; make two talks of it, or join sections")


@dataclass(frozen=True, kw_only=True)
class _Part:
    """Units under one title."""

    title: str
    """Empty: to be found in its words."""
    lead: str
    """The part of the script that is said before the first unit."""
    units: tuple[Unit, ...]


class SlideMaker:
    """Makes the slides of one text."""

    def __init__(self, told: Sequence[Told], wish: Wish, ideal_s: float = _IDEALS_S[0]) -> None:
        self._wish = wish
        self._ideal_s = ideal_s
        spans = [sentences(each.notes, wish.language) for each in told]
        texts = [[each.notes[start:end] for start, end in own] for each, own in zip(told, spans, strict=True)]
        every = [text for own in texts for text in own]
        self._weights = Weights(every, wish.language)
        found = iter(shifts(every, self._weights))
        self._shifts = {id(each): [next(found) for _ in own] for each, own in zip(told, texts, strict=True)}
        self._sections = sections_of(told)
        self._taken: set[str] = set()

    def slides(self, title: str) -> Iterator[Slide]:
        """The title slide, then the slides of each section."""
        first = self._sections[0]
        units = self._units(first.body)
        opening, rest = self._opening(units, at_least_one=True)
        heading = first.heading.block.text if first.heading else ""
        shown = title or heading or self._first_words(units) or first.body[0].block.text[:_LONGEST_TITLE]
        self._taken |= {shown.casefold(), heading.casefold()}
        yield self._large("title", shown, first.lead, opening, heading if title else "")
        again = heading if len(self._sections) > 1 and not first.has_parts else ""
        yield from self._content(_Part(title=again, lead="", units=rest))
        for section in self._sections[1:]:
            yield from self._section(section)

    @property
    def language(self) -> str:
        return self._wish.language

    def visuals(self, told: Told) -> list[dict[str, Picture | Code | Table | Quote]]:
        """What a block shows beside words, as fields of slides; a long table is several."""
        blocks = [part.block for part in parts_of(told) if part.block.kind in ("picture", "code", "table")]
        known = [each for each in blocks if each.kind != "picture" or asset_of(each.name, self._wish)]
        return [self._visual(block) for block in known]

    def silent_s(self, told: Told) -> float:
        """How long a block is shown over which nothing is said."""
        return _silent_s(told.block)

    def prose(self, told: Told, title: str = "") -> Slide:
        """One slide of a part of the text, with a title found in its words where none is given."""
        units = self._units([told])
        shown = title or self._title(units)
        self._taken.add(shown.casefold())
        return self._page(shown, "", units)

    def _section(self, section: Section) -> Iterator[Slide]:
        units = self._units(section.body)
        title = section.heading.block.text if section.heading else ""
        self._taken.add(title.casefold())
        if not section.heading or (units and not section.has_parts):
            yield from self._content(_Part(title=title, lead=section.lead, units=units))
            return
        opening, rest = self._opening(units, at_least_one=False)
        yield self._large("section", title, section.lead, opening)
        yield from self._content(_Part(title=title, lead="", units=rest))

    def _opening(
        self, units: tuple[Unit, ...], *, at_least_one: bool
    ) -> tuple[tuple[Unit, ...], tuple[Unit, ...]]:
        """The units that are said over large words, and the others: all of them if they are few, or one."""
        is_prose = all(unit.block.kind == "text" for unit in units)
        if is_prose and sum(unit.seconds for unit in units) <= _OPENING_S:
            return units, ()
        short = units and units[0].block.kind == "text" and units[0].seconds <= _OPENING_S
        count = 1 if at_least_one and short and not units[0].leads else 0
        return units[:count], units[count:]

    def _large(self, kind: str, title: str, lead: str, opening: Sequence[Unit], subtitle: str = "") -> Slide:
        notes = (lead + "".join(unit.notes for unit in opening)).strip()
        only = opening[0].block.text if len(opening) == 1 and opening[0].opens else ""
        if shown_length(only) <= _SUBTITLE_WORDS and not subtitle:
            subtitle = only.rstrip(".。।")
        subtitle = "" if subtitle.casefold() == title.casefold() else subtitle
        return Slide.model_validate(
            {
                "kind": kind,
                "title": title,
                "subtitle": subtitle,
                "notes": notes,
                "seconds": self._seconds(notes) or _SILENT_S,
            }
        )

    def _content(self, part: _Part) -> Iterator[Slide]:
        """One slide, or several: with numbers after the title, or with titles found in their words where they
        show something else than the first."""
        found = pages(part.units, self._seconds(part.lead), self._ideal_s)
        number = 0
        for page in found:
            is_other = _kind(page) not in ("", _kind(found[0]))
            own = self._title(page, _OWN_WORDS if part.title else 1) if is_other or not part.title else ""
            number += not own
            numbered = f"{part.title} ({number})" if number > 1 else part.title
            self._taken.add((own or part.title).casefold())
            yield self._page(own or numbered, part.lead if page is found[0] else "", page)

    def _page(self, title: str, lead: str, page: Sequence[Unit]) -> Slide:
        raw = [lead, *(unit.notes for unit in page)]
        notes = "".join(raw)
        spoken = notes.strip()
        blank = len(notes) - len(notes.lstrip())
        places = [min(place - blank, len(spoken)) for place in accumulate(map(len, raw[:-1]))]
        shown = _shown(page)
        return Slide(
            title=title,
            bullets=tuple(self._bullets(page, places, title)),
            notes=spoken,
            seconds=self._seconds(notes) or _silent_s(shown),
            **self._visual(shown),
        )

    def _visual(self, block: Block | None) -> dict[str, Picture | Code | Table | Quote]:
        if block is None:
            return {}
        if block.kind == "picture":
            return {"picture": Picture(name=asset_of(block.name, self._wish) or "", alt=block.text)}
        if block.kind == "code":
            return {"code": Code(language=block.name, text=block.text)}
        if block.kind == "table":
            return {"table": Table(header=block.header, rows=block.rows)}
        return {"quote": Quote(text=block.text, by=block.name)}

    def _bullets(self, page: Sequence[Unit], places: Sequence[int], title: str) -> list[Bullet]:
        """Of its items, or of its prose if it has none."""
        items = [(unit, place) for unit, place in zip(page, places, strict=True) if unit.is_item]
        if items:
            return [
                Bullet(
                    text=self._item(unit.block), level=1 if unit.block.level else 0, at=_start(unit, place)
                )
                for unit, place in items
            ]
        prose = [
            (unit, place)
            for unit, place in zip(page, places, strict=True)
            if unit.block.kind == "text" and not unit.leads
        ]
        seconds = sum(unit.seconds for unit in page)
        count = min(most_bullets(_kind(page)), _MOST_OF_PROSE, max(1, round(seconds / _BULLET_S)))
        found = self._told_in(prose, title)
        best = sorted(found, key=lambda each: -self._weights.of(each[0].text))[:count]
        if len(best) < min(count, _LEAST_OF_PROSE):
            told = {id(unit) for _, unit in best}
            others = [each for each in prose if id(each[0]) not in told]
            best += self._told_in(others, title, _MOST_WORDS_ALONE)[: _LEAST_OF_PROSE - len(best)]
        chosen = sorted(best, key=lambda each: each[0].at)
        return [Bullet(text=as_shown(part.text, unit.block.codes), at=part.at) for part, unit in chosen]

    def _told_in(
        self, prose: Sequence[tuple[Unit, int]], title: str, most_words: int = MOST_WORDS
    ) -> list[tuple[Fragment, Unit]]:
        return [
            (Fragment(text=part.text, at=place + part.at), unit)
            for unit, place in prose
            for part in self._telling(unit, most_words)
            if part.text.casefold() != title.casefold()
        ]

    def _item(self, block: Block) -> str:
        """As it is written; if it is long, a part of it."""
        part = fragment(" ".join(block.text.split()), self._wish.language, self._weights)
        return as_shown(part.text, block.codes) if part else block.text

    def _telling(self, unit: Unit, most_words: int = MOST_WORDS) -> list[Fragment]:
        """The part of a sentence that a slide shows, if there is one."""
        language = self._wish.language
        denied = len(negations_in(unit.notes, language))
        found = []
        for spoken in between_pauses(unit.notes):
            text = " ".join(spoken.text.split())
            part = fragment(text, language, self._weights, most_words)
            if part and len(negations_in(part.text, language)) == denied:
                at = part.at if text == spoken.text else 0
                found.append(Fragment(text=part.text, at=spoken.start + at))
        return sorted(found, key=lambda part: -self._weights.of(part.text))[:1]

    def _title(self, units: Sequence[Unit], least_words: int = 1) -> str:
        taken = frozenset(self._taken)
        return title_of(_texts(units), self._wish.language, self._weights, taken, least_words)

    def _first_words(self, units: Sequence[Unit]) -> str:
        """A part of the first sentence, which is spoken over the title slide."""
        first = _texts(units[:1])
        part = fragment(first[0], self._wish.language, self._weights) if first else None
        return as_shown(part.text) if part else self._title(units)

    def _units(self, told: Sequence[Told]) -> tuple[Unit, ...]:
        return tuple(unit for each in told for unit in self._units_of(each))

    def _units_of(self, told: Told) -> Iterator[Unit]:
        block = told.block
        if block.kind == "picture" and not asset_of(block.name, self._wish):
            block = replace(block, kind="text")
        if block.kind != "text":
            yield self._unit(block, told.notes, True, 0.0)
            return
        spans = sentences(told.notes, self._wish.language)
        for (start, end), shift in zip(spans, self._shifts_of(told, len(spans)), strict=True):
            yield self._unit(block, told.notes[start:end], start == 0, shift)

    def _shifts_of(self, told: Told, count: int) -> list[float]:
        return self._shifts.get(id(told)) or [0.0] * count

    def _unit(self, block: Block, notes: str, opens: bool, shift: float) -> Unit:
        seconds = self._seconds(notes) or _silent_s(block)
        return Unit(block=block, notes=notes, seconds=seconds, opens=opens, shift=shift)

    def _seconds(self, notes: str) -> float:
        return seconds_of(notes, self._wish.words_per_minute)


def _unmarked(slide: Slide) -> Slide:
    """Without pause marks in what it shows: people may write them anywhere in the text."""
    points = tuple(
        point.model_copy(update={"text": without_pauses(point.text) or point.text}) for point in slide.bullets
    )
    heading = {"title": without_pauses(slide.title), "subtitle": without_pauses(slide.subtitle)}
    return slide.model_copy(update={**heading, "bullets": points})


def _shown(page: Sequence[Unit]) -> Block | None:
    """What it shows beside words."""
    return next((unit.block for unit in page if unit.shows), None)


def _kind(page: Sequence[Unit]) -> str:
    shown = _shown(page)
    return shown.kind if shown else ""


def _texts(units: Sequence[Unit]) -> list[str]:
    """What is said, or else shown, in words."""
    said = [spoken.text for unit in units for spoken in between_pauses(unit.notes)]
    return said or [unit.block.text for unit in units if unit.block.kind not in ("code", "table")]


def _start(unit: Unit, place: int) -> int:
    """Where the words of a unit begin; if it has none, where it would be said."""
    notes = unit.notes
    return max(0, place + len(notes) - len(notes.lstrip())) if notes.strip() else max(0, place)


def _silent_s(block: Block | None) -> float:
    lines = (
        max(block.text.count("\n") + 1, len(block.rows)) if block and block.kind in ("code", "table") else 0
    )
    return min(_LONGEST_SILENT_S, _SILENT_S + _SILENT_LINE_S * lines)
