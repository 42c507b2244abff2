"""Places what a slide shows: the title above, then bullets, and beside or below them the one other thing."""

from dataclasses import dataclass, replace
from typing import Final

from jobs.presenter.deck.slides import Bullet, Slide
from jobs.presenter.drawing.blocks.bullets import bullets
from jobs.presenter.drawing.blocks.code import code, lines_fit
from jobs.presenter.drawing.blocks.headings import heading, large_words
from jobs.presenter.drawing.blocks.quotes import quote
from jobs.presenter.drawing.blocks.setting import Made, Setting
from jobs.presenter.drawing.blocks.tables import table
from jobs.presenter.drawing.canvas import Box, Canvas, beside, is_mirrored
from jobs.presenter.drawing.marks import Area, Mark, Photo, Sheet, Words, moved
from jobs.presenter.drawing.themes import Theme

_GUTTER: Final = 40
_BELOW_TITLE: Final = 52
_FOOTER: Final = 30
"""The height of the line at the bottom, with the page's number."""
_ABOVE_FOOTER: Final = 26
_NUMBER: Final = 26
_NARROW: Final = 1500
"""Below this width bullets get half of it, even beside a picture."""
_LOWERED: Final = 0.3
"""In parts of the room below it, how far something alone on a tall slide is moved down."""


@dataclass(frozen=True, kw_only=True)
class Places:
    """The boxes of a slide."""

    heading: Box
    body: Box
    """Below the title."""
    main: Box
    """Of the bullets."""
    aside: Box
    """Of the other thing."""


def setting_of(slide: Slide, canvas: Canvas, theme: Theme) -> Setting:
    return Setting(
        canvas=canvas, theme=theme, ground=theme.ground(kind_of(slide)), mirrored=is_mirrored(canvas)
    )


def kind_of(slide: Slide) -> str:
    """How it is drawn: slides for large words that hold more than these are drawn as the others."""
    has_more = bool(slide.bullets or thing_of(slide))
    return "content" if has_more or not (slide.title or slide.subtitle) else slide.kind


def thing_of(slide: Slide) -> object | None:
    """The one thing that it shows beside bullets."""
    return slide.picture or slide.code or slide.table or slide.quote


def heading_height(slide: Slide, setting: Setting) -> float:
    return heading(setting, slide.title, heading_box(setting)).height


def places(slide: Slide, setting: Setting, title_height: float) -> Places:
    """The boxes of a slide whose title has this height."""
    canvas, px = setting.canvas, setting.px
    safe = canvas.safe
    title = heading_box(setting)
    below = title.top + title_height + px(_BELOW_TITLE) if title_height else safe.top
    body = canvas.free(safe._replace(top=below, bottom=safe.bottom - px(_FOOTER + _ABOVE_FOOTER)))
    main, aside = body, body
    if slide.bullets and thing_of(slide):
        main, aside = _halves(slide, setting, body)
    return Places(heading=title, body=body, main=main, aside=aside)


def heading_box(setting: Setting) -> Box:
    """Where titles are, as high as the highest."""
    safe = setting.canvas.safe
    most = setting.px(210 if setting.canvas.is_wide else 330)
    strip = setting.canvas.free(safe._replace(bottom=safe.top + most))
    return strip._replace(top=safe.top) if strip.top < safe.top + most / 2 else strip


def _halves(slide: Slide, setting: Setting, body: Box) -> tuple[Box, Box]:
    if setting.canvas.is_wide and body.width > 1.1 * body.height:
        first = 6 if slide.quote or body.width < setting.px(_NARROW) else 5
        main, aside = beside(body, first, setting.px(_GUTTER), mirrored=setting.mirrored)
        if not slide.code or lines_fit(setting, slide.code, aside):
            return main, aside
    share = min(0.55, 0.16 + 0.1 * len(slide.bullets))
    edge = body.top + body.height * share
    return body._replace(bottom=edge), body._replace(top=edge + setting.px(_GUTTER))


def beneath(where: Places, setting: Setting, height: float) -> Box:
    """Where the other thing is, once it is known how high the bullets are."""
    if where.aside.top <= where.main.top:
        return where.aside
    return where.aside._replace(top=where.main.top + height + 1.5 * setting.px(_GUTTER))


