"""A deck as slides: a PDF by its pages, a PPTX as LibreOffice draws it, or else by what it says and shows."""

import logging
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from jobs.presenter.deck.reading.limits import (
    LIMITS,
    MOST_DECK_BYTES,
    MOST_READERS,
    OFFICE_S,
)
from jobs.presenter.deck.slides import MOST_BULLETS, PAGES, Bullet, Picture, Slide, Table
from shared.accepted import picture_type_of
from shared.errors import InvalidAssets, ToolFailed
from shared.logs import log
from shared.machine.office import office_path, to_pdf
from shared.machine.temporary import scratch
from shared.machine.workers import Answer, PastDeadline, WorkerCrashed, Workers

READERS: Final = Workers("jobs.presenter.deck.reading.reader", most=MOST_READERS)
LONGEST_PX: Final = 1920
"""Of a page's picture, the longer side."""
_AGAIN: Final = "export it again from its source and upload it again"
_MOST_LISTED: Final = 6
_SENTENCE_END: Final = re.compile(r"(?<=[.!?…])\s+|(?<=[。！？।؟])|\n+")

Save = Callable[[str, bytes], None]
"""Keeps a picture under the name of its asset."""


@dataclass(frozen=True, kw_only=True)
class Deck:
    """A deck that was brought."""

    title: str
    slides: tuple[Slide, ...]
    warnings: tuple[str, ...] = ()
    """What was left out, and the remedy."""


def read_deck(path: Path, name: str, save: Save) -> Deck:
    """The slides of a PDF or PPTX; their pictures go to `save`, e.g. as `assets/pages/page-001.png`.

    Raises `InvalidAssets`, naming `name`, for a deck that is broken, protected or too large.
    """
    if path.stat().st_size > MOST_DECK_BYTES:
        limit = f"more than the {MOST_DECK_BYTES >> 20} that a deck may have"
        raise InvalidAssets(f"{name}: {path.stat().st_size >> 20} MB, {limit}; make its pictures smaller")
    try:
        if name.lower().endswith(".pdf"):
            return Deck(title="", slides=tuple(_pages(path, name, save)))
        return _read_presentation(path, name, save)
    finally:
        READERS.end_idle()  # what a process used is counted when it has ended


def _pages(path: Path, name: str, save: Save) -> Iterator[Slide]:
    count = _asked(path, name, lambda answer: answer.said, pages=True)["count"]
    for number in range(count):
        said, png = _asked(path, name, _with_bytes, page=number, longest_px=LONGEST_PX)
        asset = f"{PAGES}page-{number + 1:03}.png"
        save(asset, png)
        alt = said["title"] or str(number + 1)
        yield Slide(title=said["title"], picture=Picture(name=asset, alt=alt, fills=True))


def _with_bytes(answer: Answer) -> tuple[Any, bytes]:
    data = bytearray(answer.said.get("bytes", 0))
    answer.read_into(memoryview(data))
    return answer.said, bytes(data)


def _read_presentation(path: Path, name: str, save: Save) -> Deck:
    outline, pictures = _asked(path, name, _outline, presentation=True)
    seen = [(each, blob) for each, blob in _with_pictures(outline["slides"], pictures) if not each["hidden"]]
    warnings = _hidden(outline["slides"], name)
    if not seen:
        raise InvalidAssets(f"{name}: all its slides are hidden; show those that belong to the talk")
    drawn = _drawn(path, name, [each for each, _ in seen], save)
    if drawn is None:
        slides = tuple(slide for each, blob in seen for slide in _told(each, blob, save))
        return Deck(
            title=outline["title"],
            slides=slides,
            warnings=(*warnings, *_left_out([each for each, _ in seen], name)),
        )
    return Deck(title=outline["title"], slides=tuple(drawn), warnings=tuple(warnings))


def _outline(answer: Answer) -> tuple[Any, list[bytes]]:
    blobs = []
    for size in answer.said.get("pictures", ()):
        data = bytearray(size)
        answer.read_into(memoryview(data))
        blobs.append(bytes(data))
    return answer.said, blobs


def _with_pictures(slides: Sequence[Any], pictures: Sequence[bytes]) -> Iterator[tuple[Any, bytes | None]]:
    left = iter(pictures)
    for each in slides:
        yield each, next(left) if each["picture"] else None


