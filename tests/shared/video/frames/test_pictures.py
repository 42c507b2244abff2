import io
import logging
import re
import struct
import zlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageCms

from shared.accepted import picture_type_of
from shared.errors import InvalidAssets
from shared.video.frames import decoding
from shared.video.frames.pictures import check_picture, load_picture

HEIC = Path(__file__).parent / "heic"
"""A picture of four quarters, encoded by libheif and x265 as phones do."""
RED, GREEN, BLUE, WHITE = (220, 30, 20), (20, 200, 40), (10, 30, 210), (250, 250, 250)
Save = Callable[..., Path]


@pytest.fixture
def save(tmp_path: Path) -> Save:
    def save(image: Image.Image, name: str = "picture.png", **options: Any) -> Path:
        path = tmp_path / name
        image.save(path, **options)
        return path

    return save


def corners(width: int = 32, height: int = 48) -> Image.Image:
    """Red, green, blue and white quarters: top left, top right, bottom left, bottom right."""
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[: height // 2, : width // 2], pixels[: height // 2, width // 2 :] = RED, GREEN
    pixels[height // 2 :, : width // 2], pixels[height // 2 :, width // 2 :] = BLUE, WHITE
    return Image.fromarray(pixels)


def near(pixel: NDArray[np.uint8], colour: tuple[int, ...], tolerance: int = 6) -> bool:
    return bool(np.abs(pixel.astype(int) - colour).max() <= tolerance)


def as_loaded(path: Path, **options: Any) -> NDArray[np.uint8]:
    """The picture, after its check agreed with it on its size."""
    pixels = load_picture(path, name="assets/1/image", **options)
    assert pixels.dtype == np.uint8
    assert pixels.shape[2] == 3
    if not options:
        assert check_picture(path, name="assets/1/image") == (pixels.shape[1], pixels.shape[0])
    return pixels


def problem_of(call: Callable[..., object], path: Path) -> str:
    with pytest.raises(InvalidAssets) as caught:
        call(path, name="assets/7/image")
    (problem,) = caught.value.problems
    assert "assets/7/image" in problem
    return problem


def both_problems(path: Path) -> str:
    assert problem_of(load_picture, path) == problem_of(check_picture, path)
    return problem_of(load_picture, path)


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "avif", "tif"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_exif_orientation_comes_out_upright(save: Save, orientation: int, suffix: str) -> None:
    lying = {
        1: lambda image: image,
        2: lambda image: image.transpose(Image.Transpose.FLIP_LEFT_RIGHT),
        3: lambda image: image.transpose(Image.Transpose.ROTATE_180),
        4: lambda image: image.transpose(Image.Transpose.FLIP_TOP_BOTTOM),
        5: lambda image: image.transpose(Image.Transpose.TRANSPOSE),
        6: lambda image: image.transpose(Image.Transpose.ROTATE_90),
        7: lambda image: image.transpose(Image.Transpose.TRANSVERSE),
        8: lambda image: image.transpose(Image.Transpose.ROTATE_270),
    }[orientation](corners())
    exif = Image.Exif()
    exif[274] = orientation
    pixels = as_loaded(save(lying, f"picture.{suffix}", exif=exif, quality=95))
    assert pixels.shape == (48, 32, 3)
    places = {(6, 6): RED, (6, 26): GREEN, (40, 6): BLUE, (40, 26): WHITE}
    assert all(near(pixels[place], colour, 12) for place, colour in places.items())


@pytest.mark.parametrize(
    "exif", [b"Exif\0\0MM\0*\xff\xff\xff\xff", b"Exif\0\0II*\0\x08\0\0\0\x09\0\x12\x01\x03"]
)
def test_unreadable_exif_means_upright(save: Save, exif: bytes) -> None:
    assert as_loaded(save(corners(), "picture.jpg", exif=exif)).shape == (48, 32, 3)


@pytest.mark.parametrize(
    ("mode", "inks"),
    [("RGBA", (200, 100, 50)), ("LA", (180,))],
)
def test_see_through_parts_show_dark_grey(save: Save, mode: str, inks: tuple[int, ...]) -> None:
    image = Image.new(mode, (20, 10), (*inks, 0))
    image.paste((*inks, 255), (0, 0, 10, 10))
    pixels = as_loaded(save(image))
    assert near(pixels[5, 3], inks * (3 // len(inks)), 0)
    assert near(pixels[5, 16], (24, 24, 28), 0)


def test_half_transparent_parts_are_mixed(save: Save) -> None:
    pixels = as_loaded(save(Image.new("RGBA", (8, 8), (255, 255, 255, 128))))
    assert near(pixels[4, 4], (140, 140, 142), 2)


def test_a_black_logo_on_nothing_stays_visible(save: Save) -> None:
    logo = Image.new("RGBA", (40, 40), (0, 0, 0, 0))
    logo.paste((5, 5, 5, 255), (10, 10, 30, 30))
    pixels = as_loaded(save(logo)).astype(int)
    assert pixels[2, 2].min() - pixels[20, 20].max() > 150


def test_a_fully_transparent_picture_is_dark_grey(save: Save) -> None:
    assert near(as_loaded(save(Image.new("RGBA", (9, 9), (0, 0, 0, 0))))[4, 4], (24, 24, 28), 0)


def test_transparency_does_not_bleed_its_hidden_colour_when_made_smaller(save: Save) -> None:
    image = Image.new("RGBA", (400, 400), (0, 255, 0, 0))
    image.paste((255, 255, 255, 255), (0, 0, 201, 400))
    pixels = as_loaded(save(image), max_side=100).astype(int)
    assert (pixels.max(axis=2) - pixels.min(axis=2)).max() <= 4


def test_palettes_keep_their_colours(save: Save) -> None:
    assert near(as_loaded(save(corners().quantize(8)))[6, 26], GREEN)


@pytest.mark.parametrize("one_alpha_each", [True, False])
def test_palettes_keep_their_transparency(save: Save, one_alpha_each: bool) -> None:
    image = Image.new("P", (20, 10), 1)
    image.putpalette([*RED, *GREEN])
    image.paste(0, (0, 0, 10, 10))
    pixels = as_loaded(save(image, transparency=b"\xff\x00" if one_alpha_each else 1))
    assert near(pixels[5, 3], RED, 0)
    assert near(pixels[5, 16], (24, 24, 28), 0)


@pytest.mark.parametrize(
    ("mode", "clear", "drawn"), [("L", 7, 200), ("RGB", (9, 8, 7), (200, 200, 200)), ("1", 0, 1)]
)
def test_a_colour_declared_transparent_is_see_through(save: Save, mode: str, clear: Any, drawn: Any) -> None:
    image = Image.new(mode, (20, 10), clear)
    image.paste(drawn, (0, 0, 10, 10))
    pixels = as_loaded(save(image, transparency=clear))
    assert pixels[5, 3].min() >= 200
    assert near(pixels[5, 16], (24, 24, 28), 0)


def test_bilevel_becomes_black_and_white(save: Save) -> None:
    image = Image.new("1", (20, 10), 0)
    image.paste(1, (0, 0, 10, 10))
    pixels = as_loaded(save(image))
    assert pixels[5, 3].tolist() == [255] * 3
    assert pixels[5, 16].tolist() == [0] * 3


def test_bilevel_is_smoothed_when_made_smaller(save: Save) -> None:
    stripes = np.zeros((64, 64), np.uint8)
    stripes[:, ::2] = 255
    pixels = as_loaded(save(Image.fromarray(stripes).convert("1")), max_side=16)
    assert 110 < pixels.mean() < 145


def test_16_bit_grey_is_scaled_and_not_clipped(save: Save) -> None:
    ramp = np.linspace(0, 65535, 256).round().astype(np.uint16)
    pixels = as_loaded(save(Image.fromarray(np.tile(ramp, (4, 1)))))
    assert np.abs(pixels[0, :, 0].astype(int) - np.arange(256)).max() == 0


def png(width: int, height: int, *, depth: int, colour: int, rows: bytes, extra: bytes = b"") -> bytes:
    """A PNG by the book, for the kinds that Pillow reads and can't write."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + extra + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def test_16_bit_colour_is_scaled(tmp_path: Path) -> None:
    path = tmp_path / "deep.png"
    row = b"\0" + struct.pack(">3H", 0x8000, 0xFFFF, 0x0100) * 4
    path.write_bytes(png(4, 3, depth=16, colour=2, rows=row * 3))
    assert near(as_loaded(path)[1, 1], (128, 255, 1), 1)


def test_16_bit_grey_keeps_its_transparency(tmp_path: Path) -> None:
    path = tmp_path / "deep.png"
    row = b"\0" + struct.pack(">4H", 0x1234, 0x1234, 0xC000, 0x1235)
    clear = b"tRNS" + struct.pack(">H", 0x1234)
    extra = struct.pack(">I", 2) + clear + struct.pack(">I", zlib.crc32(clear))
    path.write_bytes(png(4, 3, depth=16, colour=0, rows=row * 3, extra=extra))
    pixels = as_loaded(path)
    assert near(pixels[1, 0], (24, 24, 28), 0)
    assert near(pixels[1, 2], (191, 191, 191), 1)
    assert near(pixels[1, 3], (18, 18, 18), 1)


def test_greyscale_becomes_three_equal_channels(save: Save) -> None:
    assert near(as_loaded(save(Image.new("L", (9, 7), 77), "picture.jpg"))[3, 3], (77, 77, 77), 1)


def test_cmyk_is_not_shown_as_its_negative(save: Save) -> None:
    pixels = as_loaded(save(corners().convert("CMYK"), "picture.jpg", quality=95))
    assert near(pixels[6, 6], RED, 10)
    assert near(pixels[40, 26], WHITE, 10)


def profile_of(primaries_swapped: bool = True) -> bytes:
    """An RGB profile unlike sRGB: its red primary is green's and the other way round."""
    data = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    tags = {bytes(data[at : at + 4]): at for at in range(132, 132 + 12 * 20, 12)}
    red, green = tags[b"rXYZ"] + 4, tags[b"gXYZ"] + 4
    data[red : red + 8], data[green : green + 8] = data[green : green + 8], data[red : red + 8]
    return bytes(data).replace("sRGB built-in".encode("utf-16-be"), "swapped ones ".encode("utf-16-be"))


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "avif", "tif"])
def test_an_embedded_profile_is_converted_to_srgb(save: Save, suffix: str) -> None:
    path = save(corners(), f"picture.{suffix}", icc_profile=profile_of(), quality=98)
    pixels = as_loaded(path)
    assert near(pixels[6, 6], (RED[1], RED[0], RED[2]), 16)
    assert near(pixels[40, 26], WHITE, 8)


def test_a_profile_holds_for_transparent_pictures_too(save: Save) -> None:
    image = corners().convert("RGBA")
    image.putpixel((31, 47), (0, 0, 0, 0))
    pixels = as_loaded(save(image, icc_profile=profile_of()))
    assert near(pixels[6, 6], (RED[1], RED[0], RED[2]), 16)
    assert near(pixels[47, 31], (24, 24, 28), 2)


def test_an_srgb_profile_changes_nothing(save: Save, caplog: pytest.LogCaptureFixture) -> None:
    usual = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert np.array_equal(as_loaded(save(corners(), icc_profile=usual)), np.asarray(corners()))
    assert not caplog.records


@pytest.mark.parametrize("damage", ["garbage", "cut", "other"])
def test_a_broken_profile_is_ignored_with_a_warning(
    save: Save, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    profile = {"garbage": b"no profile at all", "cut": profile_of()[:150], "other": lab}[damage]
    pixels = as_loaded(save(corners(), icc_profile=profile))
    assert np.array_equal(pixels, np.asarray(corners()))
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    assert "assets/1/image" in caplog.text


@pytest.mark.parametrize("suffix", ["png", "webp", "avif", "gif", "tif"])
def test_of_an_animation_the_first_frame_is_taken(save: Save, suffix: str) -> None:
    frames = [Image.new("RGB", (16, 16), colour) for colour in (RED, GREEN, BLUE)]
    options = {"quality": 100} if suffix == "avif" else {"lossless": True} if suffix == "webp" else {}
    path = save(frames[0], f"picture.{suffix}", save_all=True, append_images=frames[1:], **options)
    assert near(as_loaded(path)[8, 8], RED, 2)


def test_of_a_phones_double_picture_the_first_is_taken(save: Save) -> None:
    second = Image.new("RGB", (32, 48), BLUE)
    path = save(corners(), "picture.mpo", format="MPO", save_all=True, append_images=[second], quality=95)
    assert near(as_loaded(path)[6, 6], RED, 12)


@pytest.mark.parametrize("size", [(1, 1), (1, 999), (999, 1), (37, 53)])
@pytest.mark.parametrize("suffix", ["jpg", "png", "webp"])
def test_odd_sizes_are_kept(save: Save, size: tuple[int, int], suffix: str) -> None:
    path = save(Image.new("RGB", size, GREEN), f"picture.{suffix}")
    assert as_loaded(path).shape == (size[1], size[0], 3)


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "LA", "P", "1", "I;16", "CMYK"])
def test_no_side_is_longer_than_asked_for(save: Save, mode: str) -> None:
    image = Image.new("I;16", (300, 200)) if mode == "I;16" else Image.new("RGB", (300, 200)).convert(mode)
    path = save(image, "picture.jpg" if mode == "CMYK" else "picture.png")
    assert as_loaded(path, max_side=100).shape == (67, 100, 3)


def test_a_side_never_shrinks_to_nothing(save: Save) -> None:
    assert as_loaded(save(Image.new("RGB", (2000, 1))), max_side=100).shape == (1, 100, 3)


def test_small_pictures_are_not_enlarged(save: Save) -> None:
    assert as_loaded(save(corners()), max_side=4000).shape == (48, 32, 3)


def test_a_huge_jpeg_is_decoded_small(save: Save, monkeypatch: pytest.MonkeyPatch) -> None:
    path = save(Image.new("RGB", (6000, 4000), GREEN), "picture.jpg")
    decoded: list[tuple[int, int]] = []
    in_8_bits = decoding._in_8_bits

    def spy(image: Image.Image, name: str) -> Image.Image:
        decoded.append(image.size)
        return in_8_bits(image, name)

    monkeypatch.setattr(decoding, "_in_8_bits", spy)
    assert decoding.decoded(path, "picture", 800, []).size == (800, 533)
    assert decoded == [(1500, 1000)]
    assert check_picture(path, name="picture") == (6000, 4000)


def test_shrinking_does_not_shift_the_picture(save: Save) -> None:
    pixels = as_loaded(save(corners(1600, 2400), "picture.jpg"), max_side=240)
    assert near(pixels[115, 75], RED, 12)
    assert near(pixels[124, 84], WHITE, 12)


def bomb(kind: str) -> bytes:
    """A small file that claims 60000 x 60000 pixels (16383 x 16383 in WebP, its most)."""
    if kind == "png":
        return png(60000, 60000, depth=8, colour=2, rows=b"\0" * 100)
    if kind == "webp":
        lossless = b"VP8L" + struct.pack("<IBI", 5, 0x2F, 16382 | 16382 << 14) + b"\0"
        return b"RIFF" + struct.pack("<I", len(lossless) + 4) + b"WEBP" + lossless
    jpeg = io.BytesIO()
    Image.new("RGB", (16, 16)).save(jpeg, "JPEG")
    return jpeg.getvalue().replace(struct.pack(">HH", 16, 16), struct.pack(">HH", 60000, 60000), 1)


@pytest.mark.parametrize("kind", ["png", "jpg", "webp"])
def test_a_decompression_bomb_is_refused_by_its_size(tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"bomb.{kind}"
    path.write_bytes(bomb(kind))
    assert ("16383 x 16383" if kind == "webp" else "60000 x 60000") in both_problems(path)


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "avif", "gif", "bmp", "tif"])
@pytest.mark.parametrize("kept", [0.05, 0.5, 0.9])
def test_a_truncated_file_is_refused(save: Save, suffix: str, kept: float) -> None:
    noise = np.random.default_rng(1).integers(0, 255, (200, 300, 3), np.uint8)
    path = save(Image.fromarray(noise), f"picture.{suffix}")
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * kept)])
    assert "damaged or incomplete" in both_problems(path)


