"""The keys of slides' pictures."""

import hashlib
from collections.abc import Mapping
from typing import Final

from jobs.presenter.deck.slides import Slide
from jobs.presenter.drawing.canvas import Canvas
from jobs.presenter.drawing.themes import Theme
from shared.records.creation import canonical_json

DRAWING_VERSION: Final = 2
"""Raise it when the same slide is drawn otherwise."""


def state_key(
    slide: Slide,
    canvas: Canvas,
    theme: Theme,
    *,
    shown: int,
    number: int,
    count: int,
    media: Mapping[str, str],
) -> str:
    """A hash of everything that the picture shows; `media` has the hashes of assets by name."""
    seen = slide.model_dump(mode="json", exclude={"notes", "seconds"})
    seen["bullets"] = [{**each, "at": each["at"] is not None} for each in seen["bullets"]]
    picture = slide.picture and media[slide.picture.name]
    canvas_data = [canvas.width, canvas.height, canvas.keep_free, canvas.language]
    canvas_data += [canvas.floor] if canvas.floor else []
    whole = [DRAWING_VERSION, seen, canvas_data, theme.model_dump(mode="json"), shown, number, count, picture]
    return hashlib.sha256(canonical_json(whole)).hexdigest()[:32]
