"""Where the presenter stands in the frame, and what slides keep free for that."""

from dataclasses import dataclass
from typing import Final

from jobs.presenter.talk import Place

_CORNER: Final = 0.24
"""The presenter's diameter in a corner, in parts of the frame's shorter side."""
_BESIDE: Final = 0.36
_MOST_BESIDE: Final = 0.46
"""Of the frame's longer side, margins included: slides need the rest."""
_MARGIN: Final = 0.045
"""Between the presenter and the frame's edges, and around it, in parts of the shorter side."""


@dataclass(frozen=True, kw_only=True)
class Stand:
    """A circle in the frame, in pixels."""

    x: float
    y: float
    """Of its middle."""
    diameter: float
    keep_free: tuple[int, int, int, int]
    """Left, top, right, bottom: slides draw nothing there."""


def stand_at(place: Place, size: float, width: int, height: int, *, floor: int = 0) -> Stand | None:
    """The presenter's place, above the `floor`; `size` is in multiples of the usual. None for `off`."""
    if place == "off":
        return None
    short = min(width, height)
    margin = round(short * _MARGIN)
    if place == "beside":
        return _beside(round(short * min(0.8, _BESIDE * size)), margin, width, height - floor)
    diameter = round(short * min(0.6, _CORNER * size))
    reach = diameter + 2 * margin
    left = "left" in place
    top = "top" in place
    x0, y0 = (0 if left else width - reach), (0 if top else height - floor - reach)
    return Stand(
        x=x0 + reach / 2, y=y0 + reach / 2, diameter=diameter, keep_free=(x0, y0, x0 + reach, y0 + reach)
    )


def _beside(diameter: int, margin: int, width: int, height: int) -> Stand:
    """A column at the right of a wide frame, a row at the bottom of others."""
    most = min(round(_MOST_BESIDE * max(width, height)), width, height)
    diameter = min(diameter, most - 2 * margin)
    reach = diameter + 2 * margin
    if width > height:
        box = (width - reach, 0, width, height)
        return Stand(x=width - reach / 2, y=height / 2, diameter=diameter, keep_free=box)
    box = (0, height - reach, width, height)
    return Stand(x=width / 2, y=height - reach / 2, diameter=diameter, keep_free=box)