def test_a_png_with_a_damaged_middle_is_refused(save: Save) -> None:
    noise = np.random.default_rng(1).integers(0, 255, (200, 300, 3), np.uint8)
    path = save(Image.fromarray(noise))
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(data)
    assert "damaged or incomplete" in both_problems(path)


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "avif", "gif", "bmp", "tif"])
def test_random_damage_gives_a_picture_or_a_clear_error(save: Save, suffix: str) -> None:
    random = np.random.default_rng(7)
    more = {"exif": b"Exif\0\0MM\0*\0\0\0\x08"} if suffix in ("jpg", "png", "webp") else {}
    whole = save(corners(), f"picture.{suffix}", icc_profile=profile_of(), **more).read_bytes()
    path = save(corners(), "damaged.png")
    for _ in range(30):
        data = bytearray(whole)
        for place in random.integers(12, len(data), 6):
            data[place] = random.integers(0, 256)
        path.write_bytes(data)
        with suppress(InvalidAssets):
            assert load_picture(path, name="damaged", max_side=64).ndim == 3


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"", "empty"),
        (b"Just some words.\n" * 9, "not a picture"),
        (b"\0\0\0\x20ftypisom\0\0\2\0isomiso2avc1mp41", "a video"),
        (b"\0\0\0\x18ftypcrx \0\0\0\1crx isom", "raw picture"),
        (b"II*\0\x10\0\0\0CR\2\0" + bytes(90), "raw picture"),
        (b"BMW builds cars in Munich.", "not a picture"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "an SVG"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n", "not a picture"),
        (b"RIFF\x24\0\0\0WAVEfmt ", "not a picture"),
    ],
)
def test_content_that_is_no_usable_picture_is_named(tmp_path: Path, content: bytes, kind: str) -> None:
    path = tmp_path / "image.png"
    path.write_bytes(content)
    assert kind in both_problems(path)


