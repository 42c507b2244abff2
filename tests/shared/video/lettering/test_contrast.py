import numpy as np
import pytest

from shared.video.lettering.contrast import READABLE, contrast_on, contrast_ratio


@pytest.mark.parametrize(
    ("one", "other", "ratio"),
    [
        ("#000000", "#FFFFFF", 21.0),
        ("#777777", "#FFFFFF", 4.48),
        ("#FF0000", "#FFFFFF", 4.0),
        ("#123456", "#123456", 1),
    ],
)
def test_the_ratio_is_that_of_wcag_whichever_colour_is_named_first(
    one: str, other: str, ratio: float
) -> None:
    assert contrast_ratio(one, other) == pytest.approx(ratio, abs=0.01)
    assert contrast_ratio(other, one) == contrast_ratio(one, other)


def test_white_letters_are_not_readable_where_a_tenth_of_the_ground_is_white() -> None:
    ground = np.zeros((100, 100, 3), np.uint8)
    assert contrast_on("#FFFFFF", ground) == pytest.approx(21)
    ground[:10] = 255
    assert contrast_on("#FFFFFF", ground) < READABLE


def test_single_specks_hide_no_letter() -> None:
    ground = np.zeros((100, 100, 3), np.uint8)
    ground[::20, ::20] = 255
    assert contrast_on("#FFFFFF", ground) == pytest.approx(21)
