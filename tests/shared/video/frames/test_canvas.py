import numpy as np
import pytest

from shared.video.frames.canvas import canvas_size, draw_canvas, fit_for
from tests.shared.video.scenes import Plane, detailed_picture, shot_of, timeline_of

CORNERS = ((220, 30, 20), (20, 200, 40), (10, 30, 210), (250, 250, 250))


def corners(width: int, height: int, *, part: float = 0.1) -> Plane:
    """A grey picture with a red, green, blue and white corner: top left and right, bottom left and right."""
    picture = np.full((height, width, 3), 128, np.uint8)
    down, right = max(1, int(height * part)), max(1, int(width * part))
    places = (np.s_[:down, :right], np.s_[:down, -right:], np.s_[-down:, :right], np.s_[-down:, -right:])
    for place, colour in zip(places, CORNERS, strict=True):
        picture[place] = colour
    return picture


def shows(canvas: Plane, colour: tuple[int, int, int]) -> bool:
    return bool((np.abs(canvas.astype(int) - colour).max(axis=2) < 12).any())


@pytest.mark.parametrize(
    ("picture", "frame", "fit"),
    [
        ((1080, 1920), (1080, 1920), "cover"),
        ((1920, 1080), (1080, 1920), "blur"),
        ((1080, 1920), (1920, 1080), "blur"),
        ((1024, 1024), (1080, 1920), "blur"),
        ((1024, 1024), (1080, 1350), "cover"),
        ((1024, 1536), (1080, 1920), "cover"),
        ((4, 3), (16, 9), "cover"),  # exactly a quarter is lost
        ((133, 100), (16, 9), "blur"),  # a little more
        ((3, 4), (9, 16), "cover"),
        ((10_000, 10), (640, 360), "blur"),
        ((1, 1), (64, 64), "cover"),
    ],
)
def test_a_picture_is_cropped_only_if_little_is_lost(
    picture: tuple[int, int], frame: tuple[int, int], fit: str
) -> None:
    assert fit_for(*picture, *frame) == fit


@pytest.mark.parametrize("size", [(300, 300), (640, 100), (101, 777), (7, 9), (1, 1), (5000, 3)])
@pytest.mark.parametrize("fit", ["cover", "blur"])
@pytest.mark.parametrize("zoom", [1.0, 1.13, 1.37, 2.0])
def test_every_picture_fills_a_canvas_of_even_sides(size: tuple[int, int], fit: str, zoom: float) -> None:
    timeline = timeline_of(shot_of(fit=fit), size=(90, 158))
    canvas = draw_canvas(timeline.shots[0], timeline, detailed_picture(*size), zoom)
    wide, tall = canvas_size(timeline, zoom)
    assert canvas.shape == (tall, wide, 3)
    assert canvas.dtype == np.uint8
    assert (wide % 2, tall % 2) == (0, 0)
    assert abs(wide - 90 * zoom) <= 1
    assert abs(tall - 158 * zoom) <= 1


def test_cover_shows_the_middle_of_the_picture() -> None:
    timeline = timeline_of(shot_of(fit="cover"), size=(90, 160))
    picture = np.zeros((160, 270, 3), np.uint8)
    picture[:, 90:180] = detailed_picture(90, 160)
    canvas = draw_canvas(timeline.shots[0], timeline, picture, 1.0)
    assert np.array_equal(canvas, picture[:, 90:180])


@pytest.mark.parametrize(("anchor", "left"), [(0, 0), (0.25, 45), (1, 180)])
def test_cover_shows_the_part_at_its_anchor(anchor: float, left: int) -> None:
    timeline = timeline_of(shot_of(fit="cover", anchor_x=anchor), size=(90, 160))
    wide, tall = detailed_picture(270, 160), detailed_picture(90, 340)
    canvas = draw_canvas(timeline.shots[0], timeline, wide, 1.0)
    assert np.array_equal(canvas, wide[:, left : left + 90])
    canvas = draw_canvas(shot_of(fit="cover", anchor_y=anchor), timeline, tall, 1.0)
    assert np.array_equal(canvas, tall[left : left + 160])


@pytest.mark.parametrize("size", [(320, 180), (180, 320), (200, 200), (321, 77)])
def test_blur_shows_the_whole_picture(size: tuple[int, int]) -> None:
    timeline = timeline_of(shot_of(fit="blur"), size=(216, 384))
    canvas = draw_canvas(timeline.shots[0], timeline, corners(*size), 1.0)
    assert all(shows(canvas, colour) for colour in CORNERS)
    cover = draw_canvas(shot_of(fit="cover"), timeline, corners(*size), 1.0)
    assert all(shows(cover, colour) for colour in CORNERS) == (size == (180, 320))


def test_the_fill_around_a_whole_picture_is_blurred_and_dim() -> None:
    timeline = timeline_of(shot_of(fit="blur"), size=(360, 640))
    stripes = np.zeros((200, 360, 3), np.uint8)
    stripes[:, ::8] = stripes[:, 1::8] = stripes[:, 2::8] = stripes[:, 3::8] = 240
    canvas = draw_canvas(timeline.shots[0], timeline, stripes, 1.0).astype(int)
    assert np.abs(np.diff(canvas[320, :, 0])).max() == 240
    assert np.abs(np.diff(canvas[40, :, 0])).max() <= 3
    assert 40 < canvas[40].mean() < 0.7 * stripes.mean()
    assert canvas[214].mean() < canvas[40].mean()  # the shadow


def test_a_canvas_without_a_picture_is_its_colour() -> None:
    timeline = timeline_of(shot_of(picture=None, colour="#1a2B3c"), size=(64, 64))
    canvas = draw_canvas(timeline.shots[0], timeline, None, 1.5)
    assert canvas.shape == (96, 96, 3)
    assert (canvas == (0x1A, 0x2B, 0x3C)).all()