def lay_out(slide: Slide, canvas: Canvas, theme: Theme, *, number: int, count: int) -> Sheet:
    """The slide, placed."""
    setting = setting_of(slide, canvas, theme)
    kind = kind_of(slide)
    sheet = _Sheet(setting, kind)
    if slide.picture and slide.picture.fills:
        sheet.marks.append(photo_of(setting, slide, canvas.free(canvas.clear)))
    elif kind != "content":
        sheet.marks += large_words(setting, slide, canvas.free(canvas.safe))
    else:
        _content(sheet, slide)
        sheet.marks += _footer(setting, number, count)
    return sheet.done(slide)


class _Sheet:
    """A slide in the making."""

    def __init__(self, setting: Setting, kind: str) -> None:
        self.setting = setting
        self.kind = kind
        self.marks: list[Mark] = []
        self.points: tuple[tuple[Mark, ...], ...] = ()
        self.fits = True

    def done(self, slide: Slide) -> Sheet:
        late = _late(slide.bullets)
        seen = [marks for marks, later in zip(self.points, late, strict=False) if not later]
        steps = [marks for marks, later in zip(self.points, late, strict=False) if later]
        steps += [()] * (slide.states - 1 - len(steps))
        return Sheet(
            kind=self.kind,
            mirrored=self.setting.mirrored,
            marks=(*self.marks, *(mark for marks in seen for mark in marks)),
            steps=tuple(steps),
            fits=self.fits,
        )


def _late(points: tuple[Bullet, ...]) -> list[bool]:
    return [point.at is not None for point in points]


def _content(sheet: _Sheet, slide: Slide) -> None:
    setting = sheet.setting
    title = heading(setting, slide.title, heading_box(setting))
    where = places(slide, setting, title.height)
    sheet.marks += title.marks
    aside = where.aside
    if slide.bullets:
        listing = bullets(setting, slide.bullets, where.main)
        sheet.points, sheet.fits = listing.marks, listing.fits
        aside = beneath(where, setting, listing.height)
    if slide.picture:
        sheet.marks.append(photo_of(setting, slide, aside, setting.px(setting.theme.corner)))
        return
    made = set_thing(setting, slide, aside)
    if made:
        sheet.marks += made.marks
        sheet.fits &= made.fits


def set_thing(setting: Setting, slide: Slide, box: Box) -> Made | None:
    """What is neither bullets nor a picture."""
    if slide.quote:
        return quote(setting, slide.quote, box, alone=not slide.bullets)
    if not (slide.code or slide.table):
        return None
    made = code(setting, slide.code, box) if slide.code else _table(setting, slide, box)
    if slide.bullets or not setting.canvas.is_tall:
        return made
    down = _LOWERED * max(0.0, box.height - made.height)
    return replace(made, marks=[moved(mark, down) for mark in made.marks])


def _table(setting: Setting, slide: Slide, box: Box) -> Made:
    assert slide.table is not None
    return table(setting, slide.table, box)


def photo_of(setting: Setting, slide: Slide, box: Box, radius: float = 0) -> Photo:
    """The picture of a slide that has one."""
    assert slide.picture is not None
    return Photo(
        name=slide.picture.name,
        box=box,
        radius=radius,
        alt=slide.picture.alt,
        whole=slide.picture.fills,
        mirrored=setting.mirrored,
        at_start=not slide.picture.fills and bool(slide.bullets or setting.canvas.is_wide),
    )


def _footer(setting: Setting, number: int, count: int) -> list[Mark]:
    """How far the talk is: a line and the page's number."""
    safe = setting.canvas.safe
    row = setting.canvas.free(safe._replace(top=safe.bottom - setting.px(_FOOTER)))
    text = str(number)
    pen = setting.pen(setting.theme.fonts.strong, text)
    (size,) = setting.sizes(_NUMBER)
    width = pen.width(text, size)
    x = row.left if setting.mirrored else row.right - width
    middle = (row.top + row.bottom) / 2
    line = row._replace(top=middle - setting.px(1.5), bottom=middle + setting.px(1.5))
    gap = max(setting.px(56), width + setting.px(20))
    line = line._replace(left=row.left + gap) if setting.mirrored else line._replace(right=row.right - gap)
    done = line.width * number / max(1, count)
    part = (
        line._replace(left=line.right - done) if setting.mirrored else line._replace(right=line.left + done)
    )
    return [
        Area(box=line, colour=setting.theme.line),
        Area(box=part, colour=setting.ground.accent),
        Words(
            text=text,
            pen=pen,
            x=x,
            baseline=middle + 0.35 * size,
            size_px=size,
            colour=setting.ground.quiet,
        ),
    ]
