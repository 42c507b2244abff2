"""Any picture that people have, as upright sRGB pixels."""

import logging
import struct
import threading
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Final

from PIL import Image, ImageCms

from shared.errors import InvalidAssets
from shared.logs import log

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


MAX_MEGAPIXELS: Final = {"JPEG": 200, "PNG": 100, "WEBP": 50}
"""Larger pictures are refused undecoded. By what decoding takes, which stays near 1 GB at worst: a JPEG is
decoded small (up to 6 bytes a pixel if it is progressive), a PNG whole (up to 9), a WebP thrice (16)."""

_CONVERT: Final = "save it as PNG, JPEG or WebP and upload it again"
_AGAIN: Final = "export it anew from where it came and upload it again"

_READABLE: Final = ("PNG", "JPEG", "WEBP")
_STARTS: Final[tuple[tuple[int, bytes, str], ...]] = (
    (0, b"\x89PNG\r\n\x1a\n", "PNG"),
    (0, b"\xff\xd8\xff", "JPEG"),
    (8, b"WEBP", "WEBP"),
    (0, b"GIF8", "a GIF"),
    (0, b"II*\0", "a TIFF"),
    (0, b"MM\0*", "a TIFF"),
    (0, b"BM", "a BMP"),
    (0, b"8BPS", "a Photoshop file"),
    (0, b"%PDF", "a PDF"),
    (0, b"<svg", "an SVG"),
    (0, b"<?xml", "an SVG or other XML"),
    (0, b"\xff\x0a", "a JPEG XL"),
    (0, b"\0\0\0\x0cJXL ", "a JPEG XL"),
    (4, b"ftypavif", "an AVIF"),
    (4, b"ftyphei", "a HEIC"),
    (4, b"ftypmif1", "a HEIC"),
    (4, b"ftyp", "a video"),
    (0, b"\x1aE\xdf\xa3", "a video"),
)
"""Place of a format's mark, the mark, and the format's name."""

_TURNS: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What makes a picture upright, by its EXIF orientation (tag 274)."""

_BROKEN: Final = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    LookupError,
    EOFError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
)
"""What Pillow's decoders raise at bytes that they can't make sense of."""

_DARK: Final = (24, 24, 28)
_LIGHT: Final = (240, 240, 240)

_one_at_a_time = threading.Lock()


def load_picture(path: Path, *, name: str, max_side: int = 4096) -> "NDArray[np.uint8]":
    """The picture upright in sRGB, shape (height, width, 3), its longer side at most `max_side`.

    See-through parts show dark grey, or light grey where what is drawn is itself dark, so that a black
    logo stays visible. Of an animation it is the first frame. Raises `InvalidAssets`, naming `name`.
    """
    import numpy as np

    with _opened(path, name) as image:
        size = _size_within(image.size, max_side)
        image.draft(None, size)
        image.load()
        turn = _TURNS.get(_orientation(image))
        profile = image.info.get("icc_profile")
        small = _resized(_in_8_bits(image), size)
        flat = _flattened(small, profile, name)
        return np.array(flat if turn is None else flat.transpose(turn))


def check_picture(path: Path, *, name: str) -> tuple[int, int]:
    """The upright (width, height) of a picture that was decoded whole; raises `InvalidAssets`."""
    with _opened(path, name) as image:
        width, height = image.size
        image.draft(None, (1, 1))
        image.load()
        return (height, width) if _orientation(image) >= 5 else (width, height)


@contextmanager
def _opened(path: Path, name: str) -> Iterator[Image.Image]:
    """The picture, not yet decoded; what fails inside the block is the picture's fault.

    One at a time: `catch_warnings` and Pillow's limit belong to the process, and memory is limited too.
    """
    with _one_at_a_time, path.open("rb") as file, warnings.catch_warnings(), _no_limit_of_pillow():
        warnings.simplefilter("ignore")
        _demand_readable(file.read(64), name)
        file.seek(0)
        try:
            with Image.open(file, formats=_READABLE) as image:
                _demand_bearable(image, name)
                yield image
        except InvalidAssets:
            raise
        except _BROKEN as error:
            raise InvalidAssets(f"picture {name!r} is damaged or incomplete ({error}); {_AGAIN}") from error


@contextmanager
def _no_limit_of_pillow() -> Iterator[None]:
    """Pillow's own limit warns at 89 million pixels and names no size; `MAX_MEGAPIXELS` takes its place."""
    before = Image.MAX_IMAGE_PIXELS
    Image.MAX_IMAGE_PIXELS = None
    try:
        yield
    finally:
        Image.MAX_IMAGE_PIXELS = before


