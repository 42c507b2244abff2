"""Decoding pictures, within the limits in `shared/accepted.py`. Runs in `shared/video/frames/decoder.py`."""

import mmap
import re
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import SEEK_END, BytesIO
from pathlib import Path
from typing import BinaryIO, Final

from PIL import Image, ImageCms, JpegImagePlugin

from shared.accepted import (
    HEAD_BYTES,
    MOST_DECODING_MIB,
    MOST_JPEG_SCANS,
    PICTURE_NAMES,
    PictureType,
    picture_type_of,
)
from shared.errors import InvalidAssets

_AGAIN: Final = "export it again from its source and upload it again"
_CONVERT: Final = f"save it as {PICTURE_NAMES} and upload it again"

_OTHERS: Final[tuple[tuple[int, bytes, str], ...]] = (
    (0, b"8BPS", "a Photoshop file"),
    (0, b"%PDF", "a PDF"),
    (0, b"<svg", "an SVG"),
    (0, b"<?xml", "an SVG or other XML"),
    (0, b"\xff\x0a", "a JPEG XL"),
    (0, b"\0\0\0\x0cJXL ", "a JPEG XL"),
    (0, b"\0\0\0\x0cjP  ", "a JPEG 2000"),
    (4, b"ftypcrx", "a camera's raw picture"),
    (8, b"CR\x02\0", "a camera's raw picture"),
    (4, b"ftyp", "a video"),
    (0, b"\x1aE\xdf\xa3", "a video"),
)
"""Formats that are often mistaken for usable pictures: the mark's place, the mark, and the format's name."""

_TURNS: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""How to turn a picture upright, by its EXIF orientation (tag 274)."""

_BROKEN: Final = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    LookupError,
    EOFError,
    RuntimeError,
    ArithmeticError,
    AttributeError,
    AssertionError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
)
"""Raised by Pillow's decoders for invalid bytes."""

_MARKER: Final = re.compile(rb"\xff+[^\x00\xff]")
_BARE: Final = frozenset({0x01, *range(0xD0, 0xD9)})
"""Markers without a segment: TEM, the restarts, and the start of the image."""
_START_OF_SCAN: Final = 0xDA
_END_OF_IMAGE: Final = 0xD9

_SUBFILE_TYPE: Final = 254
_SUB_PICTURES: Final = 330
_DNG_VERSION: Final = 50706

_DARK: Final = (24, 24, 28)
_LIGHT: Final = (240, 240, 240)


def decoded(path: Path, name: str, max_side: int, notes: list[str]) -> Image.Image:
    """The picture upright, in sRGB without transparency, its longer side at most `max_side`.

    `notes` gets messages for people. Raises `InvalidAssets`, naming `name`.
    """
    return decoded_and_measured(path, name, max_side, notes)[0]


def decoded_and_measured(
    path: Path, name: str, max_side: int, notes: list[str]
) -> tuple[Image.Image, tuple[int, int]]:
    """As `decoded`, with the picture's own upright (width, height)."""
    with _opened(path, name) as image:
        whole = image.size
        size = _size_within(whole, max_side)
        _draft(image, size)
        image.load()
        turn = _TURNS.get(_orientation(image))
        profile = image.info.get("icc_profile")
        small = _resized(_in_8_bits(image, name), size)
        flat = _flattened(small, profile, name, notes)
        return flat if turn is None else flat.transpose(turn), _upright(image, whole)


def transparency(path: Path, name: str, size: tuple[int, int]) -> Image.Image | None:
    """The alpha channel upright, of this (width, height); None where there is none."""
    with _opened(path, name) as image:
        if not image.has_transparency_data:
            return None
        image.load()
        turn = _TURNS.get(_orientation(image))
        alpha = _in_8_bits(image, name).getchannel("A")
        upright = alpha if turn is None else alpha.transpose(turn)
        return upright.resize(size, Image.Resampling.BOX)


def measured(path: Path, name: str) -> tuple[int, int]:
    """The upright (width, height) of the picture, after decoding it completely; raises `InvalidAssets`."""
    with _opened(path, name) as image:
        whole = image.size
        _draft(image, (1, 1))
        image.load()
        return _upright(image, whole)


def _upright(image: Image.Image, size: tuple[int, int]) -> tuple[int, int]:
    return (size[1], size[0]) if _orientation(image) >= 5 else size


