"""Scenes in frames of any shape: the same design, whole, with room around."""

import pytest

from jobs.ad.plan.frame import FRAMES, Frame
from jobs.ad.scenery.paint.canvas import Canvas
from jobs.ad.scenery.paint.layout import DESIGN, Layout
from jobs.ad.scenery.product.subject import MOST_TALL, MOST_WIDE


@pytest.mark.parametrize("frame", FRAMES.values(), ids=FRAMES.keys())
def test_the_largest_product_and_its_floor_are_in_every_frame(frame: Frame) -> None:
    canvas = Canvas(frame.width, frame.height)
    left, top = canvas.place(540 - MOST_WIDE / 2, 775 - MOST_TALL / 2)
    right, floor = canvas.place(540 + MOST_WIDE / 2, 1185)
    assert left > 0.03 * frame.width
    assert right < 0.97 * frame.width
    assert top > 0.03 * frame.height
    assert floor < 0.75 * frame.height


def test_a_tall_frame_shows_the_design_as_it_is_and_a_taller_one_more_of_it() -> None:
    usual = Layout(width=DESIGN[0], height=DESIGN[1])
    assert (usual.scale, usual.top, usual.middle, usual.beside) == (1, 0, 960, 0)
    taller = Layout(width=540, height=1200)
    assert (taller.scale, taller.top, taller.middle, taller.beside) == (0.5, -240, 960, 0)


def test_a_wide_frame_shows_more_at_both_sides() -> None:
    wide = Layout(width=1920, height=1080)
    assert wide.beside == pytest.approx((1920 / wide.scale - 1080) / 2)
    assert wide.beside > 600
    assert wide.top + wide.tall == pytest.approx(1590)
