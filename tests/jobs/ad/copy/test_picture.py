"""What pixels tell."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from jobs.ad.copy.picture import Light, colour_name, light_of, look_at
from shared.errors import InvalidAssets
from tests.jobs.ad.copy.briefs import watch_picture


def saved(path: Path, image: Image.Image) -> Path:
    image.save(path)
    return path


@pytest.mark.parametrize("backdrop", ["#FFFFFF", "#EDEAE4", "#C02020", "#203060"])
def test_a_plain_backdrop_is_no_colour_of_the_product(tmp_path: Path, backdrop: str) -> None:
    sight = look_at(watch_picture(tmp_path / "watch.png", backdrop=backdrop))
    assert sight.colours == ("#101010", "#D4AF37")
    assert sight.shape == "upright"


def test_a_shaded_backdrop_is_left_out_too(tmp_path: Path) -> None:
    pixels = np.full((200, 200, 3), 235, np.uint8) - np.linspace(0, 60, 200).astype(np.uint8)[:, None, None]
    pixels[80:120, 30:170] = (176, 48, 32)
    sight = look_at(saved(tmp_path / "shaded.png", Image.fromarray(pixels)))
    assert sight.colours == ("#B03020",)
    assert sight.shape == "wide"


def test_a_see_through_ground_is_a_backdrop(tmp_path: Path) -> None:
    image = Image.new("RGBA", (100, 100), (0, 0, 0, 0))
    ImageDraw.Draw(image).rectangle((30, 30, 70, 70), fill=(30, 144, 255, 255))
    sight = look_at(saved(tmp_path / "cut.png", image))
    assert [colour_name(colour) for colour in sight.colours] == ["blue"]
    assert sight.shape == "square"


def test_a_picture_without_backdrop_tells_all_its_colours_the_most_frequent_first(tmp_path: Path) -> None:
    image = Image.new("RGB", (90, 60), "#CF1F26")
    image.paste("#224488", (60, 0, 90, 60))
    sight = look_at(saved(tmp_path / "flag.png", image))
    assert [colour_name(colour) for colour in sight.colours] == ["red", "blue"]


@pytest.mark.parametrize(("size", "shape"), [((40, 90), "upright"), ((90, 40), "wide"), ((60, 62), "square")])
def test_one_colour_has_the_shape_of_its_picture(tmp_path: Path, size: tuple[int, int], shape: str) -> None:
    sight = look_at(saved(tmp_path / "plain.webp", Image.new("RGB", size, "#2B9348")))
    assert sight.shape == shape
    assert len(sight.colours) == 1


def test_a_photograph_is_seen_as_its_exif_says(tmp_path: Path) -> None:
    image = Image.new("RGB", (90, 40), "#2B9348")
    exif = Image.Exif()
    exif[274] = 6
    image.save(tmp_path / "turned.jpg", exif=exif)
    assert look_at(tmp_path / "turned.jpg").shape == "upright"


def test_noise_and_single_pixels_are_looked_at_too_and_always_the_same(tmp_path: Path) -> None:
    noise = np.random.default_rng(7).integers(0, 256, (64, 64, 3), np.uint8)
    path = saved(tmp_path / "noise.png", Image.fromarray(noise))
    assert look_at(path) == look_at(path)
    assert 1 <= len(look_at(path).colours) <= 5
    assert look_at(saved(tmp_path / "dot.png", Image.new("RGB", (1, 1), "#000000"))).colours == ("#000000",)


def test_what_is_no_picture_is_told(tmp_path: Path) -> None:
    (tmp_path / "text.png").write_text("no picture")
    with pytest.raises(InvalidAssets):
        look_at(tmp_path / "text.png")


@pytest.mark.parametrize(
    ("colour", "name"),
    [
        ("#000000", "black"),
        ("#FFFFFF", "white"),
        ("#808080", "grey"),
        ("#FF0000", "red"),
        ("#0000CD", "blue"),
        ("#000080", "navy"),
        ("#DAA520", "gold"),
        ("#FFC0CB", "pink"),
        ("#008080", "teal"),
        ("#4B3621", "brown"),
        ("#808000", "olive"),
        ("#8B0000", "burgundy"),
        ("#F5F5DC", "cream"),
    ],
)
def test_colours_have_the_names_that_people_give_them(colour: str, name: str) -> None:
    assert colour_name(colour) == name


@pytest.mark.parametrize(
    ("colours", "light"),
    [
        ((), Light(level="even", temperature="neutral")),
        (("#101010", "#202020"), Light(level="dark", temperature="neutral")),
        (("#F0801C",), Light(level="even", temperature="warm")),
        (("#FFFFFF", "#F0F4FA"), Light(level="light", temperature="neutral")),
        (("#17264F", "#2260C9"), Light(level="dark", temperature="cool")),
    ],
)
def test_colours_feel_dark_or_light_and_warm_or_cool(colours: tuple[str, ...], light: Light) -> None:
    assert light_of(colours) == light
