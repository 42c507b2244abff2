"""Where the presenter stands."""

import pytest

from jobs.presenter.film.stand import stand_at
from jobs.presenter.talk import Place
from shared.video.captions.ass import bottom_reach_px
from shared.video.sizes import SIZES

CORNERS: tuple[Place, ...] = ("bottom-right", "bottom-left", "top-right", "top-left")


@pytest.mark.parametrize("shape", SIZES.values(), ids=SIZES)
@pytest.mark.parametrize("place", [*CORNERS, "beside"])
@pytest.mark.parametrize("size", [0.5, 1, 2])
def test_the_presenter_is_in_the_frame_and_inside_what_slides_keep_free(
    place: Place, shape: tuple[int, int], size: float
) -> None:
    stand = stand_at(place, size, *shape)
    assert stand
    left, top, right, bottom = stand.keep_free
    assert 0 <= left < stand.x - stand.diameter / 2
    assert 0 <= top < stand.y - stand.diameter / 2
    assert stand.x + stand.diameter / 2 < right <= shape[0]
    assert stand.y + stand.diameter / 2 < bottom <= shape[1]


def test_beside_a_wide_slide_is_a_column_and_under_a_tall_one_a_row() -> None:
    wide, tall = stand_at("beside", 1, 1920, 1080), stand_at("beside", 1, 1080, 1920)
    assert wide
    assert wide.keep_free[1::2] == (0, 1080)
    assert tall
    assert tall.keep_free[::2] == (0, 1080)


@pytest.mark.parametrize("shape", SIZES.values(), ids=SIZES)
@pytest.mark.parametrize("place", [*CORNERS, "beside"])
@pytest.mark.parametrize("size", [1, 2])
def test_the_presenter_stands_above_captions(place: Place, shape: tuple[int, int], size: float) -> None:
    floor = bottom_reach_px(*shape)
    stand = stand_at(place, size, *shape, floor=floor)
    assert stand
    assert 0 <= stand.keep_free[1] < stand.y - stand.diameter / 2
    assert stand.y + stand.diameter / 2 < stand.keep_free[3] <= shape[1] - floor


def test_slides_keep_most_of_a_square_even_beside_the_largest_presenter() -> None:
    largest = stand_at("beside", 2, 1080, 1080)
    assert largest
    assert largest.keep_free[1] > 1080 / 2


def test_nothing_is_kept_free_without_a_presenter() -> None:
    assert stand_at("off", 1, 1920, 1080) is None
