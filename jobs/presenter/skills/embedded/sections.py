"""A text as sections with headings, each block with its part of the script."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from jobs.presenter.skills.embedded.blocks import Block, Document
from jobs.presenter.skills.embedded.sentences import sentences
from jobs.presenter.skills.embedded.speech import said
from jobs.presenter.skills.places import cut_script

_MOST_ROWS: Final = 8
"""Of a table on one slide."""


@dataclass(frozen=True, kw_only=True)
class Told:
    """A block and its part of the script."""

    block: Block
    notes: str


@dataclass(frozen=True, kw_only=True)
class Section:
    """A heading with what follows it, up to the next heading or break."""

    heading: Told | None
    body: tuple[Told, ...]
    has_parts: bool
    """Whether the next heading is of a lower rank."""

    @property
    def lead(self) -> str:
        """What is said of the heading."""
        return self.heading.notes if self.heading else ""


def told_blocks(document: Document, script: str, language: str) -> list[Told]:
    """The blocks with the script divided among them; white space goes with the words before it."""
    parts = [said(block, language) for block in document.blocks]
    spoken = [number for number, part in enumerate(parts) if part]
    if not spoken:
        return [Told(block=block, notes="") for block in document.blocks]
    starts = [start for start, _ in sentences(script, language)]
    spans = cut_script(script, [parts[number] for number in spoken], starts)
    notes = dict(zip(spoken, (script[start:end] for start, end in spans), strict=True))
    return [Told(block=block, notes=notes.get(number, "")) for number, block in enumerate(document.blocks)]


def sections_of(told: Sequence[Told]) -> list[Section]:
    """In order; the first has no heading where the text starts without one."""
    found: list[tuple[Told | None, list[Told]]] = [(None, [])]
    for each in told:
        if each.block.kind in ("heading", "break"):
            found.append((each if each.block.kind == "heading" else None, []))
        else:
            found[-1][1].extend(parts_of(each))
    kept = [(heading, body) for heading, body in found if heading or body]
    return [
        Section(heading=heading, body=tuple(body), has_parts=_is_above(heading, kept[number + 1 :]))
        for number, (heading, body) in enumerate(kept)
    ]


def _is_above(heading: Told | None, others: Sequence[tuple[Told | None, list[Told]]]) -> bool:
    following = next((other for other, _ in others if other), None)
    return bool(heading and following and following.block.level > heading.block.level)


def parts_of(told: Told) -> Iterator[Told]:
    """A long table as several, as even as can be, of which the first is told."""
    rows = told.block.rows
    count = -(-len(rows) // _MOST_ROWS)
    if count < 2:
        yield told
        return
    size = -(-len(rows) // count)
    for number in range(count):
        part = rows[number * size : (number + 1) * size]
        yield Told(block=replace(told.block, rows=part), notes=told.notes if number == 0 else "")
