"""Somebody's words, large, with a mark before them and the name below."""

from typing import Final

from jobs.presenter.deck.slides import Quote
from jobs.presenter.drawing.blocks.headings import smallest
from jobs.presenter.drawing.blocks.setting import Made, Setting
from jobs.presenter.drawing.canvas import Box
from jobs.presenter.drawing.letters import Block, Copy, in_box
from jobs.presenter.drawing.marks import Area, Mark

_SPACING: Final = 1.26
_SIZES: Final = (84, 76, 68, 60, 54, 48, 42, 36)
_SMALL: Final = (32, 28, 24, 20, 16, 12, 9)
_NAME: Final = 38


def quote(setting: Setting, said: Quote, box: Box) -> Made:
    """A quote in the middle of a box."""
    inner = setting.after(box, setting.px(52))
    name = _name(setting, said, inner)
    room = inner._replace(bottom=inner.bottom - (name.height + setting.px(30) if name else 0))
    copy = Copy(said.text, setting.pen(setting.theme.fonts.title, said.text))
    block = in_box(copy, room.width, room.height, setting.sizes(*_SIZES), spacing=_SPACING)
    fits = block is not None
    block = block or smallest(copy, room, setting.sizes(*_SMALL), _SPACING)
    height = block.height + (setting.px(30) + name.height if name else 0)
    top = box.top + max(0.0, (box.height - height) * 0.42)
    marks: list[Mark] = [_bar(setting, box, top, height)]
    marks += setting.words(block, inner._replace(top=top), setting.ground.title)
    if name:
        below = inner._replace(top=top + block.height + setting.px(30))
        marks += setting.words(name, below, setting.ground.quiet)
    return Made(marks=marks, height=height, size_px=block.size_px, fits=fits)


def _name(setting: Setting, said: Quote, box: Box) -> Block | None:
    if not said.by:
        return None
    copy = Copy(f"— {said.by}", setting.pen(setting.theme.fonts.body, said.by, "—"))
    return smallest(
        copy, Box(0, 0, box.width, setting.px(100)), setting.sizes(_NAME, 34, 30, 26, 22, 18), 1.3
    )


def _bar(setting: Setting, box: Box, top: float, height: float) -> Area:
    wide = setting.px(10)
    left = setting.start(box, wide)
    return Area(box=Box(left, top, left + wide, top + height), colour=setting.ground.accent)
