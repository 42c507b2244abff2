"""Slides as services write them, in several shapes, as `Slides` of a script.

The words of the script decide: every slide gets the part of it that is about what the slide says.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import Any, Final

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, ValidationError, field_validator

from jobs.presenter.deck.slides import MOST_BULLETS, MOST_SLIDES, Bullet, Slide, Slides
from jobs.presenter.skills.embedded.blocks import Block, read_markdown
from jobs.presenter.skills.embedded.provider import SlideMaker
from jobs.presenter.skills.embedded.sections import Told, told_blocks
from jobs.presenter.skills.embedded.sentences import sentences
from jobs.presenter.skills.places import cut_script, words_of_script
from jobs.presenter.skills.wish import Wish
from shared.validation import problems_of

_LISTS: Final = ("slides", "segments", "sections", "pages")
_LIKE: Final = 0.5
"""The share of a bullet's words that the sentence has which it stands for."""


class _Given(BaseModel):
    """A slide as a service writes it."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    title: str = Field("", max_length=300, validation_alias=AliasChoices("title", "heading", "name"))
    bullets: tuple[str, ...] = Field((), validation_alias=AliasChoices("bullets", "points", "items"))
    notes: str = Field("", validation_alias=AliasChoices("notes", "text", "script", "narration", "content"))

    @field_validator("title", "notes", mode="before")
    @classmethod
    def _no_text(cls, value: Any) -> Any:
        return "" if value is None else value

    @field_validator("bullets", mode="before")
    @classmethod
    def _as_texts(cls, value: Any) -> Any:
        """Lines of a text, or texts in objects, are as good."""
        lines = value.splitlines() if isinstance(value, str) else value or ()
        if not isinstance(lines, list | tuple):
            raise ValueError("must be a list of texts")
        texts = [line.get("text", "") if isinstance(line, dict) else line for line in lines]
        return [
            re.sub(r"^\s*[-*•]\s+", "", text).strip() if isinstance(text, str) else text for text in texts
        ]

    @property
    def words(self) -> str:
        """What it is about."""
        return self.notes or " ".join([self.title, *self.bullets])


def slides_of(result: Any, script: str, source: str, wish: Wish) -> Slides:
    """Slides whose notes are the script; raises `ValueError` that says what is wrong with the result.

    Of more than five bullets on a slide the first five are shown. Pictures, tables and code are the source's.
    """
    given = [each for each in _read(_list_in(result)) if each.words.strip()]
    if not 1 <= len(given) <= MOST_SLIDES:
        raise ValueError(f"{len(given)} slides where 1 to {MOST_SLIDES} were due")
    starts = [start for start, _ in sentences(script, wish.language)]
    spans = cut_script(script, [each.words for each in given], starts)
    told = [_told(script[start:end]) for start, end in spans]
    maker = SlideMaker(told, wish)
    slides = [_slide(maker, each, part) for each, part in zip(given, told, strict=True)]
    first = slides[0]
    if not first.bullets and first.title:
        slides[0] = first.model_copy(update={"kind": "title"})
    whole = _with_visuals(
        slides, [end for _, end in spans], maker, told_blocks(read_markdown(source), script, wish.language)
    )
    if len(whole) > MOST_SLIDES:
        raise ValueError(f"{len(whole)} slides where 1 to {MOST_SLIDES} were due")
    return Slides(title=wish.title or first.title, language=wish.language, slides=tuple(whole))


def _list_in(result: Any) -> list[Any]:
    if isinstance(result, dict):
        result = next((result[name] for name in _LISTS if name in result), None)
    if not isinstance(result, list):
        raise ValueError(f"no list of slides, and no object with one under {', '.join(_LISTS)}")
    return result


def _read(entries: Sequence[Any]) -> Iterator[_Given]:
    for number, entry in enumerate(entries, 1):
        try:
            yield _Given.model_validate({"notes": entry} if isinstance(entry, str) else entry)
        except ValidationError as error:
            raise ValueError(f"slide {number}: {problems_of(error)}") from error


def _told(notes: str) -> Told:
    return Told(block=Block(kind="text", text=notes), notes=notes)


def _slide(maker: SlideMaker, given: _Given, told: Told) -> Slide:
    """With bullets found in the words where the service gave neither bullets nor a title."""
    slide = maker.prose(told, " ".join(given.title.split()))
    if not given.bullets and not given.title:
        return slide
    texts = [text for text in given.bullets if text][:MOST_BULLETS]
    return slide.model_copy(update={"bullets": tuple(bullets_in(texts, slide.notes, maker.language))})


def bullets_in(texts: Sequence[str], notes: str, language: str) -> Iterator[Bullet]:
    """Bullets at the sentences that they stand for, in order; those without one are seen from the start."""
    spans = sentences(notes, language)
    said = [{word.text for word in words_of_script(notes[start:end])} for start, end in spans]
    first = 0
    for text in texts:
        words = {word.text for word in words_of_script(text)}
        shares = [len(words & said[number]) / (len(words) or 1) for number in range(first, len(spans))]
        best = max(range(len(shares)), key=shares.__getitem__, default=0)
        if shares and shares[best] >= _LIKE:
            first += best
            yield Bullet(text=text, at=spans[first][0])
        else:
            yield Bullet(text=text)


def _with_visuals(
    slides: Sequence[Slide], ends: Sequence[int], maker: SlideMaker, told: Sequence[Told]
) -> list[Slide]:
    """Each picture, table and block of code of the source on the slide in whose words it stands, or after."""
    places = accumulate(len(each.notes) for each in told)
    more: dict[int, list[Slide]] = {}
    found = [*slides]
    for each, place in zip(told, places, strict=True):
        for shown in maker.visuals(each):
            number = min(bisect_right(ends, max(0, place - 1)), len(slides) - 1)
            if _is_free(found[number]):
                found[number] = found[number].model_copy(update=shown)
            else:
                more.setdefault(number, []).append(
                    Slide(title=found[number].title, seconds=maker.silent_s(each), **shown)
                )
    return [slide for number, first in enumerate(found) for slide in (first, *more.get(number, ()))]


def _is_free(slide: Slide) -> bool:
    nothing = not any((slide.picture, slide.code, slide.table, slide.quote))
    return slide.kind == "content" and nothing
