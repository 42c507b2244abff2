"""Backdrops drawn by code: each style its own, calm where words go, the same bytes every time."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from jobs.ad.card import PictureOrder
from jobs.ad.card.drawn import DrawnProvider
from jobs.ad.styles import style_named, style_names
from shared.errors import InvalidAssets
from shared.video.lettering.contrast import contrast_on

SIZE = 270, 480


def paint(style: str, target: Path, *, product: Path | None = None, variation: int = 0) -> NDArray[np.uint8]:
    order = PictureOrder(
        prompt="",
        width=SIZE[0],
        height=SIZE[1],
        look=style_named(style).look,
        product=product,
        variation=variation,
    )
    DrawnProvider().paint(order, target)
    with Image.open(target) as image:
        assert (image.format, image.mode, image.size) == ("PNG", "RGB", SIZE)
        return np.array(image)


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> dict[str, NDArray[np.uint8]]:
    """Each style without a product."""
    folder = tmp_path_factory.mktemp("bare")
    return {style: paint(style, folder / style) for style in style_names()}


def packshot(path: Path, colour: str = "#2040C0") -> Path:
    image = Image.new("RGB", (300, 300), "#FFFFFF")
    ImageDraw.Draw(image).ellipse([80, 60, 220, 240], fill=colour)
    image.save(path)
    return path


@pytest.mark.parametrize("style", ["energetic", "bold"])
def test_the_same_order_is_the_same_bytes_and_another_variation_is_not(style: str, tmp_path: Path) -> None:
    first, again, other = (tmp_path / name for name in "abc")
    paint(style, first)
    paint(style, again)
    paint(style, other, variation=1)
    assert first.read_bytes() == again.read_bytes() != other.read_bytes()


@pytest.mark.parametrize("style", style_names())
def test_the_middle_is_calmer_than_the_rest(style: str, bare: dict[str, NDArray[np.uint8]]) -> None:
    grey = bare[style].mean(axis=2)
    edges = np.abs(np.diff(grey, axis=1)).clip(3) - 3
    rows = SIZE[1]
    middle = edges[int(0.52 * rows) : int(0.66 * rows), 40:230].mean()
    assert middle <= edges.mean()
    assert middle < 2


@pytest.mark.parametrize("style", style_names())
def test_the_style_s_words_can_be_read_in_the_middle(style: str, bare: dict[str, NDArray[np.uint8]]) -> None:
    picture = bare[style]
    assert contrast_on(style_named(style).look.text, picture[275:315, 60:210]) > 4.5


@pytest.mark.parametrize("style", style_names())
def test_soft_gradients_show_no_bands(style: str, bare: dict[str, NDArray[np.uint8]]) -> None:
    """Where a ground is smooth no run of equal pixels is long."""
    picture = bare[style][..., 1].astype(int)
    lit = picture[(picture.mean(axis=1) > 12) & (picture.max(axis=1) < 250)]
    same = (np.diff(lit, axis=1) == 0).mean()
    assert same < 0.65


@pytest.mark.parametrize("style", ["luxury", "minimal"])
def test_the_product_is_shown_in_the_upper_part_without_its_background(
    style: str, tmp_path: Path, bare: dict[str, NDArray[np.uint8]]
) -> None:
    shown = paint(style, tmp_path / "shown", product=packshot(tmp_path / "product.png")).astype(int)
    change = np.abs(shown - bare[style]).max(axis=2)
    assert change[: SIZE[1] // 2].max() > 60
    assert change[int(0.6 * SIZE[1]) :].max() < 24
    blue = (shown[..., 2] - shown[..., 0] > 90) & (change > 40)
    rows, columns = np.nonzero(blue)
    assert abs(columns.mean() / SIZE[0] - 0.5) < 0.05
    assert 0.15 < rows.mean() / SIZE[1] < 0.4
    corner = change[int(rows.min()) + 2, int(columns.min()) + 2]
    assert corner < 90, "the packshot's white corner is to be gone"


def test_a_product_that_is_no_picture_is_refused(tmp_path: Path) -> None:
    broken = tmp_path / "product.png"
    broken.write_bytes(b"\x89PNG\r\n\x1a\nnothing")
    with pytest.raises(InvalidAssets):
        paint("luxury", tmp_path / "x", product=broken)


def test_it_costs_nothing_and_has_nothing_to_cancel() -> None:
    provider = DrawnProvider()
    provider.cancel()
    assert provider.estimate_usd() == 0
