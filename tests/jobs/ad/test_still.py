"""The still of an ad: a frame of its first scene in each style, however little is known of it."""

import io
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from jobs.ad import still
from jobs.ad.plan.frame import FRAMES, Frame
from jobs.ad.scenery.product import sculpture
from jobs.ad.still import draw_still
from jobs.ad.styles import style_names
from shared.errors import InvalidAssets
from shared.records.creation import Creation
from shared.storage.memory import MemoryStore

SMALL: Mapping[str, Frame] = {
    "9:16": Frame(width=108, height=192),
    "1:1": Frame(width=108, height=108),
    "4:5": Frame(width=108, height=136),
    "16:9": Frame(width=192, height=108),
}


@pytest.fixture
def creation() -> Creation:
    return Creation(MemoryStore(), "watch")


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(still, "FRAMES", SMALL)
    monkeypatch.setattr(sculpture, "_FINE", 300)
    monkeypatch.setattr(sculpture, "_SIDE", 250)
    sculpture.sculpture.cache_clear()
    yield
    sculpture.sculpture.cache_clear()


def drawn(creation: Creation, **parameters: Any) -> NDArray[np.int16]:
    with Image.open(io.BytesIO(draw_still(creation, parameters))) as found:
        assert found.format == "JPEG"
        return np.asarray(found).astype(np.int16)


def differ(one: NDArray[np.int16], other: NDArray[np.int16]) -> NDArray[np.bool_]:
    """The rows in which two pictures clearly differ."""
    found: NDArray[np.bool_] = (np.abs(one - other).max(axis=2) > 50).any(axis=1)
    return found


def product(colour: tuple[int, int, int]) -> bytes:
    """A disc of this colour on white."""
    pixels = np.full((300, 300, 3), 250, np.uint8)
    down, right = np.mgrid[0:300, 0:300]
    pixels[(down - 150) ** 2 + (right - 150) ** 2 < 100**2] = colour
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


@pytest.mark.usefixtures("small")
def test_every_style_looks_different_before_anything_is_there(creation: Creation) -> None:
    seen = [drawn(creation, style=style) for style in style_names()]
    assert (drawn(creation, style=style_names()[0]) == seen[0]).all()  # what is kept is not drawn on
    assert all(picture.shape == (192, 108, 3) for picture in seen)
    for number, one in enumerate(seen):
        assert all(differ(one, other).mean() > 0.3 for other in seen[number + 1 :])


@pytest.mark.usefixtures("small")
def test_the_frame_has_the_briefs_shape(creation: Creation) -> None:
    shapes = {ratio: drawn(creation, aspect_ratio=ratio).shape[:2] for ratio in FRAMES}
    assert shapes == {ratio: (frame.height, frame.width) for ratio, frame in SMALL.items()}


def test_it_is_640_pixels_wide(creation: Creation) -> None:
    assert drawn(creation, style="minimal", aspect_ratio="16:9").shape == (360, 640, 3)


@pytest.mark.usefixtures("small")
def test_name_and_captions_are_on_it(creation: Creation) -> None:
    creation.write("assets/ad.json", b'{"product_name": "Meridian", "style": "bold"}')
    plain = drawn(creation)
    rows = np.flatnonzero(differ(plain, drawn(creation, product_name="A watch of another name")))
    assert 0.6 < rows.min() / 192 < rows.max() / 192 < 0.85
    above = np.flatnonzero(differ(plain, drawn(creation, captions=True)))
    assert 0 < above.min() / 192 < above.max() / 192 < 0.4


@pytest.mark.usefixtures("small")
def test_the_product_is_shown_in_its_own_colours(creation: Creation) -> None:
    without = drawn(creation, style="minimal")
    creation.write("assets/product.png", product((20, 40, 200)))
    red, green, blue = np.moveaxis(drawn(creation, style="minimal"), 2, 0)
    in_blue = int(((blue > 90) & (red < 80) & (green < 90)).sum())
    assert in_blue > 300
    assert in_blue > 10 * int(((without[..., 2] > 90) & (without[..., 0] < 80)).sum())


@pytest.mark.parametrize(
    ("assets", "parameters", "named"),
    [
        ({}, {"style": "baroque"}, "style"),
        ({}, {"shoe_size": 43}, "shoe_size"),
        ({"ad.json": b"["}, {}, "ad.json"),
        ({"product.png": b"not a picture"}, {}, "product.png"),
        ({"product.png": b"1", "product.jpg": b"2"}, {}, "keep one"),
        ({}, {"product_name": "\U00016e80\U00016e81"}, "product_name"),
    ],
)
@pytest.mark.usefixtures("small")
def test_what_cannot_be_used_is_named(
    creation: Creation, assets: dict[str, bytes], parameters: dict[str, Any], named: str
) -> None:
    for name, data in assets.items():
        creation.write(f"assets/{name}", data)
    with pytest.raises(InvalidAssets, match=named):
        draw_still(creation, parameters)
