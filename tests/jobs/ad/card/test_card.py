"""The card: every name and call readable on every background, in each style."""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from jobs.ad.card.card import Card, Words, covering, draw_card
from jobs.ad.card.sheet import places_on, sheet_size
from jobs.ad.plan.frame import FRAMES, Frame
from jobs.ad.styles import style_named, style_names
from shared.video.lettering.contrast import contrast_ratio

NAMES = (
    "X",
    "The Extraordinarily Long Name Of A Product That Somebody Wrote To See What Happens With A Hundred Chs",
    "Donaudampfschifffahrtsgesellschaftskapitänsmütze",
)
LONG_CALL = "Order yours today and save fifty percent for ever!"


def flat(grey: int) -> NDArray[np.uint8]:
    return np.full((1920, 1080, 3), grey, np.uint8)


def noisy() -> NDArray[np.uint8]:
    blocks = np.random.default_rng(1).integers(0, 256, (96, 54, 3), np.uint8)
    return np.repeat(np.repeat(blocks, 20, axis=0), 20, axis=1)


def card(
    style: str,
    background: NDArray[np.uint8],
    name: str = "Premium Watch",
    call: str = "Shop Now",
    *,
    with_product: bool = False,
    frame: Frame = FRAMES["9:16"],
) -> Card:
    words = Words(
        name=name,
        name_language="en",
        call=call,
        call_language="en",
        with_product=with_product,
    )
    return draw_card(background, words, style_named(style), width=frame.width, height=frame.height)


def changed(
    picture: NDArray[np.uint8], ground: NDArray[np.uint8], *, by: int
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The rows and columns in which a channel differs by more than `by`."""
    beyond = np.asarray(cv2.absdiff(picture, np.ascontiguousarray(ground)), np.uint8) > by
    rows = np.flatnonzero(np.any(beyond, axis=(1, 2)))
    return rows, np.flatnonzero(np.any(beyond, axis=(0, 2)))


@pytest.mark.parametrize("style", style_names())
@pytest.mark.parametrize("background", [flat(128), flat(255), noisy()], ids=["grey", "white", "busy"])
def test_words_can_be_read_on_any_background(style: str, background: NDArray[np.uint8]) -> None:
    found = card(style, background, call=LONG_CALL)
    assert found.picture.shape == (1920, 1080, 3)
    assert found.contrast >= 4.5


@pytest.mark.parametrize("style", style_names())
@pytest.mark.parametrize("name", NAMES)
def test_long_names_and_calls_keep_clear_of_the_edges_and_of_the_product(style: str, name: str) -> None:
    ground = flat(int(style_named(style).look.background[1:3], 16))
    rows, columns = changed(card(style, ground, name, LONG_CALL, with_product=True).picture, ground, by=0)
    assert columns[0] >= 24
    assert columns[-1] < 1080 - 24
    assert rows[0] >= 0.44 * 1920
    assert rows[-1] < 0.93 * 1920


@pytest.mark.parametrize("ratio", ["1:1", "4:5", "16:9"])
@pytest.mark.parametrize("style", style_names())
def test_in_every_shape_long_words_keep_clear_of_the_edges_and_of_the_product(style: str, ratio: str) -> None:
    frame = FRAMES[ratio]
    ground = flat(int(style_named(style).look.background[1:3], 16))
    found = card(style, ground, NAMES[1], LONG_CALL, with_product=True, frame=frame)
    assert found.picture.shape == (frame.height, frame.width, 3)
    assert found.contrast >= 4.5
    rows, columns = changed(found.picture, np.broadcast_to(ground[0, 0], found.picture.shape), by=8)
    places = places_on(*sheet_size(frame.width, frame.height))
    beside = places.words[0] > places.product[0]
    assert columns[0] >= (places.product[0] + places.widest / 2 if beside else 0.03) * frame.width
    assert columns[-1] < 0.97 * frame.width
    assert rows[0] >= (0.03 if beside else places.product[1]) * frame.height
    assert rows[-1] < 0.97 * frame.height


@pytest.mark.parametrize("style", style_names())
def test_a_plate_and_its_words_differ_enough(style: str) -> None:
    letters = style_named(style).letters
    ground = letters.plate or style_named(style).look.background
    assert contrast_ratio(letters.colour, ground) >= 4.5


def test_the_arrow_points_the_way_the_call_runs() -> None:
    ground = flat(20)

    def middle_of_accent(call: str) -> float:
        picture = card("energetic", ground, call=call).picture.astype(np.int16)
        near = np.abs(picture - np.array([255, 210, 63], np.int16)).max(axis=2) < 40
        return float(np.nonzero(near)[1].mean())

    assert middle_of_accent("Go") > 540 > middle_of_accent("اذهب")


@pytest.mark.usefixtures("no_noto")
def test_what_cannot_be_drawn_is_told_and_leaves_no_empty_button() -> None:
    ground = flat(10)
    found = card("bold", ground, name="高級腕時計", call="今すぐ購入")
    assert (found.picture == ground).all()
    assert any("fonts-noto-cjk" in warning for warning in found.warnings)


@pytest.mark.parametrize("shape", [(1920, 1080), (1024, 1024), (600, 1200), (3000, 700)])
def test_a_background_of_any_shape_covers_the_frame_undistorted(shape: tuple[int, int]) -> None:
    height, width = shape
    y, x = np.mgrid[:height, :width]
    ball = np.hypot(x - width / 2, y - height / 2) < min(shape) / 8
    covered = covering(np.repeat(ball[..., None].astype(np.uint8) * 255, 3, axis=2), 1080, 1920)
    assert covered.shape == (1920, 1080, 3)
    rows, columns = (np.flatnonzero((covered[..., 0] > 127).any(axis=axis)) for axis in (1, 0))
    assert np.ptp(rows) == pytest.approx(np.ptp(columns), rel=0.03)
    assert rows.mean() == pytest.approx(960, abs=3)
    assert columns.mean() == pytest.approx(540, abs=3)


def test_the_background_itself_is_left_alone() -> None:
    ground = flat(200)
    card("luxury", ground)
    assert (ground == 200).all()
