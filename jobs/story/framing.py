"""Framing: how much of a picture is shown, and which part of it always stays in the frame."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from jobs.story.input.options import Fit
from shared.video.frames.canvas import fit_for
from shared.video.subjects.boxes import Box, around

_COMFORT: Final = 0.04
"""Space between subjects and a crop's edge if there is room, in parts of the crop."""
_ROUNDING: Final = 0.002
"""Tolerance of positions, in parts of the picture."""


@dataclass(frozen=True, kw_only=True)
class Framing:
    """The position of a picture in the frame before it moves."""

    fit: Literal["cover", "blur"]
    anchor_x: float = 0.5
    """Position of the crop: 0 at the picture's left edge, 1 at its right one."""
    anchor_y: float = 0.5
    kept: Box | None = None
    """The box that must stay visible, in parts of the frame."""


def framed(
    picture: tuple[int, int],
    frame: tuple[int, int],
    subjects: Sequence[Box],
    *,
    fit: Fit = "auto",
    focus: tuple[float, float] | None = None,
) -> Framing:
    """The framing of a picture (width, height) that keeps `subjects` visible, or only the point `focus`.

    `auto` crops if that loses little of the picture and no subject.
    """
    if focus is not None:
        subjects = [Box(left=focus[0], top=focus[1], right=focus[0], bottom=focus[1])]
    shape = frame[0] * picture[1] / (frame[1] * picture[0])
    part_x, part_y = min(1.0, shape), min(1.0, 1 / shape)
    crops = fit_for(*picture, *frame) == "cover" and _fits(around(subjects), part_x, part_y)
    if fit == "contain" or (fit == "auto" and not crops):
        return Framing(fit="blur", kept=_kept(subjects, _beyond(part_y), _beyond(part_x)))
    if focus is not None:
        start_x, start_y = focus[0] - part_x / 2, focus[1] - part_y / 2
    else:
        start_x = _start([(box.left, box.right, box.bottom - box.top) for box in subjects], part_x)
        start_y = _start([(box.top, box.bottom, box.right - box.left) for box in subjects], part_y)
    x, y = _anchor(start_x, part_x), _anchor(start_y, part_y)
    across = x * (1 - part_x), x * (1 - part_x) + part_x
    down = y * (1 - part_y), y * (1 - part_y) + part_y
    return Framing(fit="cover", anchor_x=x, anchor_y=y, kept=_kept(subjects, across, down))


def _fits(box: Box | None, part_x: float, part_y: float) -> bool:
    return box is None or (box.right - box.left <= part_x and box.bottom - box.top <= part_y)


def _beyond(part: float) -> tuple[float, float]:
    """The range of a picture that a frame shows if the picture fills this part of it."""
    return 0.5 - 0.5 / part, 0.5 + 0.5 / part


def _start(spans: Sequence[tuple[float, float, float]], part: float) -> float:
    """Where a crop of this length holds most of the weighted spans, as near the middle as possible."""
    middle, comfort = (1 - part) / 2, _COMFORT * part
    margins = (comfort, 0.0)
    starts = [start for a, b, _ in spans for m in margins for start in (a - m, b + m - part)]

    def held(start: float, margin: float) -> float:
        lengths = ((min(b + margin, start + part) - max(a - margin, start), weight) for a, b, weight in spans)
        return round(sum(max(0.0, length) * weight for length, weight in lengths), 6)

    def worth(start: float) -> tuple[float, float, float]:
        return held(start, 0), held(start, comfort), -round(abs(start - middle), 6)

    return max((min(max(start, 0.0), 1 - part) for start in (middle, *starts)), key=worth)


def _anchor(start: float, part: float) -> float:
    room = 1 - part
    return round(min(max(start / room, 0.0), 1.0), 3) if room > _ROUNDING else 0.5


def _kept(subjects: Sequence[Box], across: tuple[float, float], down: tuple[float, float]) -> Box | None:
    """The box around all subjects that a frame with these bounds (parts of the picture) shows whole."""
    wide, tall = across[1] - across[0], down[1] - down[0]
    whole = [
        box for box in subjects if _within(box.left, box.right, across) and _within(box.top, box.bottom, down)
    ]
    box = around(whole)
    return box and Box(
        left=max(0.0, (box.left - across[0]) / wide),
        top=max(0.0, (box.top - down[0]) / tall),
        right=min(1.0, (box.right - across[0]) / wide),
        bottom=min(1.0, (box.bottom - down[0]) / tall),
    )


def _within(start: float, end: float, bounds: tuple[float, float]) -> bool:
    return start >= bounds[0] - _ROUNDING and end <= bounds[1] + _ROUNDING