@contextmanager
def _opened(path: Path, name: str) -> Iterator[Image.Image]:
    """The picture, not yet decoded; errors inside the block are the picture's fault."""
    with path.open("rb") as file:
        kind = _type_of(file.read(HEAD_BYTES), name)
        if kind.format == "WEBP":
            _demand_few_pixels(_webp_size(file), kind, name)  # opening one takes memory for all of it
        if kind.format == "HEIF":
            _demand_whole_boxes(file, name)  # missing parts would be grey
        file.seek(0)
        try:
            with _open(kind, file) as image:
                _demand_bearable(image, kind, name)
                if kind.format == "JPEG":
                    _demand_few_scans(file, name)
                yield image
        except InvalidAssets:
            raise
        except MemoryError as error:
            most = f"the {MOST_DECODING_MIB} MB that decoding a picture may take"
            raise InvalidAssets(f"picture {name!r} takes more memory than {most}; make it smaller") from error
        except _BROKEN as error:
            raise InvalidAssets(f"picture {name!r} is damaged or incomplete ({error}); {_AGAIN}") from error


def _open(kind: PictureType, file: BinaryIO) -> Image.Image:
    if kind.format != "HEIF":
        return Image.open(file, formats=[kind.format])
    from pi_heif import HeifImageFile

    image: Image.Image = HeifImageFile(file)
    return image


def _type_of(head: bytes, name: str) -> PictureType:
    """The type of the picture; raises `InvalidAssets` if it is not a picture, or of another type."""
    if not head:
        raise InvalidAssets(f"picture {name!r} is empty; upload it again")
    other = next((kind for place, mark, kind in _OTHERS if head.startswith(mark, place)), None)
    found = picture_type_of(head)
    if found and not (other and found.format == "TIFF"):
        return found
    if other:
        raise InvalidAssets(f"picture {name!r} is {other}, which can't be used; {_CONVERT}")
    raise InvalidAssets(f"{name!r} is not a picture, whatever its name says; {_CONVERT}")


def _demand_bearable(image: Image.Image, kind: PictureType, name: str) -> None:
    _demand_few_pixels(image.size, kind, name)
    if kind.format == "TIFF" and _is_raw(image):
        raise InvalidAssets(f"picture {name!r} is a camera's raw picture, which can't be used; {_CONVERT}")


def _demand_few_pixels(size: tuple[int, int], kind: PictureType, name: str) -> None:
    width, height = size
    most = kind.most_megapixels
    if width * height > most * 1_000_000:
        limit = f"more than the {most} megapixels that a {kind.name} may have"
        raise InvalidAssets(f"picture {name!r} has {width} x {height}, {limit}; make it smaller")


def _webp_size(file: BinaryIO) -> tuple[int, int]:
    """Width and height by the first chunk (RFC 9649, 2.4 to 2.7)."""
    file.seek(12)
    head = file.read(18).ljust(18, b"\0")
    if head.startswith(b"VP8X"):
        return int.from_bytes(head[12:15], "little") + 1, int.from_bytes(head[15:18], "little") + 1
    if head.startswith(b"VP8L"):
        sides = int.from_bytes(head[9:13], "little")
        return (sides & 0x3FFF) + 1, (sides >> 14 & 0x3FFF) + 1
    return int.from_bytes(head[14:16], "little") & 0x3FFF, int.from_bytes(head[16:18], "little") & 0x3FFF


def _demand_whole_boxes(file: BinaryIO, name: str) -> None:
    """The file must not end within its data (ISO/IEC 14496-12, 4.2); data that cameras append is ignored."""
    end, at = file.seek(0, SEEK_END), 0
    while at < end:
        file.seek(at)
        head = file.read(16)
        size = int.from_bytes(head[:4], "big")
        if size == 0:  # to the end
            return
        size = int.from_bytes(head[8:16], "big") if size == 1 else size
        if at + size > end and head[4:8] in (b"meta", b"mdat"):
            raise InvalidAssets(f"picture {name!r} is damaged or incomplete (it ends too early); {_AGAIN}")
        at += max(8, size)


def _is_raw(image: Image.Image) -> bool:
    """Raw pictures are TIFFs whose first picture is a small preview."""
    tags = getattr(image, "tag_v2", {})
    return _DNG_VERSION in tags or (_SUB_PICTURES in tags and bool(tags.get(_SUBFILE_TYPE, 0) & 1))


def _demand_few_scans(file: BinaryIO, name: str) -> None:
    """Checked before a JPEG is decoded, which draws the whole picture once a scan."""
    scans = _scans(file)
    if scans > MOST_JPEG_SCANS:
        limit = f"more than the {MOST_JPEG_SCANS} that a JPEG may have"
        remedy = "save it again as a plain JPEG or PNG and upload that"
        raise InvalidAssets(f"picture {name!r} has {scans} scans, {limit}; {remedy}")