def _drawn(path: Path, name: str, seen: Sequence[Any], save: Save) -> list[Slide] | None:
    """As LibreOffice draws them; None where it is not installed or fails."""
    program = office_path()
    if program is None:
        return None
    with scratch() as folder:
        try:
            pdf = to_pdf(program, path, folder, timeout_s=OFFICE_S)
            slides = list(_pages(pdf, name, save))
        except (ToolFailed, InvalidAssets) as error:
            log(logging.WARNING, "deck_not_drawn", f"{name}: LibreOffice could not draw it: {error}")
            return None
    if len(slides) != len(seen):
        said = f"{name}: LibreOffice drew {len(slides)} pages of {len(seen)} slides; its drawing is not used"
        log(logging.WARNING, "deck_not_drawn", said)
        return None
    return [
        slide.model_copy(update={"title": each["title"] or slide.title, "notes": each["notes"]})
        for slide, each in zip(slides, seen, strict=True)
    ]


def _told(each: Any, blob: bytes | None, save: Save) -> list[Slide]:
    """By what it says and shows; more bullets than a slide may have go on in others."""
    points = [Bullet(text=text, level=min(1, level)) for level, text in each["paragraphs"]]
    groups = [points[at : at + 2 * MOST_BULLETS] for at in range(0, len(points), 2 * MOST_BULLETS)] or [[]]
    picture = _saved(each, blob, save) if blob else None
    only_words = not (points or picture or each["table"])
    kind = ("title" if each["number"] == 1 else "section") if only_words and each["title"] else "content"
    slides = [
        Slide(
            kind=kind,
            title=each["title"],
            subtitle=each["subtitle"],
            bullets=tuple(group),
            notes=notes,
        )
        for group, notes in zip(groups, _divided(each["notes"], len(groups)), strict=True)
    ]
    shown = {"picture": picture, "table": _table(each["table"]) if each["table"] else None}
    return [slides[0].model_copy(update=shown), *slides[1:]]


def _saved(each: Any, blob: bytes, save: Save) -> Picture:
    kind = picture_type_of(blob[:256])
    assert kind is not None, "others are left out by the reader"
    asset = f"{PAGES}page-{each['number']:03}{kind.suffix}"
    save(asset, blob)
    return Picture(name=asset, alt=each["picture"]["alt"])


def _table(rows: Sequence[Sequence[str]]) -> Table:
    header, *others = rows
    return Table(header=tuple(header), rows=tuple(map(tuple, others)))


def _divided(notes: str, count: int) -> list[str]:
    """In so many parts of about as many sentences."""
    sentences = [each.strip() for each in _SENTENCE_END.split(notes) if each.strip()]
    if count == 1:
        return [notes]
    edges = [round(len(sentences) * part / count) for part in range(count + 1)]
    return [" ".join(sentences[edges[part] : edges[part + 1]]) for part in range(count)]


def _hidden(slides: Sequence[Any], name: str) -> list[str]:
    numbers = [each["number"] for each in slides if each["hidden"]]
    return [f"{name}: hidden slides are left out: {_listed(numbers)}"] if numbers else []


def _left_out(slides: Sequence[Any], name: str) -> list[str]:
    """One sentence for each kind of thing, with its slides."""
    kinds = dict.fromkeys(kind for each in slides for kind in each["left_out"])
    return [
        f"{name}: {kind} are left out, on slide {_listed(numbers)}; install LibreOffice to have slides "
        "drawn as they were designed, or export the deck as PDF"
        for kind in kinds
        for numbers in [[each["number"] for each in slides if kind in each["left_out"]]]
    ]


def _listed(numbers: Sequence[int]) -> str:
    shown = ", ".join(map(str, numbers[:_MOST_LISTED]))
    more = len(numbers) - _MOST_LISTED
    return f"{shown} and {more} more" if more > 0 else shown


def _asked(path: Path, name: str, read: Callable[[Answer], Any], **options: object) -> Any:
    """What a reader answers; raises `InvalidAssets` if the deck is to blame."""

    def heard(answer: Answer) -> Any:
        return (
            InvalidAssets(f"{name}: {answer.said['problem']}") if "problem" in answer.said else read(answer)
        )

    try:
        found = READERS.ask({"path": str(path.absolute()), **options}, heard)
    except PastDeadline as error:
        what = f"page {int(str(options['page'])) + 1}" if "page" in options else "it"
        most = f"{what} takes more than the {LIMITS.cpu_s} s that reading may take"
        raise InvalidAssets(f"{name}: {most}; make it simpler and upload it again") from error
    except WorkerCrashed as error:
        raise InvalidAssets(f"{name}: is damaged, its reader crashed ({error}); {_AGAIN}") from error
    if isinstance(found, InvalidAssets):
        raise found
    return found
