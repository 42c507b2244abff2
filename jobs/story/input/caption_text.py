"""Reads a caption's file."""

from typing import Final

from shared.errors import InvalidAssets
from shared.text.clusters import visible
from shared.text.markup import Marked, without_markup
from shared.text.plain_text import decoded

_LONGEST: Final = 5000


def caption_text(data: bytes, name: str) -> str:
    """A caption's text, stripped; empty if all of it is invisible.

    Raises `InvalidAssets` naming the object and the remedy.
    """
    text = decoded(data, name).strip()
    if len(text) > _LONGEST:
        raise InvalidAssets(f"{name}: {len(text)} characters; split it into captions of at most {_LONGEST}")
    return text if visible(text).strip() else ""


def as_shown(text: str, markup: str) -> Marked:
    """The text as written, or with Markdown applied if `markup` is `markdown`."""
    if markup != "markdown":
        return Marked(text=text, places=tuple(range(len(text))))
    marked = without_markup(text)
    return marked if visible(marked.text).strip() else Marked(text="", places=())
