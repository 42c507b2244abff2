"""Titles: above what a slide shows, or as the large words of a slide of their own."""

from typing import Final

from jobs.presenter.deck.slides import Slide
from jobs.presenter.drawing.blocks.setting import Made, Setting, Side
from jobs.presenter.drawing.canvas import Box
from jobs.presenter.drawing.letters import Block, Copy, Pen, in_box
from jobs.presenter.drawing.marks import Area, Mark

_SPACING: Final = 1.12
_WIDE: Final = (70, 62, 56, 50, 44)
_TALL: Final = (84, 76, 68, 60, 52, 46)
_SMALL: Final = (40, 36, 30, 26, 22, 18, 14)
"""Only for titles that are much too long."""
_LARGE: Final = {"title": (128, 116, 104, 92, 80, 72, 64, 56), "section": (104, 92, 80, 72, 64, 56)}
_SUBTITLE: Final = (46, 42, 38, 34, 30, 26, 22, 18, 14)


def heading(setting: Setting, title: str, box: Box) -> Made:
    """A title at the top of a box."""
    if not title:
        return Made(marks=(), height=0)
    style = setting.theme.heading
    inner = setting.after(box, setting.px(34)) if style == "bar" else box
    top = inner.top + (setting.px(34) if style in ("rule", "tag") else 0)
    inner = inner._replace(top=top)
    block = _fitted_title(setting, title, inner)
    marks: list[Mark] = [*_ornament(setting, box, inner, block)]
    marks += setting.words(block, inner, setting.ground.title)
    height = inner.top - box.top + block.height + (setting.px(18) if style == "line" else 0)
    return Made(marks=marks, height=height, size_px=block.size_px)


def _fitted_title(setting: Setting, title: str, box: Box) -> Block:
    sizes = setting.sizes(*(_WIDE if setting.canvas.is_wide else _TALL))
    copy = Copy(title, _title_pen(setting, title))
    lines = 2 if setting.canvas.is_wide else 3
    block = in_box(copy, box.width, box.height, sizes, spacing=_SPACING, lines=lines)
    return block or smallest(copy, box, setting.sizes(*_SMALL), _SPACING)


def _title_pen(setting: Setting, *texts: str) -> Pen:
    fonts = setting.theme.fonts
    return setting.pen(fonts.title, *texts, capitals=fonts.title_capitals)


def smallest(copy: Copy, box: Box, sizes: tuple[int, ...], spacing: float) -> Block:
    """At the first of these sizes that fits, or else at the last."""
    block = in_box(copy, box.width, box.height, sizes, spacing=spacing)
    last = block or copy.block(sizes[-1], box.width, spacing, most_cost=1.0)
    return last or Block(pen=copy.pen, size_px=sizes[-1], lines=(copy.text,), pitch=sizes[-1] * spacing)


def _ornament(setting: Setting, box: Box, inner: Box, block: Block) -> list[Mark]:
    style, accent = setting.theme.heading, setting.ground.accent
    if style in ("rule", "tag"):
        wide, high = setting.px(84), setting.px(7 if style == "rule" else 16)
        left = setting.start(box, wide)
        return [Area(box=Box(left, box.top, left + wide, box.top + high), colour=accent)]
    if style == "bar":
        wide = setting.px(9)
        left = setting.start(box, wide)
        ends = inner.top + 0.12 * block.pitch, inner.top + block.height - 0.12 * block.pitch
        return [Area(box=Box(left, ends[0], left + wide, ends[1]), colour=accent, radius=wide / 2)]
    top = inner.top + block.height + setting.px(12)
    return [Area(box=Box(box.left, top, box.right, top + setting.px(3)), colour=setting.theme.line)]


def large_words(setting: Setting, slide: Slide, box: Box) -> list[Mark]:
    """The title and what is below it, alone on a slide."""
    centred = setting.theme.placed == "centred"
    width = box.width * (0.9 if setting.canvas.is_wide else 1.0)
    title = Copy(slide.title or slide.subtitle, _title_pen(setting, slide.title, slide.subtitle))
    room = Box(0, 0, width, box.height * 0.62)
    sizes = setting.sizes(*_LARGE[slide.kind])
    block = in_box(
        title, width, room.height, sizes, spacing=_SPACING, lines=3 if setting.canvas.is_wide else 5
    )
    block = block or smallest(title, room, setting.sizes(*_SMALL), _SPACING)
    below = _subtitle(setting, slide, Box(0, 0, width, box.height * 0.25))
    rule, gap = setting.px(8), setting.px(36)
    height = block.height + gap + rule + (gap + below.height if below else 0)
    top = box.top + (box.height - height) * {"low": 0.72, "middle": 0.5, "centred": 0.5}[setting.theme.placed]
    side: Side = "middle" if centred else "start"
    marks: list[Mark] = [*setting.words(block, box._replace(top=top), setting.ground.title, side)]
    top += block.height + gap
    wide = setting.px(120)
    left = (box.left + box.right - wide) / 2 if centred else setting.start(box, wide)
    marks.append(Area(box=Box(left, top, left + wide, top + rule), colour=setting.ground.accent))
    if below:
        marks += setting.words(below, box._replace(top=top + rule + gap), setting.ground.words, side)
    return marks


def _subtitle(setting: Setting, slide: Slide, room: Box) -> Block | None:
    if not (slide.title and slide.subtitle):
        return None
    copy = Copy(slide.subtitle, setting.pen(setting.theme.fonts.body, slide.subtitle))
    return smallest(copy, room, setting.sizes(*_SUBTITLE), 1.3)
