"""`assets/slides.json`: the slides of a talk, with the words that are spoken over each."""

from typing import Annotated, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from shared.errors import InvalidAssets, ObjectNotFound
from shared.records.creation import Creation

SLIDES_NAME: Final = "assets/slides.json"
SCRIPT_NAME: Final = "assets/script.txt"
"""All notes in order, with pause marks."""
MEDIA: Final = "assets/media/"
"""The folder of the pictures that slides show."""
PAGES: Final = "assets/pages/"
"""The folder of the pictures of a deck that people bring."""
MOST_SLIDES: Final = 400
MOST_BULLETS: Final = 5


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Bullet(_Record):
    """A point of a slide."""

    text: str = Field(min_length=1)
    level: Literal[0, 1] = 0
    at: int | None = Field(None, ge=0)
    """The place in the notes where it begins to be spoken, and appears; None: it is always seen."""


class Picture(_Record):
    """A picture on a slide."""

    name: str
    """Its asset, e.g. `assets/media/map.png`."""
    alt: str = ""
    fills: bool = False
    """It is the whole slide, as a page of a PDF is; nothing else is drawn."""


class Code(_Record):
    """A block of source code."""

    language: str = ""
    """As a Markdown fence names it, e.g. `python`."""
    text: str


class Table(_Record):
    """A table; every row has as many cells as the header."""

    header: tuple[str, ...] = Field(min_length=1)
    rows: tuple[tuple[str, ...], ...] = ()

    @model_validator(mode="after")
    def _is_square(self) -> Self:
        for number, row in enumerate(self.rows, 1):
            if len(row) != len(self.header):
                raise ValueError(f"row {number} has {len(row)} cells and the header {len(self.header)}")
        return self


class Quote(_Record):
    """Somebody's words."""

    text: str = Field(min_length=1)
    by: str = ""


class Slide(_Record):
    """One slide: a title, up to five bullets, and at most one thing beside or below them."""

    kind: Literal["title", "section", "content"] = "content"
    """`title` opens the talk, `section` one of its parts; both show only large words."""
    title: str = ""
    subtitle: str = ""
    bullets: Annotated[tuple[Bullet, ...], Field(max_length=2 * MOST_BULLETS)] = ()
    picture: Picture | None = None
    code: Code | None = None
    table: Table | None = None
    quote: Quote | None = None
    notes: str = ""
    """What is spoken, with pause marks (`jobs/presenter/deck/notes.py`); empty: it is shown in silence."""
    seconds: float = Field(0.0, ge=0)
    """How long it is shown, as planned; the spoken words decide."""

    @model_validator(mode="after")
    def _shows_one_thing(self) -> Self:
        shown = [name for name in ("picture", "code", "table", "quote") if getattr(self, name) is not None]
        if len(shown) > 1:
            raise ValueError(
                f"a slide shows one of {', '.join(shown)}; put the others on slides of their own"
            )
        return self

    @property
    def states(self) -> int:
        """How many different pictures it has: one more for every bullet that appears later than the slide."""
        return 1 + sum(bullet.at is not None for bullet in self.bullets)


class Slides(_Record):
    """The slides of a talk."""

    version: Literal[1] = 1
    title: str = ""
    language: str = "und"
    """BCP 47, of the notes."""
    slides: Annotated[tuple[Slide, ...], Field(min_length=1, max_length=MOST_SLIDES)]


def read_slides(creation: Creation) -> Slides:
    """The slides; raises `InvalidAssets` if the stage that makes them has not run."""
    try:
        return Slides.model_validate_json(creation.read(SLIDES_NAME)[0])
    except ObjectNotFound as error:
        raise InvalidAssets(f"{SLIDES_NAME}: missing; run draft again") from error
