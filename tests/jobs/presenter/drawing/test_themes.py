"""Every theme's words are easy to read, wherever they are."""

import numpy as np
import pytest

from jobs.presenter.deck.slides import Slide
from jobs.presenter.drawing.canvas import Canvas
from jobs.presenter.drawing.colours import code_lines
from jobs.presenter.drawing.layout import lay_out
from jobs.presenter.drawing.marks import Words
from jobs.presenter.drawing.paint import ground_image
from jobs.presenter.drawing.themes import DEFAULT_THEME, Theme, theme_named, theme_names
from shared.errors import UnknownName
from shared.video.lettering.contrast import READABLE, contrast_on, contrast_ratio
from tests.jobs.presenter.drawing.talks import CODE, TALK, TALL, WIDE

THEMES = [theme_named(name) for name in theme_names()]
LONG = Slide(
    kind="title", title="A title of many words that is as wide and as high as it gets", subtitle="Ada"
)
EVERYWHERE = [LONG, LONG.model_copy(update={"kind": "section"}), *TALK[:-1]]


@pytest.mark.parametrize("theme", THEMES, ids=theme_names())
@pytest.mark.parametrize("canvas", [WIDE, TALL], ids=["wide", "tall"])
def test_words_stand_out_from_the_ground_where_they_are(theme: Theme, canvas: Canvas) -> None:
    weak = {}
    for slide in EVERYWHERE:
        sheet = lay_out(slide, canvas, theme, number=1, count=2)
        ground = np.asarray(ground_image(theme.ground(sheet.kind), canvas.width, canvas.height, False))
        on_panel = bool(slide.code or slide.table)
        for mark in (*sheet.marks, *(mark for step in sheet.steps for mark in step)):
            if isinstance(mark, Words):
                top, left = int(mark.baseline - mark.size_px), max(0, int(mark.x))
                behind = ground[top : int(mark.baseline) + 4, left : left + 300]
                ratio = contrast_on(mark.colour, behind)
                if on_panel:
                    ratio = min(ratio, contrast_ratio(mark.colour, theme.panel))
                if ratio < READABLE:
                    weak[mark.text] = round(ratio, 2)
    assert weak == {}


@pytest.mark.parametrize("theme", THEMES, ids=theme_names())
def test_all_colours_of_code_are_legible_on_its_panel(theme: Theme) -> None:
    source = CODE + '"text" + r"\\d" * 3.5e2 if not None else lambda: @x  # done\nclass A(B): ...\n'
    options = {"style": theme.code_style, "plain": theme.content.words, "ground": theme.panel}
    lines = code_lines(source, "python", **options)
    colours = {colour for line in lines for _, colour in line}
    assert len(colours) > 3
    assert min(contrast_ratio(colour, theme.panel) for colour in colours) >= READABLE


def test_the_themes_differ_in_letters_marks_and_headings() -> None:
    assert len(THEMES) >= 4
    assert DEFAULT_THEME in theme_names()
    looks = {(theme.fonts.title.family, theme.marker, theme.heading) for theme in THEMES}
    assert len(looks) == len(THEMES)


def test_an_unknown_theme_is_refused_with_those_there_are() -> None:
    with pytest.raises(UnknownName, match=r"paper"):
        theme_named("papyrus")
