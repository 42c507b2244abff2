"""The pictures that a text shows, and the assets that they are."""

import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Final
from urllib.parse import unquote

from jobs.presenter.skills.wish import Wish

_ADDRESS: Final = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE | re.ASCII)


def asset_of(name: str, wish: Wish) -> str | None:
    """By the name as it is written, or without its folders; None if no such picture was given."""
    plain = unquote(name)
    names = (name, plain, plain.removeprefix("./"), PurePosixPath(plain).name)
    return next((wish.media[each] for each in names if each in wish.media), None)


def pictures_in(text: str) -> Iterator[str]:
    """The names of all pictures that a text shows and that are files, as it gives them, with folders."""
    return (unquote(name) for name in _sources_in(text) if not _ADDRESS.match(name))


def addresses_in(text: str) -> Iterator[str]:
    """Those of all pictures that a text shows from elsewhere; they are never fetched."""
    return filter(_ADDRESS.match, _sources_in(text))


def _sources_in(text: str) -> Iterator[str]:
    from markdown_it import MarkdownIt

    for block in MarkdownIt("commonmark").enable("table").parse(text):
        for token in block.children or ():
            name = str(token.attrGet("src") or "") if token.type == "image" else ""
            if name:
                yield name
