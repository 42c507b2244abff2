"""The slides as they are drawn."""

from typing import Any

import pytest

from jobs.presenter.deck.slides import SLIDES_NAME, Slide, Slides
from jobs.presenter.film.drawn import deck_of
from jobs.presenter.talk import read_talk
from shared.records.creation import Creation
from tests.support.talks import ID, new_talk


@pytest.mark.parametrize(
    ("language", "options", "is_left"),
    [("en", {}, False), ("ar", {}, True), ("he", {"avatar_place": "bottom-right"}, False)],
)
def test_the_presenter_stands_where_lines_end_unless_a_place_is_given(
    language: str, options: dict[str, Any], is_left: bool
) -> None:
    creation = Creation(new_talk(**options), ID)
    slides = Slides(language=language, slides=(Slide(title="Rivers"),))
    creation.write(SLIDES_NAME, slides.model_dump_json().encode())
    stand = deck_of(creation, read_talk(creation, {})).stand
    assert stand
    assert (stand.x < 160) is is_left