def _demand_readable(start: bytes, name: str) -> None:
    if not start:
        raise InvalidAssets(f"picture {name!r} is empty; upload it again")
    found = (kind for place, mark, kind in _STARTS if start.startswith(mark, place))
    kind = next(found, None)
    if kind is None:
        raise InvalidAssets(f"{name!r} is no picture, whatever its name says; {_CONVERT}")
    if kind not in _READABLE:
        raise InvalidAssets(f"picture {name!r} is {kind}, which can't be used; {_CONVERT}")


def _demand_bearable(image: Image.Image, name: str) -> None:
    width, height = image.size
    kind = "JPEG" if image.format == "MPO" else str(image.format)
    most = MAX_MEGAPIXELS[kind]
    if width * height > most * 1_000_000:
        limit = f"more than the {most} megapixels that a {kind} may have"
        raise InvalidAssets(f"picture {name!r} has {width} x {height}, {limit}; make it smaller")


def _orientation(image: Image.Image) -> int:
    """The EXIF orientation, 1 to 8; 1 (upright) where EXIF is missing or can't be read."""
    try:
        value = image.getexif().get(274)
    except _BROKEN:
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def _size_within(size: tuple[int, int], max_side: int) -> tuple[int, int]:
    scale = min(1.0, max_side / max(size))
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def _in_8_bits(image: Image.Image) -> Image.Image:
    """The picture in L, LA, RGB, RGBA or CMYK, so that it can be resampled."""
    if image.mode.startswith("I"):
        return _from_16_bits(image)
    if image.has_transparency_data:
        return image if image.mode in ("LA", "RGBA") else image.convert("RGBA")
    if image.mode == "1":
        return image.convert("L")
    return image if image.mode in ("L", "RGB", "CMYK") else image.convert("RGB")


def _from_16_bits(image: Image.Image) -> Image.Image:
    """16-bit grey in 8 bits. Pillow's own conversion cuts off at 255 instead of scaling."""
    import numpy as np

    deep = np.asarray(image).astype(np.uint16, copy=False)
    scaled = ((np.arange(65536) + 128) // 257).astype(np.uint8)
    grey = Image.fromarray(scaled[deep])
    clear = image.info.get("transparency")
    if isinstance(clear, int):
        grey.putalpha(Image.fromarray(np.where(deep == clear, 0, 255).astype(np.uint8)))
    return grey


def _resized(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    if image.size == size:
        return image
    return image.resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)


def _flattened(image: Image.Image, profile: bytes | None, name: str) -> Image.Image:
    """sRGB without transparency."""
    if image.mode not in ("LA", "RGBA"):
        return _in_srgb(image, profile, name)
    alpha = image.getchannel("A")
    opaque = _in_srgb(image.convert("L" if image.mode == "LA" else "RGB"), profile, name)
    if alpha.getextrema() == (255, 255):
        return opaque
    ground = Image.new("RGB", image.size, _backdrop(opaque, alpha))
    ground.paste(opaque, mask=alpha)
    return ground


def _backdrop(opaque: Image.Image, alpha: Image.Image) -> tuple[int, int, int]:
    """The grey on which the opaque parts can be seen."""
    drawn = opaque.convert("L").histogram(alpha.point([0] * 128 + [255] * 128))
    brightness = sum(level * count for level, count in enumerate(drawn)) / (sum(drawn) or 1)
    return _LIGHT if sum(drawn) and brightness < 64 else _DARK


def _in_srgb(image: Image.Image, profile: bytes | None, name: str) -> Image.Image:
    """Through the embedded ICC profile if it is one for this kind of picture, else as Pillow converts."""
    if not profile:
        return image.convert("RGB")
    try:
        source = ImageCms.ImageCmsProfile(BytesIO(profile))
        if _is_srgb(source):
            return image.convert("RGB")
        meant_for = {"GRAY": "L", "CMYK": "CMYK"}.get(source.profile.xcolor_space.strip(), "RGB")
        fitting = image.convert("RGB") if meant_for == "RGB" and image.mode == "L" else image
        converted = ImageCms.profileToProfile(
            fitting, source, ImageCms.createProfile("sRGB"), outputMode="RGB"
        )
    except (ImageCms.PyCMSError, *_BROKEN) as error:
        text = f"{name}: its colour profile can't be used ({error}); shown without it"
        log(logging.WARNING, "colour_profile_ignored", text)
        return image.convert("RGB")
    assert converted is not None  # only `inPlace` returns None
    return converted


def _is_srgb(profile: ImageCms.ImageCmsProfile) -> bool:
    """By its description: converting from sRGB to sRGB would take time and change nothing."""
    described = (profile.profile.profile_description or "").lower()
    usual = "srgb" in described and "linear" not in described
    return usual and profile.profile.xcolor_space.strip() == "RGB"