def _scans(file: BinaryIO) -> int:
    """How many scans the JPEG has up to its end (ISO/IEC 10918-1, B.1), without pictures within its EXIF."""
    with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        scans, at = 0, 2
        while found := _MARKER.search(data, at):
            kind, at = found[0][-1], found.end()
            if kind == _END_OF_IMAGE:
                break
            if kind not in _BARE:
                at += int.from_bytes(data[at : at + 2], "big")
            scans += kind == _START_OF_SCAN
        return scans


def _draft(image: Image.Image, size: tuple[int, int]) -> None:
    """Have a JPEG decoded no larger than needed; other formats might show a preview instead."""
    if isinstance(image, JpegImagePlugin.JpegImageFile):
        image.draft(None, size)


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


def _in_8_bits(image: Image.Image, name: str) -> Image.Image:
    """The picture in L, LA, RGB, RGBA, CMYK or LAB, so that it can be resampled."""
    if image.mode.startswith("F"):
        raise InvalidAssets(
            f"picture {name!r} has floating-point pixels; save it with 8 or 16 bits a channel"
        )
    if image.mode.startswith("I"):
        return _from_16_bits(image)
    if image.has_transparency_data:
        return image if image.mode in ("LA", "RGBA") else image.convert("RGBA")
    if image.mode == "1":
        return image.convert("L")
    return image if image.mode in ("L", "RGB", "CMYK", "LAB") else image.convert("RGB")


def _from_16_bits(image: Image.Image) -> Image.Image:
    """16-bit grey in 8 bits. Pillow's own conversion cuts off at 255 instead of scaling."""
    import numpy as np

    deep = np.asarray(image)
    if deep.max() > 65535:  # 32 bits
        deep = deep >> 16
    deep = deep.clip(0, 65535).astype(np.uint16, copy=False)
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


def _flattened(image: Image.Image, profile: bytes | None, name: str, notes: list[str]) -> Image.Image:
    """sRGB without transparency."""
    if image.mode not in ("LA", "RGBA"):
        return _in_srgb(image, profile, name, notes)
    alpha = image.getchannel("A")
    opaque = _in_srgb(image.convert("L" if image.mode == "LA" else "RGB"), profile, name, notes)
    if alpha.getextrema() == (255, 255):
        return opaque
    ground = Image.new("RGB", image.size, _backdrop(opaque, alpha))
    ground.paste(opaque, mask=alpha)
    return ground


def _backdrop(opaque: Image.Image, alpha: Image.Image) -> tuple[int, int, int]:
    """A grey on which the opaque parts are visible."""
    drawn = opaque.convert("L").histogram(alpha.point([0] * 128 + [255] * 128))
    brightness = sum(level * count for level, count in enumerate(drawn)) / (sum(drawn) or 1)
    return _LIGHT if sum(drawn) and brightness < 64 else _DARK


def _in_srgb(image: Image.Image, profile: bytes | None, name: str, notes: list[str]) -> Image.Image:
    """Through the embedded ICC profile if it fits this kind of picture, else with Pillow's conversion."""
    if image.mode == "LAB":  # device-independent, so that it needs no profile
        return _converted(image, ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")))
    if not profile:
        return image.convert("RGB")
    try:
        source = ImageCms.ImageCmsProfile(BytesIO(profile))
        if _is_srgb(source):
            return image.convert("RGB")
        meant_for = {"GRAY": "L", "CMYK": "CMYK"}.get(source.profile.xcolor_space.strip(), "RGB")
        fitting = image.convert("RGB") if meant_for == "RGB" and image.mode == "L" else image
        return _converted(fitting, source)
    except (ImageCms.PyCMSError, *_BROKEN) as error:
        notes.append(f"{name}: its colour profile can't be used ({error}); shown without it")
        return image.convert("RGB")


def _converted(image: Image.Image, source: ImageCms.ImageCmsProfile) -> Image.Image:
    converted = ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
    assert converted is not None  # only `inPlace` returns None
    return converted


def _is_srgb(profile: ImageCms.ImageCmsProfile) -> bool:
    """By its description: converting from sRGB to sRGB would take time and change nothing."""
    described = (profile.profile.profile_description or "").lower()
    usual = "srgb" in described and "linear" not in described
    return usual and profile.profile.xcolor_space.strip() == "RGB"
