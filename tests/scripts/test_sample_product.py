from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from scripts.sample.metal import HEIGHT, MIDDLE, WIDTH
from scripts.sample.product import packshot
from scripts.sample_product import write_sample_product

LUMINANCE = np.array([0.2126, 0.7152, 0.0722])


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("product") / "watch.png"
    write_sample_product(path)
    return path


@pytest.fixture(scope="module")
def pixels(path: Path) -> np.ndarray:
    with Image.open(path) as picture:
        assert (picture.format, picture.mode, picture.size) == ("PNG", "RGB", (WIDTH, HEIGHT))
        return np.asarray(picture)


def around(pixels: np.ndarray, x: int, y: int, reach: int) -> np.ndarray:
    """Colours near a place given from the dial's middle, `(n, 3)`."""
    column, row = MIDDLE[0] + x, MIDDLE[1] + y
    return pixels[row - reach : row + reach, column - reach : column + reach].reshape(-1, 3).astype(float)


def test_the_file_is_one_that_an_ad_accepts(path: Path, pixels: np.ndarray) -> None:
    assert path.stat().st_size < 3_000_000
    assert pixels.shape == (2000, 1600, 3)


def test_the_picture_is_the_same_whenever_it_is_drawn(pixels: np.ndarray) -> None:
    assert np.array_equal(packshot(), pixels)


def test_the_product_stands_alone_on_light_paper(pixels: np.ndarray) -> None:
    border = np.concatenate(
        [pixels[:60].reshape(-1, 3), pixels[:, :200].reshape(-1, 3), pixels[:, -200:].reshape(-1, 3)]
    )
    assert border.min() > 215
    assert np.ptp(border.astype(int), axis=1).max() < 8, "paper has no colour"


def test_the_paper_darkens_only_where_the_strap_stands_on_it(pixels: np.ndarray) -> None:
    below, beside = around(pixels, 0, 892, 10).mean(), around(pixels, -600, 892, 10).mean()
    assert below < beside - 30


def test_each_material_has_its_own_colour(pixels: np.ndarray) -> None:
    dial = around(pixels, -120, 60, 20).mean(0)
    leather = around(pixels, 0, -600, 60).mean(0)
    steel = around(pixels, -425, 0, 12).mean(0)
    assert dial[2] > 1.5 * dial[0]
    assert leather[0] > 1.5 * leather[2]
    assert np.ptp(steel) < 30


def test_polished_metal_mirrors_both_light_and_dark(pixels: np.ndarray) -> None:
    turns = np.linspace(0, 2 * np.pi, 720, endpoint=False)
    columns = np.rint(MIDDLE[0] + 425 * np.cos(turns)).astype(int)
    rows = np.rint(MIDDLE[1] + 425 * np.sin(turns)).astype(int)
    low, high = np.percentile(pixels[rows, columns] @ LUMINANCE, [5, 95])
    assert high - low > 120


def test_the_hands_say_ten_past_ten(pixels: np.ndarray) -> None:
    turns = np.arange(360)
    warm = np.zeros(360)
    for radius in (130, 150, 170):
        columns = np.rint(MIDDLE[0] + radius * np.sin(np.radians(turns))).astype(int)
        rows = np.rint(MIDDLE[1] - radius * np.cos(np.radians(turns))).astype(int)
        colours = pixels[rows, columns].astype(float)
        warm += colours[:, 0] - colours[:, 2]
    gold = set(np.flatnonzero(warm / 3 > 20).tolist()) - set(range(140, 221))
    assert {56, 304} <= gold
    assert all(abs(turn - 55) < 9 or abs(turn - 304) < 9 for turn in gold)
