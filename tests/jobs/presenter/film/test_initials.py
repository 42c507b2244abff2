"""Avatars from names: legible initials in any script, or a person."""

import numpy as np
import pytest

from jobs.presenter.film.initials import draw_initials, initials_of, legible_below_white
from shared.video.lettering.contrast import READABLE, contrast_on, contrast_ratio


@pytest.mark.parametrize(
    ("name", "initials"),
    [
        ("Ada Lovelace", "AL"),
        ("ada", "A"),
        ("Dr. Émile Zola, PhD", "ÉZ"),
        ("Martin Luther King Jr.", "MK"),
        ("(the) Jean-Luc Picard [he/him]", "JP"),
        ("Dr.", "D"),
        ("山田 太郎", "山"),
        ("김민수", "김"),
        ("محمد العربي", "م ع"),
        ("דוד כהן", "דכ"),
        ("नरेंद्र कुमार", "नकु"),
        ("ivan ćosić", "IĆ"),
        ("", ""),
        ("  42 !", ""),
        ("😀", ""),
    ],
)
def test_initials_are_what_people_would_take(name: str, initials: str) -> None:
    assert initials_of(name) == initials


@pytest.mark.parametrize("name", ["Ada Lovelace", "Zoë", "山田太郎", "محمد العربي", "Olga", ""])
@pytest.mark.parametrize("colours", [(), ("#FFE066", "#A63A1E")])
def test_white_letters_in_the_middle_are_legible(name: str, colours: tuple[str, ...]) -> None:
    drawn = np.asarray(draw_initials(name, 120, colours=colours))
    assert drawn.shape == (120, 120, 3)
    border = np.concatenate([drawn[:, :4], drawn[:, -4:]])
    assert contrast_on("#FFFFFF", border) >= READABLE
    white = np.argwhere(drawn.min(axis=2) > 240)
    assert len(white) > 100
    if name:
        assert np.abs((white.min(axis=0) + white.max(axis=0)) / 2 - 59.5).max() < 14


def test_a_name_decides_the_colour() -> None:
    one, same, other = (draw_initials(name, 64).getpixel((0, 0)) for name in ("Ada", "Ada", "Bob"))
    assert one == same != other


@pytest.mark.parametrize("name", ["", "😀", "\U00012000\U00012001"])
def test_a_name_that_can_not_be_drawn_becomes_a_person(name: str) -> None:
    assert draw_initials(name, 64).tobytes() == draw_initials("", 64).tobytes()


@pytest.mark.parametrize("colour", ["#FFFFFF", "#FFE066", "#00FF88", "#123456", "#000000"])
def test_colours_are_darkened_as_far_as_needed(colour: str) -> None:
    made = legible_below_white(colour)
    assert contrast_ratio(made, "#FFFFFF") >= READABLE
    if contrast_ratio(colour, "#FFFFFF") > READABLE + 0.2:
        assert made == colour