def test_a_type_that_is_not_read_is_refused_with_the_remedy(save: Save) -> None:
    problem = both_problems(save(corners(), "image.png", format="JPEG2000"))
    assert "is a JPEG 2000" in problem
    assert "save it as PNG, JPEG, WebP, AVIF, HEIC, GIF, BMP or TIFF" in problem


@pytest.mark.parametrize(
    ("kind", "name"),
    [("PNG", "a.jpg"), ("WEBP", "a.png"), ("JPEG", "a"), ("PNG", "%-'\":a.tif"), ("GIF", "a.heic")],
)
def test_the_content_decides_and_not_the_name(save: Save, kind: str, name: str) -> None:
    assert as_loaded(save(corners(), name, format=kind)).shape == (48, 32, 3)


def test_a_missing_file_is_not_the_pictures_fault(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        load_picture(tmp_path / "none.png", name="none")


@pytest.mark.parametrize("name", ["turned", "deep", "two", "tiles"])
def test_a_phones_heic_is_read_upright(name: str) -> None:
    """`turned` says so twice, in the container and in its EXIF; `deep` has 10 bits; `tiles` is a grid."""
    pixels = as_loaded(HEIC / f"{name}.heic")
    height, width = pixels.shape[:2]
    places = {(0.1, 0.1): RED, (0.1, 0.9): GREEN, (0.9, 0.1): BLUE, (0.9, 0.9): WHITE}
    assert all(near(pixels[int(height * y), int(width * x)], colour) for (y, x), colour in places.items())
    assert (height, width) == ((384, 256) if name == "tiles" else (48, 32))


def test_a_heic_keeps_its_transparency_and_its_profile() -> None:
    assert near(as_loaded(HEIC / "clear.heic")[6, 26], (24, 24, 28), 2)
    assert near(as_loaded(HEIC / "profile.heic")[6, 6], (RED[1], RED[0], RED[2]))


@pytest.mark.parametrize("kept", [0.05, 0.5, 0.9])
def test_a_heic_that_was_cut_off_is_refused(tmp_path: Path, kept: float) -> None:
    whole = (HEIC / "tiles.heic").read_bytes()
    (tmp_path / "cut.heic").write_bytes(whole[: int(len(whole) * kept)])
    assert "damaged or incomplete" in both_problems(tmp_path / "cut.heic")


@pytest.mark.parametrize(("major", "other"), [(b"mif1", b"avif"), (b"avif", b"mif1"), (b"mif1", b"heic")])
def test_a_brand_among_the_compatible_ones_tells_the_type(major: bytes, other: bytes) -> None:
    head = b"\0\0\0\x18ftyp" + major + b"\0\0\0\0miaf" + other
    found = picture_type_of(head)
    assert found is not None
    assert found.format == ("AVIF" if b"avif" in head else "HEIF")


@pytest.mark.parametrize(
    ("mode", "options"),
    [
        ("CMYK", {}),
        ("LAB", {}),
        ("RGB", {"compression": "jpeg", "quality": 95}),
        ("RGB", {"compression": "tiff_lzw", "big_tiff": True}),
    ],
)
def test_tiffs_of_every_colour_model_keep_their_colours(save: Save, mode: str, options: Any) -> None:
    image = corners().convert(mode) if mode != "LAB" else in_lab(corners())
    pixels = as_loaded(save(image, "picture.tif", **options))
    assert near(pixels[6, 6], RED, 12)
    assert near(pixels[40, 6], BLUE, 24)


def in_lab(image: Image.Image) -> Image.Image:
    given, wanted = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
    made = ImageCms.profileToProfile(image, given, wanted, outputMode="LAB")
    assert made is not None
    return made


@pytest.mark.parametrize("depth", [np.uint16, np.int32])
def test_a_grey_tiff_of_many_bits_is_scaled(save: Save, depth: Any) -> None:
    grey = np.arange(256).repeat(4).reshape(-1, 4) * (257 if depth is np.uint16 else 257 << 15)
    pixels = as_loaded(save(Image.fromarray(grey.astype(depth)), "picture.tif"))
    assert near(pixels[255, 0], (255,) * 3 if depth is np.uint16 else (128,) * 3, 1)


def test_a_tiff_in_floating_point_is_refused(save: Save) -> None:
    path = save(Image.fromarray(np.ones((4, 4), np.float32)), "picture.tif")
    assert "8 or 16 bits" in problem_of(load_picture, path)


def test_a_cameras_raw_picture_is_not_shown_as_its_small_preview(save: Save) -> None:
    path = save(corners(), "picture.tif", tiffinfo={50706: b"\1\4\0\0"})
    assert "a camera's raw picture" in both_problems(path)


def with_scans(scans: int) -> bytes:
    """A progressive JPEG, its last scan repeated until there are so many."""
    file = io.BytesIO()
    corners().save(file, "JPEG", progressive=True)
    data = file.getvalue()
    starts = [found.start() for found in re.finditer(b"\xff\xda", data)]
    last = data[starts[-1] : -2]
    return data[:-2] + last * (scans - len(starts)) + b"\xff\xd9"


def test_a_jpeg_of_a_thousand_scans_is_refused_undecoded(tmp_path: Path) -> None:
    path = tmp_path / "picture.jpg"
    path.write_bytes(with_scans(1000))
    assert "has 1000 scans, more than the 100" in both_problems(path)


def test_what_follows_a_jpegs_end_or_lies_in_its_exif_counts_as_no_scan(tmp_path: Path) -> None:
    scans = b"\xff\xda\0\2" * 200
    usual = with_scans(20)
    exif = b"\xff\xe1" + struct.pack(">H", len(scans) + 2) + scans
    path = tmp_path / "picture.jpg"
    path.write_bytes(usual[:2] + exif + usual[2:] + scans)
    assert as_loaded(path).shape == (48, 32, 3)
